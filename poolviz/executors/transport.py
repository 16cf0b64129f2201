"""What lies between the manager and one worker: two pipes for frames, a slot of shared memory, and a lock.

    manager   -- frames: functions, batches of calls -->   worker
              <-- frames: batches of results ----------
              <== slot: what it claimed, since when ===>   (revoked entries the other way), see `slots`

A lock whose holder died is never released. The parent therefore never waits without a limit, and asks between its tries whether the
worker lives.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]  # has no stubs
import contextlib
import fcntl
import mmap
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any

from poolviz.executors.frames import PIPE, FrameReader, encode
from poolviz.executors.serialize import Buffer
from poolviz.executors.slots import Slot, Slots, slot_of

_IOV = 256


def _semlock(handle: int, kind: int, maxvalue: int, name: str | None) -> Any:
    # multiprocessing.synchronize would do the same, and take 10 ms to import in each worker.
    return _multiprocessing.SemLock._rebuild(handle, kind, maxvalue, name)


class WorkerEnd:
    """What a worker is given at its start; pickles only while a process is being spawned."""

    def __init__(self, inlet: int, outlet: int, slot: Slot, memory: tuple[int, int], lock: Any, streams: list[int]) -> None:
        self.inlet = inlet
        self.outlet = outlet
        self.slot = slot
        self.memory = memory
        """The file that the slot is in, and where."""
        self.lock = lock
        self.streams = streams
        """What becomes its descriptors 1 and 2; empty when it keeps those that it inherits."""

    def __reduce__(self) -> tuple[Any, ...]:
        lock = self.lock
        return _rebuild_end, (
            reduction.DupFd(self.inlet),
            reduction.DupFd(self.outlet),
            (reduction.DupFd(self.memory[0]), self.memory[1]),
            (lock.handle, lock.kind, lock.maxvalue, lock.name),
            [reduction.DupFd(fd) for fd in self.streams],
        )


def _rebuild_end(inlet: Any, outlet: Any, memory: tuple[Any, int], lock: tuple[Any, ...], streams: list[Any]) -> WorkerEnd:
    fd = memory[0].detach()
    slot = slot_of(fd, memory[1])
    return WorkerEnd(inlet.detach(), outlet.detach(), slot, (-1, 0), _semlock(*lock), [stream.detach() for stream in streams])


class Link:
    """The parent's end. Writes never block: what the pipe does not take waits in `backlog` bytes of a queue.

    Args:
        ctx: a context of `multiprocessing`.
        streams: whether the worker's stdout and stderr come here, through a pipe each.
        slots: the pool's.
    """

    def __init__(self, ctx: Any, streams: bool, slots: Slots) -> None:
        self._mutex = ctx.Lock()  # owns the semaphore's name and its removal
        self.lock = self._mutex._semlock
        with contextlib.ExitStack() as undo:  # when there are no more descriptors to be had
            self.slot, *memory = slots.take()
            undo.callback(self.slot.close)

            def pipe() -> tuple[int, int]:
                ends = os.pipe()
                for fd in ends:
                    undo.callback(os.close, fd)
                return ends

            inlet, self.writer = pipe()
            self.reader, outlet = pipe()
            pipes = [pipe() for _ in (1, 2)] if streams else []
            undo.pop_all()
        for fd in (self.writer, self.reader):
            os.set_blocking(fd, False)
        self._enlarged = _pipes.enlarge(self.writer, self.reader)
        self.streams = [reader for reader, _ in pipes]
        for fd in self.streams:
            os.set_blocking(fd, False)
        self.end: WorkerEnd | None = WorkerEnd(inlet, outlet, self.slot, (memory[0], memory[1]), self.lock, [writer for _, writer in pipes])
        self.frames = FrameReader(self.reader)
        self._queue: deque[memoryview] = deque()
        self.backlog = 0

    def started(self) -> None:
        """Close the worker's ends in this process once the worker has them."""
        if self.end is not None:
            for fd in (self.end.inlet, self.end.outlet, *self.end.streams):
                os.close(fd)
            self.end = None

    def send(self, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Queue one frame; `push` writes it."""
        for piece in encode(message, parts):
            view = memoryview(piece).cast("B")
            self._queue.append(view)
            self.backlog += view.nbytes

    def push(self) -> None:
        """Write until the pipe is full or nothing is queued. A worker that is gone is noticed elsewhere: then the rest is dropped."""
        queue = self._queue
        while queue:
            try:
                n = os.writev(self.writer, [queue[i] for i in range(min(len(queue), _IOV))])
            except BlockingIOError:
                return
            except OSError:
                queue.clear()
                self.backlog = 0
                return
            self.backlog -= n
            while n:
                if n < queue[0].nbytes:
                    queue[0] = queue[0][n:]
                    break
                n -= queue.popleft().nbytes
            while queue and not queue[0].nbytes:
                queue.popleft()

    def hold(self, alive: Callable[[], bool]) -> bool:
        """Take the lock that the worker claims under; False when the worker died, or stands still, while it held it."""
        deadline = time.monotonic() + 1.0
        while not self.lock.acquire(True, 0.02):
            if not alive() or time.monotonic() > deadline:
                return False
        return True

    def close(self) -> None:
        """Let go of pipes and memory."""
        self.started()
        for fd in (self.writer, self.reader, *self.streams):
            os.close(fd)
        _pipes.give_back(self._enlarged)
        self._enlarged = 0
        self._queue.clear()
        self.slot.close()


class _Pipes:
    """The bytes that the pipes of this process have beyond the usual.

    A user's pipes have an allowance together, 64 MiB by default; once it is used up, every program of that user gets pipes of one or two
    pages. This process takes an eighth of it for large pipes, and leaves further ones as they are made.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._most = -1
        self._lock = threading.Lock()

    def enlarge(self, *fds: int) -> int:
        """Make pipes as large as they should be; how many bytes that took."""
        if not hasattr(fcntl, "F_SETPIPE_SZ"):
            return 0
        taken = 0
        with self._lock:
            if self._most < 0:
                self._most = _allowance() // 8
            for fd in fds:
                size = fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
                if size >= PIPE or self._taken + PIPE - size > self._most:
                    continue
                try:
                    more = fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE) - size
                except OSError:
                    continue  # the user's allowance is used up, or it is the system's limit; the usual size works too
                self._taken += more
                taken += more
        return taken

    def after_fork(self) -> None:
        """In a child process: a thread that it does not have may have held the lock."""
        self._lock = threading.Lock()

    def give_back(self, taken: int) -> None:
        """Note that pipes are closed that had so many bytes more."""
        with self._lock:
            self._taken -= taken


def _allowance() -> int:
    """The bytes that the pipes of this user may have together."""
    try:
        with open("/proc/sys/fs/pipe-user-pages-soft") as file:
            pages = int(file.read())
    except (OSError, ValueError):
        pages = 0
    return (pages or 1 << 14) * mmap.PAGESIZE


_pipes = _Pipes()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pipes.after_fork)
