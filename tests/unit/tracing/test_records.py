"""Calls as records say what the columns say."""

import threading

import pytest

import poolviz
from poolviz import observe
from poolviz.events import Printed


def fail(x):
    raise ValueError(x)


@pytest.fixture(scope="module")
def trace():
    with poolviz.trace("records") as trace, poolviz.ThreadPoolExecutor(1, thread_name_prefix="w") as pool:
        list(pool.map(abs, range(3)))
        poolviz.wait([pool.submit(fail, 17)])
        gate, started = threading.Event(), threading.Event()
        holding = pool.submit(lambda: (started.set(), gate.wait(60)))
        never = pool.submit(abs, 1)
        assert started.wait(60) and never.cancel()
        gate.set()
        holding.result(60)
    observe.emit(Printed(trace.calls["call"][1], 1, "hello\n", 0))
    return trace


def test_a_record_has_what_the_columns_have(trace):
    columns = trace.calls
    for row, number in enumerate(columns["call"]):
        call = trace.call(number)
        assert (call.row, call.call) == (row, number)
        for name in ("name", "item", "outcome", "caller", "bytes_out", "bytes_in"):
            assert getattr(call, name) == columns[name][row]
        for name in ("submitted", "sent", "started", "finished", "delivered", "consumed"):
            assert getattr(call, name) == (None if columns[name][row] == -1 else columns[name][row])
    by_name = {trace.call(number).name: trace.call(number) for number in columns["call"]}
    assert by_name["fail"].error == "ValueError: 17" and "in fail" in by_name["fail"].traceback
    # What the pool itself does is not the user's matter.
    assert "poolviz" not in by_name["fail"].traceback.replace(__file__, "")
    assert by_name["fail"].worker == "w_0" and by_name["fail"].output == ""
    assert trace.call(columns["call"][1]).output == "hello\n"
    never = trace.call(columns["call"][5])
    assert (never.outcome, never.worker, never.started) == ("cancelled", "", None)


def test_a_number_that_is_not_there(trace):
    for number in (0, trace.calls["call"][0] - 1, trace.calls["call"][-1] + 1):
        with pytest.raises(KeyError):
            trace.call(number)


def test_a_span_has_the_calls_that_ran_in_it(trace):
    calls = [trace.call(number) for number in trace.calls["call"]]
    ran = [call for call in calls if call.started is not None]
    assert len(ran) == 5
    assert trace.between(0, ran[-1].finished + 1) == ran
    assert trace.between(-5, ran[0].started) == []
    one = ran[3]
    assert trace.between(one.started, one.started + 1) == [one]
    assert trace.between(ran[1].started, ran[2].started + 1) == ran[1:3]


def test_what_runs_is_in_a_span_up_to_now():
    gate, started = threading.Event(), threading.Event()
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (started.set(), gate.wait(60)))
        assert started.wait(60)
        [running] = pool.trace.between(0, 10**18)
        assert running.outcome == "none" and running.started is not None and running.finished is None
        gate.set()
