"""Tracebacks in a notebook: the lines of its cells, wherever they ran, and no frames of ours."""

import re

import pytest

from tests.kernel.conftest import idle

SETUP = """
%load_ext poolviz
import multiprocessing
from concurrent.futures import as_completed, wait
from poolviz import ProcessPoolExecutor, ThreadPoolExecutor

def share(total, among):
    return sum(range(total)) / among  # the line that fails

class Shop:
    def sell(self, among):
        return share(10, among)

def make_pool(kind):
    if kind == "thread":
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, multiprocessing.get_context(kind))
"""

MODULE = """%%poolmodule lessons
def divide(a, b):
    return a / b, "the module's line"


LAST = 1
"""


def error_of(kernel, code):
    cell = kernel.start(code)
    messages = kernel.until(lambda message: idle(message, cell))
    (error,) = [message["content"] for message in messages if message["msg_type"] == "error"]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))


def printed(kernel, code):
    return "".join(m["content"]["text"] for m in kernel.run(code) if m["msg_type"] == "stream" and m["content"]["name"] == "stdout")


KINDS = ("spawn", "fork", "forkserver", "thread")


def test_a_cells_lines_are_shown_wherever_it_ran(kernel):
    kernel.run(SETUP)
    for kind in KINDS:
        kernel.run(f"pool = make_pool({kind!r})")
        for ask in (
            "pool.submit(Shop().sell, 0).result()",
            "list(pool.map(Shop().sell, [1, 0, 2]))",
            "list(pool.map(Shop().sell, [1, 0, 2], chunksize=3))",
            "list(pool.map(Shop().sell, [1, 0, 2], buffersize=2))",
            "[f.result() for f in as_completed([pool.submit(Shop().sell, 0)])]",
        ):
            text = error_of(kernel, ask)
            assert "return share(10, among)" in text and "# the line that fails" in text, (kind, ask, text)
            assert "poolviz/" not in text, (kind, ask, text)
        said = printed(
            kernel, "import time\nwhile pool.trace.counts()['running']: time.sleep(0.01)\nprint(pool.trace.errors()[0].traceback)"
        )
        # Python marks what in the line it was.
        assert re.search(r"  return sum\(range\(total\)\) / among  # the line that fails\n +~+\^~+\n", said), (kind, said)
        assert "poolviz/" not in said


def test_the_line_is_that_of_the_cell_that_the_call_was_submitted_from(kernel):
    kernel.run(SETUP)
    kernel.run("def fail():\n    raise ValueError('first')  # before the change")
    kernel.run("pool = make_pool('spawn')\nfuture = pool.submit(fail)")
    kernel.run("wait([future])\ndef fail():\n    x = 1\n    raise ValueError('second')  # after the change")
    text = error_of(kernel, "future.result()")
    assert "# before the change" in text and "# after the change" not in text
    text = error_of(kernel, "pool.submit(fail).result()")
    assert "# after the change" in text and "# before the change" not in text
    kernel.run("pool.shutdown()")


@pytest.mark.parametrize("kind", ["spawn", "thread"])
def test_a_modules_lines_are_those_of_its_version(kernel, kind):
    kernel.run(SETUP)
    kernel.run(MODULE)
    kernel.run(f"pool = make_pool({kind!r})\nold = pool.submit(lessons.divide, 1, 0)\nwait([old])")
    kernel.run(MODULE.replace("the module's line", "the newer line"))
    text = printed(kernel, "print(pool.trace.errors()[0].traceback)")
    assert "the module's line" in text and "poolviz/" not in text
    text = error_of(kernel, "pool.submit(lessons.divide, 1, 0).result()")
    assert "the newer line" in text and "the module's line" not in text and "poolviz/" not in text
    kernel.run("pool.shutdown()")


@pytest.mark.parametrize("kind", ["spawn", "thread"])
def test_errors_of_the_pool_begin_in_the_cell(kernel, kind):
    kernel.run(SETUP)
    kernel.run(f"pool = make_pool({kind!r})\npool.shutdown()")
    for ask in ("pool.submit(print)", "pool.map(print, [1])"):
        text = error_of(kernel, ask)
        # A notebook always shows the innermost frame: here the one that says why.
        assert ask in text and text.count("poolviz/") <= 1 and "after shutdown" in text
    kernel.run("import threading\nlock = threading.Lock()\npool = make_pool('spawn')")
    text = error_of(kernel, "pool.submit(print, lock).result()")
    assert "poolviz/" not in text and "argument 1 of `print`" in text
    kernel.run("pool.shutdown()")


def test_poolviz_debug_shows_our_frames(kernel_with):
    kernel = kernel_with(POOLVIZ_DEBUG="1")
    kernel.run(SETUP)
    kernel.run("pool = make_pool('spawn')")
    text = error_of(kernel, "pool.submit(share, 1, 0).result()")
    assert "poolviz/executors/worker.py" in text and "poolviz/executors/future.py" in text and "# the line that fails" in text
    kernel.run("pool.shutdown()")
