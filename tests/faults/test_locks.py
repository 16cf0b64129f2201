"""No code of the user's runs under a lock of ours: it may want a lock of its own, which a thread that waits for ours may hold.

Each test has a hook run where a pool calls code of the user's. The hook has another thread take every lock of ours.
"""

import gc
import logging
import threading

import pytest

import poolviz
from poolviz import observe
from poolviz.tracing import host  # noqa: F401  # the store's package must be there before its locks are asked for
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, PROCESS_KINDS, make_pool, until

kinds = pytest.mark.parametrize("kind", KINDS)

#: Seconds within which a lock that nobody holds is taken, on a busy machine.
SOON = 10


class Probe:
    """Finds out, in the middle of a hook, whether the thread that runs it holds a lock of ours."""

    def __init__(self):
        self.runs = 0
        self.held = []
        self.pool = None

    def __call__(self, *_):
        """The hook."""
        self.runs += 1
        thread = threading.Thread(target=self._take_all, name="probe")
        thread.start()
        thread.join(SOON * 5)
        if thread.is_alive():
            self.held.append("a lock that is waited for without a limit")

    def _take_all(self):
        for name, lock in self.locks().items():
            if lock.acquire(timeout=SOON):
                lock.release()
            else:
                self.held.append(name)

    def locks(self):
        """Every lock of ours that other threads may want."""
        found = {
            "observe._numbers_lock": observe._numbers_lock,
            "observe._observers_lock": observe._observers_lock,
        }
        for journal in observe.journals.all():
            found[f"the lock of journal {journal.pool}"] = journal._lock
        for observer in observe.observers:
            if hasattr(observer, "_lock"):
                found[f"the lock of {observer!r}"] = observer._lock
        if hasattr(self.pool, "_crew"):
            found["the crew's lock"] = self.pool._crew.lock
        elif self.pool is not None:
            found["the scheduler's lock"] = self.pool._manager.scheduler.lock
            for placement in list(self.pool._manager.scheduler.placements):
                found["a worker's claim lock"] = placement.link.lock
        return found


@pytest.fixture
def probe():
    hook = Probe()
    yield hook
    Hooked.hook = staticmethod(lambda: None)
    assert hook.runs, "the hook was never run"
    assert hook.held == []


class Hooked:
    """Runs a hook at a chosen moment of its life: `pickled`, `unpickled` here, `str`, `repr` or `freed`."""

    hook = staticmethod(lambda: None)

    def __init__(self, *moments):
        self.moments = moments

    def _at(self, moment):
        if moment in self.moments:
            type(self).hook()

    def __reduce__(self):
        self._at("pickled")
        return Hooked, self.moments if "unpickled" not in self.moments else (Unpickled(), *self.moments)

    def __str__(self):
        self._at("str")
        return "hooked"

    def __repr__(self):
        self._at("repr")
        return "hooked"

    def __del__(self):
        self._at("freed")


class Unpickled:
    """Runs the hook of `Hooked` where it is unpickled; in a worker that does nothing."""

    def __reduce__(self):
        return _unpickled, ()


def _unpickled():
    Hooked.hook()
    return "unpickled"


class HookedError(Exception):
    def __str__(self):
        Hooked.hook()
        return "hooked"


def returns_hooked(*_):
    return Hooked("unpickled")


def raises_hooked(*_):
    raise HookedError


def watch(probe, pool):
    probe.pool = pool
    pool.trace.counts()  # the store listens
    Hooked.hook = staticmethod(probe)
    return pool


@pytest.mark.parametrize("kind", PROCESS_KINDS)
def test_pickling_of_arguments(new_pool, probe, kind):
    pool = watch(probe, new_pool(kind))
    assert pool.submit(type, Hooked("pickled")).result(LIMIT) is Hooked
    assert list(pool.map(type, [Hooked("pickled")] * 3, chunksize=2)) == [Hooked] * 3


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_pickling_of_initargs(new_pool, probe, kind):
    """At the first submit, and when a worker takes the place of another."""
    pool = watch(probe, new_pool(kind, 1, initializer=tasks.identity, initargs=(Hooked("pickled"),), max_tasks_per_child=1))
    assert [pool.submit(tasks.double, i).result(LIMIT) for i in range(3)] == [0, 2, 4]
    assert probe.runs >= 3


def test_hooks_of_fork(new_pool, probe):
    import os

    on = [True]
    os.register_at_fork(before=lambda: on[0] and probe())
    try:
        pool = watch(probe, new_pool("fork"))
        assert pool.submit(tasks.double, 1).result(LIMIT) == 2
    finally:
        on[0] = False


@pytest.mark.parametrize("kind", PROCESS_KINDS)
def test_unpickling_of_results(new_pool, probe, kind):
    pool = watch(probe, new_pool(kind))
    pool.submit(returns_hooked).result(LIMIT)
    list(pool.map(returns_hooked, range(3)))


@kinds
def test_str_of_an_exception(new_pool, probe, kind):
    pool = watch(probe, new_pool(kind))
    assert isinstance(pool.submit(raises_hooked).exception(LIMIT), HookedError)
    with pytest.raises(HookedError):
        list(pool.map(raises_hooked, range(3)))
    if kind != "thread":  # there a worker makes the words; here it is what cannot be pickled
        assert pool.submit(tasks.identity, Unsendable("repr")).exception(LIMIT) is not None
        Hooked.hook()


class Unsendable(Hooked):
    def __reduce__(self):
        raise HookedError


@kinds
def test_label_functions(new_pool, probe, kind):
    pool = watch(probe, new_pool(kind))

    def label(*_):
        probe()
        return "labelled"

    assert pool.options(label=label).submit(tasks.double, 1).result(LIMIT) == 2
    assert list(pool.options(label=label).map(tasks.double, range(3))) == [0, 2, 4]


@kinds
def test_callbacks(new_pool, probe, kind, tmp_path):
    pool = watch(probe, new_pool(kind, 1))
    runs = pool.submit(tasks.wait_for, tmp_path / "gate")
    queued = [pool.submit(tasks.double, i) for i in range(3)]
    for future in (runs, *queued):
        future.add_done_callback(probe)
    assert queued[1].cancel()
    (tmp_path / "gate").touch()
    assert queued[2].result(LIMIT) == 4
    until(lambda: probe.runs == 4)


@kinds
def test_what_hangs_on_cancelled_futures_is_freed(new_pool, probe, kind, tmp_path):
    """The pool is the last that refers to a future which its user has cancelled and forgotten."""
    pool = watch(probe, new_pool(kind, 1))
    runs = pool.submit(tasks.wait_for, tmp_path / "gate")
    for _ in range(3):
        freed = Hooked("freed")
        future = pool.submit(tasks.double, 1)
        future.add_done_callback(lambda _, freed=freed: None)
        assert future.cancel()
        del future, freed
    (tmp_path / "gate").touch()
    runs.result(LIMIT)
    assert pool.submit(tasks.double, 1).result(LIMIT) == 2
    until(lambda: gc.collect() is not None and probe.runs == 3)


@kinds
def test_what_a_broken_pool_frees(new_pool, probe, kind, tmp_path):
    pool = watch(probe, new_pool(kind, 1, initializer=tasks.raise_after, initargs=(tmp_path / "gate",)))
    for _ in range(3):
        freed = Hooked("freed")
        future = pool.submit(tasks.double, 1)
        future.add_done_callback(lambda _, freed=freed: None)
        del future, freed
    (tmp_path / "gate").touch()
    until(lambda: gc.collect() is not None and probe.runs == 3)


class Handler(logging.Handler):
    def __init__(self, hook):
        super().__init__()
        self.hook = hook

    def createLock(self):
        self.lock = None  # logging's own lock is none of ours

    def emit(self, record):
        self.hook()


@kinds
def test_handlers_of_log_records(new_pool, probe, kind, monkeypatch):
    """No worker can be started."""
    handler = Handler(probe)
    loggers = [logging.getLogger("poolviz"), logging.getLogger("concurrent.futures")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        pool = watch(probe, new_pool(kind, 2))
        if kind == "thread":
            gate = threading.Event()
            first = pool.submit(gate.wait)
            monkeypatch.setattr(threading.Thread, "start", cannot_start)
            second = pool.submit(tasks.double, 1)
            monkeypatch.undo()
            gate.set()
            assert second.result(LIMIT) == 2
            assert first.result(LIMIT)
        else:
            monkeypatch.setattr(type(pool._manager.processes), "start", cannot_start)
            with pytest.raises(poolviz.BrokenExecutor):
                pool.submit(tasks.double, 1).result(LIMIT)
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def cannot_start(self, *_):
    if isinstance(self, threading.Thread) and not self.name.startswith(("ThreadPoolExecutor", "poolviz")):
        return _start(self)
    raise RuntimeError("can't start new thread")


_start = threading.Thread.start


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_the_submitting_thread_may_hold_what_the_pickling_of_initargs_wants(new_pool, kind):
    """In the standard library it is pickled in this thread."""
    lock = threading.RLock()

    class Guarded:
        def __reduce__(self):
            with lock:
                return int, ()

    pool = new_pool(kind, 2, initializer=tasks.identity, initargs=(Guarded(),))
    with lock:
        assert [future.result(LIMIT) for future in [pool.submit(tasks.double, i) for i in range(4)]] == [0, 2, 4, 6]


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_initargs_are_pickled_for_each_worker(new_pool, kind, tmp_path):
    """So that what gives each its own number or seed does, as in the standard library."""
    numbers = iter(range(100))

    class Numbered:
        def __reduce__(self):
            return int, (next(numbers),)

    pool = new_pool(kind, 3, initializer=set_number, initargs=(Numbered(),))
    gate = tmp_path / "gate"
    calls = [pool.submit(number_after, gate) for _ in range(3)]
    until(lambda: all(call.running() for call in calls))
    gate.touch()
    assert len({call.result(LIMIT) for call in calls}) == 3


def set_number(number):
    global _number
    _number = number


def number_after(gate):
    tasks.wait_for(gate)
    return _number


def test_locks_of_all_kinds_of_pools_are_known(new_pool):
    """The probe fails if a lock is held: else it would prove nothing."""
    for kind in KINDS:
        pool = make_pool(kind)
        probe = Probe()
        probe.pool = pool
        lock = pool._crew.lock if kind == "thread" else pool._manager.scheduler.lock
        with pytest.MonkeyPatch.context() as patch, lock:
            patch.setattr("tests.faults.test_locks.SOON", 0.05)
            probe()
        assert len(probe.held) == 1
        pool.shutdown()
