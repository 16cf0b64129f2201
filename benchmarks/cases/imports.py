"""What `import poolviz` takes in a fresh interpreter, over what `import concurrent.futures` takes in another."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import partial

from benchmarks.measure import OURS, Case, Goal, Once, Run

TIMED = "from time import perf_counter; start = perf_counter(); import {}; print(perf_counter() - start)"


def fresh(module: str) -> float:
    """Seconds that the import takes, without the start of the interpreter."""
    done = subprocess.run([sys.executable, "-c", TIMED.format(module)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    return {OURS: partial(fresh, "poolviz"), "import concurrent.futures": partial(fresh, "concurrent.futures")}


CASE = Case("import", "import poolviz", "time", "excess", 15, contenders, (Goal("import concurrent.futures", 10, 5),))
