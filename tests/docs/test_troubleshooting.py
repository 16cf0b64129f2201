"""The error texts that the documentation quotes are those of the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUOTED = re.findall(r"```text\n(.*?)\n```", (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8"), re.DOTALL)


def texts_of(source: str) -> list[str]:
    """All texts in a module, those with gaps that are filled at run time with an ellipsis for each gap."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(re.sub(r"%[.\d]*[a-z]", "…", node.value))
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values))
    return found


TEXTS = [text for path in (ROOT / "poolviz").rglob("*.py") for text in texts_of(path.read_text(encoding="utf-8"))]


def test_there_are_quotes() -> None:
    assert len(QUOTED) > 8


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_text_is_in_the_code(quoted: str) -> None:
    assert any(quoted in text for text in TEXTS)
