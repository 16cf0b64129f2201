"""Results on their way out of a worker.

    main thread:  gathered, put  -->  gathered frames  --> flush --> pipe
                                                        ^
                              flusher thread -----------+   5 ms into a call that holds others up

Results gather for about a millisecond (see `worker`) and leave as one frame. A run of plain results of neighbouring entries is one pickle.

Invariants
- Frames leave in the order of their entries, and whole; `lock` covers gathering and writing.
- Nothing is raised while the lock is held: an interrupt, or a signal handler of the user's, waits until a frame has left. A call may get
  here by what it prints.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from array import array
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from poolviz import interrupts
from poolviz.executors.frames import encode
from poolviz.executors.serialize import PROTOCOL, Buffer, dump_value

#: Outcomes of a call, as in `events`, which a worker has no other use for.
RAISED, INTERRUPTED = 2, 4
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
        self.gathered: list[tuple[int, int, int, Any]] = []
        """Plain results: entry, start, end, value. The main thread appends, in one atomic step and without the lock."""
        self.frames: list[Buffer] = []
        self.armed = False
        """Whether the flusher will look soon."""
        self.before_late_flush: Callable[[], None] = lambda: None
        """What a call printed comes in here."""
        self._copy = False
        """Whether this is the copy of a process that a call has forked."""
        # Written to in C: a signal's handler that raises leaves it whole, as it would not an Event.
        self._wanted: SimpleQueue[None] = SimpleQueue()
        self._flusher: threading.Thread | None = None

    def after_fork(self) -> None:
        """In a process that a call has forked: what is here is the worker's, and so is the pipe."""
        self._copy, self.lock = True, threading.Lock()
        self.gathered.clear()
        self.frames = []

    def _check(self) -> None:
        if self._copy:
            # The call has returned in a process that it has forked, and must not go on here as a second worker.
            os._exit(0)

    def seal(self) -> None:
        """Let no frame hold results of two messages: the manager looks them up by message."""
        if not self.gathered:
            return
        with interrupts.put_off(), self.lock:
            self._seal()

    def _seal(self) -> None:
        n = len(self.gathered)
        if n:
            entries, starts, ends, values = zip(*self.gathered[:n], strict=True)
            del self.gathered[:n]
            begin = 0
            for stop in range(1, n + 1):
                if stop == n or entries[stop] != entries[stop - 1] + 1:
                    self._encode(entries[begin], starts[begin:stop], ends[begin:stop], values[begin:stop])
                    begin = stop

    def _encode(self, first: int, starts: tuple[int, ...], ends: tuple[int, ...], values: tuple[Any, ...]) -> None:
        times: list[Buffer] = [array("q", starts).tobytes(), array("q", ends).tobytes()]
        self.frames += encode(("done", first, len(values), 0, True, True), [*times, pickle.dumps(list(values), PROTOCOL)])

    def put(self, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Take a whole frame."""
        self._check()
        with interrupts.put_off(), self.lock:
            self._seal()
            self.frames += encode(message, parts)

    def failed(self, entry: int, item: int, started: int, finished: int, error: BaseException, last: bool) -> None:
        """Send an exception with the traceback of this process, and the frames of it whose lines only the parent may have."""
        from poolviz.tracebacks import Missing, text_of
        from poolviz.wording import words_of

        missing: Missing = []
        words, text = words_of(error), text_of(error, missing)
        outcome = INTERRUPTED if isinstance(error, KeyboardInterrupt) else RAISED
        BaseException.with_traceback(error, None)  # past the class's own __setattr__: an exception may be a frozen dataclass
        try:
            payload = dump_value(error)
        except BaseException as broken:
            payload = dump_value(RuntimeError(f"{words} (the exception itself could not be pickled: {words_of(broken)})"))
        self.put(("error", entry, item, started, finished, outcome, words, text, missing, last), payload)

    def flush(self) -> None:
        """Write all that was gathered; blocks while the pipe is full."""
        self._check()
        with interrupts.put_off(), self.lock:
            self._seal()
            frames, self.frames = self.frames, []
            if len(frames) > 1 and sum(map(len, frames)) < 1 << 16:
                frames = [b"".join(frames)]
            for frame in frames:
                view = memoryview(frame).cast("B")
                while view.nbytes:
                    view = view[os.write(self.fd, view) :]

    def waiting(self) -> bool:
        """Whether anything is here."""
        return bool(self.gathered or self.frames)

    def watch(self) -> None:
        """Have the flusher send what is here if the call that begins now takes long."""
        self.armed = True
        if self._flusher is None:
            with interrupts.put_off():
                self._flusher = threading.Thread(target=self._flush_late, name="poolviz-flusher", daemon=True)
                self._flusher.start()
        self._wanted.put(None)

    def _flush_late(self) -> None:
        while True:
            self._wanted.get()
            time.sleep(_FLUSHER)
            self.armed = False
            try:
                self.before_late_flush()
                self.flush()
            except OSError:
                return  # the parent is gone; the main thread finds out by itself
