"""Who gets whose pools while `concurrent.futures` is covered. tests/kernel/test_stdlib.py does the same in a real kernel."""

import concurrent.futures
import concurrent.futures.process
import concurrent.futures.thread
import importlib.util
import os
import sys
import sysconfig

import pytest

import poolviz
from poolviz.stdlib import Cover

MODULES = (concurrent.futures, concurrent.futures.process, concurrent.futures.thread)


def names():
    """All that the covered modules hold; a class is asked for first, as the package finds it then."""
    return [(concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor, dict(vars(module))) for module in MODULES]


@pytest.fixture
def cover():
    before = names()
    cover = Cover()
    cover.put_on()
    yield cover
    cover.take_off()
    assert names() == before


def code_of(path, source):
    """The names that source defines which was compiled from a file of that name."""
    namespace = {"__name__": "made_up"}
    exec(compile(source, path, "exec"), namespace)
    return namespace


INSTALLED = os.path.join(sysconfig.get_path("purelib"), "somebody", "helpers.py")
OURS = os.path.join(os.sep, "home", "somebody", "helpers.py")
MAKES = "import concurrent.futures\ndef make(): return concurrent.futures.ThreadPoolExecutor(1)"
DERIVES = """
from concurrent.futures import ThreadPoolExecutor
class Pool(ThreadPoolExecutor):
    made = 0
    def __init__(self, n):
        super().__init__(n)
        Pool.made += 1
    def submit(self, fn, /, *args, **kwargs):
        return super().submit(fn, *args, **kwargs)
"""


@pytest.mark.parametrize(("path", "ours"), [(OURS, True), ("<stdin>", True), ("script.py", True), (INSTALLED, False), (os.__file__, False)])
def test_a_pool_belongs_to_the_code_that_makes_it(cover, path, ours):
    pool = code_of(path, MAKES)["make"]()
    assert isinstance(pool, poolviz.ThreadPoolExecutor) is ours
    assert isinstance(pool, concurrent.futures.ThreadPoolExecutor)
    assert pool.submit(abs, -2).result(60) == 2
    pool.shutdown()


@pytest.mark.parametrize(("path", "ours"), [(OURS, True), (INSTALLED, False)])
def test_a_class_that_is_derived_belongs_to_the_code_that_derives_it(cover, path, ours):
    derived = code_of(path, DERIVES)["Pool"]
    with derived(1) as pool, poolviz.trace() as trace:
        assert pool.submit(abs, -2).result(60) == 2
        assert list(pool.map(abs, [-1, 1])) == [1, 1]
    assert derived.made == 1 and derived.__name__ == "Pool"
    assert issubclass(derived, poolviz.ThreadPoolExecutor) is ours
    assert issubclass(derived, concurrent.futures.ThreadPoolExecutor) and isinstance(pool, concurrent.futures.ThreadPoolExecutor)
    assert len(trace) == (3 if ours else 0)


def test_covering_twice_is_covering_once():
    before = names()
    first, second = Cover(), Cover()
    first.put_on()
    first.put_on()
    second.put_on()
    second.take_off()
    assert issubclass(concurrent.futures.ThreadPoolExecutor, poolviz.Executor), "the first is still on"
    first.take_off()
    first.take_off()
    assert names() == before
    assert not first.is_on


def test_what_somebody_else_has_put_there_meanwhile_is_left(monkeypatch):
    before = names()
    cover = Cover()
    cover.put_on()
    monkeypatch.setattr(concurrent.futures, "wait", "somebody else's")
    cover.take_off()
    assert concurrent.futures.wait == "somebody else's"
    monkeypatch.undo()  # puts the stand-in back, which was there
    concurrent.futures.wait = before[0][2]["wait"]
    assert names() == before


def test_names_of_a_namespace_are_exchanged_and_come_back():
    theirs = concurrent.futures.ThreadPoolExecutor
    mine = {"Pool": theirs, "done": concurrent.futures.as_completed, "ours": poolviz.ThreadPoolExecutor, "n": 1, "list": [theirs]}
    before, cover = dict(mine), Cover(mine)
    cover.put_on()
    assert mine["Pool"] is concurrent.futures.ThreadPoolExecutor is not theirs
    assert mine["done"] is concurrent.futures.as_completed is not poolviz.as_completed
    mine["later"] = concurrent.futures.ProcessPoolExecutor
    cover.take_off()
    assert mine == {**before, "later": concurrent.futures.ProcessPoolExecutor}


HOLDS = "from concurrent.futures import ThreadPoolExecutor, wait as until\nPOOLS = [ThreadPoolExecutor]\n"


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Import a module of the user's, by its source."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def load(name, source):
        names.append(name)
        (tmp_path / f"{name}.py").write_text(source)
        return importlib.import_module(name)

    yield load
    for name in names:
        del sys.modules[name]


def test_names_of_the_users_modules_are_exchanged_and_come_back(imported):
    mine = imported("covered_before", HOLDS)
    theirs, waits, cover = mine.ThreadPoolExecutor, mine.until, Cover()
    cover.put_on()
    later = imported("covered_later", HOLDS)
    assert mine.ThreadPoolExecutor is later.ThreadPoolExecutor is concurrent.futures.ThreadPoolExecutor is not theirs
    assert mine.until is concurrent.futures.wait is not waits
    assert [theirs] == mine.POOLS, "what is inside other objects is not searched"
    cover.take_off()
    assert mine.ThreadPoolExecutor is later.ThreadPoolExecutor is theirs and mine.until is later.until is waits


def test_modules_that_are_installed_are_left_alone(imported, monkeypatch):
    installed, ours = imported("covered_installed", HOLDS), imported("covered_poolviz", HOLDS)
    monkeypatch.setattr(installed, "__file__", INSTALLED)
    monkeypatch.setattr(ours, "__file__", os.path.join(os.path.dirname(poolviz.__file__), "made_up.py"))
    theirs, cover = installed.ThreadPoolExecutor, Cover()
    cover.put_on()
    assert installed.ThreadPoolExecutor is ours.ThreadPoolExecutor is theirs
    cover.take_off()


def test_names_stay_exchanged_while_another_cover_is_on(imported):
    mine = imported("covered_twice", HOLDS)
    theirs, first, second = mine.ThreadPoolExecutor, Cover(), Cover()
    first.put_on()
    second.put_on()
    second.take_off()
    assert mine.ThreadPoolExecutor is concurrent.futures.ThreadPoolExecutor is not theirs
    first.take_off()
    assert mine.ThreadPoolExecutor is theirs


def test_a_module_that_loads_itself_when_it_is_looked_at_is_not_loaded(tmp_path, monkeypatch):
    path = tmp_path / "covered_lazy.py"
    path.write_text("raise RuntimeError('nobody has asked for it')\n")
    spec = importlib.util.spec_from_file_location("covered_lazy", path)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "covered_lazy", module)
    cover = Cover()
    cover.put_on()
    cover.take_off()
