"""Frames: what manager and worker say to each other, as bytes in a pipe.

    <u64 length of the body> <u32 length of the head>   head: pickled (message, lengths of the parts)   parts, as they are

A large part is written from where it lies, and read straight into the memory where it stays.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
from collections import deque
from typing import Any

from poolviz.executors.rules import OUT_OF_BAND
from poolviz.executors.serialize import PROTOCOL, Buffer

FRAME = struct.Struct("<QI")
#: The most bytes of a pipe, where the system allows it. A larger one moves large frames no faster.
PIPE = 1 << 18
_READ = 1 << 18


def encode(message: tuple[Any, ...], parts: list[Buffer]) -> list[Buffer]:
    """One frame, as pieces to be written one after another; small frames are one piece.

    The head gives the length of each part; negative for a large one that cannot be written to. Large parts arrive as what pickle makes of
    them when they are small: a `bytes` object in that case, else a `bytearray`.
    """
    lengths = [len(part) if type(part) is bytes else memoryview(part).nbytes for part in parts]
    total = sum(lengths)
    if total >= OUT_OF_BAND:
        lengths = [-n if n >= OUT_OF_BAND and memoryview(part).readonly else n for n, part in zip(lengths, parts, strict=True)]
    head = pickle.dumps((message, lengths), PROTOCOL)
    prefix = FRAME.pack(len(head) + total, len(head)) + head
    if total <= _READ:
        return [b"".join([prefix, *parts])]
    return [prefix, *parts]


Frame = tuple[tuple[Any, ...], list[Buffer]]


class FrameReader:
    """Takes frames apart as their bytes come in; for a pipe that blocks and for one that does not."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._pending = bytearray()
        self._scratch = memoryview(bytearray(_READ))
        self._large: LargeFrame | None = None

    def read(self) -> list[Frame]:
        """Read once.

        Returns:
            The frames that are complete now, as ``(message, parts)``; maybe none.

        Raises:
            EOFError: the other end is closed.
        """
        try:
            if self._large is not None:
                if not self._large.read(self.fd):
                    return []
                frame, self._large = self._large.frame(), None
                return [frame]
            n = os.readv(self.fd, [self._scratch])
        except BlockingIOError:
            return []
        if not n:
            raise EOFError
        self._pending += self._scratch[:n]
        return self._split()

    def _split(self) -> list[Frame]:
        frames: list[Frame] = []
        pending, at = self._pending, 0
        while len(pending) - at >= FRAME.size:
            body, head = FRAME.unpack_from(pending, at)
            begin = at + FRAME.size
            if len(pending) - begin < body:
                if body > _READ + head and len(pending) - begin >= head:
                    message, lengths = pickle.loads(memoryview(pending)[begin : begin + head])
                    self._large = LargeFrame(message, lengths)
                    self._large.feed(pending[begin + head :])
                    at = len(pending)
                break
            view = memoryview(pending[begin : begin + body])
            message, lengths = pickle.loads(view[:head])
            parts: list[Buffer] = []
            to = head
            for length in lengths:
                part = view[to : to + abs(length)]
                to += abs(length)
                if part.nbytes < OUT_OF_BAND:
                    parts.append(part)
                else:  # of its own, where an array may begin: not at an odd address inside the frame
                    parts.append(bytes(part) if length < 0 else bytearray(part))
            frames.append((message, parts))
            at = begin + body
        del pending[:at]
        return frames


class LargeFrame:
    """A frame that is read part by part, each straight into the memory where it stays."""

    def __init__(self, message: tuple[Any, ...], lengths: list[int]) -> None:
        self._message = message
        self._lengths = deque(lengths)
        self._parts: list[Buffer] = []
        self._scratch = memoryview(bytearray(PIPE))
        self._filled = 0
        self._bytes: io.BytesIO | None = None
        self._own = bytearray(0)
        self._target = memoryview(self._own)
        self._next()

    def _next(self) -> None:
        while self._lengths:
            length = self._lengths[0]
            self._filled = 0
            self._bytes = io.BytesIO() if length < 0 else None
            self._own = bytearray(max(0, length))
            self._target = memoryview(self._own)
            if length:
                return
            self._finish()

    def _finish(self) -> None:
        self._lengths.popleft()
        # getvalue() hands out the buffer that was filled, not a copy of it.
        self._parts.append(self._bytes.getvalue() if self._bytes is not None else self._own)

    def _took(self, n: int) -> None:
        self._filled += n
        if self._filled == abs(self._lengths[0]):
            self._finish()
            self._next()

    def feed(self, data: bytearray) -> None:
        """Take what had been read before the frame was known to be large."""
        rest = memoryview(data)
        while rest.nbytes:
            n = min(rest.nbytes, abs(self._lengths[0]) - self._filled)
            if self._bytes is not None:
                self._bytes.write(rest[:n])
            else:
                self._target[self._filled : self._filled + n] = rest[:n]
            rest = rest[n:]
            self._took(n)

    def read(self, fd: int) -> bool:
        """Read once; whether the frame is complete."""
        if self._lengths:
            want = abs(self._lengths[0]) - self._filled
            into = self._target[self._filled :] if self._bytes is None else self._scratch[:want]
            n = os.readv(fd, [into])
            if not n:
                raise EOFError
            if self._bytes is not None:
                self._bytes.write(into[:n])
            self._took(n)
        return not self._lengths

    def frame(self) -> Frame:
        """The whole frame."""
        return self._message, self._parts
