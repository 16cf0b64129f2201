"""The exercise of the first notebook: its check tells right from wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from poolviz import ThreadPoolExecutor, observe
from poolviz.tracing import store as stores

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


NUMBERS = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 1099726899285419]
RIGHT = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 3306091]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of its own, as a notebook's kernel has: other tests have used pools too."""
    monkeypatch.setattr(stores, "_default", None)
    made = stores.default()
    yield
    observe.remove_observer(made)


def smallest_divisor(n: int) -> int:
    return dict(zip(NUMBERS, RIGHT, strict=True))[n]


def test_the_answer_of_a_pool_is_right(cells: dict[str, Any], store: None) -> None:
    with ThreadPoolExecutor(2) as pool:
        divisors = list(pool.map(smallest_divisor, NUMBERS))
    assert cells["check"](divisors) == "Right."


def test_the_answer_of_a_loop_is_refused(cells: dict[str, Any], store: None) -> None:
    with ThreadPoolExecutor(2) as pool:  # as the notebook has done before its exercise
        list(pool.map(cells["is_prime"], range(20)))
    assert "no pool has found them" in cells["check"](list(map(smallest_divisor, NUMBERS)))


def test_a_map_without_list_is_explained(cells: dict[str, Any], store: None) -> None:
    with ThreadPoolExecutor(2) as pool:
        divisors = pool.map(smallest_divisor, NUMBERS)
    assert "list(...)" in cells["check"](divisors)
    assert list(divisors) == RIGHT, "the check has taken nothing"
    assert "list(...)" in cells["check"](map(smallest_divisor, NUMBERS))


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
