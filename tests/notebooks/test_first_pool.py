"""The exercise of the first notebook: its check tells right from wrong."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cells() -> dict[str, Any]:
    """The names that the exercise needs, from the notebook's own cells."""
    notebook = nbformat.read(ROOT / "notebooks" / "01-first-pool.ipynb", as_version=4)
    namespace: dict[str, Any] = {"divisors": []}
    for cell in notebook.cells:
        if cell.cell_type == "code" and any(f"def {name}(" in cell.source for name in ("is_prime", "check")):
            exec(cell.source, namespace)
    return namespace


RIGHT = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 3306091]


def test_the_right_answer_is_right(cells: dict[str, Any]) -> None:
    assert cells["check"](RIGHT) == "Right."


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ([], "Nothing to check yet"),
        (RIGHT[:5], "6 numbers"),
        ([*RIGHT[:5], 3306093], "not a divisor"),
        ([*RIGHT[:5], 1], "not a divisor"),
        ([*RIGHT[:5], None], "not a divisor"),
        ([*RIGHT[:5], 332636609], "not the smallest"),
        ([*RIGHT[:5], 1099726899285419], "not the smallest"),
    ],
)
def test_a_wrong_answer_is_told_why(cells: dict[str, Any], answer: list[Any], complaint: str) -> None:
    said = cells["check"](answer)
    assert complaint in said
    assert said != "Right."
