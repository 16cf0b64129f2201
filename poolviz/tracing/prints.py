"""What calls have printed: so much of each, and so much in all."""

from __future__ import annotations

from typing import NamedTuple

from poolviz.events import Printed

#: Characters that are kept of one call, and of all calls.
OF_CALL = 100_000
OF_ALL = 10_000_000


class Print(NamedTuple):
    """A piece of what a call printed: whole lines to one stream."""

    stream: str
    """``stdout`` or ``stderr``."""
    text: str


class _Output:
    __slots__ = ("cut", "pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[Print] = []
        self.size = 0
        self.cut = 0


class Prints:
    """The output of calls, by their numbers. When all is too much, that of the calls which began to print first goes."""

    def __init__(self) -> None:
        self._of: dict[int, _Output] = {}
        self._size = 0

    def add(self, batch: Printed) -> None:
        """Take in what a call printed."""
        output = self._of.setdefault(batch.call, _Output())
        output.cut += batch.cut
        room = OF_CALL - output.size
        text = batch.text
        if len(text) > room:
            text = text[: text.rfind("\n", 0, max(0, room)) + 1]
            output.cut += batch.text.count("\n", len(text))
        if text:
            stream = "stdout" if batch.fd == 1 else "stderr"
            output.pieces.append(Print(stream, text))
            output.size += len(text)
            self._size += len(text)
        while self._size > OF_ALL:
            first = next(iter(self._of))
            self._size -= self._of[first].size
            del self._of[first]

    def forget_before(self, call: int) -> None:
        """Drop what calls before number `call` printed."""
        for number in [number for number in self._of if number < call]:
            self._size -= self._of.pop(number).size

    def all(self) -> dict[int, tuple[list[Print], int]]:
        """What each call printed, in its order, and how many lines of it are not kept."""
        return {call: (list(output.pieces), output.cut) for call, output in self._of.items()}
