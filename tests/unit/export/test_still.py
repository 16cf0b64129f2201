"""The picture that needs no script: what its strips show, and that nothing in it is markup of the user's."""

import struct
import zlib
from array import array
from base64 import b64decode
from html.parser import HTMLParser

import pytest

from poolviz.events import Outcome
from poolviz.export import still
from poolviz.export.png import png
from poolviz.export.strips import HEIGHT, PALETTE, WIDTH, Strips, swatch
from poolviz.wire.codec import Message, columns_of, encode

LOST, RAISED, RETURNED = Outcome.LOST, Outcome.RAISED, Outcome.RETURNED


def pixels(picture):
    """The rows of a PNG of ours."""
    parts, position = {}, 8
    while position < len(picture):
        length, name = struct.unpack(">I4s", picture[position : position + 8])
        content = picture[position + 8 : position + 8 + length]
        assert zlib.crc32(name + content) == struct.unpack(">I", picture[position + 8 + length : position + 12 + length])[0]
        parts[name] = content
        position += 12 + length
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    raw = zlib.decompress(parts[b"IDAT"])
    rows = [raw[y * (width + 1) : (y + 1) * (width + 1)] for y in range(height)]
    assert {row[0] for row in rows} == {0}
    return [row[1:] for row in rows]


def snapshot(calls, *, running=(), title="cell 1", label="work", errors=(), lanes=1, now=None, summaries=None):
    """A snapshot of calls (lane, start, finish, outcome), one row for each."""
    rows = range(1, len(calls) + len(running) + 1)
    counts = dict.fromkeys(("total", "pending", "running", "finished", "failed", "cancelled"), 0)
    counts |= {"total": len(rows), "running": len(running), "failed": sum(call[3] != RETURNED for call in calls)}
    counts["finished"] = len(calls) - counts["failed"]
    header = {
        "kind": "snapshot",
        "seq": 0,
        "now": max((call[2] for call in calls), default=0) if now is None else now,
        "state": "done",
        "title": title,
        "counts": counts,
        "dropped": 0,
        "labels": {"first": 0, "names": [label]},
        "pools": [{"pool": 1, "name": "pool"}],
        "lanes": [
            {"lane": lane, "pool": 1, "name": f"worker {lane + 1}", "started": 0, "exited": None, "detail": ""} for lane in range(lanes)
        ],
        "errors": list(errors),
    }
    sections = {
        "calls": {"first": [1], "count": [len(rows)], "submitted": [1], "label": [0], "item": [0]},
        "running": {
            "row": [*rows][len(calls) :],
            "lane": [lane for lane, _ in running],
            "started": [start for _, start in running],
        },
        "ended": {
            "row": [*rows][: len(calls)],
            "lane": [call[0] for call in calls],
            "sent": [call[1] for call in calls],
            "started": [call[1] for call in calls],
            "finished": [call[2] for call in calls],
            "delivered": [call[2] for call in calls],
            "outcome": [call[3] for call in calls],
        },
    }
    if summaries:
        sections["summaries"] = summaries
    typed = {}
    for section, columns in sections.items():
        length = len(next(iter(columns.values())))
        # What is not drawn may be anything.
        typed[section] = {name: array("q", columns.get(name, [0] * length)) for name, _ in columns_of(section)}
    return encode(header, typed, 0, 1)


def middle(message, lane=0):
    return pixels(Strips(message).picture(lane))[HEIGHT // 2]


def test_a_png_is_what_it_is_made_of():
    rows = [bytes([0, 1, 2]), bytes([2, 1, 0])]
    assert pixels(png(rows, PALETTE)) == rows


def test_a_column_is_as_dark_as_its_share_of_time():
    busy = 2 + 8 - 1
    half = middle(snapshot([(0, 1, 500_000, RETURNED), (0, 999_999, 1_000_000, RETURNED)]))
    assert set(half[: WIDTH // 2 - 1]) == {busy}
    assert set(half[WIDTH // 2 + 1 : -1]) == {1}
    assert half[-1] == 2, "what was busy at all is seen"
    # A little less than half of each column's time.
    calls = [(0, start, start + 490, RETURNED) for start in range(1, 1_600_000, 1000)]
    shades = set(middle(snapshot([*calls, (0, 1_599_999, 1_600_000, RETURNED)]))[5:-5])
    assert shades == {1 + 4}


def test_a_failure_is_seen_however_short_and_however_many_went_well():
    calls = [(0, start, start + 100, RETURNED) for start in range(1, 1_000_000, 100)]
    failed = (*calls[4000][:3], RAISED)
    rows = pixels(Strips(snapshot([*calls[:4000], failed, *calls[4001:]])).picture(0))
    marks = [{x for x, index in enumerate(row) if index > 10} for row in rows]
    assert {len(found) for found in marks} == {3}, "over the whole height, three columns wide"
    assert all(abs(x - 4000 * WIDTH / len(calls)) < 3 for x in set.union(*marks))
    assert {len(row) for row in rows} == {WIDTH}


@pytest.mark.parametrize("edge", [1, 999_999])
def test_a_failure_at_the_edge_is_as_wide(edge):
    calls = [(0, 1, 2, RETURNED), (0, edge, edge + 1, LOST), (0, 999_999, 1_000_000, RETURNED)]
    rows = pixels(Strips(snapshot(calls)).picture(0))
    assert sum(index > 10 for index in rows[0]) == 3


def test_what_still_runs_reaches_to_the_end_and_lanes_without_calls_are_idle():
    message = snapshot([(0, 1, 500, RETURNED)], running=[(1, 500)], lanes=3, now=1000)
    strips = Strips(message)
    assert strips.kinds == [RETURNED, Outcome.NONE]
    assert strips.busy == {0: 499, 1: 500}
    assert middle(message, 1)[-1] == 10
    assert set(middle(message, 2)) == {1}


def test_samples_differ_in_form_too():
    forms = []
    for kind in (RETURNED, RAISED, Outcome.INTERRUPTED, LOST):
        rows = pixels(swatch(kind))
        low = min(filter(None, (index for row in rows for index in row)))
        forms.append(tuple(bytes(0 if index == 0 else 1 + (index > low) for index in row) for row in rows))
    assert len(set(forms)) == 4


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "img":
            picture = dict(attrs)["src"].removeprefix("data:image/png;base64,")
            assert b64decode(picture).startswith(b"\x89PNG")

    def handle_data(self, data):
        self.text += data


def test_the_picture_says_in_words_what_it_shows():
    calls = [(0, 1, 500_000_001, RETURNED), (1, 1, 250_000_001, RAISED), (1, 300_000_000, 400_000_000, RETURNED)]
    html = still.draw(snapshot(calls, lanes=2, errors=[[1, "ValueError: no luck", "..."]]))
    read = Reader(html)
    assert "3 calls · 2 finished · 1 failed · 500 ms · workers 85% busy" in read.text
    assert "✕ 1 raised of 3; first: work, item 1: ValueError: no luck" in read.text
    assert "worker 1 · 100% busy" in read.text and "worker 2 · 70% busy" in read.text
    assert read.text.rstrip().endswith("raised")
    assert read.tags <= {"div", "strong", "br", "table", "tr", "td", "img"}, "no more than sanitisers leave"
    assert "no luck" not in still.draw(snapshot(calls, lanes=2, errors=[[1, "ValueError: no luck", "..."]]), errors=False)


def test_names_and_errors_stay_text():
    evil = "</div></td><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    html = still.draw(snapshot([(0, 1, 9, RAISED)], title=evil, label=evil, errors=[[0, evil, evil]]))
    read = Reader(html)
    assert read.text.count(evil) == 3
    assert "script" not in read.tags and "onerror" not in html.replace("onerror=alert(1)&gt;", "")


def test_an_empty_run_and_a_great_many_workers():
    assert "0 calls" in Reader(still.draw(snapshot([]))).text
    many = [(lane, 1, 100, RETURNED) for lane in range(200)]
    html = still.draw(snapshot(many, lanes=200))
    assert "and 168 more workers" in html
    assert html.count("<tr") == 32 + 2
    assert len(html) < 40_000


def test_busy_is_of_the_workers_that_have_a_lane():
    calls = [(0, 1, 51, RETURNED), (1, 1, 51, RETURNED), (65535, 1, 100, RETURNED)]
    assert "workers 51% busy" in Reader(still.draw(snapshot(calls, lanes=2))).text
    assert "and 1 more worker<" in still.draw(snapshot(calls, lanes=33))


def test_a_long_error_is_cut():
    html = still.draw(snapshot([(0, 1, 9, RAISED)], errors=[[0, "x" * 10_000, ""]]))
    assert "x" * 200 + "…" in html and "x" * 201 not in html


def test_messages_are_left_as_they_are():
    message = snapshot([(0, 1, 9, RETURNED)])
    before = Message(dict(message.header), list(message.buffers))
    still.draw(message)
    assert message == before


def test_summary_slices_are_drawn_and_counted():
    calls = [(0, 1, 100_001, RAISED)]
    message = snapshot(calls, now=1_000_001)
    names = ("batch", "lane", "outcome", "start", "end", "calls")
    rows = ((0, 0, RETURNED, 500_001, 1_000_001, 900), (0, 0, RAISED, 200_001, 200_101, 7))
    summaries = dict(zip(names, zip(*rows, strict=True), strict=True))
    drawn = snapshot(calls, now=1_000_001, summaries=summaries)
    strips = Strips(drawn)
    assert strips.busy == {0: 100_000 + 500_000 + 100}
    assert set(middle(drawn)[WIDTH // 2 + 1 :]) == {9} and set(middle(message)[WIDTH // 2 + 1 :]) != {9}
    assert "8 raised" in Reader(still.draw(drawn)).text


def test_worker_that_died_is_named_and_the_others_stopped_with_it():
    message = snapshot([(lane, 10, 90, LOST) for lane in range(4)], lanes=4)
    for lane, how in zip(message.header["lanes"], ("stopped", "died", "stopped", "ended"), strict=True):
        lane |= {"exited": 95, "detail": "was killed by SIGKILL", "how": how}
    text = still.draw(message)
    assert "worker 2 was killed by SIGKILL; 2 others stopped with the pool" in text
    assert text.count("SIGKILL") == 1
