"""Waiting with a limit, pools of every kind, and counting what is there."""

import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

import poolviz

#: Seconds that anything in these tests may take. Generous: the machine may be busy; a test that passes does not wait for it.
LIMIT = 30
ROOT = Path(__file__).resolve().parent.parent.parent
PROCESS_KINDS = ("spawn", "fork", "forkserver")
KINDS = ("thread", *PROCESS_KINDS)


def until(condition: Callable[[], Any], limit: float = LIMIT) -> Any:
    """Wait until a condition holds.

    Returns:
        What the condition gave.

    Raises:
        AssertionError: it did not hold in time.
    """
    deadline = time.monotonic() + limit
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing after {limit} s: {condition}")
        time.sleep(0.005)
    return found


def make_pool(kind: str, workers: int = 2, **settings: Any) -> Any:
    """A pool of threads, or of processes that are started in the way that `kind` says."""
    if kind == "thread":
        return poolviz.ThreadPoolExecutor(workers, **settings)
    return poolviz.ProcessPoolExecutor(workers, multiprocessing.get_context(kind), **settings)


def outcomes(pool: Any) -> dict[str, int]:
    """The counts of a pool's trace that are not 0."""
    return {name: n for name, n in pool.trace.counts().items() if n}


def is_gone(pid: int) -> bool:
    """Whether a process is gone, or a zombie that somebody else must reap."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Belongings:
    """What this process owns and pools might leave behind: child processes, threads, descriptors, mapped memory."""

    def __init__(self) -> None:
        gc.collect()
        self.children = {child.pid for child in psutil.Process().children(recursive=True)}
        self.threads = set(threading.enumerate())
        # The first three are the test runner's, which puts files of its own in their place.
        self.files = {fd: _target(fd) for fd in _listdir("/proc/self/fd") if int(fd) > 2}
        # Locks of multiprocessing and the slots of workers are mapped files.
        self.memory = [line for line in _maps() if "/sem.mp-" in line or "memfd:poolviz" in line]

    def more_than(self, before: "Belongings") -> dict[str, Any]:
        """What is here now and was not before."""
        found = {
            "children": [_name(pid) for pid in self.children - before.children],
            "threads": list(self.threads - before.threads),
            "files": {fd: target for fd, target in self.files.items() if before.files.get(fd) != target and target},
            "memory": self.memory[len(before.memory) :],
        }
        return {kind: things for kind, things in found.items() if things}


def _listdir(path: str) -> list[str]:
    return os.listdir(path) if os.path.isdir(path) else []


def _maps() -> list[str]:
    maps = Path("/proc/self/maps")
    return maps.read_text().splitlines() if maps.exists() else []


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:  # the descriptor that listed the folder
        return ""


def _name(pid: int) -> str:
    try:
        return f"{pid}: {' '.join(psutil.Process(pid).cmdline())}"
    except psutil.NoSuchProcess:
        return f"{pid}: gone"


class Program:
    """A Python program in a process group of its own, as a terminal would run it."""

    def __init__(self, path: Path, source: str, *arguments: object) -> None:
        path.write_text(textwrap.dedent(source))
        self.process = subprocess.Popen(
            [sys.executable, str(path), *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, limit: float = LIMIT) -> tuple[int, str, str]:
        """Wait for its end.

        Returns:
            Its exit code, what it printed, and what it said on stderr.
        """
        try:
            out, err = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program did not end within {limit} s") from None
        return self.process.returncode, out, err

    def members(self) -> list[int]:
        """The living processes of its group: workers, and what multiprocessing starts besides."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getpgid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def clear(self) -> None:
        """End whatever is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
