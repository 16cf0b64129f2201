"""The README says the same in both languages, and what it links to is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def code(text: str) -> list[str]:
    """The blocks of code without their comments, which are prose."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return ["\n".join(line.partition("#")[0].rstrip() for line in block.splitlines()) for block in blocks]


def links(text: str) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.startswith("README")]


def shape(text: str) -> list[str]:
    """The beginnings of headings and of points, in order."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return re.findall(r"^(#+|-) ", plain, re.MULTILINE)


def test_both_say_the_same() -> None:
    assert code(CHINESE) == code(ENGLISH)
    assert links(CHINESE) == links(ENGLISH)
    assert shape(CHINESE) == shape(ENGLISH)
    assert sorted(re.findall(r"`[^`\n]+`", CHINESE)) == sorted(re.findall(r"`[^`\n]+`", ENGLISH))


def test_each_links_to_the_other() -> None:
    assert "(README.zh-CN.md)" in ENGLISH
    assert "(README.md)" in CHINESE


def test_links_lead_somewhere() -> None:
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', ENGLISH)
    assert pictures == re.findall(r'(?:src|srcset)="([^"]+)"', CHINESE) != []
    local = [target.partition("#")[0] for target in links(ENGLISH) + pictures if "://" not in target and not target.startswith("#")]
    assert [target for target in local if not (ROOT / target).exists()] == []
    assert "## Install\n" in ENGLISH and '<a id="install"></a>' in CHINESE  # where #install leads
