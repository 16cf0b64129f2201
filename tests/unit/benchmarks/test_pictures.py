"""The runs that are drawn, and what is said of the results. tests/browser draws one."""

from array import array
from types import SimpleNamespace

from benchmarks.pictures import environment, others, report, runs
from benchmarks.pictures.gestures import Result
from poolviz.events import Outcome


def test_a_run_is_as_large_as_asked_and_no_lane_does_two_things_at_once(tmp_path):
    run = runs.simulate(1003)
    assert {len(column) for column in run} == {1003} and list(run.start) == sorted(run.start)
    ends = [0] * runs.LANES
    for lane, start, end in zip(run.lane, run.start, run.end, strict=True):
        assert ends[lane] <= start < end
        ends[lane] = end
    run.write(tmp_path / "run")
    assert others.read(tmp_path / "run") == list(run) == list(runs.simulate(1003))


def test_the_trace_of_a_run_has_its_bars():
    run = runs.simulate(4000)
    trace = runs.trace_of(run)
    calls = trace.calls
    assert trace.counts() | {"total": 4000, "pending": 0, "running": 0, "failed": sum(run.failed)} == trace.counts()
    assert sum(run.failed) > 0, "a run in which nothing fails shows less than it should"
    assert calls["started"] == array("q", (time - trace.start for time in run.start))
    assert [outcome == Outcome.RAISED.name.lower() for outcome in calls["outcome"]] == list(map(bool, run.failed))
    assert len(trace.workers) == runs.LANES


def result(*costs, unusable=""):
    return Result(0 if unusable else 1500, list(costs), unusable)


def test_the_table_says_who_was_unusable_and_where_ours_is_not_faster():
    slow, quick = [float(n) for n in range(20, 40)], [float(n) for n in range(1, 21)]
    results = {
        1000: {report.OURS: [result(*quick), result(*quick)], "slower": [result(*slow)] * 2, "dead": [result(unusable="no picture")]},
        2000: {report.OURS: [result(*quick)], "same": [result(*quick)]},
    }
    assert report.text(results).splitlines()[:4] == [
        "bars   drawn by  opened  frame, p50  frame, p95",
        "1,000  poolviz   1.5 s   10 ms       20 ms",
        "1,000  slower    1.5 s   30 ms       39 ms",
        "1,000  dead              unusable: no picture",
    ]
    assert "| 1,000 | dead |  | unusable: no picture |  |" in report.markdown(results, "Here").splitlines()
    assert report.misses(results) == ["2,000 bars: same is not slower"]


def test_a_page_of_ours_that_is_unusable_is_a_miss():
    assert report.misses({5: {report.OURS: [result(unusable="slow")], "other": [result(*map(float, range(20)))]}})


def test_where_no_python_is_new_enough_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "find", lambda name: None)
    python, words = environment.prepare("anytimeline", tmp_path)
    assert python is None
    assert words == "anytimeline==0.3.0 needs Python 3.12 or newer, and there is none on this machine"


def test_what_cannot_be_installed_is_said_with_its_reason(tmp_path, monkeypatch):
    home = tmp_path / "anytimeline==0.3.0"

    def run(command, **_):
        home.mkdir(exist_ok=True)
        return SimpleNamespace(returncode=1, stderr="much\nERROR: no such package\n")

    monkeypatch.setattr(environment.subprocess, "run", run)
    monkeypatch.setattr(environment, "find", lambda name: "another python")
    assert environment.prepare("anytimeline", tmp_path) == (None, "anytimeline==0.3.0 cannot be installed: ERROR: no such package")
    assert not (home / ".ready").exists()
