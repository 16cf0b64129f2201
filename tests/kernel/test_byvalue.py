"""What is defined in cells goes to workers and back, in a real kernel, with workers that are already running."""

import pytest

from tests.kernel.conftest import idle

SETUP = """
import collections, dataclasses, enum, functools, os, threading, time
import xml.etree.ElementTree
from poolviz import ProcessPoolExecutor
pool = ProcessPoolExecutor(2)
submit = pool.submit

def everywhere(fn, *args, times=12):
    "The results of as many calls as reach both workers."
    return [future.result(60) for future in [submit(fn, *args) for _ in range(times)]]
"""

#: Each runs in one kernel, one after another; a cell that fails raises.
CELLS = {
    "helpers and globals": """
factor = 3
def helper(x): return x * factor
def scaled(x): return helper(x)
assert submit(scaled, 2).result() == 6 and list(pool.map(scaled, [1, 2])) == [3, 6]
assert submit(lambda x: scaled(x) + factor, 2).result() == 9
assert submit(functools.partial(scaled, 4)).result() == 12
""",
    "a global that changed": "factor = 4\nassert set(everywhere(scaled, 2)) == {8}",
    "a function that was redefined": "def helper(x): return -x * factor\nassert set(everywhere(scaled, 2)) == {-8}",
    "a global changed in place": """
settings = {"a": [1]}
def read(): return settings
assert submit(read).result() == {"a": [1]}
settings["a"].append(2)
assert all(found == {"a": [1, 2]} for found in everywhere(read))
""",
    "a default and a closure changed": """
def remembered(x, memory=[]): return x, list(memory)
assert submit(remembered, 1).result() == (1, [])
remembered.__defaults__[0].append(5)
assert submit(remembered, 1).result() == (1, [5])
def counter():
    n = [0]
    def add(k):
        n[0] += k
        return n[0]
    return add
add = counter()
assert add(1) == 1 and submit(add, 1).result() == 2 and add(1) == 2
""",
    "a snapshot": """
factor = 10
before = [submit(lambda: (time.sleep(0.01), factor)[1]) for _ in range(20)]
items = pool.map(lambda x: x * factor, range(20))
factor = 11
after = [submit(lambda: factor) for _ in range(20)]
assert {f.result() for f in before} == {10} and {f.result() for f in after} == {11}
assert list(items) == [x * 10 for x in range(20)]
""",
    "a name that was deleted": """
del helper
assert type(submit(scaled, 1).exception()) is NameError
def helper(x): return x
assert submit(scaled, 1).result() == 1
""",
    "objects that are shared inside one global": """
inner = []
together = {"first": inner, "second": inner}
def same():
    return together["first"] is together["second"]
assert submit(same).result()
""",
    "one main that an initializer sets": """
model = None
def load(value):
    global model, only_there
    model = only_there = value
def use(): return model, only_there
with ProcessPoolExecutor(2, initializer=load, initargs=("loaded",)) as own:
    used = lambda: {f.result() for f in [own.submit(use) for _ in range(12)]}
    assert used() == {("loaded", "loaded")}
    assert own.submit(lambda: model).result() == "loaded"
    factor = 12  # another name's change leaves it alone
    assert own.submit(lambda: (factor, model)).result() == (12, "loaded")
    model = "mine"
    assert used() == {("mine", "loaded")}
""",
    "what calls set in main": """
def note(x):
    global noted
    noted = x
def noted_there(): return noted
with ProcessPoolExecutor(1) as own:
    own.submit(note, 7).result()
    assert own.submit(noted_there).result() == 7
""",
    "classes": """
@dataclasses.dataclass
class Point:
    x: int
    def moved(self): return Point(self.x + 1)
class Shape:
    sides = 0
    def __init__(self): self.seen = []
    def name(self): return "shape"
class Square(Shape):
    sides = 4
    def name(self): return super().name() + " with four"
Pair = collections.namedtuple("Pair", "a b")
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
class Wrong(Exception):
    pass
def fail(x): raise Wrong(x, 1)
result = submit(Point, 1).result()
assert type(result) is Point and result == Point(1) and submit(result.moved).result() == Point(2)
assert list(pool.map(Point, range(3))) == [Point(0), Point(1), Point(2)]
assert submit(Square().name).result() == "shape with four" and isinstance(submit(Square).result(), Shape)
assert submit(Colour, 2).result() is Colour.BLUE and submit(lambda c: c is Colour.RED, Colour.RED).result()
assert submit(Pair, 1, 2).result() == Pair(1, 2) and type(submit(Pair, 1, 2).result()) is Pair
error = submit(fail, "x").exception()
assert type(error) is Wrong and error.args == ("x", 1)
assert submit(lambda: {"nested": [Point(5), Colour.RED]}).result() == {"nested": [Point(5), Colour.RED]}
assert submit(lambda cls: cls, Point).result() is Point
""",
    "a returned object alters no class": """
Point.note = "set in the kernel"
Shape.sides = 99
results = [submit(Point, 1).result(), submit(Square).result(), submit(Shape).result()]
assert Point.note == "set in the kernel" and Shape.sides == 99
def alter():
    Shape.sides = -1
    return Shape()
assert submit(alter).result().sides == Shape.sides == 99
""",
    "a class that changed": """
Point.doubled = lambda self: Point(self.x * 2)
assert submit(Point(2).doubled).result() == Point(4)
del Point.note
assert set(everywhere(lambda: hasattr(Point, "note"))) == {False}
old, before = Point(3), submit(lambda: (time.sleep(0.2), Point(9))[1])
OldPoint = Point
@dataclasses.dataclass
class Point:
    x: str
assert type(submit(lambda: Point("new")).result()) is Point
assert type(before.result()) is OldPoint and submit(lambda p: p, old).result() == old
""",
    "functions that remember": """
@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
def decorate(fn):
    @functools.wraps(fn)
    def inner(*args): return fn(*args) + 1
    return inner
@decorate
def one(): return 1
def is_even(n): return n == 0 or is_odd(n - 1)
def is_odd(n): return n != 0 and is_even(n - 1)
def tag(): return xml.etree.ElementTree.fromstring("<a/>").tag
assert submit(fib, 50).result() == 12586269025 and submit(one).result() == 2
assert submit(is_even, 10).result() and submit(tag).result() == "a"
assert submit(lambda: fib).result() is fib
""",
    "importable functions go by reference": """
import json
assert submit(lambda: json.dumps).result() is json.dumps and submit(json.loads, "[1]").result() == [1]
""",
    "the end": "pool.shutdown()",
}


def test_cells(kernel):
    kernel.run(SETUP)
    for what, cell in CELLS.items():
        start = kernel.start(cell)
        for message in kernel.until(lambda m, start=start: idle(m, start)):
            if message["msg_type"] == "error":
                pytest.fail(what + "\n" + "\n".join(message["content"]["traceback"]))


WRONG = """
lock = threading.Lock()
held = {"inside": [lock]}
def f(): return lock
def g(): return f()
def h(): return held
def closure(lock=lock):
    inner = lock
    return lambda: inner
class Holder:
    def __init__(self): self.lock = lock
"""
SENTENCES = {
    "submit(f).result()": ["`f` uses the global `lock` (`_thread.lock`)"],
    "submit(g).result()": ["`g` uses `f`, which uses the global `lock` (`_thread.lock`)"],
    "submit(h).result()": ["`h` uses the global `held` (`dict`), which holds a `_thread.lock`"],
    "submit(closure()).result()": ["holds the variable `inner` (`_thread.lock`)"],
    "submit(print, 1, lock).result()": ["argument 2 of `print` (`_thread.lock`)"],
    "submit(dict, key=[lock]).result()": ["argument `key` of `dict` (`list`), which holds a `_thread.lock`"],
    "submit(print, Holder()).result()": ["argument 1 of `print` (`Holder`), which holds a `_thread.lock`"],
    "pool.map(f, [1])": ["`f` uses the global `lock`"],
    "list(pool.map(print, [1, lock]))": ["argument 1 of `print` (`_thread.lock`)"],
}


def test_what_cannot_be_sent_is_named(kernel):
    kernel.run(SETUP)
    kernel.run(WRONG)
    kernel.run("everywhere(os.getpid)\npids = set(pool._processes)")
    for code, words in SENTENCES.items():
        kernel.run(
            "import pickle\n"
            f"try:\n    {code}\n    raise AssertionError('nothing was raised')\n"
            "except (pickle.PicklingError, TypeError) as caught:\n    error = caught\n"
            f"first, second = str(error).splitlines()\nassert {words[0]!r} in first, error\n"
            "assert 'cannot go to another process' in first and 'initializer=' in second and 'ThreadPoolExecutor' in second"
        )
    kernel.run("everywhere(os.getpid)\nassert set(pool._processes) == pids, 'the pool lives'")


def test_a_large_global_is_warned_of_once(kernel):
    kernel.run(SETUP)
    kernel.run(
        "data = bytes(20_000_000)\nother = bytes(20_000_000)\n"
        "def size():\n    return len(data)\n"
        "def both():\n    return len(data) + len(other)"
    )
    told = []
    for cell in ("submit(size).result()", "submit(size).result()", "list(pool.map(lambda _: size(), range(3)))", "submit(both).result()"):
        told.append([m["content"]["text"] for m in kernel.run(cell) if m["msg_type"] == "stream"])
    assert [len(each) for each in told] == [1, 0, 0, 1]
    assert "`data` (20 MB)" in told[0][0] and "`other` (20 MB)" in told[3][0]
