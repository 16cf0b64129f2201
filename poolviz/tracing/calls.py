"""What a trace hands to its user: calls as columns, workers and errors as records. Times are nanoseconds since the trace's start."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from poolviz import naming, observe
from poolviz.events import Outcome
from poolviz.tracing.columns import Column, Table

if TYPE_CHECKING:
    from pandas import DataFrame

#: Stands in a column of times for what has not happened.
NEVER = -1

#: What `Trace.counts` counts.
COUNTS = ("total", "pending", "running", "finished", "failed", "cancelled")

#: The columns that are times.
TIMES = ("submitted", "sent", "started", "finished", "delivered", "consumed")
_OUTCOMES = [outcome.name.lower() for outcome in Outcome]


class Worker(NamedTuple):
    """A worker of a trace."""

    pool: int
    """Number of its pool."""
    name: str
    ident: int
    """Process id, or thread identifier."""
    started: int
    """When it was launched, in ns since the trace's start; below 0 if that was earlier."""
    ready: int | None
    """When its initializer had returned."""
    exited: int | None
    detail: str
    """Empty after an orderly exit, else words such as ``was killed by SIGKILL``."""
    calls: int
    """Calls of the trace that it ended."""
    busy: int
    """Nanoseconds that it spent in them, and in the one that it runs."""
    how: str
    """How it ended: ``none`` while it has not, ``orderly``, ``died`` (by itself), ``stopped`` (with its pool, which broke because of
    something else), ``ended`` (on purpose, by an interrupt or by `terminate_workers` or `kill_workers`)."""


class CallPrint(NamedTuple):
    """What a call in a worker process printed. Only in a notebook: elsewhere workers print where their parent does."""

    row: int
    """Its row in `Trace.calls`."""
    name: str
    item: int
    """Its index in its `map`, -1 for `submit`."""
    text: str
    """Whole lines, of both streams in their order."""
    cut: int
    """How many lines are not kept."""


class CallError(NamedTuple):
    """A call that raised, or whose worker was lost, in words."""

    row: int
    """Its row in `Trace.calls`."""
    name: str
    item: int
    """Its index in its `map`, -1 for `submit`."""
    error: str
    """One line, such as ``ValueError: 17``."""
    traceback: str


class CallErrors(list[CallError]):
    """The calls of a trace that failed, in words, oldest first."""

    omitted = 0
    """How many more failed of which no words are kept."""


class Calls(Mapping[str, Sequence[Any]]):
    """The calls of a trace at one moment: a mapping from the name of a column to its values, one for each call.

    ``call``, ``pool``, ``worker`` (numbers; -1 for a call that had no worker), ``name``, ``item`` (index in its `map`, -1 for
    `submit`), ``outcome`` (``none`` while it has not ended), ``submitted``, ``sent``, ``started``, ``finished``, ``delivered``,
    ``consumed`` (ns since the trace's start, -1 for what has not happened), ``caller`` (name of the thread that took the result, empty
    when none has), ``bytes_out``, ``bytes_in`` (of pickled arguments and result, at most 4 GiB, 0 in a thread pool; calls that travelled
    in one message share its bytes evenly; a function's own code goes once to each worker and is not counted).
    """

    def __init__(self, table: Table, start: int, callers: Mapping[int, str]) -> None:
        self._table = table
        self._made: dict[str, Sequence[Any]] = {}
        naming.use(self)
        self._makers: dict[str, Callable[[], Sequence[Any]]] = {
            "call": lambda: table["call"],
            "pool": lambda: table["pool"],
            "worker": lambda: array("i", (worker or -1 for worker in table["worker"])),
            "name": lambda: list(map(observe.labels.__getitem__, table["label"])),
            "item": lambda: table["item"],
            "outcome": lambda: list(map(_OUTCOMES.__getitem__, table["outcome"])),
            **{name: partial(_since, start, table[name]) for name in TIMES},
            "caller": lambda: [callers.get(caller, "") for caller in table["caller"]],
            "bytes_out": lambda: table["bytes_out"],
            "bytes_in": lambda: table["bytes_in"],
        }

    def labels(self) -> set[int]:
        """For `poolviz.naming`: the labels of the calls."""
        return set(self._table["label"])

    def __getitem__(self, name: str) -> Sequence[Any]:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        """The number of columns; ``len(calls["call"])`` is that of the calls."""
        return len(self._makers)

    def to_pandas(self) -> DataFrame:
        """See `poolviz.Trace.to_pandas`."""
        try:
            import pandas
        except ModuleNotFoundError as missing:
            if missing.name != "pandas":
                raise
            raise ModuleNotFoundError("to_pandas() needs pandas, which is not installed: pip install pandas", name="pandas") from None
        frame = pandas.DataFrame({name: list(column) for name, column in self.items()})
        for name in TIMES:
            frame[name] = frame[name].astype("Int64").mask(frame[name] == NEVER)
        return frame.astype({"name": "category", "caller": "category", "outcome": pandas.CategoricalDtype(_OUTCOMES)})

    def __repr__(self) -> str:
        return f"Calls({len(self._table['call'])} calls: {', '.join(self._makers)})"


def _since(start: int, times: Column) -> Column:
    return array("q", (time - start if time else NEVER for time in times))
