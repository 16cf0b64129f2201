"""`%%poolmodule` in a real kernel: what kernel and workers import, and which version a call runs."""

import pytest

from tests.kernel.conftest import idle

SETUP = """
%load_ext poolviz
%poolviz auto off
import os, sys, threading, time
from poolviz import ProcessPoolExecutor
pool = ProcessPoolExecutor(2)
assert len({pool.submit(os.getpid).result() for _ in range(4)}) >= 1
"""
FIRST = """%%poolmodule lessons
import time
LIMIT = 1

class Point:
    def __init__(self, x):
        self.x = x
    def scaled(self):
        return Point(self.x * factor())

def factor():
    return 2

def answer(x, wait=0):
    time.sleep(wait)
    return x * factor()

def fail(x):
    raise ValueError("the first version")
"""
SECOND = FIRST.replace("return 2", "return 3").replace("LIMIT = 1", "LIMIT = 10").replace("the first version", "the second version")


def text_of(messages):
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")


def error_of(kernel, code):
    """The error that a cell ends with, as ``(name, words, traceback)``; what IPython prints in place of a traceback counts."""
    cell = kernel.start(code)
    messages = kernel.until(lambda m: idle(m, cell))
    for message in messages:
        if message["msg_type"] == "error":
            content = message["content"]
            return content["ename"], content["evalue"], "\n".join(content["traceback"])
    return "", text_of(messages), ""


def test_kernel_and_running_workers_follow(kernel):
    kernel.run(SETUP)
    kernel.run(FIRST)
    kernel.run("from lessons import answer, Point as P, LIMIT\nimport lessons\ndef own(x):\n    return answer(x) + lessons.factor()")
    kernel.run("assert list(pool.map(answer, [1, 2])) == [2, 4]\nassert pool.submit(own, 1).result() == 4")
    kernel.run("point = pool.submit(P.scaled, P(5)).result()\nassert type(point) is P is lessons.Point and point.x == 10")
    kernel.run("before = answer, [pool.submit(answer, 1, 1) for _ in range(6)], pool.submit(P.scaled, P(1))")
    kernel.run(SECOND)
    kernel.run("assert (answer, P, LIMIT) == (lessons.answer, lessons.Point, 10) and answer is not before[0]")
    kernel.run("later = [pool.submit(answer, 1) for _ in range(6)]")
    kernel.run("assert [f.result(60) for f in later] == [3] * 6")
    kernel.run("assert [f.result(60) for f in before[1]] == [2] * 6, 'queued calls keep their version'")
    kernel.run("assert before[2].result(60).x == 2 and type(before[2].result()) is not P, 'an instance of what it was submitted with'")
    kernel.run("assert pool.submit(own, 1).result() == 6, 'a function of a cell that uses it'")
    kernel.run("def inside(x):\n    import lessons\n    return lessons.factor() * x\nassert pool.submit(inside, 2).result() == 6")
    kernel.run("with ProcessPoolExecutor(1) as new:\n    assert new.submit(answer, 1).result() == 3")


def test_tracebacks_show_its_lines(kernel):
    kernel.run(SETUP)
    kernel.run(FIRST)
    kernel.run("from lessons import answer, fail\nlist(pool.map(answer, [1, 2]))")
    kernel.run("old = [pool.submit(answer, 1, 0.5), pool.submit(answer, 1, 0.5), pool.submit(fail, 1)]")
    kernel.run(SECOND)
    _, _, traceback = error_of(kernel, "old[2].result()")
    assert "the first version" in traceback and "the second version" not in traceback
    _, _, traceback = error_of(kernel, "pool.submit(fail, 1).result()")
    assert "lessons.py" in traceback and "the second version" in traceback
    _, _, traceback = error_of(kernel, "fail(1)")
    assert "the second version" in traceback


def test_an_old_instance_says_what_to_do(kernel):
    kernel.run(SETUP)
    kernel.run(FIRST)
    kernel.run("import lessons\nold = lessons.Point(1)\nkept = [lessons.answer]\nlessons.answer(1)")
    kernel.run(SECOND)
    for code in ("pool.submit(len, [old]).result()", "pool.submit(kept[0], 1).result()", "list(pool.map(str, [old]))"):
        _, words, _ = error_of(kernel, code)
        assert "older version of the module `lessons`" in words and "anew" in words, code
    kernel.run("assert pool.submit(lessons.answer, 1).result() == 3, 'the pool lives'")


def test_modules_that_import_each_other_change_together(kernel):
    kernel.run(SETUP)
    kernel.run(FIRST)
    kernel.run("%%poolmodule outer\nfrom lessons import factor\ndef twice():\n    return 2 * factor()")
    kernel.run("from outer import twice\nassert twice() == pool.submit(twice).result() == 4")
    kernel.run(SECOND)
    kernel.run("assert twice() == pool.submit(twice).result() == 6")
    listing = text_of(kernel.run("%poolmodule")).splitlines()
    assert [line.split()[0] for line in listing] == ["lessons", "outer"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2fast", "no name"),
        ("class", "keyword"),
        ("../lessons", "path"),
        ("lessons.py", "path"),
        ("a.b", "dot"),
        ("json", "standard library"),
        ("IPython", "installed"),
        ("__main__", "loaded"),
        ("", "wants a name"),
    ],
)
def test_names_that_are_refused(kernel, name, words):
    kernel.run(SETUP)
    _, told, _ = error_of(kernel, f"%%poolmodule {name}\nx = 1")
    assert words in told and len(told.strip().splitlines()) == 1
    assert "No modules" in text_of(kernel.run("%poolmodule"))
    kernel.run("assert not any('poolviz-modules' in each for each in sys.path)")


def test_errors_leave_the_old_version_in_force(kernel):
    kernel.run(SETUP)
    kernel.run(FIRST)
    kernel.run("from lessons import answer")
    name, _, traceback = error_of(kernel, FIRST.replace("return 2", "return )"))
    assert name == "SyntaxError" and "return )" in traceback and "modules.py" not in traceback
    kernel.run("assert open(sys.modules['lessons'].__file__).read().count('return 2') == 1")
    name, _, traceback = error_of(kernel, FIRST + "\n1 / 0  # at its end")
    assert name == "ZeroDivisionError" and "at its end" in traceback
    kernel.run("assert answer(1) == pool.submit(answer, 1).result() == 2")
    kernel.run("assert 'at its end' not in open(sys.modules['lessons'].__file__).read()")


def test_a_saved_module_is_kept(kernel, tmp_path):
    kernel.run(SETUP)
    kernel.run(f"import os\nos.chdir({str(tmp_path)!r})")
    for _ in range(2):
        kernel.run("%%poolmodule --save . kept\ndef answer():\n    return 42")
        kernel.run("from kept import answer\nassert pool.submit(answer).result() == 42")
        assert (tmp_path / "kept.py").read_text() == "def answer():\n    return 42\n"
        kernel.restart()
        kernel.run(SETUP)
        kernel.run(f"os.chdir({str(tmp_path)!r})")
