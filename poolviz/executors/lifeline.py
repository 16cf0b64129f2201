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
        parent: the id of the process that started this one; 0 if a fork server did, which itself ends with the parent.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # <linux/prctl.h>
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL))
    else:
        threading.Thread(target=_watch_parent, args=(parent,), name="poolviz-watchdog", daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
