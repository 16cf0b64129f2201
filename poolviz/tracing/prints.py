"""What calls have printed: so much of each, and so much in all."""

from __future__ import annotations

from typing import NamedTuple

from poolviz.events import Printed
from poolviz.observe import plain

#: Characters that are kept of one call, and of all calls.
OF_CALL = 100_000
OF_ALL = 10_000_000


class Print(NamedTuple):
    """A piece of what a call printed: whole lines to one stream."""

    stream: str
    """``stdout`` or ``stderr``."""
    text: str


class Output(NamedTuple):
    """All that is known of what a call printed."""

    pieces: list[Print]
    """In their order."""
    cut: int
    """How many lines are not kept."""

    @property
    def text(self) -> str:
        """The lines of both streams in their order."""
        return "".join(piece.text for piece in self.pieces)


def fitting(text: str, room: int) -> tuple[str, int]:
    """The lines of `text` that fit into so many characters, and how many do not."""
    if len(text) <= room:
        return text, 0
    kept = text[: text.rfind("\n", 0, max(0, room)) + 1]
    return kept, lines_in(text) - lines_in(kept)


def lines_in(text: str) -> int:
    """How many lines a text has; one that does not end counts."""
    return text.count("\n") + (text[-1:] not in ("", "\n"))


class _Kept:
    __slots__ = ("cut", "pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[Print] = []
        self.size = 0
        self.cut = 0


class Prints:
    """The output of calls, by their numbers. When all is too much, that of the calls which began to print first is only counted."""

    def __init__(self) -> None:
        self._of: dict[int, _Kept] = {}
        self._full: dict[int, None] = {}
        """Calls of which there is text, in the order in which they began to print."""
        self._size = 0

    def add(self, batch: Printed) -> None:
        """Take in what a call printed."""
        kept = self._of.setdefault(batch.call, _Kept())
        text, cut = fitting(plain(batch.text), OF_CALL - kept.size)
        kept.cut += batch.cut + cut
        if text:
            kept.pieces.append(Print("stdout" if batch.fd == 1 else "stderr", text))
            kept.size += len(text)
            self._size += len(text)
            self._full[batch.call] = None
        while self._size > OF_ALL:
            oldest = self._of[next(iter(self._full))]
            oldest.cut += sum(lines_in(piece.text) for piece in oldest.pieces)
            self._forget_text(next(iter(self._full)))

    def _forget_text(self, call: int) -> None:
        kept = self._of[call]
        self._size -= kept.size
        kept.pieces, kept.size = [], 0
        self._full.pop(call, None)

    def forget_before(self, call: int) -> None:
        """Drop what calls before number `call` printed."""
        for number in [number for number in self._of if number < call]:
            self._forget_text(number)
            del self._of[number]

    def all(self) -> dict[int, Output]:
        """What each call printed."""
        return {call: Output(list(kept.pieces), kept.cut) for call, kept in self._of.items()}
