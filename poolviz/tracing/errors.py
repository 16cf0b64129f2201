"""The words of calls that failed: those of so many, and so much of their tracebacks."""

from collections import deque
from collections.abc import Iterable

from poolviz.events import Failed
from poolviz.observe import plain

#: Calls whose words are kept, and bytes that their texts may take; the oldest go first, of a call its traceback before its words.
MOST = 10_000
OF_ALL = 10_000_000

#: Stands for a traceback that is not kept.
GONE = "[This traceback is not kept any more: newer ones took its place.]\n"


def _size(text: str) -> int:
    return len(text) if text.isascii() else 4 * len(text)


class Errors:
    """The errors of calls, by their numbers, oldest first."""

    def __init__(self) -> None:
        self._of: dict[int, Failed] = {}
        self._full: deque[int] = deque()
        """Calls whose tracebacks are kept, oldest first; some may be gone already."""
        self._bytes = 0

    def add(self, batch: Failed) -> None:
        """Take in the words of one call."""
        self._drop(batch.call)
        failed = self._of[batch.call] = Failed(batch.call, plain(batch.error), plain(batch.traceback))
        self._full.append(batch.call)
        self._bytes += _size(failed.traceback)
        if len(self._of) > MOST:
            self._drop(next(iter(self._of)))
        while self._bytes > OF_ALL:
            call = self._full.popleft()
            if call in self._of:
                self._bytes -= _size(self._of[call].traceback)
                self._of[call] = self._of[call]._replace(traceback=GONE if self._of[call].traceback else "")
                self._bytes += _size(self._of[call].traceback)
        if len(self._full) > 2 * MOST:
            self._full = deque(call for call in self._full if call in self._of)

    def _drop(self, call: int) -> None:
        failed = self._of.pop(call, None)
        if failed is not None:
            self._bytes -= _size(failed.traceback)

    def forget_before(self, call: int) -> None:
        """Drop those of calls before number `call`."""
        for number in [number for number in self._of if number < call]:
            self._drop(number)

    def forget(self, calls: Iterable[int]) -> None:
        """Drop those of some calls."""
        for call in calls:
            self._drop(call)

    def get(self, call: int) -> Failed | None:
        """The words of a call, None if there are none."""
        return self._of.get(call)

    def all(self) -> Iterable[Failed]:
        """All of them."""
        return self._of.values()

    def __len__(self) -> int:
        return len(self._of)
