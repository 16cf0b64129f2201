"""What can happen to a call, to a worker and to a pool, and how a pool tells it.

    submitted -> (sent) -> started -> returned | raised | cancelled | interrupted | lost -> delivered -> consumed

A pool does not report events one by one. It hands over *batches*: one typed array for each field, all of one length. Times are
nanoseconds of `poolviz.clock`; 0 stands for 'has not happened'. Calls are numbered through the whole process, from 1.
"""

from array import array
from enum import IntEnum
from typing import NamedTuple


class Outcome(IntEnum):
    """How a call ended; `NONE` while it has not. There is room for more codes up to 255."""

    NONE = 0
    RETURNED = 1
    RAISED = 2
    CANCELLED = 3
    INTERRUPTED = 4
    LOST = 5


class Exit(IntEnum):
    """How a worker ended; `NONE` while it is there."""

    NONE = 0
    ORDERLY = 1
    """It was done."""
    DIED = 2
    """By itself: it was killed from outside, it exited, or its initializer raised."""
    STOPPED = 3
    """With its pool, which broke because of something else: most often another worker had died."""
    ENDED = 4
    """On purpose: by an interrupt that it ignored, or by `terminate_workers` or `kill_workers`."""


#: Outcomes that count as failed. A cancelled call has not failed: somebody decided that it was not needed.
FAILED = frozenset({Outcome.RAISED, Outcome.INTERRUPTED, Outcome.LOST})


class Blocked(IntEnum):
    """In what a caller blocks."""

    RESULT = 1
    MAP = 2
    AS_COMPLETED = 3
    WAIT = 4
    SHUTDOWN = 5


class Submitted(NamedTuple):
    """Calls handed to a pool: each record is a run of ``calls`` calls numbered from ``first`` (one for `submit`, many for `map`)."""

    pool: int
    first: "array[int]"
    calls: "array[int]"
    time: "array[int]"
    label: "array[int]"
    """Index into `poolviz.observe.labels`."""
    item: "array[int]"
    """Index in its `map` of the run's first call; -1 for `submit`."""
    scope: "array[int]"


#: The greatest size that is told, whatever the user has written: files and pages hold it in 32 bits.
LARGEST = 2**31 - 1


class Chunked(NamedTuple):
    """A map whose items are sent in chunks of a size that the caller chose; told after its submission."""

    pool: int
    first: int
    """Number of its first call."""
    calls: int
    size: int
    """Items of a chunk, above 1; the last chunk may have fewer."""


class Running(NamedTuple):
    """What runs at the moment of the flush: a snapshot, repeated at each flush for as long as it is true."""

    pool: int
    call: "array[int]"
    worker: "array[int]"
    started: "array[int]"


class Ended(NamedTuple):
    """Calls that ended. `sent` and `started` are 0 for a call that never got so far; `worker` is -1 for one that never had one."""

    pool: int
    call: "array[int]"
    worker: "array[int]"
    sent: "array[int]"
    started: "array[int]"
    finished: "array[int]"
    delivered: "array[int]"
    outcome: "array[int]"
    bytes_out: "array[int]"
    """Bytes of the pickled arguments, 0 in a thread pool. Calls that travelled in one message share its bytes evenly."""
    bytes_in: "array[int]"
    """Bytes of the pickled result, 0 in a thread pool; shared in the same way."""


class Consumed(NamedTuple):
    """Results that a caller took, from `result()`, `map`, `as_completed` or `wait`."""

    call: "array[int]"
    time: "array[int]"
    caller: "array[int]"
    """Number of the thread, see `poolviz.callers`."""


class Waited(NamedTuple):
    """Times during which a thread blocked. `end` is 0 while it blocks.

    `call` is what it waited for, or one of several; it decides to which traces the wait belongs. 0, when a pool without calls is waited
    for: such a wait belongs to none.
    """

    caller: "array[int]"
    """Number of the thread, see `poolviz.callers`."""
    start: "array[int]"
    end: "array[int]"
    kind: "array[int]"
    call: "array[int]"


class Failed(NamedTuple):
    """The words of one call that raised or was lost: one line such as ``ValueError: 17`` and the traceback, which may be empty."""

    call: int
    error: str
    traceback: str


class Printed(NamedTuple):
    """Whole lines that one call printed. `fd` is 1 for stdout and 2 for stderr; `cut` counts lines that are missing."""

    call: int
    fd: int
    text: str
    cut: int


class PoolOpened(NamedTuple):
    """A pool that begins to report."""

    pool: int
    time: int
    kind: str
    """``thread`` or ``process``."""
    name: str
    workers: int
    """The most workers that it may have."""
    start_method: str
    """``spawn``, ``fork``, ``forkserver``, or empty for threads."""


class PoolClosed(NamedTuple):
    """A pool that will report nothing more."""

    pool: int
    time: int


class WorkerStarted(NamedTuple):
    """A worker that was launched."""

    pool: int
    worker: int
    time: int
    name: str
    ident: int
    """Process id, or native thread id."""


class WorkerReady(NamedTuple):
    """A worker whose initializer has returned."""

    pool: int
    worker: int
    time: int


class WorkerExited(NamedTuple):
    """A worker that is gone. `detail` is empty after an orderly exit, else words such as ``was killed by SIGKILL``."""

    pool: int
    worker: int
    time: int
    detail: str
    how: int = Exit.ORDERLY
    """An `Exit`."""


class Missing(NamedTuple):
    """Records that could not be turned into a batch, or not be taken in: what is said of the pool is not all."""

    pool: int
    """0 when it is not known of which pool they were."""
    records: int


Batch = (
    Submitted
    | Chunked
    | Running
    | Ended
    | Consumed
    | Waited
    | Failed
    | Printed
    | PoolOpened
    | PoolClosed
    | WorkerStarted
    | WorkerReady
    | WorkerExited
    | Missing
)
