"""Results on their way out of a worker.

    main thread:  add, put  -->  gathered frames  --> flush --> pipe
                                                        ^
                              flusher thread -----------+   5 ms into a call that holds others up

Results gather for about a millisecond and leave as one frame. A run of plain results of neighbouring entries is one pickle.

Invariant: frames leave in the order of their entries; `lock` covers gathering and writing.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from array import array
from typing import Any

from poolviz.clock import now
from poolviz.executors.frames import encode
from poolviz.executors.serialize import PROTOCOL, Buffer

#: Results older than this, in nanoseconds, leave before the next call begins; so do more results than this.
_GATHER = 1_000_000
_MOST = 1024
#: Seconds after which the flusher sends what a long call holds up.
_FLUSHER = 0.005


class Results:
    """What one worker has to send.

    Args:
        fd: the pipe to the manager.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.lock = threading.Lock()
        self.frames: list[Buffer] = []
        self.count = 0
        self.since = 0
        self._first = self._next = 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._values: list[Any] = []
        self._armed = threading.Event()
        self._flusher: threading.Thread | None = None

    def add(self, entry: int, started: int, finished: int, value: Any) -> None:
        """Take the plain result of one entry."""
        with self.lock:
            if self._values and entry != self._next:
                self._seal()
            if not self._values:
                self._first = entry
            self._next = entry + 1
            self._starts.append(started)
            self._ends.append(finished)
            self._values.append(value)
            if not self.count:
                self.since = finished
            self.count += 1

    def seal(self) -> None:
        """Let no frame hold results of two messages: the manager looks them up by message."""
        with self.lock:
            self._seal()

    def _seal(self) -> None:
        if self._values:
            message = ("done", self._first, len(self._values), 0, True, True)
            parts: list[Buffer] = [
                array("q", self._starts).tobytes(),
                array("q", self._ends).tobytes(),
                pickle.dumps(self._values, PROTOCOL),
            ]
            self.frames += encode(message, parts)
            self._starts, self._ends, self._values = [], [], []

    def put(self, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Take a whole frame."""
        with self.lock:
            self._seal()
            self.frames += encode(message, parts)
            if not self.count:
                self.since = now()
            self.count += 1

    def flush(self) -> None:
        """Write all that was gathered; blocks while the pipe is full."""
        with self.lock:
            self._seal()
            frames, self.frames = self.frames, []
            self.count = 0
            if len(frames) > 1 and sum(map(len, frames)) < 1 << 16:
                frames = [b"".join(frames)]
            for frame in frames:
                view = memoryview(frame).cast("B")
                while view.nbytes:
                    view = view[os.write(self.fd, view) :]

    def due(self) -> bool:
        """Whether what is here should leave before another call begins."""
        return self.count >= _MOST or now() - self.since > _GATHER

    def watch(self) -> None:
        """Have the flusher send what is here if the call that begins now takes long."""
        if not self._armed.is_set():
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_late, name="poolviz-flusher", daemon=True)
                self._flusher.start()
            self._armed.set()

    def _flush_late(self) -> None:
        while True:
            self._armed.wait()
            time.sleep(_FLUSHER)
            self._armed.clear()
            try:
                self.flush()
            except OSError:
                return  # the parent is gone; the main thread finds out by itself
