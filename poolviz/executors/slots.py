"""The memory that the manager shares with each worker: what the worker has claimed, and what it must not claim.

The slot holds seven 64-bit numbers and a ring with a byte for each entry that may be on its way. The entries of one worker are numbered.
Under the lock, the worker claims an entry unless its byte in the ring says that it was revoked; the parent revokes an entry unless it
was claimed. So each entry is either run or revoked, never both, while the worker may be deep in C code.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Callable

#: Entries that may be under way to one worker; a power of two.
RING = 1 << 16
MASK = RING - 1
CLAIMED, STARTED, DONE, ITEM, ITEM_STARTED, INTERRUPT, LOADING = range(7)
_RING_AT = 64
_SLOT_BYTES = _RING_AT + RING
#: From one slot to the next: a map begins at a multiple of this granularity.
_STEP = -(-_SLOT_BYTES // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY


class Slot:
    """The shared memory of one worker. Entry numbers begin at 0; -1 means that none was claimed yet.

    Args:
        memory: so many bytes as a slot has.
        close: called when it is let go of.
    """

    def __init__(self, memory: memoryview, close: Callable[[], None]) -> None:
        self._memory = memory
        self._close = close
        self.words = memory[:_RING_AT].cast("q")
        self.revoked = memory[_RING_AT:_SLOT_BYTES]

    def clear(self) -> None:
        """Make it that of a new worker."""
        self._memory[:] = bytes(_SLOT_BYTES)
        self.words[CLAIMED] = self.words[DONE] = -1

    def current(self) -> tuple[int, int, int, int] | None:
        """The entry that runs: its number, its start, the item of its chunk and that item's start (0 if it is no chunk)."""
        words = self.words
        while True:
            claimed = words[CLAIMED]
            found = (claimed, words[STARTED], words[ITEM], words[ITEM_STARTED])
            if claimed <= words[DONE]:
                return None
            if claimed == words[CLAIMED]:
                return found

    def close(self) -> None:
        """Let go of the memory."""
        self.words.release()
        self.revoked.release()
        self._memory.release()
        self._close()


class _Segment:
    """A piece of shared memory for so many slots."""

    def __init__(self, n: int) -> None:
        self.free = list(range(n))
        self._n = n
        fd = _memory_file(n * _STEP)
        try:
            self._map = mmap.mmap(fd, n * _STEP)
        except BaseException:
            os.close(fd)
            raise
        # The map has a descriptor of its own, but does not say which: one is enough.
        self.fd = _twin(fd)
        self._own = -1
        if self.fd < 0:
            self.fd = self._own = fd
        else:
            os.close(fd)

    def take(self, released: Callable[[], None]) -> tuple[Slot, int, int]:
        number = self.free.pop()
        at = number * _STEP

        def close() -> None:
            self.free.append(number)
            released()

        slot = Slot(memoryview(self._map)[at : at + _SLOT_BYTES], close)
        slot.clear()
        return slot, self.fd, at

    def unused(self) -> bool:
        return len(self.free) == self._n

    def close(self) -> None:
        self._map.close()
        if self._own >= 0:
            os.close(self._own)


class Slots:
    """The slots of a pool's workers: a descriptor or two for all of them. The memory is there while any worker is. In one thread only.

    Args:
        n: how many are made room for at a time.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._segments: list[_Segment] = []

    def take(self) -> tuple[Slot, int, int]:
        """A new slot, the file that it is in, and where.

        Raises:
            OSError: there are no more descriptors, or is no more memory, to be had.
        """
        segment = next((segment for segment in self._segments if segment.free), None)
        if segment is None:
            segment = _Segment(self._n)
            self._segments.append(segment)
        return segment.take(self._tidy)

    def _tidy(self) -> None:
        for segment in [segment for segment in self._segments if segment.unused()]:
            self._segments.remove(segment)
            segment.close()


def slot_of(fd: int, at: int) -> Slot:
    """The slot that a worker was given; closes the descriptor."""
    try:
        mapped = mmap.mmap(fd, _SLOT_BYTES, offset=at)
    finally:
        os.close(fd)
    return Slot(memoryview(mapped), mapped.close)


def _memory_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("poolviz")
    else:
        import tempfile  # slow to import, and the worker needs none of it

        fd, path = tempfile.mkstemp()
        os.unlink(path)
    os.ftruncate(fd, size)
    return fd


def _twin(fd: int) -> int:
    """Another descriptor of the same file, which nobody but us knows; -1 if the system does not list them."""
    here = os.fstat(fd)
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return -1
    for name in names:
        with contextlib.suppress(OSError):  # the one that lists them
            if int(name) != fd and os.path.samestat(os.fstat(int(name)), here):
                return int(name)
    return -1
