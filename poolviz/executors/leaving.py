"""A `map` that is left by Ctrl-C in the body of its loop.

    for x in pool.map(f, items):
        body                          KeyboardInterrupt is raised here, and not in the iterator

Python then closes the iterator as it does for a `break`: with GeneratorExit, while the exception on its way is out of sight. So the
iterator notes where its loop stood, a frame and an instruction. Whoever sees the exception at its end asks its traceback at which
instruction it left which frame. The same frame at the same instruction: it was Ctrl-C that ended the loop, and the pool is interrupted
as if it had come while the loop waited.

What cannot be known: whether a program that catches KeyboardInterrupt itself has left a loop by it. Its calls that run go on. And an
iterator that somebody still holds is not left: it can be read on.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from opcode import opmap
from types import CodeType, FrameType, MethodType

_YIELD = opmap["YIELD_VALUE"]
#: How many loops are remembered, where nobody asks.
_MOST = 16


class _Loop:
    """Where a loop stood when its iterator was closed."""

    __slots__ = ("_method", "code", "frame", "instruction")

    def __init__(self, frame: FrameType, interrupt: Callable[[], None]) -> None:
        # Not the frame itself, which would keep all its variables alive. In a traceback it is alive, so its number is still its own.
        self.frame, self.code, self.instruction = id(frame), frame.f_code, frame.f_lasti
        # Nor the pool: one that is gone has nothing to be interrupted.
        self._method = weakref.WeakMethod(interrupt) if isinstance(interrupt, MethodType) else lambda: interrupt

    def interrupt(self) -> Callable[[], None] | None:
        """What interrupts the pool, None if that is gone."""
        return self._method()


_left: deque[_Loop] = deque(maxlen=_MOST)


def handled() -> int:
    """A number for the exception that the calling thread is handling; 0 for none."""
    error = sys.exc_info()[1]
    return 0 if error is None else id(error)


def note(closing: BaseException, before: int, interrupt: Callable[[], None]) -> None:
    """Note that the calling generator, the iterator of a map whose calls have not all ended, is closed.

    Args:
        closing: the GeneratorExit.
        before: what `handled` gave when the iterator was begun.
        interrupt: interrupts the pool; must not hold the executor.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if isinstance(closing.__context__, KeyboardInterrupt) and id(closing.__context__) != before:
        interrupt()  # it is closed by somebody who is handling Ctrl-C, in `finally` or at the end of a `with`
        return
    # A generator that hands on the results, such as tqdm's, is itself being closed at its `yield`: the loop is further out.
    frame = sys._getframe(1).f_back
    while frame is not None and _is_closed(frame.f_code, frame.f_lasti):
        frame = frame.f_back
    if frame is not None:
        _left.append(_Loop(frame, interrupt))


def _is_closed(code: CodeType, instruction: int) -> bool:
    return instruction >= 0 and code.co_code[instruction] == _YIELD


def ended_by(error: BaseException | None) -> None:
    """What the main thread was doing has ended. Interrupts the pools of the loops that Ctrl-C has left on its way, and forgets the others.

    Args:
        error: what ended it; None when nothing did.
    """
    loops = list(_left)
    _left.clear()
    if not loops or not isinstance(error, KeyboardInterrupt):
        return
    passed = set()
    traceback = error.__traceback__
    while traceback is not None:
        passed.add((id(traceback.tb_frame), traceback.tb_frame.f_code, traceback.tb_lasti))
        traceback = traceback.tb_next
    for interrupt in dict.fromkeys(loop.interrupt() for loop in loops if (loop.frame, loop.code, loop.instruction) in passed):
        if interrupt is not None:
            interrupt()


def program_is_interrupted() -> bool:
    """Whether the program ends by a KeyboardInterrupt that nobody has caught; asked at its exit."""
    return isinstance(getattr(sys, "last_value", None), KeyboardInterrupt) and not hasattr(sys, "ps1")
