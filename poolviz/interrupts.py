"""Signal handlers at a moment of our choice.

Python runs the handlers of signals between any two steps of the main thread, and a handler may raise: Ctrl-C raises KeyboardInterrupt,
and a program's own time limit, set with `signal.alarm`, raises what it likes. That may happen in the middle of moving events from a
journal into the store, or of writing a call into a worker's pipe: half of it would then be done, or be done twice. Such a passage runs
with all handlers put off until its end.

    enter: the handlers of all signals  -->  notes, SIGINT's last         a signal that comes now is noted
    leave: notes  -->  the handlers, SIGINT's first                       the handlers of what was noted are called

Invariants, whatever a handler raises and wherever
- Between enter and leave no handler runs, so nothing is raised but by the passage itself.
- While SIGINT has a note, every other signal has one too, so nothing can come between us and putting SIGINT's handler back.
- A note that was left behind in spite of all that (two handlers raised within a microsecond) is no obstacle: it calls the handler that it
  stands for, and puts it back.

It costs some three microseconds in the main thread and a tenth of that elsewhere.
"""

# What `signal` wraps: its own functions spend microseconds on making enums.
import _signal  # type: ignore[import-not-found]  # has no stubs
import os
import signal
import threading
import time
from collections.abc import Callable
from operator import is_
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any

_SIGINT = int(signal.SIGINT)
_main = threading.main_thread().ident
_get, _set = _signal.getsignal, _signal.signal

#: Raised by the step that runs, and never late; or impossible to handle.
_IMMEDIATE = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGKILL", "SIGSTOP"}
_FIRST_REAL_TIME = int(getattr(signal, "SIGRTMIN", 1000))


def _ordered(numbers: set[int]) -> tuple[int, ...]:
    return (*sorted(numbers - {_SIGINT}), _SIGINT)


#: The signals whose handlers are put off, SIGINT at the end: all but the real-time signals, and of these see `watch`.
_watched = _ordered({int(s) for s in signal.Signals if s.name not in _IMMEDIATE and s < _FIRST_REAL_TIME})


def watch() -> None:
    """Put off the handlers of real-time signals too, of those that have one now; for whoever makes a pool.

    There are 31 of them, hardly anybody handles one, and to look at each whenever a call is submitted would cost as much as all the others.
    """
    global _watched, _handlers
    if _FIRST_REAL_TIME < 1000 and get_ident() == _main:
        handled = {n for n in range(_FIRST_REAL_TIME, int(signal.SIGRTMAX) + 1) if callable(_get(n))}
        if not handled <= set(_watched):
            _handlers = _UNKNOWN
            _watched = _ordered({*_watched, *handled})


class put_off:
    """Run a short block that no signal handler breaks; those of the signals that came meanwhile are called at its end.

    Outside of the main thread, in which alone handlers run, and inside another such block nothing is done.
    """

    __slots__ = ("_notes",)

    def __enter__(self) -> None:
        global _open
        self._notes: list[_Note] | None = None
        if _open is not None or get_ident() != _main:
            return
        if not all(map(is_, map(_get, _watched), _handlers)):
            _look()
        notes = _notes
        self._notes = notes
        _open = self
        try:
            for note in notes:
                # A signal that is pending, and has no note yet, is handled by this very call, before anything has begun.
                handler = _set(note.number, note)
                if handler is not note.handler:
                    note.take(handler)
        except BaseException:
            self._leave(notes)
            raise

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self._notes is not None:
            self._leave(self._notes)

    def _leave(self, notes: "list[_Note]") -> None:
        global _open
        try:
            _put_back(notes)
        except BaseException:  # the first handler that is back was called for at once
            _put_back(notes)
            raise
        finally:
            self._notes = _open = None
            if _came:
                _call()


class _Note:
    """Stands in for a signal's handler."""

    __slots__ = ("handler", "number")

    def __init__(self, number: int, handler: Callable[[int, FrameType | None], object]) -> None:
        self.number = number
        self.handler = handler

    def take(self, handler: Any) -> None:
        """Stand in for another handler: one that was set since it was looked."""
        global _handlers
        _handlers = _UNKNOWN
        self.handler = handler.handler if type(handler) is _Note else handler

    def __call__(self, _number: int, frame: FrameType | None) -> None:
        if _open is not None:
            _came.setdefault(self, frame)
        else:  # left behind
            if _get(self.number) is self:
                _set(self.number, self.handler)
            self.handler(self.number, frame)


#: The block that the main thread is in.
_open: put_off | None = None
#: What came in it: the notes of signals, with the frames that were interrupted.
_came: dict[_Note, FrameType | None] = {}
#: The handlers of the watched signals when it was last looked, and a note for each that can be called. Most blocks find them unchanged.
_handlers: tuple[Any, ...]
_notes: list[_Note] = []
_UNKNOWN = (object(),)
_handlers = _UNKNOWN


def _look() -> None:
    global _handlers, _notes
    handlers = tuple(map(_get, _watched))
    real = (handler.handler if type(handler) is _Note else handler for handler in handlers)
    notes = [_Note(number, handler) for number, handler in zip(_watched, real, strict=True) if callable(handler)]
    _notes = notes
    _handlers = handlers


def _put_back(notes: list[_Note]) -> None:
    for note in reversed(notes):
        if _get(note.number) is note:
            _set(note.number, note.handler)


def _call() -> None:
    """Call the handlers of what came."""
    try:
        while _came:
            note = min(_came, key=_is_interrupt)
            frame = _came.pop(note)
            if callable(note.handler):
                note.handler(note.number, frame)
    finally:
        if _came:  # the handler of one has raised: the others' are called all the same
            _call()


def _is_interrupt(note: _Note) -> bool:
    return note.number == _SIGINT  # the last to be called: what it raises is what the program sees


def from_handler(error: BaseException) -> BaseException | None:
    """What the handler of a signal raised, where code that expects other errors has caught it.

    Args:
        error: what was caught; maybe made of what the handler raised, which then is its cause.

    Returns:
        The exception that belongs to the program, to be raised again; None when the error is of the code that was running.
    """
    codes = {_code(handler) for handler in map(_get, _watched) if callable(handler)} if get_ident() == _main else set()
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, KeyboardInterrupt):
            return found
        traceback = found.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code in codes:
                return found
            traceback = traceback.tb_next
        found = found.__cause__
    return None


def _code(handler: Any) -> object:
    while hasattr(handler, "func"):  # functools.partial
        handler = handler.func
    return getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)


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


def _after_fork_in_child() -> None:
    # The thread that forked is the child's main thread. It may have forked while the parent's was inside a block, which here nobody leaves.
    global _main, _open
    _main = get_ident()
    if _open is not None:
        for note in _open._notes or ():
            _set(note.number, note.handler)
        _open = None
    _came.clear()  # the parent handles them


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
