"""What calls have printed: so much of each, and so much in all."""

from __future__ import annotations

from collections.abc import Iterable
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from poolviz.events import Printed
from poolviz.observe import plain

#: Characters that are kept of one call.
OF_CALL = 100_000
#: Bytes that are kept of all calls, as JSON has them: a character takes up to twelve in a file.
OF_ALL = 10_000_000
#: Pieces that are kept of one call, and of all calls. A call that is only counted has one too.
PIECES_OF_CALL = 1_000
PIECES = 100_000


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


def written(text: str) -> int:
    """Bytes that a text takes in a file."""
    return len(encode_basestring_ascii(text)) - 2


class _Kept:
    __slots__ = ("bytes", "cut", "pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[Print] = []
        self.size = self.bytes = self.cut = 0

    def add(self, stream: str, text: str) -> bool:
        """Take in whole lines; whether they could be."""
        if self.pieces and self.pieces[-1].stream == stream:
            # A copy of what is there already costs less than all else that a batch does.
            self.pieces[-1] = Print(stream, self.pieces[-1].text + text)
        elif len(self.pieces) < PIECES_OF_CALL:
            self.pieces.append(Print(stream, text))
        else:
            return False
        self.size += len(text)
        self.bytes += written(text)
        return True

    def lines(self) -> int:
        """How many lines there are, here or counted."""
        return self.cut + sum(lines_in(piece.text) for piece in self.pieces)


class Prints:
    """The output of calls, by their numbers. When the text is too much, that of the calls which began to print first is only
    counted; when the calls are too many, those which began first are only counted together.
    """

    def __init__(self) -> None:
        self._of: dict[int, _Kept] = {}
        self._full: dict[int, None] = {}
        """Calls of which there is text, in the order in which they began to print."""
        self._bytes = self._pieces = 0
        self.lines_given_up = 0
        """How many lines were printed by calls of which nothing is kept any more, to save room."""

    def add(self, batch: Printed) -> None:
        """Take in what a call printed."""
        kept = self._of.get(batch.call)
        if kept is None:
            kept = self._of[batch.call] = _Kept()
            self._pieces += 1
        text, cut = fitting(plain(batch.text), OF_CALL - kept.size)
        kept.cut += batch.cut + cut
        if text:
            self._add_text(batch.call, kept, "stdout" if batch.fd == 1 else "stderr", text)
        while self._bytes > OF_ALL:
            self._only_count(next(iter(self._full)))
        while self._pieces > PIECES:
            oldest = next(iter(self._of))
            self.lines_given_up += self._of[oldest].lines()
            self._forget(oldest)

    def _add_text(self, call: int, kept: _Kept, stream: str, text: str) -> None:
        pieces, size = len(kept.pieces), kept.bytes
        if not kept.add(stream, text):
            kept.cut += lines_in(text)
            return
        self._pieces += max(1, len(kept.pieces)) - max(1, pieces)
        self._bytes += kept.bytes - size
        self._full[call] = None

    def _only_count(self, call: int) -> None:
        kept = self._of[call]
        kept.cut = kept.lines()
        self._pieces -= max(1, len(kept.pieces)) - 1
        self._bytes -= kept.bytes
        kept.pieces, kept.size, kept.bytes = [], 0, 0
        del self._full[call]

    def _forget(self, call: int) -> None:
        kept = self._of.pop(call)
        self._pieces -= max(1, len(kept.pieces))
        self._bytes -= kept.bytes
        self._full.pop(call, None)

    def forget_before(self, call: int) -> None:
        """Drop what calls before number `call` printed."""
        for number in [number for number in self._of if number < call]:
            self._forget(number)

    def forget(self, calls: Iterable[int]) -> None:
        """Drop what some calls printed."""
        for call in calls:
            if call in self._of:
                self._forget(call)

    def all(self) -> dict[int, Output]:
        """What each call printed."""
        return {call: Output(list(kept.pieces), kept.cut) for call, kept in self._of.items()}
