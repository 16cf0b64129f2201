"""The worker process. It imports this module and what that needs, and nothing else of poolviz.

    pipe --> FrameReader --> main thread: claim an entry, stamp it, call, stamp it --> Results --> pipe

Before the worker waits for input, what `results` gathered leaves at once.

Invariants
- An entry is claimed under the lock or found revoked under the lock. The number of the last entry dealt with only grows.
- A result is in `Results` before DONE says that its entry has ended; and in the pipe before anything is freed, or read, that may take this
  process with it: arguments and results with code of the user's in them, functions, what `__main__` held.
- Ctrl-C reaches every process of a terminal's group; the worker obeys it only when the parent has asked for it in the slot.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from poolviz.clock import now
from poolviz.executors.arrivals import arrivals
from poolviz.executors.chunks import pieces, run_chunk
from poolviz.executors.frames import FrameReader
from poolviz.executors.lifeline import die_with_parent
from poolviz.executors.output import Output
from poolviz.executors.results import Results
from poolviz.executors.rules import OUT_OF_BAND
from poolviz.executors.serialize import PLAIN, STOP, Buffer, dump_value, is_fragile, load, unreadable
from poolviz.executors.slots import (
    CLAIMED,
    DONE,
    INTERRUPT,
    ITEM,
    ITEM_STARTED,
    LOADING,
    MASK,
    STARTED,
)
from poolviz.executors.starter import Received, Starter
from poolviz.executors.transport import WorkerEnd

#: Results older than this, in nanoseconds, leave before the next call begins.
_GATHER = 1_000_000


class _Unreadable:
    """Stands in for a function that this process could not unpickle."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        raise self.error


class Worker:
    """Runs entries until the parent says stop or is gone."""

    def __init__(self, end: WorkerEnd, eager: bool) -> None:
        self.end = end
        self.words, self.revoked, self.lock = end.slot.words, end.slot.revoked, end.lock
        self.results = Results(end.outlet)
        self.eager = eager
        """Whether each result leaves before the next call begins, so that none is lost with this process."""
        self.functions: dict[int, Any] = {}
        """By their numbers; as bytes until they are called."""
        self.passing: dict[int, bytes] = {}
        """The bytes of those that are to be made anew when a definition changes."""
        self.arrivals = arrivals()
        self.in_call = False
        self.held: list[Any] = []
        """Arguments and results of a chunk's item that are freed when its result has left."""
        self.output = Output(self.results, self.where) if end.streams else None

    def after_fork(self) -> None:
        """In a process that a call has forked, which is no worker."""
        self.results.after_fork()
        if self.output is not None:
            self.output.after_fork()
        if signal.getsignal(signal.SIGINT) == self.on_sigint:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def on_sigint(self, signum: int, frame: Any) -> None:
        # The parent says which entry it means: another may have begun since.
        if self.in_call and self.words[INTERRUPT] == self.words[CLAIMED] + 1:
            self.words[INTERRUPT] = 0
            self.in_call = False
            raise KeyboardInterrupt

    def where(self) -> tuple[int, int]:
        """The entry that runs, -1 for none, and the item of its chunk."""
        entry = self.words[CLAIMED]
        return (entry, self.words[ITEM]) if entry > self.words[DONE] else (-1, 0)

    def serve(self) -> None:
        """The main loop."""
        frames, todo, results = FrameReader(self.end.inlet), deque[Any](), self.results
        readable = select.poll()
        readable.register(self.end.inlet, select.POLLIN | select.POLLHUP)
        while True:
            if not todo:
                if results.waiting() and not readable.poll(0):
                    results.flush()
                todo.extend(frames.read())
                continue
            message, parts = todo.popleft()
            kind = message[0]
            if kind == "calls":
                self.run_calls(message, parts)
            elif kind == "chunk":
                _, entry, n, number, packed, sizes = message
                fn = self.function(number)
                if packed:
                    run_chunk(self, entry, n, fn, pickle.loads(parts[0]))
                else:
                    run_chunk(self, entry, n, self.unpickling(fn), pieces(parts, sizes))
            elif kind == "function":
                _, number, lasting = message
                self.functions[number] = bytes(parts[0])
                if not lasting:
                    self.passing[number] = self.functions[number]
            elif kind == "define":
                results.flush()
                self.words[LOADING] = 1
                self.arrivals.take(message[1], parts)
                self.functions.update(self.passing)
                self.words[LOADING] = 0
            elif kind == "forget":
                results.flush()
                self.functions.pop(message[1], None)
                self.passing.pop(message[1], None)
            else:
                results.flush()
                return

    def function(self, number: int) -> Callable[..., Any]:
        """The function of the next entry. If it cannot be unpickled here, one that raises what went wrong, for each call to report."""
        found = self.functions[number]
        if type(found) is bytes:
            # What ended before is not to be lost with this process; and the parent is to know which call it died of.
            self.results.flush()
            self.words[LOADING] = 1
            try:
                if self.arrivals.broken and number in self.passing:
                    name, error = next(iter(self.arrivals.broken.items()))
                    raise RuntimeError(f"the global {name!r}: {error}") from error
                found = pickle.loads(found)
            except BaseException as error:
                found = _Unreadable(unreadable("function", error))
            self.words[LOADING] = 0
            self.functions[number] = found
        return found  # type: ignore[no-any-return]

    def arguments(self, parts: list[Buffer]) -> Any:
        """The arguments of one call, as ``(args, kwargs)``."""
        try:
            return load(parts)
        except KeyboardInterrupt:
            raise  # the parent interrupts the call
        except BaseException as error:
            raise unreadable("arguments", error) from error

    def unpickling(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function, called with the pickle of its arguments."""

        def call(*piece: Buffer) -> Any:
            args, kwargs = self.arguments(list(piece))
            if piece[0][-1] != STOP:
                self.held.append((args, kwargs))
            return fn(*args, **kwargs)

        return call

    def claim(self, entry: int) -> int:
        """The start of a chunk, and of its first item; 0 when the parent has revoked it."""
        words, slot = self.words, entry & MASK
        with self.lock:
            if self.revoked[slot]:
                self.revoked[slot] = 0
                words[DONE] = entry
                words[CLAIMED] = entry
                return 0
            words[STARTED] = started = now()
            # Those of the chunk before must not pass for this one's.
            words[ITEM], words[ITEM_STARTED] = 0, started
            words[CLAIMED] = entry
            return started

    def run_calls(self, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Run a batch of calls, each claimed by itself."""
        _, first, n, functions, packed, sizes = message
        results, words, revoked, output = self.results, self.words, self.revoked, self.output
        acquire, release, gathered = self.lock.acquire, self.lock.release, results.gathered
        results.seal()
        rows = pickle.loads(parts[0]) if packed else None
        # Unpickled before a claim, so that no call's time holds the import of a module.
        several = type(functions) is list
        fn = None if several else self.function(functions)
        at, finished, fragile = 0, now(), False
        since = finished
        for i in range(n):
            if gathered or results.frames:
                if self.eager or finished - since > _GATHER:
                    results.flush()
                    since = finished
                elif not results.armed:
                    results.watch()
            else:
                since = finished
            entry = first + i
            if several:
                fn = self.function(functions[i])
            size = sizes[i] if sizes else 1
            # As `claim`, which would cost as much again as a call that does nothing.
            acquire()
            if revoked[entry & MASK]:
                revoked[entry & MASK] = 0
                words[DONE] = words[CLAIMED] = entry
                release()
                at += size
                continue
            words[STARTED] = started = now()
            words[CLAIMED] = entry
            release()
            try:
                self.in_call = True
                if rows is not None:
                    value = fn(*rows[i])  # type: ignore[misc]
                else:
                    args, kwargs = self.arguments(parts[at : at + size])
                    fragile = parts[at][-1] != STOP
                    value = fn(*args, **kwargs)  # type: ignore[misc]
                self.in_call = False
                finished = now()
                if output is not None:
                    output.end_lines()
                if type(value) in PLAIN and not (type(value) is bytes and len(value) >= OUT_OF_BAND):
                    gathered.append((entry, started, finished, value))
                else:
                    times: list[Buffer] = [array("q", (started,)).tobytes(), array("q", (finished,)).tobytes()]
                    payload = dump_value(value)
                    results.put(("done", entry, 1, 0, False, True), [*times, *payload])
                    fragile = fragile or is_fragile(payload)
            except BaseException as error:
                self.in_call = False
                finished = now()
                if output is not None:
                    output.end_lines()
                results.failed(entry, 0, started, finished, error, True)
                words[DONE] = entry
                results.flush()  # the exception is freed where this block ends
            # What a call was given and gave back must not outlive it here.
            if fragile:
                words[DONE] = entry
                results.flush()
                fragile = False
            value = args = kwargs = None
            words[DONE] = entry
            at += size


def main(end: WorkerEnd, starter: Starter | Received, eager: bool, parent: int, inherited: tuple[int, ...]) -> None:
    """What a worker process runs.

    Args:
        end: its pipes, slot and lock.
        starter: has the initializer.
        eager: whether each result leaves at once.
        parent: the parent's process id.
        inherited: the parent's file descriptors that a fork brought along and that must not stay open here.
    """
    for fd in set(inherited):
        os.close(fd)
    for fd, stream in enumerate(end.streams, 1):
        os.dup2(stream, fd)
        os.close(stream)
    worker = Worker(end, eager)
    if worker.output is not None:
        worker.output.take_over()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=worker.after_fork)
    signal.signal(signal.SIGINT, worker.on_sigint)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with_parent(parent)
    try:
        starter.run()
    except BaseException as error:
        import logging

        from poolviz.wording import words_of

        logging.getLogger("concurrent.futures").critical("Exception in initializer:", exc_info=True)
        worker.results.put(("broken", words_of(error)), [])
        worker.results.flush()
        return
    worker.results.put(("ready", now()), [])
    worker.results.flush()
    try:
        worker.serve()
    except (EOFError, BrokenPipeError):
        return  # the parent is gone
