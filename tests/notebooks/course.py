"""The notebooks of the course, as tests read them."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
SOLUTION = re.compile(r"<details>.*?```python\n(.*?)```", re.DOTALL)


def read(name: str) -> Any:
    """A notebook by the beginning of its name, such as ``02``."""
    (path,) = (path for path in NOTEBOOKS if path.name.startswith(name))
    return nbformat.read(path, as_version=4)


def definitions(notebook: Any) -> dict[str, Any]:
    """What the code cells import and define; nothing else of them is run."""
    namespace: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            plain = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
            kept = [node for node in ast.parse(plain).body if isinstance(node, DEFINITIONS)]
            exec(compile(ast.Module(kept, []), str(notebook.cells[0].source), "exec"), namespace)
    return namespace


def solution(notebook: Any) -> str:
    """The code that the notebook shows as one way to do its exercise."""
    (found,) = (match[1] for cell in notebook.cells if cell.cell_type == "markdown" for match in SOLUTION.finditer(cell.source))
    return str(found)
