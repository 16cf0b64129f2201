"""What the code of a worker prints, on its way to the parent with the call that prints it.

    print, sys.stderr, warnings, logging --> Stream: whole lines --> Output --> frames among the results, before that of the call
    C code: descriptors 1 and 2          --> a pipe for each, read by the parent (`printed`)

Only in a worker whose parent shows output itself, as a kernel does; others keep the descriptors that they inherit.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from poolviz import interrupts
from poolviz.executors.results import Results

#: Characters that one call may print; what is beyond is counted, and not sent.
MOST = 1_000_000
#: Characters that are sent at once, in the middle of a call.
_PIECE = 65_536


class Output:
    """What a worker has printed and not sent.

    Args:
        results: takes the frames.
        where: gives the entry that runs and the item of its chunk; -1 for the entry outside of calls.
    """

    def __init__(self, results: Results, where: Callable[[], tuple[int, int]]) -> None:
        self.lines: list[tuple[int, int, int, str]] = []
        """Entry, item, descriptor, text."""
        self._results = results
        self._where = where
        self._lock = threading.RLock()
        self._size = 0
        self._of = (-1, 0)
        self._spent = 0
        self._cut = 0
        self.streams = [Stream(self, 1), Stream(self, 2)]

    def after_fork(self) -> None:
        """In a process that a call has forked: print to the descriptors, as any program does. The parent reads them."""
        for fd, (name, stream) in enumerate(zip(("stdout", "stderr"), self.streams, strict=True), 1):
            if getattr(sys, name) is stream:
                setattr(sys, name, open(fd, "w", buffering=1, closefd=False, encoding="utf-8", errors=stream.errors))  # noqa: SIM115  # for good

    def take_over(self) -> None:
        """Be what this process prints to."""
        self._results.before_late_flush = self.ship
        sys.stdout, sys.stderr = self.streams

    def tell(self, fd: int, text: str) -> None:
        """Take whole lines."""
        with interrupts.put_off(), self._lock:
            self._count_for(self._where())
            room = MOST - self._spent
            if len(text) > room:
                self._cut += text.count("\n", max(0, room)) or 1
                text = text[: text.rfind("\n", 0, max(0, room)) + 1]
            if not text:
                return
            self._spent += len(text)
            self._size += len(text)
            self.lines.append((*self._of, fd, text))
            if self._size > _PIECE:
                self.ship()
                self._results.flush()
            elif not self._results.armed:
                self._results.watch()

    def _count_for(self, of: tuple[int, int]) -> None:
        if of != self._of:
            self.ship()
            self._of, self._spent = of, 0

    def end_lines(self) -> None:
        """End the lines that the call has left open, and send what it printed: its result comes next."""
        for stream in self.streams:
            if stream.open:
                stream.write("\n")
        if self.lines or self._cut:
            self.ship()

    def leave(self) -> None:
        """Send what is here at once."""
        if self.lines:
            self.ship()
            self._results.flush()

    def ship(self) -> None:
        """Hand over what is here."""
        with interrupts.put_off(), self._lock:
            lines, self.lines[:] = self.lines[:], []
            cut, self._cut, self._size = self._cut, 0, 0
            begin = 0
            for stop in range(1, len(lines) + 1):
                if stop == len(lines) or lines[stop][:3] != lines[begin][:3]:
                    entry, item, fd, _ = lines[begin]
                    text = "".join(line[3] for line in lines[begin:stop])
                    self._results.put(("output", entry, item, fd, text, 0), [])
                    begin = stop
            if cut:
                self._results.put(("output", *self._of, 1, "", cut), [])


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a worker. A line leaves when it is whole, so that no other tears it."""

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None

    def __init__(self, output: Output, fd: int) -> None:
        self._output = output
        self._fd = fd
        self.open = False
        """Whether a line has begun and not ended."""
        self._begun: list[str] = []
        """What there is of it, as it was written, since it last left."""
        self._size = 0
        self._lock = threading.RLock()
        self._buffer: Any = None

    @property
    def name(self) -> str:
        return "<stdout>" if self._fd == 1 else "<stderr>"

    @property
    def buffer(self) -> Any:
        """The descriptor, for those who write bytes."""
        if self._buffer is None:
            self._buffer = os.fdopen(self._fd, "wb", buffering=0, closefd=False)
        return self._buffer

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Send what was written; whoever flushes may be about to die."""
        self._output.leave()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            self._begun.append(text)
            self._size += len(text)
            if "\n" in text or "\r" in text:
                lines, newline, rest = "".join(self._begun).rpartition("\n")
                # Of a line that is written over again and again, such as a progress bar, the last state counts.
                rest = rest[rest.rfind("\r", 0, -1) + 1 :] if "\r" in rest else rest
                self._keep(rest)
                if newline:
                    self._output.tell(self._fd, lines + newline)
            elif self._size > _PIECE:  # a line that does not end leaves in pieces
                piece = "".join(self._begun)
                self._keep("")
                self._output.tell(self._fd, piece)
                self.open = True
            elif text:
                self.open = True
        return len(text)

    def _keep(self, rest: str) -> None:
        self._begun, self._size, self.open = [rest] if rest else [], len(rest), bool(rest)
