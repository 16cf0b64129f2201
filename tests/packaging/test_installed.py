"""The wheel in an empty environment: it imports, loads little, and does its job."""

import json
import subprocess
from pathlib import Path

import pytest

import poolviz

pytestmark = pytest.mark.timeout(600)  # the first of them builds and installs


def python(interpreter: Path, code: str, cwd: Path) -> str:
    """Run code in an interpreter that sees neither the checkout nor this environment."""
    done = subprocess.run([interpreter, "-I", "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_the_wheel_that_is_imported(installed: Path, tmp_path: Path) -> None:
    where, version = python(installed, "import poolviz; print(poolviz.__file__, poolviz.__version__)", tmp_path).split()
    assert "site-packages" in where
    assert version == poolviz.__version__


def test_import_loads_nothing_but_poolviz(installed: Path, tmp_path: Path) -> None:
    code = """
import json, sys
before = set(sys.modules)
import poolviz
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    loaded = {name.partition(".")[0] for name in json.loads(python(installed, code, tmp_path))}
    assert loaded.isdisjoint({"concurrent", "multiprocessing", "cloudpickle", "IPython", "traitlets", "anywidget", "ipywidgets", "asyncio"})
    assert "poolviz" in loaded


def test_a_run_saves_a_page(installed: Path, tmp_path: Path) -> None:
    code = """
from poolviz import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, range(-10, 0))) == list(range(10, 0, -1))
pool.trace.save("run.html")
print(pool.trace.counts()["finished"])
"""
    assert python(installed, code, tmp_path).strip() == "10"
    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "poolviz-snapshot" in page


def test_processes_run_functions_of_main(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""
from poolviz import ProcessPoolExecutor

def double(x):
    return 2 * x

if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(double, range(5))))
""")
    done = subprocess.run([installed, "-I", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[0, 2, 4, 6, 8]\n"
