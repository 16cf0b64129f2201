"""Execute notebooks in place and keep pictures and short texts of what came out.

    python -m scripts.notebooks notebooks/*.ipynb

The outputs of a notebook with questions would answer them before a learner has: they go into a file of their own, see `scripts.course`.

What a timeline leaves in a notebook by itself is larger than what belongs into git, so each is kept as a picture. With the picture goes a
hash of the code that led to it: a test compares the two, and tells when a notebook was changed and not executed again.

A picture shows the timeline as it was at the end of the notebook, when all of its calls have ended. A cell with the tag
`picture-at-end-of-cell` is about calls that outlive it: its picture shows how they stood when the cell ended.
"""

import hashlib
import sys
import tempfile
from base64 import b64encode
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from poolviz.timeline import output as outputs
from scripts import course
from scripts.camera import WIDTH, Camera, camera
from scripts.course import PICTURE_OF

#: What stays of a cell's metadata: its tags, and whether it is folded; nbclient adds times.
KEPT = ("tags", "jupyter")

#: The tag of a cell whose timeline is to be taken as it was when the cell ended.
AT_END_OF_CELL = "picture-at-end-of-cell"

#: Characters of one output. What is longer belongs on a screen and not into git.
SHORT = 2000


def code_hash(notebook: Any, index: int) -> str:
    """A hash of the code that a cell's output depends on: its own and that of all cells above it.

    Args:
        notebook: as nbformat reads it.
        index: of the cell.
    """
    total = hashlib.sha256()
    for cell in notebook.cells[: index + 1]:
        if cell.cell_type == "code":
            total.update(f"{cell.source}\0".encode())
    return total.hexdigest()


def timeline_of(output: Any) -> bytes | None:
    """The packed trace of a timeline that an output shows; None when it shows none."""
    return outputs.read(output.get("data", {}).get("text/html", ""))


def execute(notebook: Any, folder: Path) -> None:
    """Run all cells.

    Args:
        notebook: as nbformat reads it; afterwards it has its outputs, each timeline as it is to be taken.
        folder: where its kernel works.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
    """
    moments: dict[int, list[Any]] = {}

    def ended(cell: Any, cell_index: int, execute_reply: Any) -> None:
        if AT_END_OF_CELL in cell.metadata.get("tags", ()):
            moments[cell_index] = deepcopy(cell.outputs)

    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources, on_cell_executed=ended).execute()
    for index, moment in moments.items():
        notebook.cells[index].outputs = moment


def kept(output: Any, taken_by: Camera) -> Any | None:
    """An output as it goes into git: a picture, a short text, or nothing.

    Args:
        output: as the kernel gave it.
        taken_by: who takes pictures.
    """
    if output.output_type == "stream":
        # What goes to stderr carries paths and times of the machine.
        return output if output.name == "stdout" and len(output.text) <= SHORT else None
    data = output.get("data", {})
    text = data.get("text/plain", "")
    trace = timeline_of(output)
    if trace is not None:
        picture = b64encode(taken_by.take(trace)).decode("ascii")
        size = {"image/png": {"width": WIDTH}}
        return nbformat.v4.new_output("display_data", {"image/png": picture, "text/plain": text}, metadata=size)
    return nbformat.v4.new_output("display_data", {"text/plain": text}) if 0 < len(text) <= SHORT else None


def cleaned(notebook: Any, taken_by: Camera) -> None:
    """Leave in an executed notebook what goes into git.

    Args:
        notebook: as nbclient leaves it; changed in place.
        taken_by: who takes the pictures.
    """
    for index, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT if key in cell.metadata})
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for given in cell.outputs if (output := kept(given, taken_by)) is not None]
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            cell.metadata[PICTURE_OF] = code_hash(notebook, index)
    # Without the version of the Python that happened to execute it, and without the state of its widgets.
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )


def refresh(path: Path, taken_by: Camera) -> None:
    """Execute one notebook and write it back.

    Args:
        path: of the notebook.
        taken_by: who takes the pictures.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:  # pages that it saves do not belong beside it in git
        execute(notebook, Path(folder))
    cleaned(notebook, taken_by)
    course.write(notebook, path)


if __name__ == "__main__":
    with camera() as pictures:
        for argument in sys.argv[1:]:
            print(argument, flush=True)
            refresh(Path(argument), pictures)
