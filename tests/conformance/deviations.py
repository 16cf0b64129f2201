"""CPython's tests that our pools need not pass, each with its reason. Everything else must pass.

A name is ``Class.method``; ``*`` stands for the start method in a class's name. A test that passes although it stands here fails the run,
unless it says `EITHER`: then it depends on how fast the machine is.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

ALWAYS, EITHER = "always", "either"


class Deviation(NamedTuple):
    name: str
    fails: str
    reason: str


CALL_QUEUE = "reads the private _call_queue, the queue between two of the standard library's threads: our pools have none"
COUNT = (
    "counts the private _processes after calls that cannot be pickled: ours fail at once in submit, and no process is started for them. "
    "(tests/faults counts processes of calls that can be sent.)"
)

DEVIATIONS = (
    Deviation("ProcessPool*ProcessPoolShutdownTest.test_del_shutdown", ALWAYS, CALL_QUEUE),
    Deviation("ProcessPool*ProcessPoolShutdownTest.test_shutdown_no_wait", ALWAYS, CALL_QUEUE),
    Deviation("ProcessPool*ProcessPoolShutdownTest.test_processes_terminate", ALWAYS, COUNT),
    Deviation("ProcessPool*ProcessPoolExecutorTest.test_saturation", ALWAYS, COUNT),
    Deviation(
        "ProcessPool*ProcessPoolShutdownTest.test_cancel_futures",
        EITHER,
        "expects that a call runs on although the pool was shut down with cancel_futures=True right after its submission, because the "
        "standard library moves some calls to a queue where they can no longer be cancelled. Ours cancels every call that no worker has "
        "begun, and at that moment the workers are only starting",
    ),
    Deviation(
        "ProcessPool*ProcessPoolExecutorTest.test_python_finalization_error",
        ALWAYS,
        "allows one new thread and expects that a pool breaks for want of the second: ours needs one only",
    ),
)


def deviation_of(name: str) -> Deviation | None:
    """What the table says of a test."""
    return next((entry for entry in DEVIATIONS if fnmatchcase(name, entry.name)), None)
