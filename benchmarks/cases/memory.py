"""What one finished call leaves behind in memory: tracemalloc's count over a million calls whose results were let go.

In a process of its own, as the recorded calls of all pools share one store.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

from benchmarks.measure import OURS, Case, Goal, Once, Run

#: Run in the fresh process. The map's own results are taken one by one and dropped; the pool, and so its trace, is alive at the end.
SCRIPT = """
import gc, sys, tracemalloc
import poolviz
from benchmarks import calls
from poolviz.observe import flush_all

def taken(n):
    for _ in pool.map(calls.same, range(n)):
        pass
    flush_all()
    gc.collect()

n = int(sys.argv[1])
with poolviz.ProcessPoolExecutor(2) as pool:
    taken(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    taken(n)
    print((tracemalloc.get_traced_memory()[0] - before) / n)
"""


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(1_000_000, 2000)

    def kept() -> float:
        done = subprocess.run([sys.executable, "-c", SCRIPT, str(n)], check=True, capture_output=True, text=True)
        return float(done.stdout)

    return {OURS: kept}


CASE = Case("memory", "memory kept for a finished call (tracemalloc)", "bytes", "amount", 1, contenders, (Goal("", 120, 60),))
