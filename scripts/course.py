"""The notebooks of the course, with and without the outputs that give the answers away.

    notebooks/NN-name.ipynb       what a learner gets: questions, and no outputs below them
    docs/outputs/NN-name.json     its outputs, by cell: the documentation shows them, and nbval compares them

    python -m scripts.course FOLDER notebooks/*.ipynb     writes the notebooks with their outputs into FOLDER

A notebook that asks nothing keeps its outputs: they show what should come.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat

#: The key of a cell's metadata that holds a hash of the code that led to its picture.
PICTURE_OF = "poolviz_picture_of"

_QUESTION = re.compile(r"\*\*(Question|Your prediction)")


def asks(notebook: Any) -> bool:
    """Whether a notebook has a question that its outputs answer."""
    return any(cell.cell_type == "markdown" and _QUESTION.search(cell.source) for cell in notebook.cells)


def outputs_of(path: Path) -> Path:
    """Where the outputs of a notebook are, if it asks something."""
    return path.resolve().parent.parent / "docs" / "outputs" / f"{path.stem}.json"


def read(path: Path) -> Any:
    """A notebook with its outputs, wherever they are."""
    notebook = nbformat.read(path, as_version=4)
    if outputs_of(path).exists() and asks(notebook):
        found = json.loads(outputs_of(path).read_text(encoding="utf-8"))
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, 1):
            cell.execution_count = number  # nbval compares no cell that was not run
        for cell in notebook.cells:
            if cell.id in found:
                cell.outputs = [nbformat.from_dict(output) for output in found[cell.id]["outputs"]]
                if PICTURE_OF in found[cell.id]:
                    cell.metadata[PICTURE_OF] = found[cell.id][PICTURE_OF]
    return notebook


def write(notebook: Any, path: Path) -> None:
    """Undo `read`: the outputs of a notebook that asks something go into their own file."""
    if asks(notebook):
        found: dict[str, Any] = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = None
            if cell.get("outputs"):
                found[cell.id] = {"outputs": cell.outputs}
                cell.outputs = []
                if PICTURE_OF in cell.metadata:
                    found[cell.id][PICTURE_OF] = cell.metadata.pop(PICTURE_OF)
        outputs_of(path).parent.mkdir(parents=True, exist_ok=True)
        outputs_of(path).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    nbformat.write(notebook, path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for argument in sys.argv[2:]:
        nbformat.write(read(Path(argument)), folder / Path(argument).name)
