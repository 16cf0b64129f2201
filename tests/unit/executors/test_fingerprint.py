"""A fingerprint changes with what it is of, and is not given for what may change unseen."""

import enum
import sys

import pytest

from poolviz.executors.fingerprint import fingerprint, same

SOURCE = """
import math
from dataclasses import dataclass
from functools import lru_cache
K = 1
def plain(x, y=2, *, z="z"): return x + y + K
def outer():
    n = 1
    def inner(): return n
    return inner
closed = outer()
class Base:
    flag = True
    def method(self): return 1
    @property
    def p(self): return 2
    @staticmethod
    def s(): return 3
class Derived(Base):
    def method(self): return super().method()
@dataclass
class Data:
    x: int = 1
class Colour(enum.Enum):
    RED = 1
@lru_cache
def cached(x): return x
"""


@pytest.fixture
def main(monkeypatch):
    """The names of a `__main__` of its own."""
    module = type(sys)("__main__")
    module.enum = enum
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(SOURCE, vars(module))
    return vars(module)


@pytest.mark.parametrize("name", ["math", "K", "plain", "closed", "Base", "Derived", "Data", "Colour", "cached"])
def test_what_has_not_changed_has_the_same(main, name):
    first = fingerprint(main[name])
    assert first is not None and same(first, fingerprint(main[name]))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plain", "plain.__code__ = closed.__code__.replace(co_freevars=())"),
        ("plain", "plain.__defaults__ = (3,)"),
        ("plain", "plain.__kwdefaults__['z'] = 'other'"),
        ("plain", "plain.note = 1"),
        ("closed", "closed.__closure__[0].cell_contents = 2000"),
        ("Base", "Base.flag = False"),
        ("Base", "Base.method = plain"),
        ("Base", "del Base.flag"),
        ("Base", "Base.p = property(plain)"),
        ("Base", "Base.s = staticmethod(plain)"),
        ("Derived", "Base = type('Base', (), {}); Derived.__bases__[0].flag = 3; Derived.other = 1"),
        ("cached", "cached = lru_cache(plain)"),
    ],
)
def test_a_change_is_seen(main, name, change):
    first = fingerprint(main[name])
    exec(change, main)
    assert not same(first, fingerprint(main[name]))


def test_what_a_closure_names_anew_is_seen(main):
    # The same closure now holds a function that `__main__` no longer has under its name: it must travel by value from now on.
    exec("def hold(f):\n    return lambda: f\nkeeps = hold(plain)", main)
    first = fingerprint(main["keeps"])
    exec("def plain(): return 'new'", main)
    assert not same(first, fingerprint(main["keeps"]))


@pytest.mark.parametrize("value", [[1], {"a": 1}, {1}, bytearray(b"a"), object(), (1, [2])])
def test_what_can_change_in_place_has_none(value):
    assert fingerprint(value) is None


def test_a_function_that_holds_what_can_change_has_none(main):
    exec("def f(x, memory=[]): pass\nclass C:\n    options = {}", main)
    assert fingerprint(main["f"]) is None
    assert fingerprint(main["C"]) is None
