"""What a notebook keeps that was executed without a browser, as nbconvert, papermill and nbval do."""

import base64
import sys

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from poolviz.wire.codec import decode, unpack

CELLS = [
    "%load_ext poolviz\nimport threading\nfrom poolviz import ProcessPoolExecutor, ThreadPoolExecutor\ndef cube(x):\n    return x ** 3",
    "with ProcessPoolExecutor(2) as pool:\n    print(sum(pool.map(cube, range(100))))",
    "gate = threading.Event()\nlate = ThreadPoolExecutor(1)\nfuture = late.submit(gate.wait, 60)",
    "view = late.timeline()\nview",
    "gate.set()\nfuture.result(60)\nlate.shutdown()",
]


@pytest.fixture(scope="module")
def notebook():
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    for cell in cells:
        del cell["id"]
    nb = nbformat.v4.new_notebook(cells=cells, nbformat_minor=4)
    manager = AsyncKernelManager()
    manager.kernel_spec.argv[0] = sys.executable
    return NotebookClient(nb, km=manager, timeout=60).execute()


def snapshots(notebook):
    """The saved snapshots, by title."""
    found = {}
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    for model in states.values():
        for buffer in model.get("buffers", []):
            if buffer["path"] == ["snapshot"]:
                message = unpack(base64.b64decode(buffer["data"]))
                found[message.header["title"]] = message
    return found


def test_each_timeline_is_saved_whole(notebook):
    saved = snapshots(notebook)
    assert saved.keys() == {"cell 2", "cell 3", "ThreadPoolExecutor"}
    assert {message.header["state"] for message in saved.values()} == {"done"}
    assert saved["cell 2"].header["counts"]["finished"] == 100
    columns = decode(saved["cell 2"])
    assert sorted(columns["ended"]["row"]) == list(range(100))
    assert len(saved["cell 2"].header["lanes"]) == 2
    assert saved["cell 3"].header["counts"] == saved["ThreadPoolExecutor"].header["counts"]
    assert saved["cell 3"].header["counts"]["finished"] == 1


def test_the_outputs_are_a_view_and_one_stable_line(notebook):
    views = [output for cell in notebook.cells for output in cell.outputs if "data" in output and len(output.data) > 1]
    assert [view.data["text/plain"] for view in views] == ["Timeline('cell 2')", "Timeline('cell 3')", "Timeline('ThreadPoolExecutor')"]
    assert all("application/vnd.jupyter.widget-view+json" in view.data for view in views)
    assert notebook.cells[1].outputs[-1].text == "24502500\n"
