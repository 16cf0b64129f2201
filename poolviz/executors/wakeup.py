"""What wakes a thread out of `select`: an eventfd, which is one descriptor, or where there is none a pipe.

Invariants
- Whoever calls `wake` after the sleeper looked at `may_sleep` finds `_sleeping` set and writes; whoever calls it before is found in
  `_called`. So no call is slept through.
- `wake` waits for nobody: finalizers call it, in the middle of anything, also of `wake`. Whoever does not get the lock leaves the writing
  to the one who has it, and who looks again after releasing it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

from poolviz import interrupts

#: What an eventfd takes: a number of 64 bits.
_ONE = (1).to_bytes(8, sys.byteorder)


class Wakeup:
    """The pipe, with a note that spares most writes."""

    def __init__(self) -> None:
        self.reader = self.writer = -1
        self._called = False
        self._sleeping = False
        # Around the use of the descriptors: a number that has been closed may be another file's by now.
        self._lock = threading.Lock()

    def open(self) -> None:
        """Make the pipe; calls before that are remembered."""
        if hasattr(os, "eventfd"):
            self.reader = self.writer = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            return
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self.writer, False)

    def wake(self) -> None:
        """Have the sleeper look around."""
        self._called = True
        if self._sleeping:
            with interrupts.put_off():
                while self._sleeping and self._called and self._lock.acquire(blocking=False):
                    try:
                        self._sleeping = False
                        if self.writer >= 0:
                            # A full pipe wakes the sleeper as well.
                            with contextlib.suppress(BlockingIOError):
                                os.write(self.writer, _ONE)
                    finally:
                        self._lock.release()

    def may_sleep(self) -> bool:
        """Whether nobody has called since the last look; the sleeper then sleeps."""
        self._sleeping = True
        if self._called:
            self._sleeping = False
        return self._sleeping

    def awake(self) -> None:
        """Note that the sleeper is up and will look at everything."""
        self._sleeping = self._called = False

    def drain(self, events: int) -> None:
        """Empty the pipe."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.reader, 4096)

    def close(self) -> None:
        """Close the pipe; further calls do nothing."""
        with self._lock:
            reader, writer, self.reader, self.writer = self.reader, self.writer, -1, -1
            for fd in {reader, writer}:
                if fd >= 0:
                    os.close(fd)
