"""What the notebooks link to is there, and the course leads from each notebook to the next."""

import re
from typing import Any

import nbformat
import pytest

from tests.notebooks.course import NOTEBOOKS


def links(notebook: Any) -> list[str]:
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"\]\(([^)]+)\)", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Any) -> None:
    local = [target for target in links(nbformat.read(path, as_version=4)) if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_the_landing_page_leads_to_all_and_each_to_the_next() -> None:
    first, *course = NOTEBOOKS
    assert set(links(nbformat.read(first, as_version=4))) >= {path.name for path in course}
    for path, following in zip(course, [*course[1:], first], strict=True):
        assert following.name in links(nbformat.read(path, as_version=4))
