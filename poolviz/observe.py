"""Where pools and their observers meet: neither knows the other.

    submit, worker threads, manager thread          publisher, trace.summary(), ...
              | append ints                                  | flush_all()
              v                                              v
          Journal (one for each pool)  ---- flush() ---->  batches of columns  ---->  observers

A journal is a handful of flat lists. `list.extend` with a tuple is one atomic step, so the hot path takes no lock; a flush turns
what has piled up into columns by slicing, takes the front of the lists off, and hands the batches to each observer.

Invariants
- The submission of a call is appended before its end can be, and that before it can be taken. A flush reads the lengths in the reverse
  order, so no observer sees the end of a call before its submission.
- Batches of one journal reach an observer in order: `flush` holds the journal's lock while it hands over.
- An observer that raises is logged and removed; one that `stays` is kept. It never breaks a pool.
- Nothing that goes wrong in a flush reaches the caller, and no batch is tried twice: what could not be handed over is counted, `Missing`.
- The garbage collector never flushes: a finalizer leaves it to others (`deferred`). What nobody flushes, though lists are full, waits.
- Ctrl-C waits for the end of a flush: what was handed over is taken off, and nothing is handed over twice.
"""

import contextlib
import logging
import os
import sys
import threading
from array import array
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Protocol

from poolviz import deferred, interrupts, naming, scopes
from poolviz.batching import columns, joined
from poolviz.callers import here
from poolviz.clock import now
from poolviz.events import Batch, Consumed, Ended, Missing, PoolOpened, Running, Submitted, Waited, WorkerReady, WorkerStarted
from poolviz.living import Living

logger = logging.getLogger("poolviz")

#: How many ints a list may hold before the thread that appends flushes it, and how many batches.
FULL, FULL_BATCHES = 16_384, 1024

#: Callers that are told to block at one time; beyond that the one that has blocked longest is not.
MOST_BLOCKED = 10_000

#: What a flush hands over before the rest.
OPENING = (PoolOpened, WorkerStarted, WorkerReady, Submitted)


class Observer(Protocol):
    """Something that wants to know what pools do."""

    def on_batch(self, batch: Batch, /) -> None:
        """Take one batch. Called from any thread, one batch of a pool at a time; must be quick."""


observers: tuple[Observer, ...] = ()
_observers_lock = threading.RLock()


def add_observer(observer: Observer) -> None:
    """Tell `observer` about each batch from now on."""
    global observers
    with _observers_lock:
        if observer not in observers:
            observers = (*observers, observer)


def remove_observer(observer: Observer) -> None:
    """Tell `observer` nothing more; nothing happens if it is not there."""
    global observers
    with _observers_lock:
        observers = tuple(o for o in observers if o is not observer)


def emit(batch: Batch) -> None:
    """Hand one batch to each observer."""
    for observer in observers:
        try:
            observer.on_batch(batch)
        except Exception:
            if getattr(observer, "stays", False):
                report("poolviz: the observer %r raised, and a batch of what pools did is missing", observer)
            else:
                remove_observer(observer)
                report("poolviz: the observer %r raised and was removed", observer)


def report(message: str, *args: object) -> None:
    """Log the exception that is being handled; never raises."""
    with contextlib.suppress(Exception):  # of a filter or a handler of somebody's: nobody is left who could be asked
        logger.exception(message, *args)


# Reentrant, for finalizers of the user's that submit calls.
_numbers_lock = threading.RLock()
_next_call = 1
_pools = count(1)
_workers = count(1)


def new_calls(n: int = 1) -> int:
    """Number `n` calls.

    Returns:
        The first number; the run is ``first .. first + n - 1``.
    """
    global _next_call
    with _numbers_lock:
        # One statement without a call: nothing else runs in the middle of it.
        _next_call = (first := _next_call) + n
        return first


def new_worker() -> int:
    """Number a worker, from 1 through the whole process."""
    return next(_workers)


#: The names of calls, by their labels, and what else `poolviz.naming` has for those who meet here.
labels, label_id, plain = naming.names, naming.number_of, naming.plain
label_of, name_of = naming.label_of, naming.name_of


def _nothing() -> list[tuple[int, int, int]]:
    return []


class Journal:
    """The events of one pool since the last flush.

    Args:
        running: called at each flush; gives ``(call, worker, started)`` for each call that runs now.
    """

    def __init__(self, running: Callable[[], list[tuple[int, int, int]]]) -> None:
        self.pool = next(_pools)
        self.submits: list[int] = []
        """Six ints a record: first, count, time, label, item, scope."""
        self.ends: list[int] = []
        """Nine ints a record, in the order of `Ended`'s fields after `pool`."""
        self.takes: list[int] = []
        """Three ints a record: call, time, caller."""
        self.waits: list[int] = []
        """Five ints a record, in the order of `Waited`."""
        self.blocked: dict[int, tuple[int, int, int]] = {}
        """Callers that block now, by number: start, kind, call. Reported at each flush with an end of 0."""
        self.batches: list[Batch] = []
        """Batches that came as columns, or that are single facts."""
        self.home = scopes.block_here()
        """The block in which the pool was made."""
        self.closed = False
        """Whether the pool's end has been written."""
        self._running = running
        # Reentrant: an observer may look at a trace.
        self._lock = threading.RLock()
        self._flushing = self._again = False
        deferred.run()
        journals.add(self, self.pool)
        naming.use(self)

    def labels(self) -> set[int]:
        """The labels of what has not been handed over."""
        return set(self.submits[3::6])

    def scopes(self) -> set[int]:
        """The scopes of what has not been handed over."""
        return set(self.submits[5::6])

    def blocks(self, kind: int, call: int) -> tuple[int, int, int, tuple[int, int, int] | None]:
        """Note that the calling thread blocks from now on.

        Args:
            kind: in what, see `poolviz.events.Blocked`.
            call: what it waits for, or one of several calls.

        Returns:
            What `waited` is to be given.
        """
        caller, start = here.number, now()
        outer = self.blocked.get(caller)
        self.blocked[caller] = (start, kind, call)
        if len(self.blocked) > MOST_BLOCKED:
            self.blocked.pop(next(iter(list(self.blocked)), 0), None)
        return caller, start, call, outer

    def waited(self, kind: int, block: tuple[int, int, int, tuple[int, int, int] | None]) -> None:
        """Note that the calling thread goes on."""
        caller, start, call, outer = block
        if outer is None:
            self.blocked.pop(caller, None)
        else:  # a signal handler that waits inside a wait
            self.blocked[caller] = outer
        self.waits += (caller, start, now(), kind, call)
        if len(self.waits) >= FULL:
            self.flush()

    def flush_if_full(self) -> None:
        """Flush if one of the lists is full; for those who append where nobody else looks."""
        if max(len(self.submits), len(self.ends), len(self.takes), len(self.waits)) >= FULL or len(self.batches) >= FULL_BATCHES:
            self.flush()

    def flush(self) -> None:
        """Hand all that has piled up to the observers. Not under a lock of ours; never raises."""
        if deferred.collecting():
            return
        with interrupts.put_off(), self._lock:
            if self._flushing:
                # An observer that looks: what has come meanwhile is handed over right after.
                self._again = True
                return
            self._flushing = self._again = True
            try:
                while self._again:
                    self._again = False
                    self._hand_over()
            except Exception:
                report("poolviz: what a pool did could not be handed over")
            finally:
                self._flushing = False

    def _hand_over(self) -> None:
        # What is appended last is counted first: so all that leads up to it is counted too.
        n_waits, n_takes = len(self.waits), len(self.takes)
        batches, n_batches = self.batches, len(self.batches)
        n_ends = len(self.ends)
        n_submits = len(self.submits)
        # First what opens: a pool and its workers must be known before their calls, and calls before what is said of them.
        ready = batches[:n_batches]
        del batches[:n_batches]
        late: list[Batch] = [b for b in ready if not isinstance(b, OPENING)]
        for batch in ready:
            if isinstance(batch, OPENING):
                emit(batch)
        self._emit(partial(Submitted, self.pool), self.submits, n_submits, 6)
        self._emit_running()
        self._emit(partial(Ended, self.pool), self.ends, n_ends, 9)
        try:
            late = list(joined(late))
        except Exception:
            report("poolviz: batches could not be joined")
        for batch in late:
            emit(batch)
        self._emit(Consumed, self.takes, n_takes, 3)
        blocked = [value for caller, (start, kind, call) in self.blocked.copy().items() for value in (caller, start, 0, kind, call)]
        self._emit(Waited, blocked, len(blocked), 5)
        self._emit(Waited, self.waits, n_waits, 5)

    def _emit(self, kind: Callable[..., Batch], flat: list[int], stop: int, width: int) -> None:
        """Hand over the front of a list, and take it off, whatever happens."""
        if not stop:
            return
        try:
            emit(_batch(self.pool, kind, flat, stop, width))
        finally:
            del flat[:stop]

    def _emit_running(self) -> None:
        try:
            running = self._running()
        except Exception:
            report("poolviz: what a pool runs could not be found out")
        else:
            if running:
                emit(Running(self.pool, *(array("q", column) for column in zip(*running, strict=True))))

    def close(self) -> None:
        """Hand over what there is, and let go of the pool, which is over. What callers note later is handed over later."""
        self.flush()
        self._running = _nothing

    def __del__(self) -> None:
        # What callers noted after the pool's own last flush, when nobody has looked since. By now nobody appends to these lists.
        takes, waits = vars(self).get("takes"), vars(self).get("waits")  # there is none of a journal that was never finished
        if (takes or waits) and not sys.is_finalizing():
            deferred.leave(partial(_emit_rest, self.pool, takes or [], waits or []))


def _batch(pool: int, kind: Callable[..., Batch], flat: list[int], stop: int, width: int) -> Batch:
    """The front of a list as a batch; or how many records are missing, if one has a number that fits into no column, or memory is short."""
    try:
        return kind(*columns(flat, stop, width))
    except Exception:
        report("poolviz: a part of what a pool did could not be recorded")
        return Missing(pool, stop // width)


def _emit_rest(pool: int, takes: list[int], waits: list[int]) -> None:
    with interrupts.put_off():
        for kind, flat, width in ((Consumed, takes, 3), (Waited, waits, 5)):
            if flat:
                emit(_batch(pool, kind, flat, len(flat), width))
                flat.clear()


#: The journals of all pools that may still report: until the pool is gone, and the last of its futures.
journals: Living[Journal] = Living()


def flush_all() -> None:
    """Bring every observer up to date with what has happened until now. Not under a lock of ours; never raises."""
    deferred.run()
    for journal in journals.all():
        journal.flush()


def _after_fork_in_child() -> None:
    # The child has none of the threads that report or read, and a lock may have been held by one of them.
    global observers, _numbers_lock, _observers_lock
    observers = ()
    _numbers_lock, _observers_lock = threading.RLock(), threading.RLock()
    journals.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
