"""The thread that manages a process pool.

    submit(), map()              manager thread                       worker processes
      | append to `pending`        |                                    |
      | wake pipe ---------------> | dispatch: pending -> messages ---> | claim, call, stamp
                                   | <---------------- results -------- |
      futures, map runs <--------- | resolve                            |

The manager alone writes to workers, reads from them, starts them and sees them end. It waits in one `select` for: the wake pipe,
results, room in a full pipe, and the end of a process. It never blocks in a write.

Locks, in the order in which they may be taken: a future's condition, then the pool's lock, then a worker's claim lock. The manager
resolves futures while it holds none of them.

Invariants
- A call that was submitted is in one place: in `pending`, or in one message of one worker. Whoever removes it from there ends it.
- What is withdrawn or taken back is taken under the worker's claim lock, so that no worker runs it.
- The end of a call is in the journal before its future resolves.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import selectors
import signal
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool, _RemoteTraceback
from functools import partial
from typing import Any

from poolviz.clock import now
from poolviz.events import Ended, Failed, Outcome, WorkerExited, WorkerReady, WorkerStarted
from poolviz.executors import base, launch, worker
from poolviz.executors.functions import Functions, SentFunction
from poolviz.executors.future import Future
from poolviz.executors.mapping import TARGET, MapRun
from poolviz.executors.placement import Message, Placement
from poolviz.executors.serialize import ByValue, Payload, dump_many, load
from poolviz.executors.transport import CLAIMED, DONE, INTERRUPT, Link
from poolviz.executors.wakeup import Wakeup
from poolviz.observe import FULL, Journal, words_of

logger = logging.getLogger("poolviz")

#: The most calls of one message, and the most that wait in one worker.
BATCH, DEPTH = 64, 512
#: Seconds after which the manager looks again whether an idle worker can take something from a busy one.
LOOK_AGAIN = 0.002
#: Seconds that an interrupted call has before its worker is killed.
GRACE = 0.5
ABRUPT = "A process in the process pool was terminated abruptly while the future was running or pending."


class Manager:
    """A process pool without its public face. The executor holds it; it does not hold the executor."""

    def __init__(
        self,
        ctx: Any,
        max_workers: int,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        max_tasks: int | None,
        replace: bool,
    ) -> None:
        self.ctx = ctx
        self.max_workers = max_workers
        self.initializer, self.initargs = ByValue(initializer), ByValue(initargs)
        self.max_tasks = max_tasks
        self.replace = replace
        self.journal: Journal | None = None
        # Reentrant: the garbage collector may find the executor while this thread holds the lock.
        self.lock = threading.RLock()
        self.functions = Functions()
        self.pending: deque[Future | MapRun] = deque()
        self.waiting = 0
        """Calls in `pending`, with the items of maps."""
        self.placements: list[Placement] = []
        self.pace = 0.0
        """Nanoseconds that a submitted call takes, averaged; 0 while unknown."""
        self.closed = False
        self.broken: str | None = None
        self.thread: threading.Thread | None = None
        self.forked = False
        self.wakeup = Wakeup()
        self._hungry = True
        """Whether something newly submitted could be placed at once."""
        self._doomed: list[Callable[[], None]] = []
        """Futures to fail once the lock is released."""
        self._deadline = 0.0
        """When interrupted calls are given up; 0 when none was interrupted."""
        self._interrupted: set[int] = set()
        self._selector: selectors.BaseSelector | None = None

    # Called from any thread

    def begin(self) -> None:
        """Start the thread if this is the first call. Under the lock."""
        if self.thread is None:
            self.wakeup.open()
            self.thread = threading.Thread(target=self._run, name="poolviz-manager", daemon=False)
            managers.append(self)
            self.thread.start()

    def add(self, unit: Future | MapRun, calls: int) -> None:
        """Queue a call or a map. Under the lock."""
        self.pending.append(unit)
        self.waiting += calls
        self.begin()
        if self._hungry:
            self.wakeup.wake()

    def close(self) -> None:
        """Let everything end after what was submitted. Takes no lock of the pool: the garbage collector calls it too."""
        self.closed = True
        self.wakeup.wake()

    def withdraw(self, future: Future) -> bool:
        """See `future.Owner`."""
        with self.lock:
            if future._withdrawn:
                return False
            message = future._message
            if message is None:
                self.waiting -= 1
            elif future._placement is None or not future._placement.revoke(message, future, future._entry):
                return False
            future._withdrawn = True
            future._function.uses -= 1
            self.wakeup.wake()
            return True

    def claimed(self, future: Future) -> bool:
        """See `future.Owner`."""
        with self.lock:
            placement = future._placement
            if future._message is None or placement is None or placement.gone:
                return False
            return bool(placement.link.slot.words[CLAIMED] >= future._entry)

    def withdraw_run(self, run: MapRun) -> None:
        """Take back all items of a map that no worker has begun."""
        with self.lock:
            waiting = run.waiting
            ranges = run.drop_rest()
            self.waiting -= waiting
            for placement in self.placements:
                if not placement.gone:
                    ranges += [_items(part) for part in placement.take_back(1.0, run)]
            self._cancelled_items(run, ranges)
            self.wakeup.wake()

    def interrupt(self) -> None:
        """Cancel what no worker has begun, and raise KeyboardInterrupt in what runs; workers that do not mind are killed."""
        for future in self.cancel_pending():
            future.cancel()
        with self.lock:
            for placement in self.placements:
                if placement.alive() and placement.ready and placement.link.slot.current() is not None:
                    placement.link.slot.words[INTERRUPT] = 1
                    self._interrupted.add(placement.number)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(placement.process.pid, signal.SIGINT)
            self._deadline = time.monotonic() + GRACE
            self.wakeup.wake()

    def cancel_pending(self) -> list[Future]:
        """The futures that may still be cancelled; maps are withdrawn at once."""
        with self.lock:
            units = list(self.pending)
            for placement in self.placements:
                for message in placement.messages:
                    units += [message.run] if message.run is not None else [f for f in message.futures if f is not None]
        for run in {id(unit): unit for unit in units if isinstance(unit, MapRun)}.values():
            self.withdraw_run(run)
        return [unit for unit in units if isinstance(unit, Future)]

    def running(self) -> list[tuple[int, int, int]]:
        """What runs now, read from the workers' slots: call, worker, start."""
        found = []
        with self.lock:
            for placement in self.placements:
                if placement.gone or not placement.ready:
                    continue
                current = placement.link.slot.current()
                message = placement.find(current[0]) if current is not None else None
                if current is None or message is None:
                    continue
                entry, started, item, item_started = current
                call = _call(message, entry, item)
                if call:
                    found.append((call, placement.number, item_started or started))
        return found

    def signal_workers(self, name: str) -> None:
        """Call `terminate` or `kill` of each process."""
        with self.lock:
            for placement in self.placements:
                if placement.alive():
                    getattr(placement.process, name)()

    # The manager's thread

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as self._selector:
                self._selector.register(self.wakeup.reader, selectors.EVENT_READ, self.wakeup.drain)
                while self._dispatch():
                    self._flush_journal()
                    self._wait()
        except BaseException:
            logger.critical("poolviz: the manager of a process pool failed", exc_info=True)
            self._break("The manager of this process pool failed; the log says why.", "")
        finally:
            self._fail_doomed()
            self._end()

    def _wait(self) -> None:
        assert self._selector is not None
        ready = self._selector.select(self._timeout() if self.wakeup.may_sleep() else 0)
        self.wakeup.awake()
        for key, events in ready:
            key.data(events)
        self._fail_doomed()
        if self._deadline and time.monotonic() > self._deadline:
            self._deadline = 0.0
            self._kill_interrupted()

    def _timeout(self) -> float | None:
        if self._deadline:
            return max(0.0, self._deadline - time.monotonic())
        idle = any(p.ready and not p.load and not p.stopping for p in self.placements)
        return LOOK_AGAIN if idle and any(p.load > 1 for p in self.placements) else None

    def _dispatch(self) -> bool:
        """Give workers what they can take. False when all is done and every worker is gone."""
        with self.lock:
            if self.broken is None:
                self._grow()
                self._give()
                if self._rob():
                    self._give()
                self._forget()
                self._hungry = not self.pending
            done = self.broken is not None or (self.closed and not self.waiting and not any(p.load for p in self.placements))
            for placement in self.placements:
                spent = self.max_tasks is not None and placement.given >= self.max_tasks and not placement.load
                if (done or spent) and not placement.stopping and (placement.ready or self.broken is not None):
                    placement.stopping = True
                    self._send(placement, ("stop",), [])
            # A worker that is not ready yet is told to stop when it is.
            return not (done and not self.placements)

    def _grow(self) -> None:
        # A worker for each call that has none, up to the limit; those that will end soon do not count.
        needed = self.waiting + sum(p.load for p in self.placements)
        while sum(not p.stopping for p in self.placements) < min(self.max_workers, needed) and self.broken is None:
            try:
                self._start_worker()
            except BaseException as error:
                logger.exception("poolviz: a worker process could not be started")
                self._break(f"A worker process could not be started: {type(error).__name__}: {error}", "")

    def _start_worker(self) -> None:
        assert self._selector is not None
        link = Link(self.ctx)
        try:
            inherited = self._own_fds(link) if self.ctx.get_start_method() == "fork" else ()
            args = (link.end, self.initializer, self.initargs, self.replace, os.getpid(), inherited)
            process = launch.make_process(self.ctx, worker.main, args)
            launch.start(process)
        except BaseException:
            link.close()
            raise
        link.started()
        placement = Placement(process, link)
        self.placements.append(placement)
        self._selector.register(link.reader, selectors.EVENT_READ, partial(self._readable, placement))
        self._selector.register(process.sentinel, selectors.EVENT_READ, partial(self._died, placement))
        if self.journal is not None:
            name = f"worker {len(self.placements)}"
            self.journal.batches.append(WorkerStarted(self.journal.pool, placement.number, now(), name, process.pid))

    def _own_fds(self, new: Link) -> tuple[int, ...]:
        fds = [self.wakeup.reader, self.wakeup.writer, new.reader, new.writer]
        for placement in self.placements:
            fds += (placement.link.reader, placement.link.writer)
        return tuple(fds)

    def _give(self) -> None:
        while self.pending:
            unit = self.pending[0]
            if isinstance(unit, MapRun):
                if not unit.waiting:
                    self.pending.popleft()
                    continue
                candidates = [p for p in self.placements if len(p.messages) < 2 and p.room(1)]
            elif unit._withdrawn:
                self.pending.popleft()
                continue
            else:
                depth = self._depth()
                candidates = [p for p in self.placements if p.load < depth and p.room(1)]
            if self.max_tasks is not None:
                candidates = [p for p in candidates if p.given < self.max_tasks]
            if not candidates:
                return
            placement = min(candidates, key=_load)
            if isinstance(unit, MapRun):
                self._give_items(placement, unit)
            else:
                self._give_calls(placement, len(candidates))

    def _depth(self) -> int:
        return 2 if not self.pace else max(2, min(DEPTH, int(2 * TARGET / self.pace)))

    def _give_calls(self, placement: Placement, candidates: int) -> None:
        most = min(BATCH, self._depth() - placement.load, -(-len(self.pending) // candidates))
        if self.max_tasks is not None:
            most = min(most, self.max_tasks - placement.given)
        most = placement.room(max(1, most))
        futures: list[Future] = []
        while self.pending and len(futures) < most:
            unit = self.pending[0]
            if isinstance(unit, MapRun):
                break
            self.pending.popleft()
            if not unit._withdrawn:
                futures.append(unit)
        if not futures:
            return
        self.waiting -= len(futures)
        parts: Payload = []
        sizes = []
        for future in futures:
            parts += future._payload
            sizes.append(len(future._payload))
        message = placement.add(len(futures), 0)
        message.futures = list(futures)
        for entry, future in enumerate(futures, message.first):
            future._placement, future._message, future._entry = placement, message, entry
        numbers = [future._function.number for future in futures]
        same = numbers.count(numbers[0]) == len(numbers)
        for future in futures:
            self._teach(placement, future._function)
        placement.given += len(futures)
        plain = len(parts) == len(futures)
        self._send(
            placement, ("calls", message.first, len(futures), numbers[0] if same else numbers, False, None if plain else sizes), parts
        )

    def _give_items(self, placement: Placement, run: MapRun) -> None:
        first, stop = run.take(len(self.placements))
        n = stop - first
        if not run.chunk:
            fits = placement.room(n)
            if self.max_tasks is not None:
                fits = min(fits, self.max_tasks - placement.given)
            if fits < n:
                run.give_back(first + fits, stop)
                stop, n = first + fits, fits
        self.waiting -= n
        if run.rows is not None:
            packed = dump_many(run.rows[first:stop])
            assert packed is not None, "rows hold plain values only"
            parts: Payload = [packed]
            sizes = None
        else:
            assert run.payloads is not None
            payloads = run.payloads[first:stop]
            parts = [part for payload in payloads for part in payload]
            sizes = None if len(parts) == n else [len(payload) for payload in payloads]
        bytes_out = sum(memoryview(part).nbytes for part in parts)
        message = placement.add(1 if run.chunk else n, bytes_out // n)
        message.run, message.item, message.items = run, first, n if run.chunk else 0
        self._teach(placement, run.function)
        placement.given += 1 if run.chunk else n
        kind = "chunk" if run.chunk else "calls"
        self._send(placement, (kind, message.first, n, run.function.number, run.rows is not None, sizes), list(parts))
        if run.chunk:
            # One entry, whatever the number of items.
            assert message.n == 1

    def _teach(self, placement: Placement, function: SentFunction) -> None:
        if function.number not in placement.functions:
            placement.functions.add(function.number)
            self._send(placement, ("function", function.number), [function.data])

    def _forget(self) -> None:
        for number in self.functions.unused():
            for placement in self.placements:
                if number in placement.functions:
                    placement.functions.discard(number)
                    self._send(placement, ("forget", number), [])

    def _send(self, placement: Placement, message: tuple[Any, ...], parts: Payload) -> None:
        placement.link.send(message, parts)
        if placement.link.backlog:
            self._watch_room(placement)

    def _watch_room(self, placement: Placement) -> None:
        assert self._selector is not None
        if placement.link.writer not in self._selector.get_map():
            self._selector.register(placement.link.writer, selectors.EVENT_WRITE, partial(self._writable, placement))

    def _writable(self, placement: Placement, events: int) -> None:
        assert self._selector is not None
        if placement.gone:
            return
        with self.lock:
            placement.link.push()
            if not placement.link.backlog:
                self._selector.unregister(placement.link.writer)

    def _rob(self) -> bool:
        """Take back what waits behind long calls when another worker has nothing to do."""
        if self.waiting:
            return False
        idle = sum(p.room(1) > 0 and not p.load and (self.max_tasks is None or p.given < self.max_tasks) for p in self.placements)
        busy = [p for p in self.placements if not p.gone and p.load > 1 and p.ready]
        if not idle or not busy:
            return False
        robbed = False
        for placement in busy:
            if placement.stuck():
                for part in reversed(placement.take_back(idle / (idle + 1))):
                    self._put_back(part)
                    robbed = True
        return robbed

    def _put_back(self, part: Message) -> None:
        """Put what was taken from a worker in front of everything that waits."""
        if part.run is not None:
            first, stop = _items(part)
            if part.run.withdrawn:
                self._cancelled_items(part.run, [(first, stop)])
                return
            part.run.give_back(first, stop)
            self.waiting += stop - first
            if part.run not in self.pending:
                self.pending.appendleft(part.run)
            return
        for future in reversed(part.futures):
            if future is not None:
                future._message = future._placement = None
                self.pending.appendleft(future)
                self.waiting += 1

    # What workers say

    def _readable(self, placement: Placement, events: int) -> None:
        if placement.gone:
            return
        try:
            frames = placement.link.frames.read()
        except EOFError:
            # The process is ending; its sentinel tells more.
            assert self._selector is not None
            with contextlib.suppress(KeyError):
                self._selector.unregister(placement.link.reader)
            return
        for message, parts in frames:
            self._heard(placement, message, parts)

    def _heard(self, placement: Placement, message: tuple[Any, ...], parts: list[memoryview]) -> None:
        kind = message[0]
        if kind == "done":
            self._done(placement, message, parts)
        elif kind == "error":
            self._error(placement, message, parts)
        elif kind == "ready":
            placement.ready = True
            if self.journal is not None:
                self.journal.batches.append(WorkerReady(self.journal.pool, placement.number, message[1]))
        elif kind == "broken":
            placement.stopping = True
            self._break("A process in the process pool failed its initializer, the pool is not usable anymore", message[1])

    def _reported(self, placement: Placement, entry: int, item: int, n: int) -> Message:
        """The message of entries that a worker reports on. Reports come in the order of the entries."""
        with self.lock:
            sent = placement.find(entry)
            assert sent is not None, "a worker answers for what it was sent"
            sent.reported = (item if sent.items else entry - sent.first) + n
            return sent

    def _done(self, placement: Placement, message: tuple[Any, ...], parts: list[memoryview]) -> None:
        _, entry, n, item, packed, last = message
        starts, ends = array("q"), array("q")
        starts.frombytes(parts[0])
        ends.frombytes(parts[1])
        sent = self._reported(placement, entry, item, n)
        bytes_in = sum(part.nbytes for part in parts[2:]) // n
        values: list[Any]
        error: BaseException | None = None
        try:
            values = pickle.loads(parts[2]) if packed else [load(parts[2:])]  # type: ignore[arg-type]
        except BaseException as broken:
            values, error = [], _unreadable(broken)
        spent = sum(ends) - sum(starts)
        run = sent.run
        if run is not None:
            first = sent.item + (item if sent.items else entry - sent.first)
            run.learn(spent, n)
            if error is None:
                self._note_items(placement, sent, run, first, starts, ends, Outcome.RETURNED, bytes_in)
                self._settle_items(placement, sent, run, n, last)
                run.deliver(first, values)
            else:
                self._fail_item(placement, sent, run, first, starts[0], ends[0], Outcome.RAISED, error, "", last)
            return
        at = entry - sent.first
        futures = sent.futures[at : at + n]
        with self.lock:
            placement.settle(sent, n)
            pace = max(1.0, spent / n)
            self.pace = pace if not self.pace else 0.7 * self.pace + 0.3 * pace
            sent.futures[at : at + n] = [None] * n
            for future in futures:
                if future is not None:
                    future._function.uses -= 1
        for i, future in enumerate(futures):
            if future is None:
                continue
            future._payload = []
            if error is None:
                self._note(placement, sent, future, starts[i], ends[i], Outcome.RETURNED, bytes_in)
                _resolve(future.set_result, values[i])
            else:
                self._fail(placement, sent, future, starts[i], ends[i], Outcome.RAISED, error, "")

    def _error(self, placement: Placement, message: tuple[Any, ...], parts: list[memoryview]) -> None:
        _, entry, item, started, finished, outcome, words, text, last = message
        sent = self._reported(placement, entry, item, 1)
        error: BaseException
        try:
            error = load(list(parts))
            if not isinstance(error, BaseException):
                raise TypeError(f"it came back as {type(error).__qualname__}")
        except BaseException as broken:
            error = RuntimeError(f"{words} (the exception itself could not be unpickled: {_unreadable(broken)})")
        error.__cause__ = _RemoteTraceback(f'\n"""\n{text}"""')  # type: ignore[arg-type]  # the stub is wrong: it takes the text
        if sent.run is not None:
            first = sent.item + (item if sent.items else entry - sent.first)
            self._fail_item(placement, sent, sent.run, first, started, finished, outcome, error, text, last)
            return
        future = sent.futures[entry - sent.first]
        assert future is not None, "a call that was taken back is not run"
        with self.lock:
            placement.settle(sent, 1)
            sent.futures[entry - sent.first] = None
            future._function.uses -= 1
        self._fail(placement, sent, future, started, finished, outcome, error, text)

    # Ends of calls and items

    def _note(self, placement: Placement, sent: Message, future: Future, start: int, end: int, outcome: int, size: int) -> None:
        if self.journal is not None:
            self.journal.ends += (future._call, placement.number, sent.sent, start, end, now(), outcome, future._bytes_out, size)

    def _fail(
        self,
        placement: Placement,
        sent: Message,
        future: Future,
        start: int,
        end: int,
        outcome: int,
        error: BaseException,
        text: str,
    ) -> None:
        future._payload = []
        if self.journal is not None:
            self.journal.batches.append(Failed(future._call, words_of(error), text))
        self._note(placement, sent, future, start, end, outcome, 0)
        _resolve(future.set_exception, error)

    def _note_items(
        self,
        placement: Placement,
        sent: Message,
        run: MapRun,
        first: int,
        starts: array[int],
        ends: array[int],
        outcome: int,
        size: int,
    ) -> None:
        if self.journal is not None:
            n, call = len(ends), run.first_call + first

            def same(value: int) -> array[int]:
                return array("q", (value,)) * n

            calls = array("q", range(call, call + n))
            columns = (same(placement.number), same(sent.sent), starts, ends, same(now()), same(outcome), same(sent.size), same(size))
            self.journal.batches.append(Ended(self.journal.pool, calls, *columns))

    def _settle_items(self, placement: Placement, sent: Message, run: MapRun, n: int, last: bool) -> None:
        with self.lock:
            run.open -= n
            if not sent.items:
                placement.settle(sent, n)
            elif last:
                placement.settle(sent, 1)
            if not run.open:
                run.function.uses -= 1

    def _fail_item(
        self,
        placement: Placement,
        sent: Message,
        run: MapRun,
        item: int,
        start: int,
        end: int,
        outcome: int,
        error: BaseException,
        text: str,
        last: bool,
    ) -> None:
        if self.journal is not None:
            self.journal.batches.append(Failed(run.first_call + item, words_of(error), text))
        self._note_items(placement, sent, run, item, array("q", (start,)), array("q", (end,)), outcome, 0)
        rest = sent.item + sent.items - item - 1 if sent.items and last else 0
        self._settle_items(placement, sent, run, 1, last)
        run.deliver(item, error)
        if rest > 0:
            with self.lock:
                self._cancelled_items(run, [(item + 1, item + 1 + rest)])

    def _cancelled_items(self, run: MapRun, ranges: list[tuple[int, int]], outcome: int = Outcome.CANCELLED) -> None:
        """Note that items ended without having run. Under the lock."""
        for first, stop in ranges:
            n, call, end = stop - first, run.first_call + first, now()
            run.open -= n
            if not run.open:
                run.function.uses -= 1
            if self.journal is not None:
                zeros, times, calls = array("q", (0,)) * n, array("q", (end,)) * n, array("q", range(call, stop + run.first_call))
                nobody, outcomes = array("q", (-1,)) * n, array("q", (outcome,)) * n
                self.journal.batches.append(Ended(self.journal.pool, calls, nobody, zeros, zeros, times, times, outcomes, zeros, zeros))

    # Ends of workers

    def _died(self, placement: Placement, events: int) -> None:
        if placement.gone:
            return
        self._read_rest(placement)
        placement.process.join()
        code = placement.process.exitcode
        with self.lock:
            orderly = placement.stopping and code == 0
            messages = list(placement.messages)
            words = "" if orderly else launch.exit_words(code)
            interrupted = placement.number in self._interrupted
            self._interrupted.discard(placement.number)
            rest = self._lose(placement, messages, words, Outcome.INTERRUPTED if interrupted else Outcome.LOST)
            self._remove(placement, words)
            broken = not (orderly or interrupted or self.replace or self.broken is not None)
            if broken:
                self._break(ABRUPT, f"Worker process {placement.pid} {words}.", rest)
            else:
                for message in reversed(rest):
                    self._put_back(message)

    def _read_rest(self, placement: Placement) -> None:
        """Read what a worker wrote before it ended."""
        while True:
            try:
                frames = placement.link.frames.read()
            except (EOFError, OSError):
                return
            for message, parts in frames:
                self._heard(placement, message, parts)
            if not frames and not _readable_now(placement.link.reader):
                return

    def _remove(self, placement: Placement, words: str) -> None:
        assert self._selector is not None
        placement.gone = True
        placement.load = 0
        self.placements.remove(placement)
        for fd in (placement.link.reader, placement.link.writer, placement.process.sentinel):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(fd)
        placement.link.close()
        placement.process.close()
        if self.journal is not None:
            self.journal.batches.append(WorkerExited(self.journal.pool, placement.number, now(), words))

    def _lose(self, placement: Placement, messages: list[Message], words: str, outcome: Outcome) -> list[Message]:
        """End the call that a worker died of; what it had not begun is left over, as messages."""
        slot = placement.link.slot
        current, done = slot.current(), slot.words[DONE]
        rest = []
        for message in messages:
            if message.items:
                begun = current is not None and current[0] == message.first
                ended = current[2] if begun and current is not None else (message.items if done >= message.first else 0)
                n = message.items
            else:
                begun = current is not None and message.first <= current[0] < message.first + message.n
                ended = min(max(done + 1 - message.first, message.reported), message.n)
                n = message.n
            # Those that ended but were not reported took their results with them: to run them again might do harm.
            for at in range(message.reported, ended + begun):
                self._lose_one(placement, message, at, current if at == ended else None, words, outcome)
            if ended + begun < n:
                rest.append(message.rest(ended + begun))
        return rest

    def _lose_one(
        self, placement: Placement, sent: Message, at: int, current: tuple[int, int, int, int] | None, words: str, outcome: Outcome
    ) -> None:
        error: BaseException = KeyboardInterrupt()
        run, end = sent.run, now()
        future = None if run is not None else sent.futures[at]
        if run is None and future is None:
            return
        if outcome is not Outcome.INTERRUPTED:
            what = f"item {sent.item + at} of a map" if run is not None else "this call"
            when = f"while it ran {what}" if current is not None else f"before it could hand over the result of {what}"
            error = BrokenProcessPool(f"{ABRUPT} Worker process {placement.pid} {words} {when}.")
        start = (current[3] or current[1]) if current is not None else 0
        if run is not None:
            self._fail_item(placement, sent, run, sent.item + at, start, end, outcome, error, "", False)
        elif future is not None:
            sent.futures[at] = None
            future._function.uses -= 1
            future._withdrawn = True
            self._doomed.append(partial(self._fail, placement, sent, future, start, end, outcome, error, ""))

    def _kill_interrupted(self) -> None:
        with self.lock:
            for placement in self.placements:
                if placement.number in self._interrupted and placement.link.slot.words[INTERRUPT] and placement.alive():
                    placement.process.kill()
                else:
                    self._interrupted.discard(placement.number)

    def _break(self, reason: str, detail: str, messages: list[Message] | None = None) -> None:
        """End everything that was submitted with BrokenProcessPool, and the workers too."""
        with self.lock:
            if self.broken is not None:
                return
            self.broken = f"{reason} {detail}".strip()
            self.closed = True
            units = list(self.pending)
            self.pending.clear()
            self.waiting = 0
            every = list(messages or ())
            for placement in self.placements:
                every += placement.messages
                placement.messages.clear()
                placement.load = 0
                placement.stopping = True
                if placement.alive():
                    placement.process.terminate()
            futures = [unit for unit in units if isinstance(unit, Future)]
            runs = {id(unit): unit for unit in units if isinstance(unit, MapRun)}
            for message in every:
                futures += [future for future in message.futures if future is not None]
                if message.run is not None:
                    runs[id(message.run)] = message.run
            for run in runs.values():
                ranges = run.drop_rest() + [_items(message.rest(message.reported)) for message in every if message.run is run]
                self._cancelled_items(run, [(first, stop) for first, stop in ranges if first < stop], Outcome.LOST)
                run.abort(partial(BrokenProcessPool, f"{reason} {detail}".strip()))
            for future in futures:
                if not future._withdrawn:
                    future._withdrawn = True
                    self._doomed.append(partial(self._break_future, future, BrokenProcessPool(f"{reason} {detail}".strip())))

    def _break_future(self, future: Future, error: BrokenProcessPool) -> None:
        if self.journal is not None:
            end = now()
            self.journal.batches.append(Failed(future._call, words_of(error), ""))
            self.journal.ends += (future._call, -1, 0, 0, end, end, Outcome.LOST, future._bytes_out, 0)
        _resolve(future.set_exception, error)

    def _fail_doomed(self) -> None:
        """Fail the futures that were found lost while the lock was held. The manager's thread alone adds to the list."""
        doomed, self._doomed = self._doomed, []
        for fail in doomed:
            fail()

    # The end of the pool

    def _flush_journal(self) -> None:
        journal = self.journal
        if journal is not None and (len(journal.ends) >= FULL or len(journal.batches) >= 1024 or len(journal.submits) >= FULL):
            journal.flush()

    def _end(self) -> None:
        with self.lock:
            self.closed = True
            self.wakeup.close()
            if self in managers:
                managers.remove(self)
        base.close_journal(self.journal)


#: Managers whose thread runs.
managers: list[Manager] = []


def _load(placement: Placement) -> int:
    return placement.load


def _items(part: Message) -> tuple[int, int]:
    return part.item, part.item + (part.items or part.n)


def _call(message: Message, entry: int, item: int) -> int:
    if message.run is not None:
        return message.run.first_call + message.item + (item if message.items else entry - message.first)
    future = message.futures[entry - message.first]
    return future._call if future is not None else 0


def _unreadable(error: BaseException) -> BaseException:
    """The error to hand on when the unpickling of a result raised `error`: an ordinary exception, so that no SystemExit of a result ends
    a caller's program."""
    if isinstance(error, Exception):
        return error
    return RuntimeError(f"a result could not be unpickled: {words_of(error)}")


def _resolve(setter: Callable[[Any], None], value: Any) -> None:
    """Resolve a future. Its callbacks may raise anything; the manager must live."""
    try:
        setter(value)
    except BaseException:
        logger.exception("poolviz: a future could not be resolved, or a callback of it raised")


def _readable_now(fd: int) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        return bool(selector.select(0))
