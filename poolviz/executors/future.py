"""The future of a call: the standard library's state machine, plus what a pool and a trace need to know.

Two rules of the standard library are made stricter here. A cancelled call is announced to `wait` and `as_completed` at once and not
when a worker comes across it. And `cancel()` and `running()` ask the pool, which knows whether a worker has claimed the call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import _base
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from poolviz import interrupts, scopes
from poolviz.callers import here
from poolviz.clock import now
from poolviz.events import Blocked, Outcome
from poolviz.executors.condition import LeanCondition
from poolviz.observe import FULL
from poolviz.tracebacks import HIDE

if TYPE_CHECKING:
    from poolviz.executors.definitions import Snapshot
    from poolviz.executors.functions import SentFunction
    from poolviz.executors.placement import Message, Placement
    from poolviz.executors.serialize import Payload
    from poolviz.observe import Journal
    from poolviz.scopes import Scope

PENDING, RUNNING, FINISHED = _base.PENDING, _base.RUNNING, _base.FINISHED
CANCELLED, CANCELLED_AND_NOTIFIED = _base.CANCELLED, _base.CANCELLED_AND_NOTIFIED


class Owner(Protocol):
    """The pool of a future, as far as the future needs it."""

    def withdraw(self, future: Future) -> bool:
        """Take a call back before a worker claims it; False if one has. Called under the future's condition."""

    def claimed(self, future: Future) -> bool:
        """Whether a worker has claimed the call."""


def raise_as_result(error: BaseException) -> NoReturn:
    """Raise what a call raised, as the standard library's future does.

    A notebook hides our frames, but never the innermost one. So that one is not ours, for a map as for a future.
    """
    __tracebackhide__ = HIDE
    future: _base.Future[NoReturn] = _base.Future()
    future.set_exception(error)
    try:
        future.result()
    finally:
        del future, error  # the frame is part of the traceback


class Future(_base.Future):  # type: ignore[type-arg]  # the stdlib's is generic in the stubs only
    """The result of a call that may not have ended yet.

    A `concurrent.futures.Future` in every respect. Pools make them; user code makes one only to write an executor of its own.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future
    """

    _pooled = False
    """Whether a pool made it: then a cancelled call is announced at once."""
    _owner: Owner | None = None
    _journal: Journal | None = None
    _call = 0
    _block: Scope | None = None
    """The `with poolviz.trace()` that it belongs to: what the call, or a callback, submits does too."""
    _taken = False

    # Of a process pool's future alone; written under the pool's lock.
    _function: SentFunction
    _snapshot: Snapshot
    _payload: Payload
    _bytes_out = 0
    _withdrawn = False
    _ended = False
    """Whether a worker has answered; the future is resolved soon after."""
    _message: Message | None = None
    _placement: Placement | None = None
    """Where it is; forgotten at the end, as a future may outlive its worker and its pool."""
    _entry = -1

    def __init__(self) -> None:
        # What the parent's constructor sets, with a condition that costs less; everything else is the parent's.
        self._condition: LeanCondition = LeanCondition()
        self._state = PENDING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._waiters: list[Any] = []
        self._done_callbacks: list[Any] = []

    def cancel(self) -> bool:
        """Cancel the call if no worker has claimed it.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel

        Returns:
            True if the call is cancelled, now or before; it will never run. False if it runs or has ended.
        """
        if not self._pooled:
            return super().cancel()
        with interrupts.put_off(), self._condition:
            if self._state in (CANCELLED, CANCELLED_AND_NOTIFIED):
                return True
            if self._state != PENDING or (self._owner is not None and not self._owner.withdraw(self)):
                return False
            if self._journal is not None:
                time = now()
                self._journal.ends += (self._call, -1, 0, 0, time, time, Outcome.CANCELLED, 0, 0)
            self._state = CANCELLED_AND_NOTIFIED
            for waiter in self._waiters:
                waiter.add_cancelled(self)
            self._condition.notify_all()
        if self._journal is not None and len(self._journal.ends) >= FULL:
            self._journal.flush()
        self._invoke_callbacks()
        return True

    def running(self) -> bool:
        """Whether a worker has claimed the call and has not ended it.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.running
        But a call that waits in a pipe to a worker is not running, and can be cancelled.
        """
        if self._state == PENDING and self._owner is not None:
            return self._owner.claimed(self)
        return super().running()

    def __repr__(self) -> str:
        text = super().__repr__()
        return text.replace("state=pending", "state=running") if self._state == PENDING and self.running() else text

    def result(self, timeout: float | None = None) -> Any:
        """The value that the call returned, once it has.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.result

        Args:
            timeout: the most seconds to wait; None for no limit.

        Raises:
            CancelledError: the call was cancelled.
            TimeoutError: it had not ended in time.
            BaseException: what the call itself raised.
        """
        try:
            if self._state in (PENDING, RUNNING):
                __tracebackhide__ = HIDE
                self._wait(timeout, Blocked.RESULT)
                timeout = timeout and 0
            self._take()
            if self._state == FINISHED and self._exception is None:
                return self._result
            __tracebackhide__ = HIDE
            return super().result(timeout)
        finally:
            # The frame is part of the traceback of what is raised here; holding the future would close a cycle.
            del self

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, once it has ended; None if it returned.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.exception

        Args:
            timeout: the most seconds to wait; None for no limit.

        Raises:
            CancelledError: the call was cancelled.
            TimeoutError: it had not ended in time.
        """
        __tracebackhide__ = HIDE
        try:
            self._wait(timeout, Blocked.RESULT)
            self._take()
            return super().exception(timeout and 0)
        finally:
            del self

    def _wait(self, timeout: float | None, kind: Blocked) -> None:
        """Wait until it has ended, or the time is over."""
        if self._state not in (PENDING, RUNNING) or (timeout is not None and timeout <= 0):
            return  # nobody blocks
        __tracebackhide__ = HIDE
        condition, journal = self._condition, self._journal
        with condition:
            if self._state not in (PENDING, RUNNING):
                return
            turn = condition.enlist()
        noted = None if journal is None else journal.blocks(kind, self._call)
        try:
            came = interrupts.acquire(turn, timeout)
        except BaseException:
            with interrupts.put_off():
                condition.forget(turn)
                if journal is not None and noted is not None:
                    journal.waited(kind, noted)
            raise
        if not came:
            condition.forget(turn)
        if journal is not None and noted is not None:
            journal.waited(kind, noted)

    def _take(self) -> None:
        if not self._taken and self._state == FINISHED and self._journal is not None:
            self._taken = True
            self._journal.takes += (self._call, now(), here.number)
            if len(self._journal.takes) >= FULL:
                self._journal.flush()

    def _invoke_callbacks(self) -> None:
        """Call all callbacks.

        The standard library lets SystemExit and its like through: past the other callbacks, into the pool's own thread. Here what they
        raise is logged, except Ctrl-C, which belongs to the main thread and not to the callback that it happens to meet.
        """
        interrupt: KeyboardInterrupt | None = None
        if not self._done_callbacks:
            return
        # In the pool's own thread, whose context nobody has entered a block in, what callbacks submit belongs to the call's.
        lent = self._block is not None and scopes.block_here() is None
        if lent:
            scopes.hand_on(self._block)
        for callback in self._done_callbacks:
            try:
                callback(self)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                    interrupt = error
                else:
                    _base.LOGGER.exception("exception calling callback for %r", self)
        if lent:
            scopes.hand_on(None)
        if interrupt is not None:
            raise interrupt

    def _forget_worker(self) -> None:
        self._message = self._placement = None

    def _let_go(self) -> None:
        """Keep nothing of what was sent, which may be large: the user may keep the future. Under the pool's lock, once, at the end."""
        self._forget_worker()
        self._function.uses -= 1
        del self._function, self._snapshot, self._payload

    def _claim(self) -> bool:
        """Move from pending to running, for a worker thread; False if the call was cancelled."""
        with self._condition:
            if self._state != PENDING:
                return False
            self._state = RUNNING
            return True


def cancel_all(futures: Iterable[_base.Future[Any]]) -> None:
    """Cancel each of several futures, also when Ctrl-C meets the callback of one of them; it is raised at the end."""
    interrupt: KeyboardInterrupt | None = None
    for future in futures:
        try:
            future.cancel()
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
