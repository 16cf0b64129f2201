"""Ctrl-C at a moment of our choice.

Python raises KeyboardInterrupt between any two steps of the main thread, also in the middle of moving events from a journal into the
store, or of writing a call into a worker's pipe: half of it would then be done, or be done twice. Such a passage is run with the
interrupt put off until its end. It costs a microsecond in the main thread and a fifth of that elsewhere.
"""

# What `signal` wraps: its own functions spend microseconds on making enums.
import _signal  # type: ignore[import-not-found]  # has no stubs
import os
import signal
import threading
import time
from collections.abc import Callable
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any

_SIGINT = int(signal.SIGINT)
_main = threading.main_thread().ident


class put_off:
    """Run a short block that Ctrl-C does not break; what came meanwhile is raised at its end.

    Outside of the main thread, which alone is ever interrupted, and inside another such block nothing is done.
    """

    __slots__ = ("_handler", "_note")

    def __enter__(self) -> None:
        self._handler: Callable[[int, FrameType | None], object] | None = None
        if get_ident() != _main:
            return
        handler = _signal.getsignal(_SIGINT)
        if callable(handler) and type(handler) is not _Note:
            self._note = note = _Note()
            # An interrupt that is pending is raised by this very call, before anything has begun.
            _signal.signal(_SIGINT, note)
            self._handler = handler

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        handler = self._handler
        if handler is not None:
            _signal.signal(_SIGINT, handler)
            if self._note.came:
                handler(_SIGINT, self._note.frame)


#: Seconds after which a wait of the main thread looks again, see `acquire`.
LOOK_AGAIN = 1.0


def acquire(lock: Any, timeout: float | None = None) -> bool:
    """Take a lock, in pieces.

    CPython enters a wait for a lock without a last look at signals. Ctrl-C that comes in that moment, or that the system has given to
    another thread, is noticed when the wait ends. So whoever waits long looks again from time to time.

    Args:
        lock: a lock of `threading`.
        timeout: the most seconds; None for no limit.

    Returns:
        Whether it was taken.
    """
    if timeout is None:
        while not lock.acquire(True, LOOK_AGAIN):
            pass
        return True
    deadline = time.monotonic() + timeout
    while (rest := deadline - time.monotonic()) > 0:
        if lock.acquire(True, min(rest, LOOK_AGAIN)):
            return True
    return bool(lock.acquire(False))


class _Note:
    """A signal handler that remembers."""

    came = False
    frame: FrameType | None = None

    def __call__(self, _number: int, frame: FrameType | None) -> None:
        self.came, self.frame = True, frame


def _after_fork_in_child() -> None:
    # The thread that forked is the child's main thread.
    global _main
    _main = get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
