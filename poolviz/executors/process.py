"""The process pool: what users call. The work is done in `manager`."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import _base
from concurrent.futures import process as _stdlib
from types import TracebackType
from typing import Any, Literal, TypeVar

from poolviz import deferred, interrupts, observe, scopes
from poolviz.clock import now
from poolviz.events import LARGEST, Blocked, Chunked, Failed, Outcome
from poolviz.executors import base, leaving, manager, versions
from poolviz.executors.definitions import NOTHING
from poolviz.executors.future import Future
from poolviz.executors.manager import Manager
from poolviz.executors.mapping import MapRun
from poolviz.executors.printed import shown
from poolviz.executors.rows import read_rows
from poolviz.executors.serialize import Payload, dump_call
from poolviz.executors.unsendable import explained
from poolviz.executors.waiting import Block
from poolviz.tracebacks import HIDE
from poolviz.wording import words_of

T = TypeVar("T")
BrokenProcessPool = _stdlib.BrokenProcessPool
_exiting = False


class ProcessPoolExecutor(base.Executor, _stdlib.ProcessPoolExecutor):
    """A pool of processes.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor
    But workers are spawned unless `mp_context` says otherwise, and what is defined in ``__main__`` is sent to them by value.

    Args:
        max_workers: the most processes; None for the usable CPUs (the default of Python 3.13).
        mp_context: a context of `multiprocessing`; None for spawn.
        initializer: called in each process before its first call. If it raises, the pool is broken.
        initargs: the initializer's arguments.
        max_tasks_per_child: how many calls a process runs before another takes its place; None for no limit.
        on_worker_death: ``"break"`` fails every call when a process dies, as the standard library does; ``"replace"`` fails the call that
            it ran and starts another process for the rest.
        trace: whether the pool reports what it does.

    Raises:
        ValueError: `max_workers` or `max_tasks_per_child` is not above 0, or `max_tasks_per_child` meets fork, or `on_worker_death` is
            neither of the two.
        TypeError: the initializer cannot be called, or `max_tasks_per_child` is no integer.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        mp_context: Any = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        max_tasks_per_child: int | None = None,
        on_worker_death: Literal["break", "replace"] = "break",
        trace: bool = True,
    ) -> None:
        __tracebackhide__ = HIDE
        if max_workers is None:
            max_workers = base.usable_cpus()
            if sys.platform == "win32":
                max_workers = min(_stdlib._MAX_WINDOWS_WORKERS, max_workers)
        elif max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        elif sys.platform == "win32" and max_workers > _stdlib._MAX_WINDOWS_WORKERS:
            raise ValueError(f"max_workers must be <= {_stdlib._MAX_WINDOWS_WORKERS}")
        base.check_initializer(initializer)
        ctx = mp_context if mp_context is not None else multiprocessing.get_context("spawn")
        method = ctx.get_start_method()
        if max_tasks_per_child is not None:
            if not isinstance(max_tasks_per_child, int):
                raise TypeError("max_tasks_per_child must be an integer")
            if max_tasks_per_child <= 0:
                raise ValueError("max_tasks_per_child must be >= 1")
            if method == "fork":
                raise ValueError(
                    "max_tasks_per_child is incompatible with the 'fork' multiprocessing start method; pass another mp_context."
                )
        if on_worker_death not in ("break", "replace"):
            raise ValueError(f"on_worker_death must be 'break' or 'replace', not {on_worker_death!r}")
        self._max_workers = max_workers
        self._mp_context = ctx
        self._manager = pool = Manager(ctx, max_workers, initializer, initargs, max_tasks_per_child, on_worker_death == "replace")
        self._journal = pool.outcomes.journal = base.open_journal(
            pool.running, trace=trace, kind="process", name=type(self).__name__, workers=max_workers, method=method
        )
        weakref.finalize(self, _abandon, pool).atexit = False

    _last_call = 0

    # What other libraries read of the standard library's class.
    _processes = property(lambda self: self._manager.by_pid())
    _executor_manager_thread = property(lambda self: self._manager.thread)
    _broken = property(lambda self: self._manager.loop.broken or False)
    _shutdown_thread = property(lambda self: self._manager.loop.closed)
    _initializer = property(lambda self: self._manager.processes.starter.initializer)
    _initargs = property(lambda self: self._manager.processes.starter.initargs)
    _max_tasks_per_child = property(lambda self: self._manager.processes.max_tasks)

    def _check_open(self) -> None:
        __tracebackhide__ = HIDE
        pool, loop = self._manager, self._manager.loop
        if loop.broken is not None:
            raise BrokenProcessPool(loop.broken)
        if pool.forked:
            raise RuntimeError("this process pool belongs to the process that forked this one; make a pool of your own here")
        if loop.closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if _exiting:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _announce(self) -> scopes.Scope:
        __tracebackhide__ = HIDE
        if self._manager.thread is None:
            self._check_open()
        scope = scopes.current(None if self._journal is None else self._journal.home)
        if scope.waiting and self._journal is not None:
            self._check_open()
            scope.touch()
        return scope

    def _enqueue(
        self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: base.Label, item: int
    ) -> _base.Future[T]:
        __tracebackhide__ = HIDE
        pool, journal = self._manager, self._journal
        scope = self._announce()
        pool.prepare(1)
        future = Future()
        future._pooled = True
        future._block = scope.block
        error: BaseException | None = None
        try:
            names: set[str] = set()
            data = pool.scheduler.functions.pickled(fn, names)
            lasting = not names and not versions.current()
            future._payload = dump_call(args, kwargs, names)
            future._snapshot = pool.scheduler.functions.namespace.snapshot(names, fn) if names or versions.current() else NOTHING
            future._bytes_out = sum(map(len, future._payload)) if len(future._payload) == 1 else _bytes(future._payload)
        except BaseException as unpicklable:
            if (alarm := interrupts.from_handler(unpicklable)) is not None:
                raise alarm from None  # the program's Ctrl-C or time limit, not the pickling
            # As in the standard library the future tells of it, and the pool lives. That of sys.exit() is told as an error of pickling.
            error = explained(unpicklable, fn, args, kwargs)
            words = words_of(error)
        label_number = base.label_for(label, fn, args, kwargs) if journal is not None else 0
        with interrupts.put_off(), pool.scheduler.lock:
            self._check_open()
            if error is None:
                pool.begin()
            if journal is not None:
                future._journal = journal
                future._call = self._last_call = call = observe.new_calls()
                journal.submits += (call, 1, now(), label_number, item, scope.id)
            if error is None:
                future._function = pool.scheduler.functions.use(data, lasting)
                future._owner = pool
                pool.submit(future, 1)
            elif journal is not None:
                end = now()
                journal.batches.append(Failed(call, words, ""))
                journal.ends += (call, -1, 0, 0, end, end, Outcome.RAISED, 0, 0)
        if error is not None:
            if journal is not None:
                journal.flush_if_full()  # there may be no manager's thread, which would
            future.set_exception(error)
        return future

    def _interruption(self) -> Callable[[], None]:
        return self._manager.interrupt

    def _map_at_once(
        self, fn: Callable[..., T], iterables: tuple[Iterable[Any], ...], timeout: float | None, chunksize: int | None, label: base.Label
    ) -> Iterator[T]:
        __tracebackhide__ = HIDE
        if callable(label):  # it wants the arguments of each call
            return self._map_by_enqueue(fn, iterables, timeout, None, label)
        deadline = None if timeout is None else timeout + time.monotonic()
        scope = self._announce()
        self._check_open()
        pool, journal = self._manager, self._journal
        functions = pool.scheduler.functions
        names: set[str] = set()
        rows, payloads = read_rows(iterables, fn, names)
        n = len(rows if payloads is None else payloads)
        pool.prepare(n)
        try:
            data = functions.pickled(fn, names)
            lasting = not names and not versions.current()
            snapshot = functions.namespace.snapshot(names, fn)
        except BaseException as unpicklable:
            if (alarm := interrupts.from_handler(unpicklable)) is not None:
                raise alarm from None
            told = explained(unpicklable, fn, (), {})
            raise told from told.__cause__
        label_number = base.label_for(label, fn, (), {}) if journal is not None else 0
        with interrupts.put_off(), pool.scheduler.lock:
            self._check_open()
            if n:
                pool.begin()
            first = observe.new_calls(n) if journal is not None else 0
            self._last_call = first + n - 1
            if journal is not None and n:
                journal.submits += (first, n, now(), label_number, 0, scope.id)
                if chunksize is not None and chunksize > 1:
                    journal.batches.append(Chunked(journal.pool, first, n, int(min(chunksize, LARGEST))))
            if n:
                run = MapRun(
                    functions.use(data, lasting), snapshot, rows if payloads is None else None, payloads, chunksize, journal, first
                )
                pool.submit(run, n)
        return run.results(deadline, pool.withdraw_run, pool.interrupt) if n else iter(())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no further calls.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown

        Args:
            wait: whether to return only when all calls have ended and all processes are gone. What is pending runs in any case, also at
                the interpreter's exit.
            cancel_futures: whether to cancel the calls that no worker has claimed yet.

        Raises:
            RuntimeError: it was to wait, and is called in a callback of this pool, which the pool waits for.
        """
        __tracebackhide__ = HIDE
        pool = self._manager
        # Where the garbage collector calls, no lock is waited for.
        (pool.abandon if deferred.collecting() else pool.close)()
        if cancel_futures:
            pool.cancel_pending()
        if pool.thread is None:
            base.close_journal(self._journal)
        elif wait and not deferred.collecting():
            if pool.thread is threading.current_thread():  # in a callback
                raise RuntimeError("cannot join current thread")
            with Block(self._journal, self._last_call, Blocked.SHUTDOWN):
                pool.ended.wait()
            pool.thread.join()
            shown.flush()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        __tracebackhide__ = HIDE
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._manager.interrupt()
        try:
            self.shutdown(wait=True)
        except KeyboardInterrupt:
            self._manager.interrupt()
            self.shutdown(wait=True)
            raise

    def terminate_workers(self) -> None:
        """End the worker processes with SIGTERM, and shut the pool down; calls that have not ended raise BrokenProcessPool.

        A process that is still there after 5 seconds is killed.

        As Python 3.14 has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor.terminate_workers
        """
        self._manager.end_workers("terminate")

    def kill_workers(self) -> None:
        """End the worker processes with SIGKILL, and shut the pool down; calls that have not ended raise BrokenProcessPool.

        As Python 3.14 has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor.kill_workers
        """
        self._manager.end_workers("kill")


def _abandon(pool: Manager) -> None:
    # Called by the garbage collector: no lock is taken here.
    pool.abandon()
    if pool.thread is None:
        base.leave_journal(pool.outcomes.journal)


def _bytes(payload: Payload) -> int:
    return sum(memoryview(part).nbytes for part in payload)


def _at_exit() -> None:
    global _exiting
    # A pool made after this refuses its first call. Those that are there are closed each under its lock: what another thread is about to
    # submit is in and will run, or is refused.
    _exiting = True
    pools = [pool for pool in manager.managers.all() if not pool.forked]
    for pool in pools:
        if leaving.program_is_interrupted():  # nobody can use what its calls give
            pool.interrupt()
        pool.close()
    for pool in pools:
        if pool.thread is not None:
            pool.ended.wait()
            pool.thread.join()


def _after_fork_in_child() -> None:
    for pool in manager.managers.all():
        pool.after_fork()


# Before the interpreter joins its threads, as in the standard library: an ordinary atexit function would come after that.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
