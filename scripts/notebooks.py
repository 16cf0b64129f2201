"""Execute notebooks in place and keep the outputs that are the same on every machine.

    python notebooks.py notebooks/*.ipynb

What a cell tagged `nbval-ignore-output` printed is dropped: times, tables of this machine's files, widgets. nbval compares the rest.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

IGNORED = "nbval-ignore-output"


def refresh(path: Path) -> None:
    """Execute one notebook and write it back.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:  # pages that it saves do not belong beside it in git
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        # The tags stay; nbclient adds times.
        cell.metadata = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
        if cell.cell_type == "code" and IGNORED in cell.metadata.get("tags", []):
            cell.outputs = []
    # Without the version of the Python that happened to execute it, and without the state of its widgets.
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(argument, flush=True)
        refresh(Path(argument))
