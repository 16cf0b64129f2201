"""What the manager knows of one worker: its link, its messages on the way, and which of their entries can still be taken back.

All of it is read and written under the pool's lock.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from poolviz import observe
from poolviz.clock import now
from poolviz.executors.child import Child
from poolviz.executors.slots import CLAIMED, MASK, RING
from poolviz.executors.transport import Link

if TYPE_CHECKING:
    from poolviz.executors.definitions import Definition, Snapshot
    from poolviz.executors.future import Future
    from poolviz.executors.mapping import MapRun

#: A call that has run for less than this many nanoseconds is about to end: nothing is taken from behind it.
SHORT = 1_000_000
#: Bytes that may wait for a worker's pipe before it is given no more.
BACKLOG = 1 << 20


class Message:
    """A batch of entries that one worker was sent: calls with futures, items of a map, or one chunk of it (a single entry)."""

    __slots__ = ("first", "futures", "item", "items", "left", "n", "reported", "run", "sent", "size")

    def __init__(self, first: int, n: int, sent: int, size: int) -> None:
        self.first = first
        self.n = n
        """Entries; fewer once some at the end were taken back."""
        self.left = n
        """Entries that have neither ended nor been taken back."""
        self.sent = sent
        self.size = size
        """Bytes for each entry."""
        self.reported = 0
        """How many entries, or items of a chunk, the worker has reported on."""
        self.futures: list[Future | None] = []
        self.run: MapRun | None = None
        self.item = 0
        self.items = 0
        """Items of a chunk; 0 when each entry is one item."""

    def item_of(self, entry: int, item: int) -> int:
        """The item of the map that an entry is, or that is at `item` in its chunk."""
        return self.item + (item if self.items else entry - self.first)

    def item_range(self) -> tuple[int, int]:
        """The items of the map that it holds, as first and stop."""
        return self.item, self.item + (self.items or self.n)

    def call_of(self, entry: int, item: int) -> int:
        """The number of the call that an entry is; 0 when it was taken back."""
        if self.run is not None:
            return self.run.first_call + self.item_of(entry, item)
        future = self.futures[entry - self.first]
        return future._call if future is not None else 0

    def rest(self, at: int) -> Message:
        """What remains from an entry, or an item of a chunk, on."""
        rest = Message(self.first, max(0, (self.items or self.n) - at), self.sent, self.size)
        rest.run, rest.item, rest.futures = self.run, self.item + at, self.futures[at:]
        return rest


class Placement:
    """One worker as the manager sees it."""

    def __init__(self, child: Child, link: Link) -> None:
        self.number = observe.new_worker()
        self.child = child
        self.pid = child.pid
        self.link = link
        self.messages: deque[Message] = deque()
        self.functions: set[int] = set()
        self.definitions: dict[str, Definition] = {}
        """What it was sent last for each name of `__main__`."""
        self.snapshot: Snapshot | None = None
        """That of the last call that it was sent, all of which it has."""
        self.next_entry = 0
        self.load = 0
        """Entries on the way or running."""
        self.given = 0
        """Tasks that it has been sent in its life, for `max_tasks_per_child`."""
        self.ready = False
        self.stopping = False
        self.gone = False
        self.failure = ""
        """What its initializer raised."""
        self.watched = False
        """Whether the manager waits for room in its pipe."""

    def alive(self) -> bool:
        """Whether the process lives."""
        return not self.gone and self.child.alive()

    def close(self) -> None:
        """Let go of a worker that is gone."""
        self.gone = True
        self.link.close()
        self.child.close()

    def room(self, entries: int) -> int:
        """How many of so many entries it can be sent now."""
        if not self.ready or self.stopping or self.gone or self.link.backlog > BACKLOG:
            return 0
        return min(entries, RING - 1 - (self.next_entry - self.link.slot.words[CLAIMED]))

    def add(self, n: int, size: int) -> Message:
        """Note a message of `n` entries that is sent now."""
        message = Message(self.next_entry, n, now(), size)
        self.next_entry += n
        self.load += n
        self.messages.append(message)
        return message

    def find(self, entry: int) -> Message | None:
        """The message that an entry came with."""
        for message in self.messages:
            if message.first <= entry < message.first + message.n:
                return message
        return None

    def settle(self, message: Message, n: int) -> None:
        """Note that `n` entries of a message have ended or were taken back."""
        message.left -= n
        self.load -= n
        if message.left <= 0 and message in self.messages:
            self.messages.remove(message)

    def revoke(self, message: Message, future: Future, entry: int) -> bool:
        """Take back one call unless it was claimed."""
        if not self.link.hold(self.alive):
            return False
        try:
            if self.link.slot.words[CLAIMED] >= entry:
                return False
            self.link.slot.revoked[entry & MASK] = 1
        finally:
            self.link.lock.release()
        message.futures[entry - message.first] = None
        self.settle(message, 1)
        return True

    def stuck(self) -> bool:
        """Whether something waits here behind a call that is not about to end."""
        current = self.link.slot.current()
        return current is not None and self.load > 1 and now() - current[1] > SHORT

    def take_back(self, share: float, only: MapRun | None = None) -> list[Message]:
        """Take back entries that were not claimed, from the last one on.

        Args:
            share: of the entries that can be taken, how large a part; at least one entry.
            only: of this map alone.

        Returns:
            A message for each run of entries taken, oldest first, with its futures or its items; the caller places them anew.
        """
        if not self.link.hold(self.alive):
            return []
        try:
            claimed = self.link.slot.words[CLAIMED]
            free = [(message, max(0, claimed + 1 - message.first)) for message in self.messages if only is None or message.run is only]
            wanted = int(-(-sum(max(0, message.n - begin) for message, begin in free) * share // 1))
            taken = []
            for message, begin in reversed(free):
                n = min(wanted, message.n - begin)
                if n > 0:
                    wanted -= n
                    taken.append(self._cut(message, message.n - n))
            return taken[::-1]
        finally:
            self.link.lock.release()

    def _cut(self, message: Message, at: int) -> Message:
        revoked, n = self.link.slot.revoked, message.n - at
        begin, stop = (message.first + at) & MASK, (message.first + message.n) & MASK
        if begin < stop:
            revoked[begin:stop] = b"\1" * n
        else:  # round the end of the ring
            revoked[begin:] = b"\1" * (RING - begin)
            revoked[:stop] = b"\1" * stop
        part = Message(message.first + at, n, message.sent, message.size)
        part.run, part.items = message.run, message.items
        part.item = message.item + (0 if message.items else at)
        part.futures = message.futures[at:]
        del message.futures[at:]
        live = n if message.run is not None else sum(future is not None for future in part.futures)
        message.n = at
        self.settle(message, live)
        return part
