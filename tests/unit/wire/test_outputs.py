"""What calls printed, on its way to a page: within limits, and what is missing is counted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from poolviz import observe
from poolviz.events import PoolOpened, Printed
from poolviz.tracing.prints import lines_in
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire import outputs
from poolviz.wire.codec import pack, unpack
from poolviz.wire.feed import Feed
from poolviz.wire.outputs import Outputs
from tests.unit.lawful import announce


def page(tables, known=None):
    """What a page knows of the output of each row."""
    known = {} if known is None else known
    for row, text, cut in tables.get("prints", []):
        before = known.get(row, ("", 0))
        known[row] = (before[0] + text, before[1] + cut)
    return known


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9), st.integers(0, 2)), max_size=60))
def test_lines_are_told_from_the_first_on_and_all_others_counted(pieces):
    limits = {"OF_CALL": 20, "CALLS": 4}
    saved = {name: getattr(outputs, name) for name in limits}
    try:
        for name, limit in limits.items():
            setattr(outputs, name, limit)
        told, known, printed = Outputs(60), {}, {}
        for at, (call, lines, cut) in enumerate(pieces):
            text = "".join(f"{at % 10}{line % 10}\n" for line in range(lines))
            before = printed.get(call, ("", 0))
            printed[call] = (before[0] + text, before[1] + cut)
            tables = told.table([(call, text, cut)], 1)
            page(tables, known)
    finally:
        for name, limit in saved.items():
            setattr(outputs, name, limit)
    assert len(known) == min(4, len(printed))
    if pieces:
        assert tables.get("prints_omitted", 0) == len(printed) - len(known)
    for row, (text, cut) in known.items():
        whole, missing = printed[row + 1]
        assert whole.startswith(text) and len(text) <= 20
        assert lines_in(text) + cut == lines_in(whole) + missing
    assert sum(len(text) for text, _ in known.values()) <= 60


def test_deltas_say_what_a_snapshot_says_and_neither_says_it_of_other_traces():
    store = Store()
    twin = type("Twin", (), {"calls": {}})
    first = observe.new_calls(4)
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "process", "pool", 1, "spawn"))
        announce(store.on_batch, twin, pool, [(first + 2 * pool - 2, 2, 2000, 0, -1, 0)])
    trace = Trace(store, View("pool", 1), "t")
    feed = Feed(trace)
    feed.snapshot()
    known = {}
    for call, text in ((0, "one\n"), (2, "another pool's\n"), (1, "half \udcff\n"), (0, "two\n")):
        store.on_batch(Printed(first + call, 1, text, call))
        message = feed.delta()
        assert (message is None) == (call == 2)
        if message is not None:
            page(unpack(pack(message)).header, known)
    assert known == {0: ("one\ntwo\n", 0), 1: ("half \\udcff\n", 1)}
    assert page(feed.snapshot().header) == known
    assert feed.delta() is None
