"""The parent is killed with SIGKILL: no worker outlives it by more than two seconds, whatever it does."""

import os
import signal

import pytest

from tests.faults.helpers import PROCESS_KINDS, until

#: Seconds that a worker may live longer than its parent.
MOST = 2

PARENT = """
import multiprocessing, os, sys, time
import poolviz
from tests.faults import tasks

kind, what, folder = sys.argv[1:]
if __name__ == "__main__":
    pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
    if what == "idle":
        pool.submit(tasks.touch, f"{folder}/sign").result()
    elif what == "starting":
        pool = poolviz.ProcessPoolExecutor(
            2, multiprocessing.get_context(kind), tasks.initializer_that_naps, (f"{folder}/sign", 60)
        )
        pool.submit(tasks.double, 1)
    elif what == "python":
        pool.submit(tasks.touch_then_wait, f"{folder}/sign", f"{folder}/never")
    elif what == "gil":
        pool.submit(tasks.sum_for_ever, f"{folder}/sign")
    elif what == "deaf":
        pool.submit(tasks.ignore_signals_and_wait, f"{folder}/sign", f"{folder}/never")
    elif what == "writing":
        # The manager stands still in the unpickling of a result; the next results fill the pipe.
        pool.submit(tasks.result_that_waits_for, f"{folder}/never")
        for _ in range(20):
            pool.submit(bytes, 8 << 20)
        while not all(f.done() or f.running() for f in [pool.submit(tasks.touch, f"{folder}/sign")]):
            time.sleep(0.01)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", PROCESS_KINDS)
@pytest.mark.parametrize("what", ["idle", "starting", "python", "gil", "deaf", "writing"])
def test_parent_is_killed(run_program, kind, what, tmp_path):
    program = run_program(PARENT, kind, what, tmp_path)
    if what == "writing":
        until(lambda: len(program.members()) >= 3)
    else:
        until((tmp_path / "sign").exists)
    assert len(program.members()) >= 2
    os.kill(program.process.pid, signal.SIGKILL)
    program.process.wait()
    until(lambda: not program.members(), MOST)
