"""Process pools where the standard library's fail or fork without end: prompts, `-c`, stdin, scripts without a guard, other pools."""

import os
import subprocess
import sys

import psutil
import pytest

from tests.kernel.conftest import LIMIT, idle, until

CODE = """
import os
from poolviz import ProcessPoolExecutor
factor = 3
def scaled(x):
    return x * factor
class Point:
    def __init__(self, x):
        self.x = x
def point(x):
    return Point(x)
def run():
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(scaled, range(4))), type(pool.submit(point, 1).result()) is Point)
"""
SAID = "[0, 3, 6, 9] True"


def program(arguments, text=None):
    """Run Python; gives what it printed. It must end by itself, with nothing on stderr."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(text, LIMIT)
        assert process.returncode == 0, err
        # multiprocessing's resource tracker ends when it sees that its program has.
        until(lambda: not members(process.pid), 10)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()
    return out, err


def members(group):
    """The living processes of a group."""
    return [each.pid for each in psutil.process_iter() if _group(each.pid) == group and each.status() != psutil.STATUS_ZOMBIE]


def _group(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def test_a_command_line():
    assert program(["-c", CODE + "run()\n"]) == (SAID + "\n", "")


def test_a_script_from_stdin():
    assert program(["-"], CODE + "run()\n") == (SAID + "\n", "")


def test_a_script_without_a_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('begins')\n" + CODE + "run()\n")
    assert program([str(script)]) == ("begins\n" + SAID + "\n", "")


def test_a_module_that_is_run(tmp_path):
    (tmp_path / "script.py").write_text(CODE + "run()\n")
    assert program(["-c", f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_module('script', run_name='__main__', "
                    "alter_sys=True)"]) == (SAID + "\n", "")  # fmt: skip


def test_the_prompt():
    lines = CODE.strip().replace("\nclass", "\n\nclass").replace("\ndef", "\n\ndef") + "\n\nrun()\nfactor = 5\nrun()\n"
    out, err = program(["-i", "-q"], lines)
    assert out.splitlines() == [SAID, "[0, 5, 10, 15] True"]
    assert "Error" not in err


def test_pools_inside_workers():
    nested = CODE + (
        "def inner(n):\n"
        "    with ProcessPoolExecutor(1) as pool:\n"
        "        return list(pool.map(scaled, range(n))), pool.submit(point, n).result()\n"
        "with ProcessPoolExecutor(2) as pool:\n"
        "    for numbers, made in pool.map(inner, [2, 3]):\n"
        "        print(numbers, type(made) is Point, made.x)\n"
    )
    assert program(["-c", nested]) == ("[0, 3] True 2\n[0, 3, 6] True 3\n", "")


CELLS = [
    "import asyncio\nwith ProcessPoolExecutor(2) as pool:\n    assert await asyncio.wrap_future(pool.submit(scaled, 2)) == 6",
    "import asyncio\nwith ProcessPoolExecutor(2) as pool:\n"
    "    assert await asyncio.gather(*[asyncio.wrap_future(pool.submit(scaled, n)) for n in range(3)]) == [0, 3, 6]",
    "import asyncio\nloop = asyncio.get_running_loop()\nwith ProcessPoolExecutor(2) as pool:\n"
    "    assert await loop.run_in_executor(pool, scaled, 2) == 6",
    "pool = ProcessPoolExecutor(1)\n%time pool.submit(scaled, 2).result()",
    "%%time\nwith ProcessPoolExecutor(1) as pool:\n    assert pool.submit(scaled, 2).result() == 6",
    "%timeit -n1 -r1 ProcessPoolExecutor(1).submit(scaled, 2).result()",
]


@pytest.mark.parametrize("load", ["", "%load_ext poolviz\n"], ids=["plain", "loaded"])
def test_cells_that_await_or_measure(kernel, load):
    kernel.run(load + CODE)
    for cell in CELLS:
        kernel.run(cell)


def test_a_run_script_in_a_notebook(kernel, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(CODE + "run()\n")
    cell = kernel.start(f"%run {script}")
    messages = kernel.until(lambda m: idle(m, cell))
    assert SAID in "".join(m["content"].get("text", "") for m in messages if m["msg_type"] == "stream")
    kernel.run("run()")
