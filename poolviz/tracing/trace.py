"""`Trace`: what one pool, one notebook cell or one `with poolviz.trace()` did. A view of the process's store, not a copy of it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poolviz import clock, observe, scopes
from poolviz.events import FAILED, Exit
from poolviz.tracing import records, saving, store
from poolviz.tracing.answers import Present
from poolviz.tracing.calls import CallError, CallErrors, CallPrint, Calls, Worker
from poolviz.tracing.recording import Recording
from poolviz.tracing.store import Store
from poolviz.tracing.summary import Summary
from poolviz.tracing.view import View

if TYPE_CHECKING:
    from pandas import DataFrame


class Trace:
    """A recorded run. Made by a pool (`pool.trace`), a notebook's cell or `poolviz.trace`, never by hand.

    Its time zero is when its view begins: the opening of the pool, the entry of the `with` block, or the moment before the cell's
    first call was submitted. The store that it looks at keeps the rows of the newest million calls of the process; `counts` also
    counts those that are gone.
    """

    def __init__(self, store: Store | Recording, view: View, title: str) -> None:
        self.store = store
        self.view = view
        self.title = observe.plain(title)
        store.hold(view)

    @property
    def start(self) -> int:
        """Time zero, in nanoseconds of `poolviz.clock`."""
        return self.view.start

    @property
    def wall(self) -> int:
        """Time zero, in milliseconds since 1970-01-01 UTC."""
        clock_then, unix_then = self.store.anchor
        return (unix_then + self.start - clock_then) // 1_000_000

    @property
    def host(self) -> dict[str, Any]:
        """What the run was made on: ``python``, ``implementation``, ``platform``, ``cpus`` (of the machine), ``usable_cpus`` (by the
        process), ``start_methods`` and ``versions``.
        """
        return self.store.host(self.view)

    def present(self) -> Present:
        """How things stand now, in nanoseconds of `poolviz.clock`."""
        observe.flush_all()
        return self.store.present(self.view)

    def includes(self, other: Trace) -> bool:
        """Whether all calls of another trace, as far as there are any yet, belong to this one too.

        Args:
            other: the other trace.
        """
        observe.flush_all()
        return self.store is other.store and self.store.includes(self.view, other.view)

    def close(self) -> None:
        """Say that no further call can come; for a trace that is not of a pool."""
        if not self.view.stop:
            self.view.stop = clock.now()

    def __len__(self) -> int:
        """The number of calls submitted so far."""
        return self.counts()["total"]

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Trace({one_line(self.title, self.counts())})"

    def counts(self) -> dict[str, int]:
        """Calls by what has become of them.

        Returns:
            ``total``, ``pending``, ``running``, ``finished`` (returned a value), ``failed`` (raised, interrupted or lost) and
            ``cancelled``; ``total`` is the sum of the others.
        """
        return self.present().counts

    @property
    def calls(self) -> Calls:
        """The calls as columns, as they stand now."""
        observe.flush_all()
        everything = self.store.everything(self.view)
        return Calls(everything.calls, self.start, everything.present.callers)

    def call(self, number: int) -> records.Call:
        """One call in full.

        Args:
            number: as in the column ``call`` of `calls`.

        Raises:
            KeyError: the trace has no such call, or its row is no longer kept.
        """
        observe.flush_all()
        return records.of_number(self.store.everything(self.view), self.start, number)

    def between(self, start: int, end: int) -> list[records.Call]:
        """The calls that ran at some time of a span, in the order of their numbers.

        Args:
            start: in nanoseconds since the trace's start.
            end: in nanoseconds since the trace's start.
        """
        observe.flush_all()
        return records.that_ran(self.store.everything(self.view), self.start, self.start + start, self.start + end)

    @property
    def workers(self) -> list[Worker]:
        """The workers of the trace's pools, in the order in which they were launched."""
        observe.flush_all()
        everything = self.store.everything(self.view)
        table, present = everything.calls, everything.present
        calls: dict[int, int] = defaultdict(int)
        busy: dict[int, int] = defaultdict(int)
        for worker, started, finished in zip(table["worker"], table["started"], table["finished"], strict=True):
            if started:
                calls[worker] += bool(finished)
                busy[worker] += (finished or present.now) - started

        def since_start(time: int) -> int | None:
            return time - self.start if time else None

        return [
            Worker(
                record.pool,
                record.name,
                record.ident,
                record.started - self.start,
                since_start(record.ready),
                since_start(record.exited),
                record.detail,
                calls[record.worker],
                busy[record.worker],
                Exit(record.how).name.lower(),
            )
            for record in present.workers
        ]

    def errors(self) -> CallErrors:
        """The calls that raised or were lost, in words, oldest first; of the newest ten thousand of the process.

        Long texts are cut in the middle, and say how much is missing. When the tracebacks of the process take more than 10 MB, the oldest
        give way to a line that says so. `omitted` of the list is how many more calls of this trace failed, without words here.
        """
        observe.flush_all()
        everything = self.store.everything(self.view)
        table = everything.calls
        row_of = {call: row for row, call in enumerate(table["call"])} if everything.errors else {}
        errors = CallErrors()
        errors.omitted = sum(map(FAILED.__contains__, table["outcome"])) - len(everything.errors)
        for failed in everything.errors:
            row = row_of[failed.call]
            name = observe.labels[table["label"][row]]
            errors.append(CallError(row, name, table["item"][row], failed.error, failed.traceback))
        return errors

    def prints(self) -> list[CallPrint]:
        """What calls in worker processes printed, in a notebook."""
        observe.flush_all()
        everything = self.store.everything(self.view)
        table, prints = everything.calls, everything.prints
        found = []
        for row, call in enumerate(table["call"] if prints else ()):
            if call in prints:
                name = observe.labels[table["label"][row]]
                found.append(CallPrint(row, name, table["item"][row], prints[call].text, prints[call].cut))
        return found

    def summary(self) -> Summary:
        """The run in numbers; prints well as text and shows as a table in a notebook."""
        observe.flush_all()
        return Summary(self.title, self.store.everything(self.view))

    def to_pandas(self) -> DataFrame:
        """The calls as a data frame, a row for each: the columns of `calls`, with times that have not happened missing (``<NA>``).

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return self.calls.to_pandas()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the run to a file. An existing file is replaced only when the new one is whole.

        Args:
            path: its suffix chooses the format. ``.html``: one page that needs nothing else and opens from disk. ``.poolviz``: all of
                the trace, to be read again by `poolviz.load`. ``.json``: Chrome trace events, for Perfetto and chrome://tracing.
                ``.csv``: a line for each call.

        Returns:
            The path.

        Raises:
            ValueError: the suffix is none of the known ones.
            OSError: the file cannot be written.
        """
        return saving.save(self, path)


def one_line(title: str, counts: dict[str, int]) -> str:
    """A trace in one line: ``'cell 3': 6 calls, 6 finished``."""
    total = counts["total"]
    parts = [f"{total} call" if total == 1 else f"{total} calls"]
    parts += [f"{n} {name}" for name, n in counts.items() if n and name != "total"]
    return f"{title!r}: {', '.join(parts)}"


def of_pool(pool: int, start: int, title: str) -> Trace:
    """The trace of one pool.

    Args:
        pool: its number.
        start: when it was made, in nanoseconds of the clock.
        title: its name.
    """
    # Not all pools: it would cost the more, the more pools there are.
    journal = observe.journals.get(pool)
    if journal is not None:
        journal.flush()
    found = store.default()
    record = found.state.pools.get(pool)
    return Trace(found, View("pool", pool, start=record.opened if record else start), record.name if record else title)


def of_scope(scope: scopes.Scope, title: str, *, since: int = 0) -> Trace:
    """The trace of a scope and of those inside it, with now as time zero.

    Args:
        scope: the scope.
        title: what to call it.
        since: no call of the scope has a lower number.
    """
    return Trace(store.default(), View("scope", scope.id, since=since, start=clock.now()), title)


@contextmanager
def trace(name: str = "trace") -> Iterator[Trace]:
    """Record all calls that are submitted inside a `with` block, to whichever pools.

    Blocks that two threads, or two asyncio tasks, enter are apart. A call belongs to the block of the code that submits it; else to that of
    the call, or the done-callback, that submits it; else to the block in which its pool was made. A call that has no block by any of these,
    such as one of a thread that was started before the block, belongs to each block that is open.

    Args:
        name: the trace's title.

    Returns:
        A context manager that gives the `Trace`. It can be read inside the block and after it; nested traces include the inner one.
    """
    since = observe.new_calls(0)
    scope = scopes.enter(thread_only=False)
    recorded = of_scope(scope, name, since=since)
    try:
        yield recorded
    finally:
        scopes.leave(scope)
        recorded.close()
