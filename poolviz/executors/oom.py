"""Whether the kernel has killed a process for lack of memory, by its own counters.

    before the workers start     read ---> counts
    a worker dies by SIGKILL     read ---> a count that has grown since is evidence, for one death

SIGKILL alone says nothing: a user, a supervisor and a batch system send it as well. A cgroup's counter speaks of the processes in it, most
often only of this program's; an outer cgroup's and the machine's speak of others too, so what they say is only probable. The kernel counts
before it kills, so a death that is seen was counted. What cannot be read is no evidence, and no error.
"""

from __future__ import annotations

import posixpath
import signal
from collections.abc import Iterator

OWN = "out of memory: its cgroup has counted a kill for lack of memory"
OUTER = "probably out of memory: an outer cgroup has counted a kill for lack of memory"
MACHINE = "probably out of memory: this machine has counted a kill for lack of memory"


class OomKills:
    """The counters at one moment, and what has grown since then.

    Args:
        root: the directory that has ``proc`` and ``sys``; a test gives its own.
    """

    def __init__(self, root: str = "/") -> None:
        self._root = root
        self._counts: dict[str, int] = {}
        self._words: dict[str, str] = {}
        for path, words in self._places():
            count = _count(path)
            if count >= 0:
                # The first of the cgroups that has a counter is the process's own, or as near as a container lets one see.
                self._words[path] = OUTER if words == OWN and OWN in self._words.values() else words
                self._counts[path] = count

    def evidence(self, code: int | None) -> str:
        """Words for a process that ended with exit code `code`; empty unless it was SIGKILL and a counter has grown."""
        if code is None or code >= 0 or code != -getattr(signal, "SIGKILL", 0):
            return ""
        grown = [path for path, before in self._counts.items() if _count(path) > before]
        for path in grown:
            self._counts[path] += 1
        return self._words[grown[0]] if grown else ""

    def _places(self) -> Iterator[tuple[str, str]]:
        """Files that may have a counter, the best evidence first."""
        mount = posixpath.join(self._root, "sys/fs/cgroup")
        for line in _lines(posixpath.join(self._root, "proc/self/cgroup")):
            _, controllers, group = (*line.split(":", 2), "", "")[:3]
            if "memory" in controllers.split(","):
                bases, name = [f"{mount}/memory"], "memory.oom_control"
            elif not controllers:
                bases, name = [mount, f"{mount}/unified"], "memory.events"
            else:
                continue
            for base in bases:
                place = group.strip("/")
                while place:
                    yield f"{base}/{place}/{name}", OWN
                    place = posixpath.dirname(place)
                yield f"{base}/{name}", OWN
        yield posixpath.join(self._root, "proc/vmstat"), MACHINE


def _lines(path: str) -> list[str]:
    try:
        with open(path, errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _count(path: str) -> int:
    """The file's ``oom_kill``, -1 if it has none."""
    for line in _lines(path):
        name, _, count = line.partition(" ")
        if name == "oom_kill" and count.strip().isdecimal():
            return int(count)
    return -1
