"""From a selection to calls."""

import pytest

import poolviz
from poolviz.timeline.selected import calls_of


@pytest.fixture(scope="module")
def trace():
    with poolviz.ThreadPoolExecutor(1) as pool:
        list(pool.map(abs, range(20)))
    return pool.trace


def test_a_call_is_known_by_its_number_or_by_its_row(trace):
    numbers = trace.calls["call"]
    assert [call.item for call in calls_of(trace, {"kind": "call", "call": numbers[7], "row": 3}, 0)] == [7]
    assert [call.item for call in calls_of(trace, {"kind": "call", "row": 7}, numbers[0])] == [7]


def test_a_span_may_be_told_from_either_end(trace):
    start, end = trace.calls["started"][3], trace.calls["started"][5] + 1
    for one, other in ((start, end), (end, start), (float(start), float(end))):
        found = calls_of(trace, {"kind": "span", "start": one, "end": other}, 0)
        assert [call.item for call in found] == [3, 4, 5]


@pytest.mark.parametrize(
    "selection",
    [
        None,
        {},
        {"kind": "call"},
        {"kind": "call", "call": "7"},
        {"kind": "call", "call": 0},
        {"kind": "span", "start": 1},
        {"kind": "other"},
    ],
)
def test_nonsense_selects_nothing(trace, selection):
    assert calls_of(trace, selection, 10**9) == []


def test_a_timeline_says_what_is_selected(trace, front_end):
    timeline = poolviz.Timeline(trace)
    assert timeline.selected == []
    timeline.selection = {"kind": "call", "row": 4}
    assert [call.item for call in timeline.selected] == [4]
    timeline.selection = {"kind": "call", "call": trace.calls["call"][6]}
    assert [(call.item, call.name) for call in timeline.selected] == [(6, "abs")]
    timeline.close()
