"""What cannot cross to a process or back: the call fails and says why, the pool lives."""

import multiprocessing
import pickle
import threading
from functools import partial

import pytest

from tests.faults import tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS, outcomes

pytestmark = pytest.mark.parametrize("kind", PROCESS_KINDS)


def lives(pool):
    """Whether the pool still works, and no worker had to be replaced for that."""
    return pool.submit(tasks.double, 21).result(LIMIT) == 42 and list(pool.map(tasks.double, range(5))) == [0, 2, 4, 6, 8]


def error_of(pool, fn, *args):
    error = pool.submit(fn, *args).exception(LIMIT)
    assert error is not None
    return error


@pytest.mark.parametrize("argument", [threading.Lock, tasks.FailsToPickle], ids=["lock", "raises"])
def test_argument_that_cannot_be_pickled(new_pool, kind, argument):
    pool = new_pool(kind)
    assert "pickle" in str(error_of(pool, tasks.identity, argument()))
    assert lives(pool)
    with pytest.raises(Exception, match="pickle"):
        list(pool.map(tasks.identity, [1, argument(), 3]))
    assert lives(pool)
    pool.shutdown()
    counts = outcomes(pool)
    assert counts["total"] == counts["finished"] + counts["failed"] + counts.get("cancelled", 0)


@pytest.mark.parametrize("what", [SystemExit, GeneratorExit])
def test_pickling_that_ends_the_program(new_pool, kind, what):
    """`sys.exit` in the pickling of whatever belongs to a call is an error of pickling: to ask for the result must not end the program."""
    pool, culprit = new_pool(kind, 1), tasks.FailsToPickle(what)
    pid = pool.submit(tasks.pid).result(LIMIT)
    sent = [
        pool.submit(tasks.identity, culprit),
        pool.submit(tasks.identity, x=culprit),
        pool.submit(tasks.identity, [1, {2: culprit}]),
        pool.submit(partial(tasks.identity, culprit)),
        pool.submit(lambda: culprit),
    ]
    for future in sent:
        error = future.exception(LIMIT)
        assert isinstance(error, pickle.PicklingError)
        assert "FailsToPickle" in str(error) and f"{what.__name__}: cannot pickle this" in str(error)
        assert type(error.__cause__) is what
    for fn, items in ((tasks.identity, [1, culprit]), (partial(tasks.add, culprit), [1])):
        for options in ({}, {"chunksize": 2}, {"buffersize": 2}):
            for iterable in (items, iter(items)):
                with pytest.raises(pickle.PicklingError, match="FailsToPickle"):
                    list(pool.map(fn, iterable, **options))
    # In the pickling of a result it is what the call raised, as in the standard library.
    assert type(pool.submit(tasks.FailsToPickle, what).exception(LIMIT)) is what
    if kind != "fork":
        with pytest.raises(pickle.PicklingError, match="FailsToPickle"):
            new_pool(kind, initializer=tasks.identity, initargs=(culprit,)).submit(tasks.pid)
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


def test_global_whose_pickling_ends_the_program(run_program, kind):
    """What a call uses of `__main__` is pickled too."""
    code, out, err = run_program(
        """
        import multiprocessing, pickle, sys
        import poolviz
        from tests.faults import tasks
        culprit = tasks.FailsToPickle(SystemExit)
        def use(*args): return culprit
        if __name__ == "__main__":
            with poolviz.ProcessPoolExecutor(1, multiprocessing.get_context(sys.argv[1])) as pool:
                error = pool.submit(use).exception(30)
                assert isinstance(error, pickle.PicklingError) and "the global `culprit`" in str(error), error
                try:
                    pool.map(use, [1])
                except pickle.PicklingError as error:
                    print("survived", "SystemExit: cannot pickle this" in str(error))
        """,
        kind,
    ).end()
    assert (code, out) == (0, "survived True\n"), err


def test_interrupt_in_the_pickling_of_an_argument(new_pool, kind):
    pool = new_pool(kind)
    for attempt in (lambda x: pool.submit(tasks.identity, x), lambda x: pool.map(tasks.identity, [x])):
        with pytest.raises(KeyboardInterrupt):
            attempt(tasks.FailsToPickle(KeyboardInterrupt))
    assert lives(pool)


def test_argument_that_cannot_be_unpickled(new_pool, kind):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    for what in (ValueError, SystemExit, KeyboardInterrupt):
        error = error_of(pool, tasks.identity, tasks.FailsToUnpickle(what))
        assert isinstance(error, BaseException)
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


def test_function_that_cannot_be_unpickled(new_pool, kind):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    for what in (ValueError, SystemExit):
        assert isinstance(error_of(pool, tasks.FailsToUnpickle(what)), BaseException)
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


@pytest.mark.parametrize("chunksize", [None, 1, 4])
def test_result_that_cannot_be_pickled(new_pool, kind, chunksize):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    assert "pickle" in str(error_of(pool, threading.Lock))
    for what in (ValueError, SystemExit):
        assert isinstance(error_of(pool, tasks.FailsToPickle, what), BaseException)
    results = pool.map(tasks.lock_if_seven, range(10), chunksize=chunksize)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(TypeError, match="pickle"):
        next(results)
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


@pytest.mark.parametrize("chunksize", [None, 1, 4])
def test_result_that_cannot_be_unpickled(new_pool, kind, chunksize):
    pool = new_pool(kind, 1)
    for what in (ValueError, SystemExit, KeyboardInterrupt):
        error = error_of(pool, tasks.FailsToUnpickle, what)
        assert isinstance(error, Exception), "nothing that would end the caller's program"
    results = pool.map(tasks.fails_to_unpickle_if_seven, range(10), chunksize=chunksize)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(Exception, match="unpickl"):
        next(results)
    assert lives(pool)


def test_exception_that_cannot_be_pickled(new_pool, kind):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    error = error_of(pool, tasks.raise_it, "HoldsLock")
    assert "HoldsLock: no way back" in str(error)
    assert "pickle" in str(error)
    assert "raise_it" in str(error.__cause__), "the worker's own source lines"
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


def test_exception_that_cannot_be_unpickled(new_pool, kind):
    pool = new_pool(kind, 1)
    error = error_of(pool, tasks.raise_it, "TwoArguments")
    assert "TwoArguments: first and second" in str(error)
    assert "unpickled" in str(error)
    assert "raise_it" in str(error.__cause__)
    assert lives(pool)


def test_exceptions_that_resist(new_pool, kind):
    """Exceptions that cannot be changed, printed, or whose words end the program arrive in some form, and the workers live."""
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    assert "Frozen" in repr(error_of(pool, tasks.raise_it, "Frozen"))
    assert type(error_of(pool, tasks.raise_it, "Unprintable")) is tasks.Unprintable
    assert "exits in str" in repr(error_of(pool, tasks.raise_it, "ExitsInStr").args)
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


@pytest.mark.parametrize("what", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_call_that_raises_what_ends_a_program(new_pool, kind, what):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    assert type(error_of(pool, tasks.raise_class, what)) is what
    assert lives(pool)
    assert pool.submit(tasks.pid).result(LIMIT) == pid


def test_initializer_that_cannot_be_pickled(new_pool, kind):
    """It is found before anything is sent: the caller is told, no process is started, and the pool goes on once it is mended."""
    lock = threading.Lock()
    held = [lock]
    pools = {
        "argument 1 of `print` (`_thread.lock`)": new_pool(kind, initializer=print, initargs=(lock,)),
        "argument 2 of `len` (`list`), which holds a `_thread.lock`": new_pool(kind, initializer=len, initargs=("", held)),
        "holds the variable `lock` (`_thread.lock`)": new_pool(kind, initializer=lambda: lock),
    }
    if kind == "fork":  # a forked process has its parent's memory: nothing is pickled
        assert next(iter(pools.values())).submit(tasks.double, 21).result(LIMIT) == 42
        return
    for words, pool in pools.items():
        for attempt in (lambda pool: pool.submit(tasks.double, 1), lambda pool: pool.map(tasks.double, [1])):
            with pytest.raises((pickle.PicklingError, TypeError)) as caught:
                attempt(pool)
            assert words in str(caught.value)
        assert not pool._processes
        assert outcomes(pool) == {}
    pool.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(tasks.double, 1)


def test_initializer_that_could_be_pickled_later(new_pool, kind):
    held = [threading.Lock()] if kind != "fork" else []
    pool = new_pool(kind, initializer=tasks.identity, initargs=(held,))
    if held:
        with pytest.raises(TypeError, match="lock"):
            pool.submit(tasks.double, 1)
        held.clear()
    assert lives(pool)


def test_initializer_with_what_travels_at_the_start_of_a_process_only(new_pool, kind):
    context = multiprocessing.get_context(kind)
    lock, (reader, writer) = context.Lock(), context.Pipe(duplex=False)
    with reader, writer:
        pool = new_pool(kind, 1, initializer=tasks.initializer_that_sends, initargs=(lock, writer))
        assert lives(pool)
        assert reader.poll(LIMIT) and reader.recv() == "locked"
