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
- An observer that raises is logged and removed. It never breaks a pool.
- Ctrl-C waits for the end of a flush: what was handed over is taken off, and nothing is handed over twice.
"""

import logging
import os
import sys
import threading
import weakref
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from struct import Struct
from typing import Any, Protocol

from poolviz import interrupts, naming
from poolviz.events import Batch, Consumed, Ended, PoolOpened, Running, Submitted, Waited, WorkerReady, WorkerStarted

logger = logging.getLogger("poolviz")

#: How many ints a list may hold before the thread that appends flushes it.
FULL = 16_384

#: What a flush hands over before the rest.
OPENING = (PoolOpened, WorkerStarted, WorkerReady, Submitted)


class Observer(Protocol):
    """Something that wants to know what pools do."""

    def on_batch(self, batch: Batch, /) -> None:
        """Take one batch. Called from any thread, one batch of a pool at a time; must be quick."""


observers: tuple[Observer, ...] = ()
_observers_lock = threading.Lock()


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
            logger.exception("poolviz: the observer %r raised and was removed", observer)
            remove_observer(observer)


_numbers_lock = threading.Lock()
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
        first = _next_call
        _next_call = first + n
        return first


def new_worker() -> int:
    """Number a worker, from 1 through the whole process."""
    return next(_workers)


#: The names of calls, by their labels, and what else `poolviz.naming` has for those who meet here.
labels, label_id, plain = naming.names, naming.number_of, naming.plain


def label_of(fn: Any) -> int:
    """The label of the calls of `fn`; the way that it is usually found takes one look into a dictionary."""
    try:
        return naming.numbers[fn.__qualname__]
    except (AttributeError, KeyError, TypeError):
        label = naming.number_of(name_of(fn))
        qualname = getattr(fn, "__qualname__", None)
        if isinstance(qualname, str):
            naming.numbers[qualname] = label
        return label


def name_of(fn: object) -> str:
    """What a bar is called: the function's qualified name, without the scope that it was defined in."""
    while (inner := getattr(fn, "func", None)) is not None and callable(inner):  # functools.partial
        fn = inner
    name = getattr(fn, "__qualname__", None) or getattr(type(fn), "__qualname__", "call")
    return str(name).rpartition("<locals>.")[2]


def numbers(first: int, n: int) -> "array[int]":
    """The numbers from `first` to ``first + n - 1``."""
    # By way of bytes: an array takes longer to read a list, number by number.
    return array("q", Struct(f"{n}q").pack(*range(first, first + n)))


def _columns(flat: list[int], stop: int, width: int) -> "Iterable[array[int]]":
    # As in `numbers`.
    pack = Struct(f"{stop // width}q").pack
    return (array("q", pack(*flat[field:stop:width])) for field in range(width))


def _joined(batches: Sequence[Batch]) -> Iterable[Batch]:
    """The same batches, with those that say the ends of neighbouring calls made one, and so for their being taken: an observer's work is
    by batch, not by call."""
    yield from (batch for batch in batches if not isinstance(batch, Ended | Consumed))
    # An end comes before its being taken.
    for kind in (Ended, Consumed):
        several = sorted((batch for batch in batches if isinstance(batch, kind)), key=lambda batch: batch.call[0])
        group: list[Ended | Consumed] = []
        for batch in several:
            if group and batch.call[0] != group[-1].call[-1] + 1:
                yield _join(group)
                group = []
            group.append(batch)
        if group:
            yield _join(group)


def _join(group: "list[Ended | Consumed]") -> "Ended | Consumed":
    first = group[0]
    if len(group) == 1:
        return first
    joined: dict[str, Any] = {}
    for name in first._fields:
        if name != "pool":
            column = joined[name] = array("q")
            for batch in group:
                column.extend(getattr(batch, name))
    return first._replace(**joined)


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
        self._running = running
        # Reentrant: the garbage collector may close another pool, or this one, in the middle of a flush.
        self._lock = threading.RLock()
        self._flushing = self._again = False
        journals[self.pool] = self
        naming.use(self)

    def labels(self) -> set[int]:
        """The labels of what has not been handed over."""
        return set(self.submits[3::6])

    def scopes(self) -> set[int]:
        """The scopes of what has not been handed over."""
        return set(self.submits[5::6])

    def flush(self) -> None:
        """Hand all that has piled up to the observers."""
        with interrupts.put_off(), self._lock:
            if self._flushing:
                # The garbage collector called, in the middle of the flush below: what it has to say is said right after.
                self._again = True
                return
            self._flushing = self._again = True
            try:
                while self._again:
                    self._again = False
                    self._hand_over()
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
        late = [b for b in ready if not isinstance(b, OPENING)]
        for batch in ready:
            if isinstance(batch, OPENING):
                emit(batch)
        if n_submits:
            emit(Submitted(self.pool, *_columns(self.submits, n_submits, 6)))
            del self.submits[:n_submits]
        running = self._running()
        if running:
            emit(Running(self.pool, *(array("q", column) for column in zip(*running, strict=True))))
        if n_ends:
            emit(Ended(self.pool, *_columns(self.ends, n_ends, 9)))
            del self.ends[:n_ends]
        for batch in _joined(late):
            emit(batch)
        if n_takes:
            emit(Consumed(*_columns(self.takes, n_takes, 3)))
            del self.takes[:n_takes]
        blocked = [(caller, start, 0, kind, call) for caller, (start, kind, call) in self.blocked.copy().items()]
        if blocked:
            emit(Waited(*(array("q", column) for column in zip(*blocked, strict=True))))
        if n_waits:
            emit(Waited(*_columns(self.waits, n_waits, 5)))
            del self.waits[:n_waits]

    def close(self) -> None:
        """Hand over what there is, and let go of the pool, which is over. What callers note later is handed over later."""
        self.flush()
        self._running = _nothing

    def __del__(self) -> None:
        # What callers noted after the pool's own last flush, when nobody has looked since.
        if (self.takes or self.waits) and not sys.is_finalizing():
            self.flush()


#: The journals of all pools that may still report: until the pool is gone, and the last of its futures.
journals: weakref.WeakValueDictionary[int, Journal] = weakref.WeakValueDictionary()


def flush_all() -> None:
    """Bring every observer up to date with what has happened until now."""
    for journal in list(journals.values()):
        journal.flush()


def _after_fork_in_child() -> None:
    # The child has none of the threads that report or read, and a lock may have been held by one of them.
    global observers, _numbers_lock, _observers_lock
    observers = ()
    _numbers_lock, _observers_lock = threading.Lock(), threading.Lock()
    journals.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
