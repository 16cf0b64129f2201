"""How events are paired with the messages and frames that show them."""

from benchmarks.figures import Figure, table
from benchmarks.latency import stages


def test_each_event_is_paired_with_the_first_message_and_frame_that_know_of_it():
    drawn = [(0.0, 0), (50.0, 1), (60.0, 1), (110.0, 3)]
    told = [(40.0, 30.0, 1), (100.0, 80.0, 3)]
    found = stages([10, 55, 70], drawn, told)
    assert found.whole == [40, 55, 40]
    assert found.told == [20, 25, 10]
    assert found.travelled == [10, 20, 20]
    assert found.drawn == [10, 10, 10]
    assert [sum(parts) for parts in zip(*found[1:], strict=True)] == found.whole


def test_what_came_before_the_first_frame_or_was_never_shown_is_left_out():
    assert stages([5, 20, 30], [(10.0, 0), (40.0, 2)], [(35.0, 25.0, 2)]).whole == [20]


def test_counts_that_fall_back_show_no_less():
    assert stages([1, 2], [(0.0, 0), (10.0, 2), (20.0, 1)], [(5.0, 4.0, 2), (15.0, 14.0, 1)]).whole == [9, 8]


def test_a_figure_says_whether_it_was_reached():
    text = table([Figure("short", 1, 2, "ms"), Figure("a long name", 3, 2, "%"), Figure("told", 4, None, "ms")])
    assert text.splitlines() == [
        "short            1.00 ms  under 2 ms",
        "a long name      3.00 %   under 2 %  missed",
        "told             4.00 ms",
    ]
