"""A worker ends with its parent, however the parent ends.

An idle worker sees its pipe close. A busy one may hold the interpreter in C code for minutes, where no thread of its own can run: on Linux
the kernel ends it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when the parent's manager thread ends, and end it now if that has happened already.

    Args:
        parent: the id of the process that started this one; 0 if a fork server did. It outlives the parent for as long as one of those
            that it started lives.
    """
    if sys.platform == "linux" and not parent:
        _die_with_pipe()
        return
    parent = parent or os.getppid()
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # <linux/prctl.h>
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL))
    else:
        threading.Thread(target=_watch_parent, args=(parent,), name="poolviz-watchdog", daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _die_with_pipe() -> None:
    """Have the kernel end this process when the pipe closes of which only the parent has the other end."""
    import fcntl
    import select
    from multiprocessing import parent_process

    process = parent_process()
    assert process is not None, "a fork server starts nothing but processes of multiprocessing"
    fd = process.sentinel
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(fd, fcntl.F_SETSIG, int(signal.SIGKILL))  # instead of SIGIO
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([fd], [], [], 0)[0]:
        os._exit(1)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
