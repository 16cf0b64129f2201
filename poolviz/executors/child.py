"""A worker's process as the system has it: whether it lives, signals to it, and how it ended.

    start --> pidfd, where the system has them --> alive? signal, exit status      it always means this process
          \\-> sentinel: becomes readable at the end                                a process id may be another's by now

A process that has ended is a zombie until somebody asks for its status, and anybody may: `multiprocessing.active_children()`, the start
of any other process by multiprocessing, `os.wait()`. The first to ask has it. So the status is read from the pidfd, which takes nothing
away; when it is gone already, multiprocessing may have noted it; else it is not known, and nothing is concluded from that.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from multiprocessing import process as _processes
from typing import Any

#: Seconds within which another thread, which has just taken the status of a process, notes it.
_NOTED = 0.2


class Child:
    """A process that was started.

    Args:
        process: of multiprocessing.
    """

    def __init__(self, process: Any) -> None:
        self.process = process
        self.pid: int = process.pid
        self._pidfd = self._shared = getattr(process._popen, "pidfd", -1)
        """That of a process that we spawned is its sentinel, too, and is closed with it."""
        if self._pidfd < 0 and hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # a kernel without them, or somebody has taken its status already
                self._pidfd = os.pidfd_open(self.pid)
        # The pipe that multiprocessing offers stays open for as long as anything that the process forked, or that was forked while it
        # was being started, lives on. A fork server's pipe is the server's own, and tells the exit code as well.
        self._by_server = getattr(process, "_start_method", "") == "forkserver"
        self.sentinel = os.dup(process.sentinel) if self._by_server or self._pidfd < 0 else self._pidfd
        """A descriptor that becomes readable when the process ends."""
        if self._by_server and self._pidfd >= 0 and readable(self.sentinel):
            # It ended before the pidfd was opened, which may be another process's.
            os.close(self._pidfd)
            self._pidfd = -1

    def alive(self) -> bool:
        """Whether the process lives."""
        return not readable(self.sentinel)

    def send(self, number: int) -> None:
        """Send a signal; nothing happens if the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, number)
            elif self.alive():
                os.kill(self.pid, number)

    def make_sure(self) -> None:
        """End a process whose sentinel says that it has ended. A fork server's says so too when the server has died."""
        if self._by_server and self._pidfd >= 0:
            self.send(signal.SIGKILL)
            deadline = time.monotonic() + 1
            while not readable(self._pidfd) and time.monotonic() < deadline:
                time.sleep(0.001)

    def status(self) -> int | None:
        """The exit code of a process that has ended, minus the number of the signal that ended it; None when it cannot be known."""
        code = self._status_of_zombie()
        if code is not None:
            # First of all, so that whoever asks the process meanwhile has an answer: what it does itself takes the status away before it
            # notes it.
            self.process._popen.returncode = code
            with contextlib.suppress(ChildProcessError):  # somebody was faster
                os.waitpid(self.pid, 0)
        # Waits for the end if that is not quite there, and then lets the zombie go.
        self.process.join()
        if code is None:
            deadline = time.monotonic() + _NOTED
            while (code := self.process.exitcode) is None and time.monotonic() < deadline:
                time.sleep(0.001)
        if self.process.exitcode is None:
            # Multiprocessing would look for it again whenever it starts a process.
            _processes._children.discard(self.process)  # type: ignore[attr-defined]  # not in the stubs
        return code

    def _status_of_zombie(self) -> int | None:
        if self._pidfd < 0 or self._by_server or not hasattr(os, "P_PIDFD"):
            return None
        try:
            found = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return None  # somebody has taken it
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def descriptors(self) -> set[int]:
        """The descriptors that this process holds for it."""
        return {self.sentinel, self._pidfd} - {-1, self._shared}

    def close(self) -> None:
        """Let go of a process that has ended."""
        for fd in self.descriptors():
            os.close(fd)


def readable(fd: int) -> bool:
    """Whether a read of the descriptor would give something now."""
    # Unlike a selector of epoll it takes no descriptor of its own, and there may be none left.
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))
