"""The texts that the documentation quotes are those of the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
QUOTED = re.findall(r"```text\n(.*?)\n```", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.DOTALL)
WORDS = (ROOT / "js" / "src" / "view" / "words.ts").read_text(encoding="utf-8")


def texts_of(source: str) -> list[str]:
    """All texts in a module, those with gaps that are filled at run time with an ellipsis for each gap."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [node.value, re.sub(r"%[.\d]*[a-z]", "…", node.value)]  # with %s and the like, or with a magic's name
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values))
    return found


PYTHON = [text for path in (ROOT / "poolviz").rglob("*.py") for text in texts_of(path.read_text(encoding="utf-8"))]
PAGE = [re.sub(r"\$\{[^}]*\}", "…", text) for _, text in re.findall(r"([\"`])(.*?)\1", WORDS)]


def test_there_are_quotes() -> None:
    assert len(QUOTED) > 30
    assert "no word from the kernel since …" in PAGE


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_text_is_in_the_code(quoted: str) -> None:
    assert any(quoted in text for text in PYTHON + PAGE)


def test_the_keys_are_those_of_the_timelines_own_help() -> None:
    helped = re.findall(r'\["([^"]+)", "([^"]+)"\]', WORDS[WORDS.index("helpGroups") :])
    assert len(helped) > 10
    table = re.findall(r"^\| `([^`]+)` \| (.+) \|$", (DOCS / "howto" / "read-the-timeline.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert table == helped


def test_the_named_buttons_are_there() -> None:
    named = re.findall(r"button \*([^*]+)\*", (DOCS / "howto" / "read-the-timeline.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if f'"{name}"' not in WORDS] == []
