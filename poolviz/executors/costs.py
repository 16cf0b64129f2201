"""Warnings of globals that cost much: large ones, which go to every worker, and those that take long to be looked at for each call.

A call sees what a global is when it is submitted. One that can be changed in place must be looked at each time, and that shows up nowhere:
`submit` is slow, and nothing says why.
"""

from __future__ import annotations

import os
import sys
import warnings

#: From this many bytes on a global is worth a warning.
LARGE = 10_000_000
#: Seconds that the looks at one global may take, and the part of the time since the first of them.
SPENT, PART = 0.25, 0.1
#: Of a pause between two looks, so many seconds count: nobody waits for `submit` while a cell is being written.
_PAUSE = 1.0

_warned: set[tuple[str, str]] = set()


class Cost:
    """What the looks at one global have taken."""

    __slots__ = ("last", "looks", "spent", "time")

    def __init__(self) -> None:
        self.looks = 0
        self.spent = 0.0
        self.time = 0.0
        """Seconds since the first look, without long pauses."""
        self.last = 0.0

    def add(self, name: str, size: int, begin: float, end: float) -> None:
        """Note a look, and warn when it has become too much: a quarter of a second, and a tenth of all the time.

        Args:
            name: of the global.
            size: of its pickle, in bytes.
            begin, end: of the look, in seconds.
        """
        self.looks += 1
        self.spent += end - begin
        self.time += min(end - (self.last or begin), _PAUSE)
        self.last = end
        if self.spent > SPENT and self.spent > PART * self.time:
            _warn(
                "cost",
                name,
                f"the global `{name}` ({size / 1e6:.1f} MB) is looked at for changes at each call that uses it, which has taken "
                f"{self.spent:.2f} s for {self.looks} calls; load it in an initializer=, make it a tuple, or hand each call its part "
                "of it as an argument",
            )


def warn_of_size(name: str, size: int) -> None:
    """Warn of a global if its pickle has very many bytes."""
    if size > LARGE:
        _warn(
            "size",
            name,
            f"the global `{name}` ({size / 1e6:.0f} MB) goes to each worker, and again whenever it has changed; "
            "consider to load it in an initializer= instead",
        )


def _warn(why: str, name: str, words: str) -> None:
    if (why, name) not in _warned:
        _warned.add((why, name))
        warnings.warn(words, stacklevel=_outside())


def _outside() -> int:
    """How many frames up the first one is that is not ours."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frame, level = sys._getframe(1), 0
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    return level + 1
