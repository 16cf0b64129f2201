"""What the table says of figures: seconds for each operation of ours and of a peer."""

import pytest

from benchmarks.measure import OURS, Case, Goal, Run, measure
from benchmarks.table import rows, table


def case(score="ratio", unit="rate", *goals, contenders=lambda run, stack: {}):
    return Case("name", "a title", unit, score, 3, contenders, goals)


def test_a_ratio_is_that_of_the_medians_and_its_range_that_of_pairs():
    (row,) = rows(case(), {OURS: [1.0, 2.0, 4.0], "peer": [6.0, 6.0, 4.0]})
    assert (row.ratio, row.low, row.high, row.best) == (3.0, 1.0, 6.0, 4.0)
    assert row.reached is None


@pytest.mark.parametrize(("at_least", "reached"), [(3.0, True), (3.1, False)])
def test_a_ratio_must_reach_its_goal(at_least, reached):
    (row,) = rows(case("ratio", "rate", Goal("peer", at_least, 9)), {OURS: [1.0], "peer": [3.0]})
    assert row.reached is reached
    assert ("missed" in table([row])) is not reached


@pytest.mark.parametrize(("at_least", "reached"), [(5.0, True), (3.0, False)])
def test_an_excess_must_stay_below_its_goal(at_least, reached):
    (row,) = rows(case("excess", "time", Goal("peer", at_least, 1)), {OURS: [0.012], "peer": [0.008]})
    assert row.ratio == pytest.approx(4.0)  # milliseconds
    assert row.reached is reached


@pytest.mark.parametrize(("at_least", "reached"), [(120, True), (80, False)])
def test_an_amount_stands_for_itself(at_least, reached):
    (row,) = rows(case("amount", "bytes", Goal("", at_least, 60)), {OURS: [87.0]})
    assert row.ratio == 87.0
    assert row.reached is reached


def test_a_goal_holds_for_its_peer_alone():
    first, second = rows(case("ratio", "rate", Goal("a", 1, 2)), {OURS: [1.0], "a": [2.0], "b": [2.0]})
    assert (first.reached, second.reached) == (True, None)


def test_figures_are_shown_in_a_unit_that_suits_them():
    (row,) = rows(case(), {OURS: [1e-6, 1e-6], "peer": [5e-4, 2.5e-4]})
    text = table([row])
    assert "1.00 M/s (1.00..1.00)" in text
    assert "3.00 k/s (2.00..4.00)" in text


@pytest.mark.slow
def test_contenders_take_turns():
    order = []

    def contenders(run, stack):
        stack.callback(order.append, "closed")
        return {name: lambda name=name: order.append(name) or 1.0 for name in (OURS, "peer")}

    figures = measure(case(contenders=contenders), Run())
    assert order == [OURS, "peer"] * 3 + ["closed"]
    assert figures == {OURS: [1.0] * 3, "peer": [1.0] * 3}
