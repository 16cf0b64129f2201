"""The widget against a comm that only records, with the publisher's rounds made by hand."""

import threading

import comm
import pytest
from comm.base_comm import BaseComm

import poolviz
from poolviz import observe
from poolviz.export import bundle
from poolviz.timeline import pace, widget
from poolviz.timeline import publisher as publishing
from poolviz.wire.codec import decode, unpack


class RecordingComm(BaseComm):
    """Keeps what is sent."""

    def __init__(self, *args, **kwargs):
        self.sent = []
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.sent.append((msg_type, data or {}, buffers or []))


class RecordingDisplays:
    """Outputs that only keep what they are given."""

    def __init__(self):
        self.kept = []

    def keep(self, snapshot, line, *, explorable):
        self.kept.append((snapshot, line))


class ByHand:
    """A publisher that does nothing by itself."""

    def __init__(self):
        self.live = []

    def add(self, timeline):
        self.live.append(timeline)

    def discard(self, timeline):
        self.live = [other for other in self.live if other is not timeline]

    def round(self):
        observe.flush_all()
        for timeline in self.live[:]:
            if not timeline.publish():
                self.discard(timeline)


@pytest.fixture
def publisher(monkeypatch):
    by_hand = ByHand()
    monkeypatch.setattr(publishing, "publisher", by_hand)
    return by_hand


@pytest.fixture(autouse=True)
def recording(monkeypatch, front_end):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def gate():
    event = threading.Event()
    yield event
    event.set()


def custom(timeline):
    """Headers of the custom messages so far."""
    return [data["content"] for kind, data, _ in timeline.comm.sent if kind == "comm_msg" and data.get("method") == "custom"]


def synced(timeline):
    """Snapshots that were synced as a trait after the opening."""
    updates = [(data, buffers) for kind, data, buffers in timeline.comm.sent if kind == "comm_msg" and data.get("method") == "update"]
    return [unpack(bytes(buffers[0])) for data, buffers in updates if data["buffer_paths"] == [["snapshot"]]]


def test_a_live_timeline_tells_what_happens_and_ends_with_a_snapshot(publisher, gate):
    with poolviz.ThreadPoolExecutor(1) as pool:
        first = pool.submit(abs, -1)
        assert first.result(30) == 1
        timeline = pool.timeline(height=200, theme="dark")
        assert [(header["kind"], header["counts"]["finished"]) for header in custom(timeline)] == [("snapshot", 1)]
        assert (timeline.height, timeline.theme) == (200, "dark")
        assert repr(timeline) == "Timeline('ThreadPoolExecutor')"
        publisher.round()
        assert len(custom(timeline)) == 1, "nothing is new"
        started = threading.Event()
        pool.submit(lambda: (started.set(), gate.wait(30)))
        assert started.wait(30)
        publisher.round()
        assert custom(timeline)[-1]["counts"]["running"] == 1
        assert custom(timeline)[-1]["state"] == "live"
        gate.set()
    publisher.round()
    headers = custom(timeline)
    assert [header["seq"] for header in headers] == list(range(-1, len(headers) - 1))
    assert headers[-1]["state"] == "done"
    assert headers[-1]["counts"] == {"total": 2, "pending": 0, "running": 0, "finished": 2, "failed": 0, "cancelled": 0}
    [snapshot] = synced(timeline)
    assert snapshot.header["state"] == "done"
    assert timeline.newest == headers[-1]["seq"]
    assert sum(decode(snapshot)["calls"]["count"]) == 2
    assert not timeline.live
    assert publisher.live == []
    assert repr(timeline) == "Timeline('ThreadPoolExecutor': 2 calls, 2 finished)"


def test_a_finished_trace_is_shown_at_once(publisher):
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(abs, -1)
    timeline = poolviz.Timeline(pool.trace)
    assert not timeline.live
    assert publisher.live == []
    assert [(header["kind"], header["state"]) for header in custom(timeline)] == [("snapshot", "done")]
    timeline.settle()
    assert unpack(timeline.snapshot).header["state"] == "done"
    assert len(custom(timeline)) == 1


def test_a_heartbeat_while_calls_run_and_nothing_changes(publisher, gate, monkeypatch):
    monkeypatch.setattr(widget, "HEARTBEAT", 0)
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        publisher.round()
        assert len(custom(timeline)) == 1, "an idle pool has no heart to beat"
        started = threading.Event()
        future = pool.submit(lambda: (started.set(), gate.wait(30)))
        assert started.wait(30)
        publisher.round()
        before = len(custom(timeline))
        publisher.round()
        publisher.round()
        assert len(custom(timeline)) == before + 2
        assert custom(timeline)[-1]["sections"] == [["running", 1, 3]]
        gate.set()
        future.result(30)


def test_settle_syncs_once_for_each_change(publisher, gate):
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        pool.submit(abs, -1).result(30)
        timeline.settle()
        assert len(synced(timeline)) == 1
        assert synced(timeline)[0].header["state"] == "live"
        timeline.settle()
        assert len(synced(timeline)) == 1
    timeline.settle()
    assert [snapshot.header["state"] for snapshot in synced(timeline)] == ["live", "done"]
    timeline.settle()
    assert len(synced(timeline)) == 2


def test_what_the_publisher_saved_is_saved_again_from_the_cells_thread(publisher):
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        displays = timeline._displays = RecordingDisplays()
        pool.submit(abs, -1)
    publisher.round()
    assert len(displays.kept) == 1
    timeline.settle()
    timeline.settle()
    (first, line), (second, _) = displays.kept
    assert first.header["counts"] == second.header["counts"] == {**first.header["counts"], "finished": 1}
    assert line == "Timeline('ThreadPoolExecutor': 1 call, 1 finished)"
    assert synced(timeline) == [], "the outputs keep it"


def test_a_long_run_is_saved_while_it_goes_on(publisher, gate, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(pace, "monotonic", lambda: clock[0])
    monkeypatch.setattr(pace, "EVERY", 30)
    cost = 0.01

    class Slow(RecordingDisplays):
        def keep(self, *args, **keywords):
            clock[0] += cost
            super().keep(*args, **keywords)

    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        displays = timeline._displays = Slow()

        def go_on(seconds):
            """Kept in that time, while calls come and go."""
            before = len(displays.kept)
            for _ in range(seconds):
                clock[0] += 1
                pool.submit(abs, -1).result(30)
                publisher.round()
            return len(displays.kept) - before

        assert go_on(29) == 0
        timeline.comm.handle_msg({"content": {"data": {"method": "custom", "content": {"kind": "watched", "on": True}}}, "buffers": []})
        assert go_on(60) == 0, "not while it fills a screen"
        timeline.comm.handle_msg({"content": {"data": {"method": "custom", "content": {"kind": "watched", "on": False}}}, "buffers": []})
        assert go_on(30) == 1
        timeline.settle()
        timeline.settle()
        assert len(displays.kept) == 2
        assert go_on(1) == 0, "it was just saved"
        cost = 5.0
        assert go_on(31) == 1
        assert go_on(240) == 0, "at most a fiftieth of the time"
        timeline.settle()
        assert go_on(15) == 1
        kept = len(displays.kept)
        assert kept == 4
    publisher.round()
    assert len(displays.kept) == kept + 1, "when it is over, at once"


def test_a_page_that_missed_something_gets_everything(publisher):
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        list(pool.map(abs, range(3)))
        timeline.comm.handle_msg({"content": {"data": {"method": "custom", "content": {"kind": "resync", "have": 0}}}, "buffers": []})
        answer = custom(timeline)[-1]
        assert answer["kind"] == "snapshot"
        assert answer["counts"]["total"] == 3
        sent = len(custom(timeline))
        timeline.comm.handle_msg({"content": {"data": {"method": "custom", "content": {"kind": "no such thing"}}}, "buffers": []})
        assert len(custom(timeline)) == sent


def test_questions_that_piled_up_are_answered_once(publisher, monkeypatch):
    ask = {"content": {"data": {"method": "custom", "content": {"kind": "resync", "have": None}}}, "buffers": []}
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        for _ in range(3):
            timeline.comm.handle_msg(ask)
        assert len(custom(timeline)) == 2
        monkeypatch.setattr(widget, "ANSWERED", 0)
        timeline.comm.handle_msg(ask)
        assert len(custom(timeline)) == 3


def test_what_is_selected_goes_both_ways(publisher):
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(abs, -1)
    timeline = poolviz.Timeline(pool.trace)
    assert timeline.selection is None
    seen = []
    timeline.observe(lambda change: seen.append(change["new"]), "selection")
    span = {"kind": "span", "start": 0, "end": 1_000_000}
    update = {"method": "update", "state": {"selection": span}, "buffer_paths": []}
    timeline.comm.handle_msg({"content": {"data": update}, "buffers": []})
    assert timeline.selection == span
    timeline.selection = None
    assert seen == [span, None]
    sent = [data["state"] for kind, data, _ in timeline.comm.sent if kind == "comm_msg" and data.get("method") == "update"]
    assert sent[-1] == {"selection": None}


def test_closing_ends_it(publisher):
    with poolviz.ThreadPoolExecutor(1) as pool:
        timeline = pool.timeline()
        timeline.close()
        assert publisher.live == []
        pool.submit(abs, -1)
        assert not timeline.publish()


def test_an_error_in_building_comes_with_its_remedy(publisher, front_end):
    (front_end / "widget.js").unlink()
    with poolviz.ThreadPoolExecutor(1) as pool, pytest.raises(bundle.NotBuiltError, match="make build"):
        pool.timeline()


def test_answers_are_asked_for_in_the_subshell_where_there_is_one():
    class Comm:
        def _reply_subshell_for(self, data, default):
            return "main"

    routed = Comm()
    widget._answer_in_subshell(routed)
    assert routed._reply_subshell_for({}, "subshell-1") == "subshell-1"
    plain = object()
    widget._answer_in_subshell(plain)
    assert not hasattr(plain, "_reply_subshell_for")
