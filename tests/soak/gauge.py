"""What a process uses, over time."""

import gc
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

#: Seconds within which what a scene has dropped must be gone.
SETTLES = 30


@dataclass(frozen=True)
class Reading:
    """What this process uses at one moment, pools apart: there should be none."""

    memory: float
    """Resident, in MB."""
    threads: int
    descriptors: int
    shared: int
    """Mapped locks and slots of workers."""
    children: int
    objects: int
    """That the garbage collector knows."""


def read() -> Reading:
    """Look, once the pools that were dropped are gone."""
    deadline = time.monotonic() + SETTLES
    while (gc.collect(), any("poolviz" in thread.name or "Executor" in thread.name for thread in threading.enumerate()))[1]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    process = psutil.Process()
    maps = Path("/proc/self/maps")
    mapped = [line for line in maps.read_text().splitlines() if "/sem.mp-" in line or "memfd:poolviz" in line] if maps.exists() else []
    return Reading(
        memory=process.memory_info().rss / 1e6,
        threads=threading.active_count(),
        descriptors=process.num_fds(),
        shared=len(mapped),
        children=len(process.children(recursive=True)),
        objects=len(gc.get_objects()),
    )


#: What a count, or memory in MB, may have grown between the first and the last third of a run.
ALLOWED = {"memory": 30.0, "threads": 1, "descriptors": 4, "shared": 0, "children": 1, "objects": 20_000}


def growth(readings: list[Reading]) -> dict[str, float]:
    """How much more each figure is in the last third of the readings than in the second; the first warms up."""
    if len(readings) < 6:
        return {}
    third = len(readings) // 3
    before, after = readings[third : 2 * third], readings[2 * third :]
    return {
        name: statistics.median(getattr(r, name) for r in after) - statistics.median(getattr(r, name) for r in before) for name in ALLOWED
    }


def grown(readings: list[Reading]) -> dict[str, float]:
    """The figures that have grown more than is allowed."""
    return {name: more for name, more in growth(readings).items() if more > ALLOWED[name]}
