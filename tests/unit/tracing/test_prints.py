"""What calls printed: kept within limits, counted where it is not, gone with the rows."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolviz import observe
from poolviz.events import PoolOpened, Printed
from poolviz.tracing import prints
from poolviz.tracing.prints import Output, Print, Prints, fitting, lines_in, written
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from tests.unit.lawful import announce


@given(st.text("ab\n", max_size=30), st.integers(-3, 40))
def test_what_fits_are_whole_lines_from_the_start(text, room):
    kept, cut = fitting(text, room)
    assert text.startswith(kept) and len(kept) <= max(0, room)
    assert lines_in(kept) + cut == len(text.splitlines())
    assert kept in ("", text) or kept.endswith("\n")


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 8), st.integers(0, 3)), max_size=60))
def test_every_line_is_kept_or_counted(pieces):
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(prints, "OF_CALL", 20)
        limits.setattr(prints, "OF_ALL", 50)
        kept, printed = Prints(), dict.fromkeys((call for call, _, _ in pieces), 0)
        for call, lines, cut in pieces:
            kept.add(Printed(call, 1 + cut % 2, "xyz\n" * lines, cut))
            printed[call] += lines + cut
        found = kept.all()
        assert {call: lines_in(output.text) + output.cut for call, output in found.items()} == printed
        assert max((len(output.text) for output in found.values()), default=0) <= 20
        assert sum(written(output.text) for output in found.values()) <= 50
        kept.forget_before(3)
        assert kept.all() == {call: output for call, output in found.items() if call >= 3}
        kept.forget_before(9)
        assert kept.all() == {} and (kept._bytes, kept._pieces) == (0, 0) and not kept._full


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=80))
def test_calls_and_pieces_that_are_too_many_are_given_up_and_counted(pieces):
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(prints, "PIECES_OF_CALL", 3)
        limits.setattr(prints, "PIECES", 5)
        kept, printed = Prints(), 0
        for call, lines, cut, error in pieces:
            kept.add(Printed(call, 1 + error, "xyz\n" * lines, cut))
            printed += lines + cut
            found = kept.all()
            assert sum(max(1, len(output.pieces)) for output in found.values()) == kept._pieces <= 5
            assert all(len(output.pieces) <= 3 for output in found.values())
            assert sum(lines_in(output.text) + output.cut for output in found.values()) + kept.lines_given_up == printed
        kept.forget_before(99)
        assert kept.all() == {} and (kept._bytes, kept._pieces) == (0, 0)


def test_what_a_call_prints_in_a_row_is_one_piece():
    kept = Prints()
    for _ in range(2_000):
        kept.add(Printed(7, 1, "x\n", 0))
    assert kept.all() == {7: Output([Print("stdout", "x\n" * 2_000)], 0)}


def test_there_is_a_limit_to_the_calls_whose_output_is_kept():
    kept = Prints()
    for call in range(1, prints.PIECES + 101):
        kept.add(Printed(call, 1, "done\n", 1))
    assert list(kept.all()) == list(range(101, prints.PIECES + 101)) and kept.lines_given_up == 200


def test_streams_stay_apart_and_halves_of_characters_are_written_out():
    kept = Prints()
    for fd, text in ((1, "a\n"), (2, "b \udcff\n"), (1, "c\n")):
        kept.add(Printed(7, fd, text, 0))
    assert kept.all() == {7: Output([Print("stdout", "a\n"), Print("stderr", "b \\udcff\n"), Print("stdout", "c\n")], 0)}


def printing(limit):
    """A store, and the trace of its pool 1, with two calls in each of two pools."""
    store = Store(limit)
    twin = type("Twin", (), {"calls": {}})
    first = observe.new_calls(4)
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "process", f"pool {pool}", 1, "spawn"))
        announce(store.on_batch, twin, pool, [(first + 2 * pool - 2, 2, 2000, observe.label_id("work"), -1, 0)])
    return store, Trace(store, View("pool", 1), "t"), first


def test_a_trace_has_the_prints_of_its_own_calls():
    store, trace, first = printing(100)
    for call in (first, first + 2, first + 1):
        store.on_batch(Printed(call, 1, f"call {call - first}\n", call - first))
    assert [(each.row, each.name, each.text, each.cut) for each in trace.prints()] == [
        (0, "work", "call 0\n", 0),
        (1, "work", "call 1\n", 1),
    ]


def test_prints_go_with_the_rows_of_a_full_store():
    store, trace, first = printing(4)
    store.on_batch(Printed(first, 1, "early\n", 0))
    assert len(trace.prints()) == 1
    announce(store.on_batch, type("Twin", (), {"calls": {}}), 1, [(observe.new_calls(4), 4, 3000, 0, -1, 0)])
    store.on_batch(Printed(first, 1, "late\n", 0))
    assert trace.prints() == [] and store.state.prints.all() == {}


def test_prints_go_with_the_last_trace():
    store, trace, first = printing(100)
    store.on_batch(Printed(first, 1, "x\n", 0))
    assert len(trace.prints()) == 1
    del trace
    gc.collect()
    with store.working():
        assert store.state.prints.all() == {}


def test_text_does_not_pile_up_for_a_reader_that_does_not_come(monkeypatch):
    monkeypatch.setattr("poolviz.tracing.store.LOG_LIMIT", 1_000)
    store, trace, first = printing(100)
    reader = store.reader(trace.view)
    for _ in range(20):
        store.on_batch(Printed(first, 1, "x" * 9_999 + "\n", 0))
        assert sum(len(batch.text) for batch in store._log if isinstance(batch, Printed)) <= 110_000
    assert reader.changes() is None, "what it has missed is not made up"
    store.on_batch(Printed(first, 1, "y\n", 0))
    assert [printed.text for printed in reader.changes().prints] == ["y\n"]
    reader.close()
