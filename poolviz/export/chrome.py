"""Chrome trace events, as JSON: opens in Perfetto and in chrome://tracing.

    process "caller"       a track with each submission, and one for each thread that blocked
    process for each pool  a track for each worker: its start, its calls; counters of the calls that wait and that run
    flows                  from each submission to the start of the call

The format is that of "Trace Event Format" (Chromium's document of that name): times in microseconds, here with three decimals, from the
earliest moment of the trace on.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from poolviz import observe
from poolviz.events import Blocked, Exit, Outcome
from poolviz.tracing.answers import Everything
from poolviz.tracing.columns import Table
from poolviz.tracing.trace import Trace

#: Numbers of processes and threads in the file. They are not the machine's: thread pools of one process would not be told apart.
CALLER, SUBMISSIONS, FIRST_POOL, FIRST_THREAD = 1, 100, 10, 1_000
#: How long a submission is drawn, in nanoseconds, if the next one comes no sooner. A flow must begin inside a slice.
SUBMISSION = 1_000

#: What is said of a worker's end; what it died of is said in its own words.
_EXITS = {Exit.NONE: "exits", Exit.ORDERLY: "exits", Exit.DIED: "", Exit.STOPPED: "stopped with the pool", Exit.ENDED: "ended on purpose"}

Event = dict[str, Any]


def render(trace: Trace) -> bytes:
    """The file of a trace, as UTF-8."""
    observe.flush_all()
    everything = trace.store.everything(trace.view)
    writer = _Writer(everything, trace.start)
    other = {
        "title": trace.title,
        "unix_ms_of_trace_start": trace.wall,
        "trace_start_us": (trace.start - writer.base) / 1_000,
        **trace.host,
    }
    events = ",\n".join(writer.events())
    return f'{{"displayTimeUnit":"ms","otherData":{json.dumps(other)},"traceEvents":[\n{events}\n]}}\n'.encode()


class _Writer:
    def __init__(self, everything: Everything, start: int) -> None:
        self._everything = everything
        present, calls = everything.present, everything.calls
        happened = chain(calls["submitted"], everything.waits["start"], (worker.started for worker in present.workers))
        self.base = min(chain((start,), filter(None, happened)))
        self._processes = {pool.pool: FIRST_POOL + at for at, pool in enumerate(present.pools)}
        self._threads = {worker.worker: FIRST_THREAD + at for at, worker in enumerate(present.workers)}
        self._errors = {failed.call: failed.error for failed in everything.errors}

    def events(self) -> Iterator[str]:
        """All events as JSON, those that name things first. Those of which there are several for each call are written by hand."""
        few = chain(self._names(), self._workers(), self._submissions(), self._never_started(), self._waits())
        return chain(map(json.dumps, few), self._calls(), self._counters())

    def _time(self, ns: int) -> float:
        return (ns - self.base) / 1_000

    def _slice(self, pid: int, tid: int, start: int, end: int, name: str, category: str, **args: Any) -> Event:
        duration = max(end - start, 1) / 1_000
        place = {"pid": pid, "tid": tid, "ts": self._time(start)}
        return {"ph": "X", **place, "dur": duration, "name": name, "cat": category, "args": args}

    def _instant(self, pid: int, tid: int, time: int, name: str, category: str, **args: Any) -> Event:
        return {"ph": "i", "s": "t", "pid": pid, "tid": tid, "ts": self._time(time), "name": name, "cat": category, "args": args}

    def _names(self) -> Iterator[Event]:
        def name(kind: str, pid: int, tid: int, text: str) -> Event:
            return {"ph": "M", "pid": pid, "tid": tid, "name": f"{kind}_name", "args": {"name": text}}

        def order(kind: str, pid: int, tid: int) -> Event:
            return {
                "ph": "M",
                "pid": pid,
                "tid": tid,
                "name": f"{kind}_sort_index",
                "args": {"sort_index": pid if kind == "process" else tid},
            }

        present = self._everything.present
        yield from (name("process", CALLER, 0, "caller"), order("process", CALLER, 0))
        yield from (name("thread", CALLER, SUBMISSIONS, "submissions"), order("thread", CALLER, SUBMISSIONS))
        for tid, caller in enumerate(dict.fromkeys(self._everything.waits["caller"]), SUBMISSIONS + 1):
            yield from (name("thread", CALLER, tid, present.callers.get(caller, "")), order("thread", CALLER, tid))
        for pool in present.pools:
            pid = self._processes[pool.pool]
            yield from (name("process", pid, 0, f"{pool.name} ({pool.kind} pool)"), order("process", pid, 0))
        for worker in present.workers:
            pid, tid = self._processes[worker.pool], self._threads[worker.worker]
            yield from (name("thread", pid, tid, f"{worker.name} ({worker.ident})"), order("thread", pid, tid))

    def _workers(self) -> Iterator[Event]:
        for worker in self._everything.present.workers:
            pid, tid = self._processes[worker.pool], self._threads[worker.worker]
            if worker.ready:
                yield self._slice(pid, tid, worker.started, worker.ready, "starts", "worker")
            if worker.exited:
                yield self._instant(pid, tid, worker.exited, _EXITS[Exit(worker.how)] or worker.detail, "worker", detail=worker.detail)

    def _submissions(self) -> Iterator[Event]:
        calls = self._everything.calls
        times = [(time, *group) for time, group in _grouped(_rows(calls, "submitted", "label", "item"))]
        for at, (time, label, item, n) in enumerate(times):
            following = times[at + 1][0] if at + 1 < len(times) else time + SUBMISSION
            name = observe.labels[label]
            what = f"submit {name}" if item < 0 else f"map {name}"
            yield self._slice(CALLER, SUBMISSIONS, time, min(time + SUBMISSION, following), what, "submission", calls=n)

    def _never_started(self) -> Iterator[Event]:
        table = self._everything.calls
        for call, label, started, finished, outcome in _rows(table, "call", "label", "started", "finished", "outcome"):
            if outcome and not started:
                word = Outcome(outcome).name.lower()
                yield self._instant(CALLER, SUBMISSIONS, finished, f"{word}: {observe.labels[label]}", "call", call=call, outcome=word)

    def _calls(self) -> Iterator[str]:
        table, now = self._everything.calls, self._everything.present.now
        words = [outcome.name.lower() for outcome in Outcome]
        words[Outcome.NONE] = "running"
        names = {label: json.dumps(observe.labels[label]) for label in set(table["label"])}
        fields = ("call", "pool", "worker", "label", "item", "submitted", "started", "finished", "outcome", "bytes_out", "bytes_in")
        for call, pool, worker, label, item, submitted, started, finished, outcome, out, back in _rows(table, *fields):
            if not started:
                continue
            pid = self._processes.get(pool, FIRST_POOL)
            tid = self._threads.setdefault(worker, FIRST_THREAD + len(self._threads))
            begin, duration = self._time(started), max((finished or now) - started, 1) / 1_000
            args = f'"call":{call},"outcome":"{words[outcome]}"'
            if item >= 0:
                args += f',"item":{item}'
            if out or back:
                args += f',"bytes_out":{out},"bytes_in":{back}'
            if call in self._errors:
                args += f',"error":{json.dumps(self._errors[call])}'
            where = f'"pid":{pid},"tid":{tid},"ts":{begin:.3f}'
            yield f'{{"ph":"X",{where},"dur":{duration:.3f},"name":{names[label]},"cat":"call","args":{{{args}}}}}'
            flow = f'"id":{call},"name":"submitted","cat":"flow"'
            yield f'{{"ph":"s","pid":{CALLER},"tid":{SUBMISSIONS},"ts":{self._time(submitted):.3f},{flow}}}'
            yield f'{{"ph":"f","bp":"e",{where},{flow}}}'

    def _waits(self) -> Iterator[Event]:
        waits, now = self._everything.waits, self._everything.present.now
        tids = {caller: tid for tid, caller in enumerate(dict.fromkeys(waits["caller"]), SUBMISSIONS + 1)}
        for caller, start, end, kind, call in _rows(waits, "caller", "start", "end", "kind", "call"):
            word = Blocked(kind).name.lower() if kind else "blocked"
            yield self._slice(CALLER, tids[caller], start, end or now, word, "blocked", call=call)

    def _counters(self) -> Iterator[str]:
        table = self._everything.calls
        queue: defaultdict[int, Counter[int]] = defaultdict(Counter)
        running: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for pool, submitted, started, finished in _rows(table, "pool", "submitted", "started", "finished"):
            queue[pool][submitted] += 1
            if started or finished:
                queue[pool][started or finished] -= 1
            if started:
                running[pool][started] += 1
                if finished:
                    running[pool][finished] -= 1
        for word, counted in (("queue", queue), ("running", running)):
            for pool, steps in counted.items():
                level = 0
                for time, step in sorted(steps.items()):
                    level += step
                    if step:
                        pid = self._processes.get(pool, FIRST_POOL)
                        yield f'{{"ph":"C","pid":{pid},"ts":{self._time(time):.3f},"name":"{word}","args":{{"calls":{level}}}}}'


def _rows(table: Table, *names: str) -> Iterator[tuple[int, ...]]:
    return zip(*(table[name] for name in names), strict=True)


def _grouped(records: Iterator[tuple[int, ...]]) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """The calls of each moment as one: the label and item of the first, and how many there are."""
    for time, group in groupby(sorted(records, key=itemgetter(0)), key=itemgetter(0)):
        members = list(group)
        yield time, (members[0][1], members[0][2], len(members))
