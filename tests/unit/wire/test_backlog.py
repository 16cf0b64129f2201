"""A page that is told less than all still knows how much there is, and in the end has all."""

from array import array
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolviz import observe
from poolviz.events import Ended, PoolClosed, PoolOpened, Submitted, WorkerStarted
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire import backlog
from poolviz.wire.codec import NEVER, decode
from poolviz.wire.feed import Feed
from tests.unit.lawful import Twin, make_scopes, play, steps


class Page:
    """What the page's model does with ends, takings and summaries, in its simplest form."""

    def __init__(self):
        self.ends, self.takes, self.summaries = {}, {}, {}

    def take(self, message):
        columns = decode(message)
        if message.header["kind"] == "snapshot":
            self.__init__()
        for batch in message.header.get("follows", ()):
            assert batch in self.summaries, "nothing follows that was not summarised"
            del self.summaries[batch]
        for row, *cells in records(columns, "ended"):
            assert self.ends.setdefault(row, cells) == cells
        self.takes |= {row: time for row, time, _caller in records(columns, "consumed")}
        for batch, *cells in records(columns, "summaries"):
            assert batch
            self.summaries.setdefault(batch, []).append(cells)
        self.header = message.header

    @property
    def summarised(self):
        return sum(calls for cells in self.summaries.values() for *_, calls in cells)

    def busy(self):
        """Calls and busy time for each lane and outcome."""
        calls, busy = Counter(), Counter()
        for lane, _sent, started, finished, _delivered, outcome, *_sizes in self.ends.values():
            calls[lane, outcome] += 1
            busy[lane, outcome] += finished - started if started != NEVER else 0
        for cells in self.summaries.values():
            for lane, outcome, start, end, n in cells:
                calls[lane, outcome] += n
                busy[lane, outcome] += end - start if start != NEVER else 0
        return calls, +busy


def records(columns, section):
    return zip(*columns[section].values(), strict=True) if section in columns else ()


def made():
    scope_ids, store, twin = make_scopes(), Store(), Twin()
    for label in range(5):
        observe.label_id(f"work {label}")
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "thread", f"pool {pool}", 5, ""))
        for worker in range(1, 5):
            store.on_batch(WorkerStarted(pool, worker + 4 * (pool - 1), 1000, f"worker {pool}.{worker}", 1))
    return scope_ids, store, twin, Trace(store, View("pool", 1), "t")


def follow(feed, page):
    """Take messages until the page has been told all; there is a limit to them."""
    for _ in range(1000):
        message = feed.delta()
        if message is None:
            return
        page.take(message)
    raise AssertionError("it never ends")


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, min_size=1, max_size=5), st.sets(st.integers(0, 4)), st.integers(0, 3))
def test_it_knows_how_much_there_is_and_has_all_in_the_end(rounds, resyncs, failures):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backlog, "PART", 8 * failures + 3)
        patch.setattr(backlog, "ENDS", 1)
        scope_ids, store, twin, trace = made()
        feed, page = Feed(trace), Page()
        page.take(feed.snapshot())
        first = observe.new_calls(0)
        for i, lives in enumerate(rounds):
            first = play(lives, store.on_batch, twin, first, scope_ids)
            message = feed.snapshot() if i in resyncs else feed.delta()
            if message is not None:
                page.take(message)
            fresh = Page()
            other = Feed(trace)
            fresh.take(other.snapshot())
            shift = feed.origin - other.origin
            other.close()
            assert page.busy() == fresh.busy()
            assert page.header.get("behind", 0) == page.summarised
            assert feed.busy or not page.summarised
        follow(feed, page)
        assert (page.summarised, page.header.get("behind", 0), feed.delta()) == (0, 0, None)
        assert {row + shift: cells for row, cells in page.ends.items()} == fresh.ends
        assert {row + shift: time for row, time in page.takes.items()} == fresh.takes
        feed.close()


def bulk(trace, n, failed=0):
    """Tell of calls of one worker: of each fifty the first ones failed."""
    first = observe.new_calls(n)
    trace.store.on_batch(Submitted(1, *(array("q", [value]) for value in (first, n, 1000, 0, 0, 0))))
    ends = [
        (first + i, 1, 0, 10 * (first + i), 10 * (first + i) + 9 - i * i % 7, 10**9, 2 if i % 50 < failed else 1, 0, 0) for i in range(n)
    ]
    trace.store.on_batch(Ended(1, *(array("q", column) for column in zip(*ends, strict=True))))


def ends_of(n, feed):
    """A table of ends, as a store has it, of calls that the feed's page has rows for."""
    first = feed.origin + 10_000
    columns = {name: array("q", range(first, first + n)) for name in ("call", "sent", "started", "finished", "delivered")}
    return columns | {name: array("q", (1,)) * n for name in ("worker", "outcome", "bytes_out", "bytes_in")}


@pytest.fixture
def live(monkeypatch):
    """A trace, its feed and its page, with room for next to nothing."""
    monkeypatch.setattr(backlog, "PART", 50)
    monkeypatch.setattr(backlog, "ENDS", 1)
    trace = made()[-1]
    feed, page = Feed(trace), Page()
    page.take(feed.snapshot())
    yield trace, feed, page
    feed.close()


def test_what_is_little_is_told_at_once(live, monkeypatch):
    trace, feed, page = live
    monkeypatch.undo()
    for n in range(1, 6):
        bulk(trace, 50)
        page.take(feed.delta())
        assert len(page.ends) == 50 * n and "behind" not in page.header and not page.summaries


def test_nothing_is_done_before_all_is_told(live):
    trace, feed, page = live
    bulk(trace, 200)
    trace.store.on_batch(PoolClosed(1, 10**9))
    page.take(feed.delta())
    assert page.header["behind"] == 150
    assert feed.busy and not feed.done and page.header["state"] == "live"
    kept = feed.snapshot(10**6)
    assert "behind" not in kept.header and kept.header["state"] == "done"
    assert len(decode(kept)["ended"]["row"]) == 200
    page.take(feed.delta())
    assert page.header["behind"] == 100, "more follows though nothing is new"
    follow(feed, page)
    assert feed.done and page.header["state"] == "done" and len(page.ends) == 200


def test_whoever_asks_for_all_gets_it_and_nothing_follows(live):
    trace, feed, page = live
    bulk(trace, 200)
    page.take(feed.delta())
    page.take(feed.snapshot())
    assert (len(page.ends), page.summarised, feed.delta()) == (200, 0, None)


@pytest.mark.parametrize(("failed", "exact"), [(1, True), (6, True), (40, False)])
def test_failed_calls_are_told_at_once_unless_they_are_the_most(live, failed, exact):
    trace, feed, page = live
    bulk(trace, 200, failed)
    page.take(feed.delta())
    told = {cells[1] for part in page.summaries.values() for cells in part}
    assert told == ({1} if exact else {1, 2})
    assert Counter(cells[5] for cells in page.ends.values())[2] == (4 * failed if exact else failed)
    follow(feed, page)
    assert len(page.ends) == 200


def test_of_what_is_too_much_to_wait_the_oldest_stays_summarised(live, monkeypatch):
    monkeypatch.setattr(backlog, "MOST", 120)
    trace, feed, page = live
    for n in range(1, 9):
        bulk(trace, 200)
        page.take(feed.delta())
        assert page.header["behind"] <= 120
        calls, _ = page.busy()
        assert sum(calls.values()) == 200 * n
    follow(feed, page)
    assert 0 < page.summarised < 1600 and "behind" not in page.header
    assert len(page.ends) + page.summarised == 1600


def test_a_page_gets_no_more_bytes_than_it_takes(live, monkeypatch):
    monkeypatch.setattr(backlog, "ENDS", 10**9)
    trace, feed, _page = live
    bulk(trace, 200)
    message = feed.delta()
    assert "behind" not in message.header
    each = sum(map(len, message.buffers)) / 200
    passed = feed._backlog.pass_on([ends_of(n, feed) for n in (50,) * 10], [], feed._sections, 10**8)
    assert sum(len(table["call"]) for table in passed.ended) == 500
    monkeypatch.setattr(backlog, "BYTES", 1000 * each)
    passed = feed._backlog.pass_on([ends_of(n, feed) for n in (50,) * 10], [], feed._sections, 2 * 10**8)
    full = [table for table in passed.ended if len(table["call"]) == 50]
    assert len(full) == 5, "room for a quarter of a second, and no more"


def test_what_was_late_once_is_not_late_for_good(live, monkeypatch):
    monkeypatch.setattr(backlog, "ENDS", 1000)
    _trace, feed, _page = live
    # Its own: the feed's has room of its first message, more the later that was.
    late, told, waits = backlog.Backlog(), 0, []
    # First more than there is room for, then nine tenths of the room, in parts that no room is a multiple of.
    for n in (190, *(90,) * 30):
        passed = late.pass_on([ends_of(n, feed)], [], feed._sections, 10**8)
        told += sum(len(table["call"]) for table in passed.ended)
        waits.append(late.calls)
    assert max(waits) >= 90 and not waits[-1], waits
    assert told == 190 + 30 * 90
