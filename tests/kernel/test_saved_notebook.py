"""What a notebook keeps that was executed without a browser, as nbconvert, papermill and nbval do."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from poolviz.events import Outcome
from poolviz.timeline import output
from poolviz.wire.codec import decode, unpack

CELLS = [
    "%load_ext poolviz\nimport threading\nfrom poolviz import ProcessPoolExecutor, ThreadPoolExecutor\ndef cube(x):\n    return x ** 3",
    "with ProcessPoolExecutor(2) as pool:\n    print(sum(pool.map(cube, range(100))))",
    "gate = threading.Event()\nlate = ThreadPoolExecutor(1)\nfuture = late.submit(gate.wait, 60)",
    "view = late.timeline()\nview",
    "gate.set()\nfuture.result(60)\nlate.shutdown()",
    "view",
    "import ipywidgets\nbox = ipywidgets.VBox([pool.timeline()])\nbox",
    "%poolviz save off\nwith ThreadPoolExecutor(1) as pool:\n    futures = [pool.submit(int, text) for text in ('1', 'secret')]",
]
DOCS = Path(__file__).parents[2] / "docs"


def execute(cells):
    """A notebook as nbclient leaves it."""
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    for cell in cells:
        del cell["id"]
    nb = nbformat.v4.new_notebook(cells=cells, nbformat_minor=4)
    manager = AsyncKernelManager()
    manager.kernel_spec.argv[0] = sys.executable
    return NotebookClient(nb, km=manager, timeout=120).execute()


@pytest.fixture(scope="module")
def notebook():
    return execute(CELLS)


def timelines(cell):
    """The outputs of a cell that are timelines."""
    return [found.data for found in cell.outputs if "poolviz-output" in found.get("data", {}).get("text/html", "")]


def saved(data):
    """The trace in an output."""
    blob = output.read(data["text/html"])
    return unpack(blob) if blob else None


def test_each_timeline_is_kept_whole_in_the_output_that_showed_it(notebook):
    found = {index: [saved(data) for data in timelines(cell)] for index, cell in enumerate(notebook.cells)}
    titles = {index: [message and message.header["title"] for message in messages] for index, messages in found.items() if messages}
    assert titles == {1: ["cell 2"], 2: ["cell 3"], 3: ["ThreadPoolExecutor"], 5: ["ThreadPoolExecutor"], 7: [None]}
    messages = [message for index in (1, 2, 3, 5) for message in found[index]]
    assert {message.header["state"] for message in messages} == {"done"}
    whole, *late = messages
    assert whole.header["counts"]["finished"] == 100
    assert sorted(decode(whole)["ended"]["row"]) == list(range(100))
    assert len(whole.header["lanes"]) == 2
    assert [message.header["counts"]["finished"] for message in late] == [1, 1, 1]


def test_outputs_say_it_in_one_line_and_need_no_widget(notebook):
    lines = [data["text/plain"] for cell in notebook.cells for data in timelines(cell)]
    assert lines == [
        "Timeline('cell 2': 100 calls, 100 finished)",
        "Timeline('cell 3': 1 call, 1 finished)",
        "Timeline('ThreadPoolExecutor': 1 call, 1 finished)",
        "Timeline('ThreadPoolExecutor': 1 call, 1 finished)",
        "Timeline('cell 8': 2 calls, 1 finished, 1 failed)",
    ]
    views = [
        found for cell in notebook.cells for found in cell.outputs if "application/vnd.jupyter.widget-view+json" in found.get("data", {})
    ]
    assert len(views) == 1, "the box"
    assert notebook.cells[1].outputs[-1].text == "24502500\n"


def test_what_has_no_output_of_its_own_is_kept_as_state(notebook):
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    blobs = [
        base64.b64decode(kept["data"]) for state in states.values() for kept in state.get("buffers", []) if kept["path"] == ["snapshot"]
    ]
    headers = [unpack(blob).header for blob in blobs if blob]
    assert [(header["title"], header["counts"]["finished"]) for header in headers] == [("ProcessPoolExecutor", 100)]


def test_save_off_leaves_the_picture_alone(notebook):
    [data] = timelines(notebook.cells[7])
    assert "<img" in data["text/html"] and "1 raised" in data["text/html"]
    assert 'poolviz-trace">' not in data["text/html"] and 'poolviz-front">' not in data["text/html"]
    assert "secret" not in str(notebook.cells[7].outputs)
    assert len(data["text/html"]) < 10_000


def test_a_page_of_the_notebook_holds_all_of_it(notebook, tmp_path):
    path = tmp_path / "run.ipynb"
    nbformat.write(notebook, path)
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", path], check=True, capture_output=True, timeout=120)
    page = path.with_suffix(".html").read_text()
    assert page.count('class="poolviz-output') == 5
    assert page.count("application/x-poolviz.trace") >= 4
    assert page.count('class="poolviz-still"') == 5


def test_nbval_compares_notebooks_with_timelines(notebook, tmp_path):
    """Lax, and strict with the substitutions that the documentation gives."""
    path = tmp_path / "run.ipynb"
    nbformat.write(notebook, path)
    text = (DOCS / "howto" / "save-and-share.md").read_text()
    [substitutions] = re.findall(r"```\w+\n(\[timeline\].*?)```", text, re.DOTALL)
    (tmp_path / "timelines.cfg").write_text(substitutions)

    def nbval(*options):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            path,
            "--rootdir",
            tmp_path,
            "--nbval-current-env",
            *options,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=tmp_path)

    lax = nbval("--nbval-lax")
    assert lax.returncode == 0, lax.stdout
    strict = nbval("--nbval", "--nbval-sanitize-with", "timelines.cfg")
    assert strict.returncode == 0, strict.stdout


MILLION = """
%load_ext poolviz
from poolviz import ProcessPoolExecutor

def fail(item):
    raise ValueError(item)

with ProcessPoolExecutor(2) as pool:
    list(pool.map(abs, range(500_000), chunksize=5000))
    failing = [pool.submit(fail, item) for item in range(300)]
    list(pool.map(abs, range(499_700), chunksize=5000))
"""


@pytest.mark.timeout(300)
def test_a_million_calls_take_less_than_two_megabytes(tmp_path):
    notebook = execute([MILLION, "pool.timeline()"])
    path = tmp_path / "million.ipynb"
    nbformat.write(notebook, path)
    assert path.stat().st_size < 2_000_000
    assert [len(timelines(cell)) for cell in notebook.cells] == [1, 1]
    for message in (saved(data) for cell in notebook.cells for data in timelines(cell)):
        counts = message.header["counts"]
        assert counts["total"] == 1_000_000
        assert message.header["summarised"] > 900_000
        outcomes = decode(message)["ended"]["outcome"]
        assert outcomes.count(Outcome.RAISED) == 300, "each by itself"
    assert f"{message.header['summarised']:,} of them summarised" in timelines(notebook.cells[1])[0]["text/html"]
    assert "failed" in timelines(notebook.cells[0])[0]["text/plain"]
