"""What is kept in git of the notebooks' outputs: pictures that belong to the code beside them, and short texts."""

import json
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import nbformat
import pytest

from poolviz.wire.codec import unpack
from scripts import course
from scripts.course import PICTURE_OF
from scripts.notebooks import AT_END_OF_CELL, SHORT, code_hash, execute, timeline_of
from tests.notebooks.course import NOTEBOOKS, ROOT

PNG = b"\x89PNG\r\n\x1a\n"


def pictures(cell: Any) -> list[str]:
    return [output.data["image/png"] for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return course.read(request.param)


def test_each_picture_is_of_the_code_that_stands_there(notebook: Any) -> None:
    stale = []
    for index, cell in enumerate(notebook.cells):
        assert bool(pictures(cell)) == (PICTURE_OF in cell.metadata)
        if pictures(cell) and cell.metadata[PICTURE_OF] != code_hash(notebook, index):
            stale.append(cell.id)
    assert stale == [], "run `make notebooks`: these cells, or cells above them, have changed since their picture was taken"
    assert any(map(pictures, notebook.cells))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_gives_an_answer_away(path: Path) -> None:
    """A learner who opens a notebook finds nothing below its questions."""
    given = nbformat.read(path, as_version=4)
    if path is NOTEBOOKS[0]:
        assert not course.asks(given) and any(map(pictures, given.cells)), "it asks nothing, and shows what should come"
        return
    assert course.asks(given)
    assert [cell.id for cell in given.cells if cell.get("outputs") or cell.get("execution_count") or PICTURE_OF in cell.metadata] == []
    stored = json.loads(course.outputs_of(path).read_text())
    assert stored.keys() == {cell.id for cell in course.read(path).cells if cell.get("outputs")}, "it has outputs of cells that are gone"


def test_outputs_of_a_notebook_with_questions_go_into_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "notebooks" / "asks.ipynb"
    path.parent.mkdir()
    output = nbformat.v4.new_output("stream", name="stdout", text="the answer\n")
    cells = [
        nbformat.v4.new_markdown_cell("**Question:** six by nine?"),
        nbformat.v4.new_code_cell("print(6 * 9)", execution_count=1, outputs=[output]),
    ]
    cells[1].metadata[PICTURE_OF] = "hash"
    whole = nbformat.v4.new_notebook(cells=cells)
    before = nbformat.writes(whole)
    course.write(whole, path)
    assert "the answer" not in path.read_text() and "hash" not in path.read_text()
    assert nbformat.writes(course.read(path)) == before


def test_outputs_are_pictures_and_short_texts_without_paths(notebook: Any) -> None:
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type in ("stream", "display_data")
            text = output.text if output.output_type == "stream" else output.data.get("text/plain", "")
            assert len(text) <= SHORT
            assert not re.search(r"(^|[\s'\"(])/(home|tmp|usr|root|work|var)/", text), f"{cell.id} tells of a folder of some machine"
            assert set(output.get("data", {})) <= {"text/plain", "image/png"}
        assert all(b64decode(picture).startswith(PNG) for picture in pictures(cell))


def test_a_change_above_a_picture_is_noticed() -> None:
    def hashed(*sources: str) -> str:
        return code_hash(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]), 1)

    assert hashed("a = 1", "show(a)") == hashed("a = 1", "show(a)", "b = 2")
    assert len({hashed("a = 1", "show(a)"), hashed("a = 2", "show(a)"), hashed("a = 1", "show(b)"), hashed("a", " = 1show(a)")}) == 4


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("tags", "finished"), [([AT_END_OF_CELL], 0), ([], 2)])
def test_a_timeline_is_taken_at_the_end_or_as_its_cell_left_it(tmp_path: Path, tags: list[str], finished: int) -> None:
    sources = [
        "%load_ext poolviz\nimport threading\nfrom poolviz import ThreadPoolExecutor\nopened = threading.Event()",
        "pool = ThreadPoolExecutor(1)\nfutures = [pool.submit(opened.wait, 60) for _ in range(2)]",
        "opened.set()\npool.shutdown()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.cells[1].metadata["tags"] = tags
    execute(notebook, tmp_path)
    (taken,) = [taken for cell in notebook.cells for output in cell.outputs if (taken := timeline_of(output))]
    counts = unpack(taken).header["counts"]
    assert (counts["total"], counts["finished"]) == (2, finished)


@pytest.mark.timeout(180)
def test_refreshing_takes_a_picture(tmp_path: Path) -> None:
    sources = [
        "%load_ext poolviz\nfrom poolviz import ThreadPoolExecutor",
        "with ThreadPoolExecutor(2) as pool:\n    print(sum(pool.map(abs, range(-9, 1))))",
        "import sys\nprint('noise', file=sys.stderr)\nprint('x' * 5000)",
    ]
    path = tmp_path / "run.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]), path)
    # In a process of its own, as only one playwright may run in each.
    subprocess.run([sys.executable, "-m", "scripts.notebooks", str(path)], cwd=ROOT, check=True, capture_output=True, timeout=150)
    after = nbformat.read(path, as_version=4)
    assert [len(pictures(cell)) for cell in after.cells] == [0, 1, 0]
    (picture,) = pictures(after.cells[1])
    assert len(b64decode(picture)) > 3000
    assert [output.text for output in after.cells[1].outputs if output.output_type == "stream"] == ["45\n"]
    assert after.cells[2].outputs == []
    assert after.cells[1].metadata[PICTURE_OF] == code_hash(after, 1)
