"""How busy workers were, by the runs that Python and TypeScript share, in the summary and in the kept picture."""

import json
from array import array
from pathlib import Path

import pytest

from poolviz import clock, observe
from poolviz.events import Ended, Outcome, PoolOpened, Running, Submitted, WorkerExited, WorkerReady, WorkerStarted
from poolviz.export import still
from poolviz.tracing.durations import duration
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.feed import Feed

VECTORS = Path(__file__).parents[2] / "vectors"
RUNS = json.loads((VECTORS / "busy.json").read_text())["runs"]
START, MS = 10**12, 10**6


def columns(records, width):
    return [array("q", column) for column in zip(*records, strict=True)] if records else [array("q") for _ in range(width)]


@pytest.fixture
def trace_of(monkeypatch):
    def make(run):
        def time(ms):
            return 0 if ms is None else START + ms * MS

        monkeypatch.setattr(clock, "now", lambda: time(run["now"]))
        store = Store()
        store.on_batch(PoolOpened(1, START, "process", "pool", len(run["workers"]), "spawn"))
        for number, worker in enumerate(run["workers"], 1):
            store.on_batch(WorkerStarted(1, number, time(worker["started"]), f"worker {number}", 40 + number))
            if worker["ready"] is not None:
                store.on_batch(WorkerReady(1, number, time(worker["ready"])))
            if worker["exited"] is not None:
                store.on_batch(WorkerExited(1, number, time(worker["exited"]), ""))
        forgotten = run.get("forgotten", [])
        calls = list(enumerate(forgotten + run["calls"], observe.new_calls(0)))
        if forgotten:
            store.state.limit = len(run["calls"])
        label = observe.label_id("work")
        store.on_batch(Submitted(1, *columns([(n, 1, time(call["submitted"]), label, -1, 0) for n, call in calls], 6)))
        ended = [
            (n, call["worker"] + 1 or -1, 0, time(call["started"]), time(call["finished"]), time(call["finished"]), outcome, 0, 0)
            for n, call in calls
            if (outcome := Outcome[call["outcome"].upper()])
        ]
        store.on_batch(Ended(1, *columns(ended, 9)))
        running = [(n, call["worker"] + 1, time(call["started"])) for n, call in calls if call["outcome"] == "none" and call["started"]]
        store.on_batch(Running(1, *columns(running, 3)))
        return Trace(store, View("pool", 1, start=START), "a run")

    return make


def percent(share):
    return f"{share:.0%} busy"


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["name"])
def test_summary_and_kept_picture_say_the_same(run, trace_of):
    trace = trace_of(run)
    summary = trace.summary()
    assert summary.makespan == run["elapsed"] * MS
    assert summary.utilisation == pytest.approx(run["utilisation"] or 0.0)
    text = still.draw(Feed(trace).snapshot())
    assert f" · {duration(run['elapsed'] * MS)}" in text
    assert ("workers" in text) == (run["utilisation"] is not None)
    if run["utilisation"] is not None:
        assert f"workers {percent(run['utilisation'])}" in text
    for number, share in enumerate(run["lanes"], 1):
        assert (f"worker {number} · " in text) == (share is not None)
        if share is not None:
            assert f"worker {number} · {percent(share)}" in text


def test_the_summary_does_not_say_what_it_does_not_know(trace_of):
    [run] = [run for run in RUNS if run["name"].startswith("while nothing that is kept has started")]
    text = repr(trace_of(run).summary())
    assert "4 older calls are not in the figures below" in text
    assert "utilisation" not in text
    assert "speed-up" not in text
    run = {**run, "forgotten": run["forgotten"][:1]}
    assert "1 older call is not in the figures below" in repr(trace_of(run).summary())
    assert "1 older call is no longer kept" in still.draw(Feed(trace_of(run)).snapshot())


@pytest.mark.parametrize(("ns", "words"), json.loads((VECTORS / "durations.json").read_text())["durations"])
def test_lengths_of_time_in_words(ns, words):
    assert duration(ns) == words
