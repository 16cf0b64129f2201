"""The Chrome trace, held against its format's description. tests/browser/test_perfetto.py has Perfetto itself read one."""

import json
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

import poolviz
from poolviz.export import chrome

#: What "Trace Event Format" asks of an event of each phase that we use.
REQUIRED = {
    "M": {"pid", "tid", "name", "args"},
    "X": {"pid", "tid", "ts", "dur", "name", "cat", "args"},
    "i": {"pid", "tid", "ts", "name", "cat", "s", "args"},
    "s": {"pid", "tid", "ts", "id", "name", "cat"},
    "f": {"pid", "tid", "ts", "id", "name", "cat", "bp"},
    "C": {"pid", "ts", "name", "args"},
}


def fail(x):
    raise ValueError(x)


@pytest.fixture(scope="module")
def trace():
    with poolviz.trace("chrome") as trace:
        with poolviz.ThreadPoolExecutor(1, thread_name_prefix="first") as pool:
            poolviz.wait([pool.submit(fail, 17)])
            futures = [pool.submit(abs, n) for n in range(20)]
            cancelled = sum(future.cancel() for future in futures)
        with poolviz.ThreadPoolExecutor(2, thread_name_prefix="second") as pool:
            list(pool.map(abs, range(20)))
    assert trace.counts()["cancelled"] == cancelled
    return trace


@pytest.fixture(scope="module")
def events(trace):
    return json.loads(chrome.render(trace))["traceEvents"]


def of(events, phase, category=None):
    return [event for event in events if event["ph"] == phase and category in (None, event.get("cat"))]


def test_each_event_has_what_the_format_asks(events):
    for event in events:
        assert event.keys() == REQUIRED[event["ph"]] | {"ph"}
        assert event.get("ts", 0) >= 0 and event.get("dur", 1) > 0
        assert all(isinstance(event[key], int) for key in ("pid", "tid") if key in event)


def test_each_call_is_a_slice_on_its_workers_track(trace, events):
    slices, calls = of(events, "X", "call"), trace.calls
    ran = [row for row, started in enumerate(calls["started"]) if started >= 0]
    assert len(slices) == len(ran)
    tracks = {event["tid"]: event["args"]["name"] for event in of(events, "M") if event["name"] == "thread_name"}
    times = json.loads(chrome.render(trace))["otherData"]
    for row, event in zip(ran, slices, strict=True):
        assert event["name"] == calls["name"][row]
        assert event["args"]["outcome"] == calls["outcome"][row]
        assert round((event["ts"] - times["trace_start_us"]) * 1000) == calls["started"][row]
        assert round(event["dur"] * 1000) == max(calls["finished"][row] - calls["started"][row], 1)
        assert tracks[event["tid"]].startswith("first" if row < 21 else "second")
    assert slices[0]["args"]["error"] == "ValueError: 17"
    by_track = defaultdict(list)
    for event in of(events, "X", "call"):
        by_track[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for spans in by_track.values():
        spans.sort()
        assert all(end <= start + 0.002 for (_, end), (start, _) in pairwise(spans)), "a worker runs one at a time"


def test_each_slice_has_a_flow_from_its_submission(events):
    starts, ends = of(events, "s"), of(events, "f")
    assert sorted(e["id"] for e in starts) == sorted(e["id"] for e in ends) == sorted(e["args"]["call"] for e in of(events, "X", "call"))
    submissions = [(e["ts"], e["ts"] + e["dur"]) for e in of(events, "X", "submission")]
    for event in starts:
        assert any(begin <= event["ts"] < end for begin, end in submissions)
    slices = {(e["tid"], e["ts"]) for e in of(events, "X", "call")}
    assert all((event["tid"], event["ts"]) in slices for event in ends)


def test_what_never_ran_is_an_instant(trace, events):
    assert Counter(e["name"] for e in of(events, "i", "call")) == Counter({"cancelled: abs": trace.counts()["cancelled"]})


def test_counters_begin_and_end_at_nothing(events):
    levels = defaultdict(list)
    for event in of(events, "C"):
        levels[event["pid"], event["name"]].append((event["ts"], event["args"]["calls"]))
    assert len(levels) == 4
    for (_, name), steps in levels.items():
        assert steps == sorted(steps, key=lambda step: step[0])
        assert steps[-1][1] == 0 and min(level for _, level in steps) == 0
        assert max(level for _, level in steps) >= 1
        if name == "running":
            assert max(level for _, level in steps) <= 2


def test_bytes_are_told_of_processes_alone(events):
    assert not any("bytes_out" in event["args"] for event in of(events, "X", "call"))
    with poolviz.ProcessPoolExecutor(1) as pool:
        pool.submit(len, "x" * 5_000).result(60)
    [told] = of(json.loads(chrome.render(pool.trace))["traceEvents"], "X", "call")
    assert told["args"]["bytes_out"] > 5_000 > told["args"]["bytes_in"] > 0


def test_names_that_are_hostile_are_only_names():
    with poolviz.trace('"\\</script>') as trace, poolviz.ThreadPoolExecutor(1) as pool:
        pool.options(label='"},{"ph":"X\n\udcff').submit(abs, 1)
    read = json.loads(chrome.render(trace))
    assert read["otherData"]["title"] == '"\\</script>'
    assert [e["name"] for e in of(read["traceEvents"], "X", "call")] == ['"},{"ph":"X\n\\udcff']


def test_an_empty_trace():
    with poolviz.trace() as trace:
        pass
    assert {event["ph"] for event in json.loads(chrome.render(trace))["traceEvents"]} == {"M"}
