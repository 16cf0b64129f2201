"""What is kept takes no more bytes than it may, and says what it leaves out."""

import random
from array import array
from collections import Counter

import pytest

from poolviz import observe
from poolviz.events import Consumed, Ended, Failed, Outcome, PoolOpened, Submitted, Waited, WorkerStarted
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.codec import NEVER, NONE, decode, pack, unpack
from poolviz.wire.feed import Feed
from poolviz.wire.sections import NO_LANE

START = 10**12
FAILED = (Outcome.RAISED, Outcome.LOST, Outcome.CANCELLED)


def run(calls, lanes=4, failing=0.0, names=1, workers=None):
    """A trace of short calls; half of them are submitted one by one."""
    chance = random.Random(7)
    store = Store(limit=2 * calls + 1)
    store.on_batch(PoolOpened(1, START, "process", "pool", lanes, "spawn"))
    for worker in range(1, (workers or lanes) + 1):
        store.on_batch(WorkerStarted(1, worker, START, f"worker {worker}", 4_000 + worker))
    first = observe.new_calls(calls)
    half = calls // 2
    labels = [observe.label_id(f"work {i}") for i in range(names)]
    alone = [(first + half + i, 1, START + 3_000 * i, labels[i % names], -1, 0) for i in range(calls - half)]
    records = [(first, half, START, labels[0], 0, 0), *alone]
    store.on_batch(Submitted(1, *(array("q", column) for column in zip(*records, strict=True))))
    free = [START + 10**6] * lanes
    ends, takes, waits = [], [], []
    for row in range(calls):
        lane = row % lanes
        start = free[lane] + chance.randrange(5_000)
        end = free[lane] = start + chance.randrange(10_000, 90_000)
        outcome = chance.choice(FAILED) if chance.random() < failing else Outcome.RETURNED
        if outcome == Outcome.CANCELLED:
            ends.append((first + row, -1, 0, 0, end, end, outcome, 0, 0))
        else:
            ends.append((first + row, lane + 1, start - 1_000, start, end, end + 2_000, outcome, 0, 0))
        takes.append((first + row, end + 4_000, 1))
        waits.append((1, end, end + 4_000, 1, first + row))
    store.on_batch(Ended(1, *(array("q", column) for column in zip(*ends, strict=True))))
    store.on_batch(Consumed(*(array("q", column) for column in zip(*takes, strict=True))))
    store.on_batch(Waited(*(array("q", column) for column in zip(*waits, strict=True))))
    return Trace(store, View("pool", 1, start=START), "a run")


def kept(trace, limit):
    """What is kept: its header and columns, after the way into a file and back; never larger than the limit."""
    feed = Feed(trace)
    blob = pack(feed.snapshot(limit))
    feed.close()
    assert len(blob) <= limit
    message = unpack(blob)
    return message.header, decode(message)


def records(columns, section):
    return list(zip(*columns[section].values(), strict=True)) if section in columns else []


def outcomes_of(columns):
    counts = Counter(columns.get("ended", {}).get("outcome", ()))
    for _batch, _lane, outcome, _start, _end, calls in records(columns, "summaries"):
        counts[outcome] += calls
    return counts


def busy_of(columns):
    busy = Counter()
    for _row, lane, _sent, started, finished, _delivered, outcome, *_bytes in records(columns, "ended"):
        busy[lane, outcome] += finished - started if started != NEVER else 0
    for _batch, lane, outcome, start, end, _calls in records(columns, "summaries"):
        busy[lane, outcome] += end - start if start != NEVER else 0
    return +busy


def test_what_fits_is_kept_in_full():
    header, columns = kept(run(500, failing=0.1), 10**6)
    assert header["kept"] and "summarised" not in header
    assert len(columns["ended"]["row"]) == 500
    assert "summaries" not in columns


@pytest.mark.slow
@pytest.mark.parametrize("limit", [150_000, 400_000])
def test_failed_calls_are_exact_and_sums_are_right(limit):
    trace = run(60_000, failing=0.01)
    whole_header, whole = kept(trace, 10**8)
    header, columns = kept(trace, limit)
    failed = {record for record in records(whole, "ended") if record[6] != Outcome.RETURNED}
    assert {record[0] for record in failed} <= set(columns["ended"]["row"])
    assert header["counts"] == whole_header["counts"]
    assert outcomes_of(columns) == outcomes_of(whole)
    assert busy_of(columns) == busy_of(whole)
    assert header["summarised"] == sum(columns["summaries"]["calls"]) == 60_000 - len(columns["ended"]["row"])


@pytest.mark.slow
def test_queue_and_takes_are_told_for_all():
    header, columns = kept(run(60_000, failing=0.001), 150_000)
    announced = sum(columns["calls"]["count"]) if "calls" in columns else 0
    assert announced + sum(columns["arrivals"]["calls"]) == header["counts"]["total"]
    assert announced == len(columns["ended"]["row"])
    assert 300 < list(columns["consumed"]["row"]).count(NONE) < 20_000
    assert sum(columns["waits"]["times"]) == 60_000


@pytest.mark.slow
def test_failures_that_do_not_fit_are_summarised_by_outcome():
    trace = run(60_000, failing=0.9)
    header, columns = kept(trace, 100_000)
    _, whole = kept(trace, 10**8)
    assert outcomes_of(columns) == outcomes_of(whole)
    assert header["summarised"] > 50_000
    lost = [record for record in records(columns, "summaries") if record[2] == Outcome.CANCELLED]
    assert lost and all(lane == NO_LANE and start == NEVER for _, lane, _, start, _, _ in lost)


@pytest.mark.slow
def test_names_errors_and_workers_do_not_break_the_limit():
    trace = run(20_000, failing=0.5, names=20_000, workers=3_000)
    for row in range(300):
        trace.store.on_batch(Failed(min(trace.store.state.columns.base + row, 10**9), "E: " + "x" * 490, "tb " * 3_000))
    header, columns = kept(trace, 200_000)
    assert header["errors_omitted"] > 0
    named = {label for _first, _count, _submitted, label, _item in records(columns, "calls")}
    assert named <= set(range(len(header["labels"]["names"])))
    assert len(header["lanes"]) < 3_000


@pytest.mark.slow
def test_a_limit_of_next_to_nothing_still_counts():
    header, columns = kept(run(20_000, failing=0.5), 3_000)
    assert header["counts"]["total"] == 20_000
    assert sum(outcomes_of(columns).values()) == 20_000


def test_the_stream_goes_on_as_if_nothing_had_been_kept():
    trace = run(300)
    feed, other = Feed(trace), Feed(trace)
    for each in (feed, other):
        each.snapshot()
        each.delta(always=True)
    state = trace.store.state
    call = observe.new_calls()
    trace.store.on_batch(Submitted(1, *(array("q", [n]) for n in (call, 1, START + 10**9, observe.label_id("another"), -1, 0))))
    assert feed.snapshot(10**6).header["seq"] == feed.snapshot(10_000).header["seq"] == 0
    assert feed.done is other.done is False
    assert state.tally.submitted.total() == 301
    one, same = feed.delta(), other.delta()
    assert one.buffers == same.buffers
    assert {**one.header, "now": 0} == {**same.header, "now": 0}
    feed.close()
    other.close()


def test_the_rows_of_a_view_that_begins_late_are_not_given_up():
    """The stream counts from a call of another pool, whose rows have gone; what is kept counts from its own first call."""
    store = Store(limit=400)
    trace = Trace(store, View("pool", 1, start=START), "a run")
    store.on_batch(PoolOpened(1, START, "thread", "pool", 2, ""))
    store.on_batch(WorkerStarted(1, 1, START, "worker", 4_000))
    feed = Feed(trace)
    feed.snapshot()
    first, label = observe.new_calls(410), observe.label_id("work")
    store.on_batch(Submitted(2, *(array("q", (value,)) for value in (first, 400, START, label, -1, 0))))
    store.on_batch(Submitted(1, *(array("q", (value,)) for value in (first + 400, 10, START, label, -1, 0))))
    for row in range(400, 410):
        time = START + row
        store.on_batch(Ended(1, *(array("q", (value,)) for value in (first + row, 1, time, time, time + 1, time + 2, 1, 0, 0))))
    message = unpack(pack(feed.snapshot(100_000)))
    feed.close()
    assert message.header["origin"] == first + 400
    assert "first_row" not in message.header
    assert list(decode(message)["ended"]["row"]) == list(range(10))
