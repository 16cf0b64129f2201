"""The thread pool: what users call. Its threads are in `crew`."""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import _base
from concurrent.futures import thread as _stdlib
from types import TracebackType
from typing import Any, TypeVar

from poolviz import deferred, interrupts, observe, scopes
from poolviz.clock import now
from poolviz.events import Blocked
from poolviz.executors import base
from poolviz.executors import crew as crews
from poolviz.executors.crew import Crew, logger
from poolviz.executors.future import Future, cancel_all
from poolviz.executors.waiting import Block
from poolviz.tracebacks import HIDE

T = TypeVar("T")
BrokenThreadPool = _stdlib.BrokenThreadPool


class ThreadPoolExecutor(base.Executor, _stdlib.ThreadPoolExecutor):
    """A pool of threads.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor

    Args:
        max_workers: the most threads; None for the usable CPUs plus 4, at most 32 (the default of Python 3.13).
        thread_name_prefix: names of the threads begin with it.
        initializer: called in each thread before its first call. If it raises, the pool is broken.
        initargs: the initializer's arguments.
        trace: whether the pool reports what it does.

    Raises:
        ValueError: `max_workers` is not above 0.
        TypeError: the initializer cannot be called.
    """

    _names = itertools.count().__next__
    _has_chunks = False

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        trace: bool = True,
    ) -> None:
        __tracebackhide__ = HIDE
        if max_workers is None:
            max_workers = min(32, base.usable_cpus() + 4)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        base.check_initializer(initializer)
        prefix = thread_name_prefix or f"ThreadPoolExecutor-{ThreadPoolExecutor._names()}"
        self._max_workers = max_workers
        self._crew = crew = Crew(max_workers, prefix, initializer, initargs)
        self._journal = crew.journal = base.open_journal(
            crew.running, trace=trace, kind="thread", name=str(thread_name_prefix or type(self).__name__), workers=max_workers
        )
        weakref.finalize(self, crew.abandon).atexit = False

    _last_call = 0

    # What other libraries read of the standard library's class.
    _threads = property(lambda self: self._crew.threads)
    _work_queue = property(lambda self: self._crew.queue)
    _shutdown = property(lambda self: self._crew.closed)
    _broken = property(lambda self: self._crew.broken or False)
    _thread_name_prefix = property(lambda self: self._crew.prefix)
    _initializer = property(lambda self: self._crew.initializer)
    _initargs = property(lambda self: self._crew.initargs)

    def _enqueue(
        self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: base.Label, item: int
    ) -> _base.Future[T]:
        __tracebackhide__ = HIDE
        crew, journal = self._crew, self._crew.journal
        future = Future()
        future._pooled = True
        if journal is not None:
            scope = scopes.current(journal.home)
            if scope.waiting and not crew.closed:
                scope.touch()
            future._block = scope.block
            label_number = base.label_for(label, fn, args, kwargs)
        with interrupts.put_off(), crew.lock:
            if crew.broken is not None:
                raise BrokenThreadPool(crew.broken)
            if crew.closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if crews.exiting:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            if journal is not None:
                future._journal = journal
                future._call = self._last_call = call = observe.new_calls()
                journal.submits += (call, 1, now(), label_number, item, scope.id)
            crew.queue.put((future, fn, args, kwargs))
            crew.submitted += 1
            short = len(crew.workers) < crew.max_workers and not crew.grow()
        if short:
            logger.warning("poolviz: no further thread can be started; going on with %d", crew.max_workers)
        if journal is not None and len(journal.submits) >= observe.FULL:
            journal.flush()
        return future

    def _interruption(self) -> Callable[[], None]:
        say = weakref.WeakMethod(self._say_what_runs)

        def interrupt() -> None:
            found = say()
            if found is not None:
                found()

        return interrupt

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no further calls.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown

        Args:
            wait: whether to return only when all calls have ended and all threads are gone. What is pending runs in any case, also at
                the interpreter's exit.
            cancel_futures: whether to cancel the calls that no thread has taken yet.

        Raises:
            RuntimeError: it was to wait, and is called by a thread of this pool, which would wait for itself.
        """
        __tracebackhide__ = HIDE
        crew = self._crew
        (crew.abandon if deferred.collecting() else crew.close)()
        if cancel_futures:
            cancel_all(item[0] for item in crew.queued())
        if wait and not deferred.collecting():  # it would hold up whatever the collector has interrupted
            if threading.current_thread() in crew.threads:
                raise RuntimeError("cannot join current thread")
            with Block(self._journal, self._last_call, Blocked.SHUTDOWN):
                if crew.threads:
                    crew.over.wait()
            for thread in list(crew.threads):
                thread.join()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        __tracebackhide__ = HIDE
        # A thread cannot be stopped: after an interrupt nothing waits for those that run.
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.shutdown(wait=False, cancel_futures=True)
            self._say_what_runs()
            return
        try:
            self.shutdown(wait=True)
        except KeyboardInterrupt:
            self.shutdown(wait=False, cancel_futures=True)
            self._say_what_runs()
            raise

    _said: tuple[BaseException | None, int] = (None, 0)

    def _say_what_runs(self) -> None:
        """One line about the calls that go on; one alone when an interrupt leaves a `map` and then a `with`."""
        leaving, n = sys.exc_info()[1], len(self._crew.running())
        if n and (leaving is None or self._said != (leaving, n)):
            calls = "1 call still runs" if n == 1 else f"{n} calls still run"
            print(f"poolviz: {calls} in {self._crew.prefix}: threads cannot be stopped, and are not waited for", file=sys.stderr)
        self._said = (leaving, n)
