"""Other libraries look inside: what they ask, read and replace works as with the standard library's pools."""

import concurrent.futures
import inspect

import pytest

import poolviz
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, PROCESS_KINDS

kinds = pytest.mark.parametrize("kind", KINDS)
CLASSES = [
    (poolviz.ThreadPoolExecutor, concurrent.futures.ThreadPoolExecutor),
    (poolviz.ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor),
]


@pytest.mark.parametrize(("ours", "theirs"), CLASSES, ids=["thread", "process"])
def test_classes(ours, theirs):
    assert issubclass(ours, theirs) and issubclass(ours, concurrent.futures.Executor) and issubclass(ours, poolviz.Executor)
    expected = list(inspect.signature(theirs.__init__).parameters)
    given = inspect.signature(ours.__init__).parameters
    assert [name for name in given if name in expected] == expected, "the same parameters in the same order"
    assert all(given[name].kind is inspect.Parameter.KEYWORD_ONLY for name in given if name not in expected)
    for name in ("submit", "map", "shutdown"):
        parameters = inspect.signature(getattr(ours, name)).parameters
        assert set(inspect.signature(getattr(theirs, name)).parameters) <= set(parameters)


def test_the_constants_and_exceptions_are_the_standard_librarys():
    for name in (
        "ALL_COMPLETED",
        "FIRST_COMPLETED",
        "FIRST_EXCEPTION",
        "BrokenExecutor",
        "CancelledError",
        "InvalidStateError",
        "TimeoutError",
    ):
        assert getattr(poolviz, name) is getattr(concurrent.futures, name)
    assert issubclass(poolviz.Future, concurrent.futures.Future)


@kinds
def test_attributes_that_clients_read(new_pool, kind):
    pool = new_pool(kind, 3)
    assert pool._max_workers == 3
    assert not pool._broken
    assert not (pool._shutdown if kind == "thread" else pool._shutdown_thread)
    pool.submit(tasks.double, 1).result(LIMIT)
    assert len(pool._threads if kind == "thread" else pool._processes) == 1
    pool.anything = 1  # no slots
    pool.shutdown()
    assert pool._shutdown if kind == "thread" else pool._shutdown_thread


@kinds
def test_submit_replaced_on_the_instance(new_pool, kind):
    pool = new_pool(kind)
    original, seen = pool.submit, []

    def submit(fn, /, *args, **kwargs):
        seen.append((fn, args))
        return original(fn, *args, **kwargs)

    pool.submit = submit
    assert list(pool.map(tasks.double, range(3))) == [0, 2, 4]
    assert seen == [(tasks.double, (i,)) for i in range(3)]
    del pool.submit
    assert list(pool.map(tasks.double, range(3))) == [0, 2, 4] and len(seen) == 3


class CountingThreads(poolviz.ThreadPoolExecutor):
    seen = 0

    def submit(self, fn, /, *args, **kwargs):
        self.seen += 1
        return super().submit(fn, *args, **kwargs)


class CountingProcesses(poolviz.ProcessPoolExecutor):
    seen = 0

    def submit(self, fn, /, *args, **kwargs):
        self.seen += 1
        return super().submit(fn, *args, **kwargs)


@pytest.mark.parametrize("cls", [CountingThreads, CountingProcesses])
def test_submit_overridden_in_a_subclass(nothing_left, cls):
    with cls(2) as pool:
        assert list(pool.map(tasks.double, range(5))) == [0, 2, 4, 6, 8]
        assert pool.seen == 5
        assert list(pool.map(tasks.double, range(5), buffersize=2)) == [0, 2, 4, 6, 8]
        assert pool.seen == 10


@kinds
def test_labels(new_pool, kind):
    pool = new_pool(kind)
    pool.submit(tasks.double, 1)
    pool.options(label="named").submit(tasks.double, 2)
    view = pool.options(label=lambda x, y=0: f"{x} and {y}")
    assert view.submit(tasks.add, 3, y=4).result(LIMIT) == 7
    assert list(view.map(tasks.add, [5, 6], [7, 8])) == [12, 14]
    assert list(pool.options(label="all alike").map(tasks.double, [9, 10])) == [18, 20]
    assert list(pool.options().map(tasks.double, [11])) == [22]
    pool.shutdown()
    calls = pool.trace.calls
    assert list(calls["name"]) == ["double", "named", "3 and 4", "5 and 7", "6 and 8", "all alike", "all alike", "double"]
    assert list(calls["item"]) == [-1, -1, -1, 0, 1, 0, 1, 0]


@kinds
def test_a_label_that_raises_is_the_callers_error(new_pool, kind):
    pool = new_pool(kind)
    with pytest.raises(ZeroDivisionError):
        pool.options(label=lambda x: 1 / x).submit(tasks.double, 0)
    assert pool.submit(tasks.double, 2).result(LIMIT) == 4
    pool.shutdown()
    assert pool.trace.counts()["total"] == 1


@kinds
def test_without_a_trace(new_pool, kind):
    pool = new_pool(kind, trace=False)
    assert pool.submit(tasks.double, 1).result(LIMIT) == 2
    assert list(pool.map(tasks.double, range(50))) == [2 * i for i in range(50)]
    future = pool.submit(tasks.fail, "why")
    with pytest.raises(ValueError, match="why"):
        future.result(LIMIT)
    with pytest.raises(RuntimeError, match="trace=False"):
        _ = pool.trace


@pytest.mark.parametrize("kind", PROCESS_KINDS)
def test_the_remote_traceback_has_the_workers_lines(new_pool, kind):
    error = new_pool(kind, 1).submit(tasks.fail, "in the worker").exception(LIMIT)
    assert isinstance(error, ValueError) and error.args == ("in the worker",)
    assert "raise ValueError(text)" in str(error.__cause__)


@pytest.mark.parametrize("kind", ["spawn"])
def test_workers_import_little(new_pool, kind):
    names = ["numpy", "IPython", "ipywidgets", "anywidget", "cloudpickle", "poolviz.pools", "poolviz.tracing.store"]
    # Each of these, in each worker, would take a tenth of the time to its first call.
    names += ["poolviz.executors.launch", "multiprocessing.connection", "tempfile"]
    assert new_pool(kind, 1).submit(tasks.loaded_modules, names).result(LIMIT) == []


@kinds
def test_an_observer_that_raises_harms_nobody(new_pool, kind, caplog):
    from poolviz import observe

    class Bad:
        asked = 0

        def on_batch(self, batch, /):
            Bad.asked += 1
            raise RuntimeError("a bad observer")

    bad = Bad()
    observe.add_observer(bad)
    try:
        pool = new_pool(kind)
        assert list(pool.map(tasks.double, range(20))) == [2 * i for i in range(20)]
        observe.flush_all()
        assert bad not in observe.observers and Bad.asked == 1
        assert "a bad observer" in caplog.text
        pool.shutdown()
        assert pool.trace.counts()["finished"] == 20
    finally:
        observe.remove_observer(bad)
