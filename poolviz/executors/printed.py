"""What workers print, in the parent: kept with its call, and shown where the user looks.

    frames of workers, their descriptors --> manager thread: Printed, to the journal (with the call)
                                                  |
                                                  v
                                          Shown: a thread of its own, at most 10 messages a second --> sys.stdout, sys.stderr

Invariant: one thread writes at a time, and holds no lock while it does: `sys.stdout` may be an object of the user's.

In a kernel `sys.stdout` decides by thread and context which cell a text belongs to. A thread that Python's `threading` knows nothing of,
with an empty context, writes to the cell that runs: the one that waits for the calls.
"""

from __future__ import annotations

import _thread
import logging
import os
import sys
import threading
import time
from typing import Any

from poolviz import interrupts
from poolviz.events import Printed
from poolviz.executors.child import readable
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Placement

logger = logging.getLogger("poolviz")

#: Seconds between two messages, and the characters of one: 10 a second, well below a server's 1 MB/s.
INTERVAL = 0.1
PIECE = 50_000
#: Characters that may wait to be shown; what is beyond is counted.
_WAITING = 1_000_000
#: Seconds that the end of a cell waits for another thread that is writing, to a stream that may hang.
_PATIENCE = 1.0


def parent_shows() -> bool:
    """Whether this process's output is shown by a kernel, so that workers must hand theirs to it."""
    return type(sys.stdout).__module__.partition(".")[0] == "ipykernel"


class Lines:
    """Whole lines of the bytes that come from a descriptor."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> str:
        """The lines that are whole now."""
        whole, newline, self._rest = (self._rest + data).rpartition(b"\n")
        if not newline and len(self._rest) > PIECE:
            whole, self._rest = self._rest, b""
        return (whole + newline).decode(errors="backslashreplace")

    def end(self) -> str:
        """What is left when nothing more comes."""
        rest, self._rest = self._rest, b""
        return rest.decode(errors="backslashreplace") + "\n" if rest else ""


class Shown:
    """The output of all workers on its way to the user."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, str]] = []
        self._size = 0
        self._cut = 0
        self._writing = False
        """Whether a thread has taken something and is writing it."""
        self._running = False

    def add(self, fd: int, text: str, cut: int = 0) -> None:
        """Show whole lines soon.

        Args:
            fd: 1 for stdout, 2 for stderr.
            text: the lines.
            cut: how many lines were cut before they came here.
        """
        with self._changed:
            self._cut += cut
            if self._size + len(text) > _WAITING:
                self._cut += text.count("\n")
            elif text:
                self._waiting.append((fd, text))
                self._size += len(text)
            if not self._running:
                self._running = True
                _thread.start_new_thread(self._run, ())
            self._changed.notify_all()

    def flush(self) -> None:
        """Show what is here now; for the end of a cell, which does not wait for the next round."""
        with interrupts.put_off(), self._changed:
            if not self._changed.wait_for(lambda: not self._writing, _PATIENCE) or not (self._waiting or self._cut):
                return
        self._write(_WAITING)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: (self._waiting or self._cut) and not self._writing)
            time.sleep(self._write(PIECE) * INTERVAL)

    def _write(self, most: int) -> int:
        """Write up to so many characters; the number of messages that it took."""
        mine = False
        try:
            with interrupts.put_off(), self._changed:
                if self._writing:
                    return 0
                texts = self._take(most)
                self._writing = mine = True
            for fd, text in texts:
                stream = sys.stdout if fd == 1 else sys.stderr
                stream.write(text)
                stream.flush()
        except Exception:
            logger.exception("poolviz: what workers printed could not be shown: %r refuses it", stream)
        finally:
            if mine:
                with interrupts.put_off(), self._changed:
                    self._writing = False
                    self._changed.notify_all()
        return len(texts)

    def _take(self, most: int) -> list[tuple[int, str]]:
        """What is shown next, in its order, with neighbours of one stream as one text. Under the condition."""
        found: list[tuple[int, str]] = []
        while self._waiting and most > 0:
            fd, text = self._waiting.pop(0)
            if len(text) > most:
                at = text.rfind("\n", 0, most) + 1 or text.find("\n") + 1
                if at < len(text):
                    self._waiting.insert(0, (fd, text[at:]))
                    text = text[:at]
            most -= len(text)
            self._size -= len(text)
            if found and found[-1][0] == fd:
                found[-1] = (fd, found[-1][1] + text)
            else:
                found.append((fd, text))
        if self._cut and not self._waiting:
            found.append((2, f"poolviz: {self._cut} more lines that workers printed are not shown\n"))
            self._cut = 0
        return found


shown = Shown()


class Printing:
    """What the workers of one pool print, in the manager's thread and under the pool's lock.

    Args:
        outcomes: has the journal.
    """

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._lines: dict[int, Lines] = {}

    def heard(self, placement: Placement, message: tuple[Any, ...]) -> None:
        """Take what a call printed, as its worker tells it."""
        _, entry, item, fd, text, cut = message
        self._take(placement, entry, item, fd, text, cut)

    def read(self, placement: Placement, which: int) -> bool:
        """Read what came through a descriptor; False when nothing more will come."""
        fd = placement.link.streams[which]
        lines = self._lines.setdefault(fd, Lines())
        try:
            data = os.read(fd, 65_536)
        except BlockingIOError:
            return True
        # It is not known who wrote it: most likely the call that runs.
        entry, _, item, _ = placement.link.slot.current() or (-1, 0, 0, 0)
        self._take(placement, entry, item, which + 1, lines.feed(data) if data else lines.end(), 0)
        return bool(data)

    def read_rest(self, placement: Placement) -> None:
        """Read what a worker printed before it ended. What its own children print after it is lost."""
        for which, fd in enumerate(placement.link.streams):
            while readable(fd) and self.read(placement, which):
                pass
            lines = self._lines.pop(fd, None)
            if lines is not None:
                self._take(placement, -1, 0, which + 1, lines.end(), 0)

    def _take(self, placement: Placement, entry: int, item: int, fd: int, text: str, cut: int) -> None:
        if not text and not cut:
            return
        shown.add(fd, text, cut)
        message = placement.find(entry) if entry >= 0 else None
        if self._outcomes.journal is not None and message is not None:
            call = message.call_of(entry, item)
            if call:
                self._outcomes.journal.batches.append(Printed(call, fd, text, cut))


def _after_fork_in_child() -> None:
    # The object that others have imported.
    shown.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
