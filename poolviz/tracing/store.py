"""The one store of a process, and its readers.

    journals --- flush() ---> Store.on_batch: fold into State, append to Log
                                                                 |
    Reader of a timeline  <---- what is new since its last look, its view's part of it ----+

One lock guards the state and the log. What a reader hands out is a copy, or a batch, which nobody alters.

An observer, or a finalizer of the user's, may look at a trace while a batch is folded. What is told in the middle of something waits in
the inbox until what is under way is done.

Nothing that goes wrong in a fold removes the store, or reaches who flushes or looks: the batch is counted as missing, and the rest goes on.
"""

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from poolviz import clock, interrupts, naming, observe, scopes
from poolviz.events import Batch, Chunked, Consumed, Ended, Failed, PoolOpened, Printed, Submitted, Waited
from poolviz.tracing import host
from poolviz.tracing.answers import Changes, Everything, Present
from poolviz.tracing.columns import Table, keep
from poolviz.tracing.fold import State
from poolviz.tracing.freeing import free
from poolviz.tracing.vector import at_least
from poolviz.tracing.view import View

#: Calls whose rows are kept.
LIMIT = 1_000_000

#: Records that the log may hold for a reader that does not come. Beyond that every reader has to start anew from the rows.
LOG_LIMIT = 1_000_000

#: It is looked what is free when so many times those that have gone are more than all that may be walked then.
SHARE = 8

Logged = Submitted | Ended | Consumed | Waited | Failed | Printed | Chunked


class Store:
    """Everything that pools have told since it was made; an `observe.Observer`.

    Args:
        limit: the most calls whose rows are kept.
    """

    anchor = clock.wall_anchor()
    """A moment in nanoseconds of the clock, and in nanoseconds since 1970-01-01 UTC."""
    stays = True
    """Whether it goes on observing though it has raised."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.state = State(limit, observe.new_calls(0))
        self._lock = threading.RLock()
        self._inbox: deque[Batch] = deque()
        self._at_work = False
        """Whether the thread that has the lock is in the middle of something; written under the lock only."""
        self._log: list[Logged] = []
        self._log_start = 0
        self._log_records = 0
        self._readers: set[Reader] = set()
        self._holders: list[weakref.ref[object]] = []
        """Views, and journals of pools: those who may still ask for rows."""
        self._gone: list[None] = []
        """An entry for each of them that has gone since it was looked."""
        self._failed = False
        """Whether it was logged that something is missing."""
        naming.use(self)

    def after_fork(self) -> None:
        """In a child process: go on with what was folded, without the threads that were at work."""
        self._lock, self._at_work = threading.RLock(), False
        self._inbox.clear()
        self._readers.clear()

    def labels(self) -> set[int]:
        """For `poolviz.naming`: the labels of the calls that have rows."""
        with self.working():
            return set(self.state.columns.label)

    def on_batch(self, batch: Batch, /) -> None:
        """Take one batch; see `observe.Observer`."""
        with self._lock:
            self._inbox.append(batch)
            if not self._at_work:
                with self.working():
                    pass

    @contextmanager
    def working(self) -> Iterator[None]:
        """The lock, with all that was told before folded in, and after the block all that was told in it."""
        with interrupts.put_off(), self._lock:
            inside, self._at_work = self._at_work, True
            try:
                if not inside:
                    # So each of those that go pays for a fixed number of those that stay.
                    if self._gone and len(self._gone) * SHARE > len(self._holders) + len(self.state.tally.submitted):
                        self._free()
                    self._fold_inbox()
                yield
                if not inside:
                    self._fold_inbox()
            finally:
                self._at_work = inside

    def _fold_inbox(self) -> None:
        while self._inbox:
            batch = self._inbox.popleft()
            try:
                self._take(batch)
            except BaseException as error:
                self._miss(batch)
                # What is no Exception is the main thread's own affair: its signal handlers raise anywhere.
                if not isinstance(error, Exception):
                    raise

    def _take(self, batch: Batch) -> None:
        self.state.fold(batch)
        if isinstance(batch, PoolOpened):
            journal = observe.journals.get(batch.pool)
            if journal is not None:
                self._hold(journal)
        if self._readers and isinstance(batch, Logged):
            self._log.append(batch)
            self._log_records += _records(batch)
            if self._log_records > LOG_LIMIT:
                self._forget(len(self._log))

    def _miss(self, batch: Batch) -> None:
        """Count a batch that could not be taken in, and log the first."""
        self.state.miss(getattr(batch, "pool", 0), _records(batch) if isinstance(batch, Logged) else 1, clock.now())
        if not self._failed:
            self._failed = True
            observe.report("poolviz: a batch of what pools did could not be recorded; traces say what is missing, and this is logged once")

    def hold(self, view: View) -> None:
        """Keep the rows of `view` for as long as somebody refers to it. Rows that neither a view nor a pool has are given up."""
        with self.working():
            self._hold(view)

    def _hold(self, holder: object) -> None:
        self._holders.append(weakref.ref(holder, self._on_gone))

    def _on_gone(self, _holder: object) -> None:
        # Called by the garbage collector, from anywhere: what follows from it is done when the store is next at work.
        self._gone.append(None)

    def _free(self) -> None:
        self._gone = []
        try:
            self._give_up()
        except Exception:
            observe.report("poolviz: what nobody asks for any more could not be given up")

    def _give_up(self) -> None:
        self._holders = [holder for holder in self._holders if holder() is not None]
        views = [holder for ref in self._holders if isinstance(holder := ref(), View)]
        journals = observe.journals.all()
        free(self.state, views, {journal.pool for journal in journals})
        unheard = {scope for journal in journals for scope in journal.scopes()}
        scopes.forget({*unheard, *self.state.tally.scopes(), *(view.number for view in views if view.field == "scope")})

    def present(self, view: View) -> Present:
        """How things stand for `view`, as of the last flush."""
        with self.working():
            return self._present(view)

    def everything(self, view: View) -> Everything:
        """Copy all rows of `view`."""
        with self.working():
            return self._everything(view)

    def host(self, view: View) -> dict[str, Any]:
        """What the pools of `view` run on, see `poolviz.tracing.host`."""
        return host.describe(pool.start_method for pool in self.present(view).pools)

    def includes(self, outer: View, inner: View) -> bool:
        """Whether all calls of `inner` belong to `outer`."""
        with self.working():
            return all(outer.matches(*key) for key in inner.keys(self.state))

    def reader(self, view: View) -> "Reader":
        """A reader whose first look is at what comes from now on."""
        with self.working():
            reader = Reader(self, view, self._log_start + len(self._log))
            self._readers.add(reader)
            return reader

    def _forget(self, n: int) -> None:
        del self._log[:n]
        self._log_start += n
        self._log_records = sum(map(_records, self._log))

    def _trim(self) -> None:
        end = self._log_start + len(self._log)
        self._forget(min((reader.position for reader in self._readers), default=end) - self._log_start)

    def _present(self, view: View) -> Present:
        state = self.state
        return Present(
            clock.now(),
            view.counts(state),
            view.dropped(state),
            view.running(state),
            view.pools(state),
            view.workers(state),
            dict(state.callers),
            view.closed(state),
            base=state.columns.base,
            missing=view.missing(state),
        )

    def _everything(self, view: View) -> Everything:
        state = self.state
        waits = state.waits.table()
        waits = keep(waits, [view.has_call(state, call) for call in waits["call"]])
        errors = [failed for failed in state.errors.all() if view.has_call(state, failed.call)]
        prints = {call: output for call, output in state.prints.all().items() if view.has_call(state, call)}
        chunks = [told for told in state.chunks.all() if view.has_chunks(state, told)]
        return Everything(self._present(view), view.table(state), waits, errors, prints, chunks)


class Reader:
    """A place in a store's log. Made by `Store.reader`; `close` it, or the log grows up to its limit."""

    def __init__(self, store: Store, view: View, position: int) -> None:
        self._store = store
        self._view = view
        self.position = position

    def close(self) -> None:
        """Look no more."""
        store = self._store
        with store.working():
            store._readers.discard(self)
            store._trim()

    def everything(self) -> Everything:
        """Look at all rows of the view; the next `changes` follow on it."""
        with self._store.working():
            self._catch_up()
            return self._store._everything(self._view)

    def changes(self) -> Changes | None:
        """Look at what is new.

        Returns:
            None if the log could not keep all of it: then `everything` is the way to go on.
        """
        store = self._store
        with store.working():
            missed = self.position < store._log_start
            batches = store._log[self.position - store._log_start :]
            self._catch_up()
            if missed:
                return None
            changes = Changes(store._present(self._view), [], [], [], [], [], [], [])
            for batch in batches:
                self._sort_in(batch, changes)
            return changes

    def _catch_up(self) -> None:
        store = self._store
        self.position = store._log_start + len(store._log)
        store._trim()

    def _sort_in(self, batch: Logged, changes: Changes) -> None:
        """Append the view's part of a batch, without what concerns calls whose rows are gone."""
        state, view = self._store.state, self._view
        columns = state.columns
        if isinstance(batch, Failed):
            if view.has_call(state, batch.call):
                changes.errors.append(state.errors.get(batch.call) or batch)
        elif isinstance(batch, Printed):
            if view.has_call(state, batch.call):
                changes.prints.append(batch._replace(text=observe.plain(batch.text)))
        elif isinstance(batch, Chunked):
            if view.has_chunks(state, batch):
                changes.chunks.append(batch)
        elif isinstance(batch, Waited):
            table = _table(batch)
            table = keep(table, [view.has_call(state, call) for call in batch.call])
            if table["call"]:
                changes.waits.append(table)
        elif isinstance(batch, Submitted):
            table, whole = _table(batch), view.covers(state, batch.pool)
            if whole is None:
                table = keep(table, [view.matches(batch.pool, scope) for scope in batch.scope])
            if whole is not False and table["first"]:
                changes.submitted.append(table)
        elif isinstance(batch, Ended | Consumed):
            table, whole = _table(batch), view.covers(state, batch.pool if isinstance(batch, Ended) else None)
            if whole is False:
                return
            if not at_least(batch.call, columns.base):
                table = keep(table, map(columns.base.__le__, batch.call))
            if whole is None:
                table = keep(table, view.mask(columns, table["call"]))
            if table["call"]:
                (changes.ended if isinstance(batch, Ended) else changes.consumed).append(table)


def _table(batch: Submitted | Ended | Consumed | Waited) -> Table:
    return {name: column for name, column in batch._asdict().items() if name != "pool"}


def _records(batch: Logged) -> int:
    if isinstance(batch, Failed | Printed | Chunked):
        # Text weighs as much as records do.
        text = len(batch.text) if isinstance(batch, Printed) else len(batch.traceback) if isinstance(batch, Failed) else 0
        return 1 + text // 100
    return len(batch.first if isinstance(batch, Submitted) else batch.call)


_default: Store | None = None
_default_lock = threading.RLock()


def default() -> Store:
    """The store of this process. It listens from the first call on; one that somebody removed from the observers is replaced."""
    global _default
    found = _default
    if found is not None and found in observe.observers:
        return found
    with _default_lock:
        if _default is None or _default not in observe.observers:
            made = Store()
            # Somebody's finalizer may have needed one meanwhile.
            if _default is None or _default not in observe.observers:
                _default = made
                observe.add_observer(made)
        return _default


def _after_fork_in_child() -> None:
    # The child has none of the parent's pools, and a lock may have been held. What it has of the parent's traces it may still read.
    global _default, _default_lock
    if _default is not None:
        _default.after_fork()
    _default, _default_lock = None, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
