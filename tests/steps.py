"""Signals at chosen steps: where CPython looks for them, at the start of a function, after a call and at the end of a loop's round.

A timer that strikes every 20 microseconds meets most steps seldom, and some never. Here a trace function sees each instruction and raises
the signal itself, so that its handler runs at exactly that step.
"""

import dis
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import poolviz

#: How the handling of an exception begins: what was called has raised, and CPython does not look for signals then. The lock of a `with` is
#: not released yet, and would never be.
_HANDLING = {"PUSH_EXC_INFO", "COPY", "POP_EXCEPT", "RERAISE", "CLEANUP_THROW"}


def _name(code: CodeType, at: int) -> str:
    return dis.opname[code.co_code[at]]


def _has_returned(code: CodeType, before: int, here: int) -> bool:
    """Whether the instruction here follows on a call, and what is raised here is handled as if the call had raised it, which CPython does.

    After the call in `with lock: return f()` come the instructions that release the lock: raised by one of those it stays locked.
    """
    return _name(code, before).startswith("CALL") and _name(code, here) not in _HANDLING and _handler(code, before) == _handler(code, here)


@cache
def _handler(code: CodeType, at: int) -> int | None:
    """Where what is raised by an instruction is handled, None if it is not."""
    return next((entry.target for entry in dis._parse_exception_table(code) if entry.start <= at < entry.end), None)  # type: ignore[attr-defined]


class Steps:
    """A trace function, see `sys.settrace`, that is set in a `with`.

    Args:
        within: the beginnings of the names of the files whose steps count.
        choose: gives the signal that comes at a step, by the step's number from 1 on; None for none.
        without: names of functions whose steps do not count.
    """

    def __init__(self, within: tuple[str, ...], choose: Callable[[int], int | None], without: tuple[str, ...] = ()) -> None:
        self.within, self.without = within, without
        self.choose = choose
        self.n = 0
        """Steps so far."""
        self.struck = 0
        """Signals so far."""
        self._previous: dict[FrameType, int] = {}
        """Where the instruction before stands, by frames."""

    def __enter__(self) -> None:
        self._outer = sys.gettrace()
        sys.settrace(self)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._outer)
        # A frame that a signal's handler left is not told of, and would stay for as long as its variables refer to this.
        self._previous.clear()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(self.within) or code.co_name in self.without:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            here = frame.f_lasti
            before = self._previous.get(frame, here)
            self._previous[frame] = here
            if _name(code, here) in ("RESUME", "JUMP_BACKWARD") or _has_returned(code, before, here):
                self.n += 1
                number = self.choose(self.n)
                if number is not None:
                    self.struck += 1
                    signal.raise_signal(number)
        elif event == "return":
            self._previous.pop(frame, None)
        return self


class Struck(Exception):
    """What the handler raises."""


def strike(number: int, frame: object) -> None:
    """A signal's handler."""
    raise Struck


def strike_at_each(what: Callable[[], object], after: Callable[[], object]) -> int:
    """Do something once for each step that it takes in poolviz and in the standard library's `threading`: a handler raises at that step.

    Args:
        what: what is to be done.
        after: called each time; sees that all is well.

    Returns:
        The number of steps.
    """
    within = (str(Path(poolviz.__file__).parent), threading.__file__)
    before = signal.signal(signal.SIGUSR1, strike)
    try:
        for at in count(1):
            steps = Steps(within, {at: signal.SIGUSR1}.get)
            with suppress(Struck), steps:
                what()
            after()
            if not steps.struck:
                return at - 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    raise AssertionError("it has an end")
