"""A timeline as a picture that needs no script: words, and a strip of pixels for each lane.

It is what is seen of a notebook's output on GitHub, in a mail, in a notebook that is not trusted. Those places keep tables, pictures in
`data:` addresses and some attributes, and take out scripts, style sheets and most else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Any

from poolviz.events import Outcome
from poolviz.export.png import data_url
from poolviz.export.strips import HEIGHT, Strips, swatch
from poolviz.tracing import busy
from poolviz.tracing.durations import duration
from poolviz.wire.codec import Message, decode

_TEXT = "text-align:left;font-size:12px;line-height:1.5"

_ROW = '<tr style="background-color:transparent">'

#: Lanes with a strip; of the others it is said how many there are.
LANES = 32
#: Workers of which it is said how they died.
DEATHS = 4
#: Characters of an error.
ERROR = 200

_NAMES = {
    Outcome.RETURNED: "returned",
    Outcome.NONE: "still running",
    Outcome.RAISED: "raised",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.LOST: "lost",
}
#: The names that the standard library makes up for threads say nothing but the number at their end.
_MADE_UP = re.compile(r"ThreadPoolExecutor-\d+_(\d+)")

#: Widths are given to each cell: some hosts lay tables out by their first row, others by what is in them.
_NAME = 'width="20%" align="left" style="width:20%;text-align:left;vertical-align:middle;padding:1px 8px 1px 0;border:0"'
_STRIP = 'colspan="3" width="80%" style="width:80%;vertical-align:middle;padding:1px 0;border:0"'
_ALL = 'colspan="4" align="left" style="text-align:left;padding:4px 0 1px 0;border:0"'


def draw(snapshot: Message, *, errors: bool = True) -> str:
    """The picture as HTML.

    Args:
        snapshot: of a trace.
        errors: whether to quote the first error.
    """
    header = snapshot.header
    strips = Strips(snapshot)
    lines = [_facts(header, strips), *_failures(snapshot, quote=errors)]
    head = "<br>".join([f"<strong>{escape(header['title'])}</strong>", *lines])
    rows = "".join(_rows(header, strips))
    table = f'<table width="100%" style="width:100%;margin:4px 0;font-size:12px;border:0">{rows}</table>' if rows else ""
    return f'<div class="poolviz-still" style="{_TEXT}"><div>{head}</div>{table}{_deaths(header)}{_legend(strips)}</div>'


def _rows(header: dict[str, Any], strips: Strips) -> Iterator[str]:
    lanes = header.get("lanes", [])
    names = {pool["pool"]: pool["name"] for pool in header.get("pools", [])}
    pool = None
    for lane in lanes[:LANES]:
        if len(names) > 1 and lane["pool"] != pool:
            pool = lane["pool"]
            yield f"{_ROW}<td {_ALL}>{escape(names.get(pool, ''))}</td></tr>"
        yield _lane(lane, strips)
    if lanes:
        yield _axis(strips)
    if len(lanes) > LANES:
        yield f"{_ROW}<td {_ALL}>and {len(lanes) - LANES} more {'worker' if len(lanes) == LANES + 1 else 'workers'}</td></tr>"


def _facts(header: dict[str, Any], strips: Strips) -> str:
    counts = header["counts"]
    total = counts["total"]
    facts = [f"{total:,} {'call' if total == 1 else 'calls'}"]
    facts += [f"{n:,} {name}" for name, n in counts.items() if 0 < n < total and name != "total"]
    if total:
        facts.append(duration(strips.span.length))
    lanes = header.get("lanes", [])
    # Of the same workers above and below: of one without a lane nobody knows when it was there.
    share = busy.share(sum(strips.busy.get(lane["lane"], 0) for lane in lanes), sum(_there(lane, strips) for lane in lanes))
    if share is not None:
        facts.append(f"workers {share:.0%} busy")
    if header.get("summarised"):
        facts.append(f"{header['summarised']:,} of them summarised")
    if header["dropped"]:
        facts.append(f"{header['dropped']:,} older {'call is' if header['dropped'] == 1 else 'calls are'} no longer kept")
    return escape(" · ".join(facts))


def _there(lane: dict[str, Any], strips: Strips) -> int:
    """Nanoseconds in which a worker could run calls."""
    return busy.there(strips.known, lane["started"], lane.get("ready"), lane["exited"], ran=lane["lane"] in strips.busy)


def _failures(snapshot: Message, *, quote: bool) -> Iterator[str]:
    sections = decode(snapshot)
    counts = Counter(sections.get("ended", {}).get("outcome", ()))
    summaries = sections.get("summaries", {"outcome": (), "calls": ()})
    for outcome, calls in zip(summaries["outcome"], summaries["calls"], strict=True):
        counts[outcome] += calls
    parts = [f"{counts[kind]:,} {_NAMES[kind]}" for kind in (Outcome.RAISED, Outcome.INTERRUPTED, Outcome.LOST) if counts[kind]]
    if not parts:
        return
    words = f"{', '.join(parts)} of {snapshot.header['counts']['total']:,}"
    errors = snapshot.header.get("errors", [])
    if quote and errors:
        row, error, _ = errors[0]
        text = error if len(error) <= ERROR else f"{error[:ERROR]}…"
        words += f"; first: {_name(snapshot, row)}: {text}"
    yield f"✕ {escape(words)}"


def _name(snapshot: Message, row: int) -> str:
    calls = decode(snapshot)["calls"]
    names = snapshot.header["labels"]["names"]
    for first, count, label, item in zip(calls["first"], calls["count"], calls["label"], calls["item"], strict=True):
        if first <= row < first + count:
            name = str(names[label])
            return name if item < 0 else f"{name}, item {item + row - first}"
    return "a call"


def _lane(lane: dict[str, Any], strips: Strips) -> str:
    number = lane["lane"]
    part = busy.share(strips.busy.get(number, 0), _there(lane, strips))
    share = "" if part is None else f"{part:.0%} busy"
    name = f"{_lane_name(lane)} · {share}" if share else _lane_name(lane)
    image = f'<img src="{data_url(strips.picture(number))}" width="100%" height="{HEIGHT}" alt="{escape(share or "idle")}"'
    strip = f'{image} style="width:100%;height:{HEIGHT}px;display:block;margin:0">'
    return f"{_ROW}<td {_NAME}>{escape(name)}</td><td {_STRIP}>{strip}</td></tr>"


def _lane_name(lane: dict[str, Any]) -> str:
    made_up = _MADE_UP.fullmatch(lane["name"])
    return f"thread {made_up[1]}" if made_up else str(lane["name"])


def _deaths(header: dict[str, Any]) -> str:
    lanes = header.get("lanes", [])
    dead = [f"{_lane_name(lane)} {lane['detail']}" for lane in lanes if lane.get("how") == "died"]
    more = [f"and {len(dead) - DEATHS} more"] if len(dead) > DEATHS else []
    stopped = sum(lane.get("how") == "stopped" for lane in lanes)
    rest = [f"{stopped} {'other' if stopped == 1 else 'others'} stopped with the pool"] if dead and stopped else []
    return f"<div>{escape('; '.join(dead[:DEATHS] + more + rest))}</div>" if dead else ""


def _axis(strips: Strips) -> str:
    length = strips.span.length
    cells = (("left", "0"), ("center", duration(length // 2)), ("right", duration(length)))
    times = "".join(
        f'<td align="{side}" width="26%" style="width:26%;padding:1px 0;border:0;text-align:{side}">{escape(time)}</td>'
        for side, time in cells
    )
    return f"{_ROW}<td {_NAME}></td>{times}</tr>"


def _legend(strips: Strips) -> str:
    samples = " &nbsp; ".join(
        f'<img src="{data_url(swatch(kind))}" width="{HEIGHT}" height="{HEIGHT}" alt=""'
        f' style="display:inline;vertical-align:middle;margin:0"> {_NAMES[kind]}'
        for kind in strips.kinds
    )
    return f"<div>{samples}</div>" if samples else ""
