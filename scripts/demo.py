"""Execute a notebook with a real kernel and real worker processes, and keep what comes of it.

    python demo.py notebooks/01-first-pool.ipynb build/demo

The kernel works in the folder of the results, so that pages which the notebook saves land there.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def execute(source: Path, folder: Path) -> list[Path]:
    """Run all cells.

    Args:
        source: the notebook.
        folder: where the executed notebook and its pages go.

    Returns:
        The executed notebook, then the pages that it saved.

    Raises:
        CellExecutionError: a cell raised.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    with (folder / "kernel.log").open("w") as log:  # what the kernel says besides the cells' outputs
        client.execute(stdout=log, stderr=log)
    executed = folder / source.name
    nbformat.write(notebook, executed)
    return [executed, *sorted(folder.glob("*.html"))]


def main(source: Path, folder: Path) -> None:
    print(f"demo: running {source} (a minute or two)", flush=True)
    try:
        executed, *pages = execute(source, folder)
    except CellExecutionError as error:
        sys.exit(f"poolviz: a cell of {source} raised\n{error}")
    if not pages:
        sys.exit(f"poolviz: {source} ran, but saved no page")
    print(f"executed notebook: {executed}")
    for page in pages:
        print(f"timeline as a page: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
