"""Which maps had their items sent in chunks of an explicit size."""

from bisect import bisect_left
from collections.abc import Sequence

from poolviz.events import Chunked

#: Maps that are kept; the oldest go first, and are drawn without the frames of their chunks.
MOST = 100_000


class Chunks:
    """One record for each such map."""

    def __init__(self) -> None:
        self._maps: dict[int, Chunked] = {}

    def add(self, batch: Chunked) -> None:
        """Take in a map."""
        self._maps[batch.first] = batch
        if len(self._maps) > MOST:
            del self._maps[next(iter(self._maps))]

    def forget_before(self, call: int) -> None:
        """Drop maps all of whose calls have numbers below `call`."""
        for first in [first for first, told in self._maps.items() if first + told.calls <= call]:
            del self._maps[first]

    def forget(self, calls: Sequence[int]) -> None:
        """Drop maps with one of these calls, which ascend: such a map's calls go together."""
        for told in list(self._maps.values()):
            i = bisect_left(calls, told.first)
            if i < len(calls) and calls[i] < told.first + told.calls:
                del self._maps[told.first]

    def all(self) -> list[Chunked]:
        """The maps, oldest first."""
        return sorted(self._maps.values(), key=lambda told: told.first)
