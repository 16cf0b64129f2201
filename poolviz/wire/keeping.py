"""A snapshot that is to be kept, in a notebook or a page: however many calls there were, it takes no more bytes than it may.

Failed and cancelled calls stay exact for as long as they fit, the others go into summary slices, as narrow as the limit allows. A page
that shows one knows that no delta follows on it, and asks for all when the kernel speaks again.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import repeat
from operator import floordiv, not_
from typing import Any

from poolviz import observe
from poolviz.events import Outcome
from poolviz.tracing.answers import Everything
from poolviz.tracing.columns import Column, Table, keep
from poolviz.wire.codec import Message, encode, pack
from poolviz.wire.outputs import Outputs, all_of
from poolviz.wire.sections import NO_LANE, Index, Sections
from poolviz.wire.summarise import Slices, Summaries, summarise
from poolviz.wire.tables import Errors, Told, first_row, tables

#: Buckets of time: a picture's pixels, the most that are worth their bytes, and how few are put up with for exact failures.
PICTURE, FINEST, COARSEST = 1200, 9600, 300

#: Bytes that a call's slice takes at the least, and about as many as a summary and a lane's record take.
SLICE, SUMMARY, LANE = 6, 12, 160


def kept(everything: Everything, sections: Sections, header: dict[str, Any], start: int, limit: int) -> Message:
    """The most exact snapshot that fits.

    Args:
        everything: what there is.
        sections: the numbers of the stream; the snapshot has the same, as far as its limit allows.
        header: the fields that every snapshot has, whatever call its rows are counted from.
        start: the trace's time zero, in nanoseconds of the clock.
        limit: bytes that the packed message may take. Only the names of many pools and callers may make it larger.
    """
    sections = copy(sections)
    sections.origin = min(everything.calls["call"][:1], default=sections.origin)
    everything = _with_few_lanes(everything, sections, limit // 4)
    for shown, own, columns, summarised in _attempts(everything, sections, limit):
        fields = header | {"kept": True, "origin": own.origin} | ({"summarised": summarised} if summarised else {})
        fields |= first_row(everything.present, own.origin)
        fields |= tables(shown.present, own, Told(), start)
        fields |= Errors(limit // 8).table(shown.errors, own.origin)
        fields |= _prints(shown, own.origin, limit // 32)
        message = encode(fields, columns, start, own.origin)
        if len(pack(message)) <= limit:
            break
    return message


Attempt = tuple[Everything, Sections, dict[str, dict[str, Column]], int]
"""What is shown, in whose numbers, as columns, and how many calls are not shown by themselves."""


def _attempts(everything: Everything, sections: Sections, limit: int) -> Iterator[Attempt]:
    """From all in full to next to nothing, without what is too large for certain."""
    calls = everything.calls
    ended = len(calls["outcome"]) - calls["outcome"].count(Outcome.NONE)
    if ended * SLICE <= limit:
        yield everything, sections, sections.all(everything), 0
    lanes = len(set(calls["worker"])) or 1
    buckets = min(FINEST, max(PICTURE, limit // (SUMMARY * lanes)))
    if (ended - calls["outcome"].count(Outcome.RETURNED)) * SLICE <= limit:
        while buckets >= COARSEST:
            yield from _summarised(everything, sections, limit, buckets, exact_failures=True)
            buckets //= 2
    buckets = PICTURE
    while buckets:
        yield from _summarised(everything, sections, limit, buckets, exact_failures=False)
        buckets //= 2


def _summarised(everything: Everything, sections: Sections, limit: int, buckets: int, *, exact_failures: bool) -> Iterator[Attempt]:
    calls, waits = everything.calls, everything.waits
    ended = keep({name: calls[name] for name in ("call", "worker", "outcome", "started", "finished")}, calls["outcome"])
    times = [*filter(None, ended["started"]), *ended["finished"]]
    width = max(1, (max(times, default=0) - min(times, default=0)) // buckets)
    outcomes, lanes = ended["outcome"], sections.lane_column(ended["worker"])
    exact = map(int(Outcome.RETURNED).__ne__, outcomes) if exact_failures else repeat(False, len(outcomes))
    stay, slices = summarise(Slices(lanes, outcomes, ended["started"], ended["finished"]), exact, width)
    callers = sections.caller_column(waits["caller"])
    waits_stay, blocks = summarise(Slices(callers, waits["kind"], waits["start"], waits["end"]), map(not_, waits["end"]), width)
    if len(stay) * SLICE > limit:
        return
    numbers = {call.call for call in everything.present.running}.union(map(ended["call"].__getitem__, stay))
    shown = list(map(numbers.__contains__, calls["call"]))
    hidden = keep({name: calls[name] for name in ("submitted", "consumed", "caller")}, map(not_, shown))
    few = replace(everything, calls=keep(calls, shown), waits=_at(waits_stay, waits))
    own = sections if _names_fit(sections, few, limit // 8) else copy(sections)
    if own is not sections:
        own.labels = Index()
    columns = own.all(few)
    columns["consumed"] = _joined(columns["consumed"], takes(hidden["consumed"], own.caller_column(hidden["caller"]), width))
    columns["waits"] = _joined(columns["waits"], summary_waits(blocks))
    columns |= {"summaries": summary_columns(slices), "arrivals": arrivals(hidden["submitted"], width)}
    yield few, own, columns, sum(slices.calls)


def summary_columns(slices: Summaries, batch: int = 0) -> dict[str, Column]:
    """Summary slices as the columns of their section."""
    lane, code, start, end, calls = slices
    return {"batch": array("q", (batch,)) * len(lane), "lane": lane, "outcome": code, "start": start, "end": end, "calls": calls}


def summary_waits(blocks: Summaries) -> dict[str, Column]:
    """Summarised waits as columns of `waits`."""
    caller, kind, start, end, times = blocks
    return {"caller": caller, "kind": kind, "start": start, "end": end, "row": array("q", (0,)) * len(caller), "times": times}


def arrivals(submitted: Column, width: int, batch: int = 0) -> dict[str, Column]:
    """How many of some calls were submitted in each bucket of `width` nanoseconds, as the columns of their section."""
    buckets = list(map(floordiv, submitted, repeat(width)))
    counts = Counter(buckets)
    firsts = dict(zip(reversed(buckets), reversed(submitted), strict=True))
    times = array("q", map(firsts.__getitem__, counts))
    return {"batch": array("q", (batch,)) * len(times), "time": times, "calls": array("q", counts.values())}


def takes(times: Column, callers: Column, width: int) -> dict[str, Column]:
    """One of the results that each caller took in each bucket of `width` nanoseconds, as columns of `consumed`."""
    found = dict(zip(zip(callers, map(floordiv, times, repeat(width)), strict=True), times, strict=True))
    taken = [(caller, time) for (caller, _), time in found.items() if time]
    return {
        "row": array("q", (0,)) * len(taken),
        "time": array("q", (time for _, time in taken)),
        "caller": array("q", (caller for caller, _ in taken)),
    }


def _joined(columns: dict[str, Column], more: dict[str, Column]) -> dict[str, Column]:
    return {name: array("q", [*column, *more[name]]) for name, column in columns.items()}


def _at(indices: list[int], table: Table) -> Table:
    return {name: array(column.typecode, map(column.__getitem__, indices)) for name, column in table.items()}


def _names_fit(sections: Sections, few: Everything, room: int) -> bool:
    """Whether all names of the stream fit; else what is kept has numbers of its own for those that it needs."""
    labels = {*sections.labels, *few.calls["label"]}
    return sum(len(json.dumps(observe.labels[label])) + 1 for label in labels) <= room


def _with_few_lanes(everything: Everything, sections: Sections, room: int) -> Everything:
    """Workers whose records would fill the snapshot get no lane: their calls are counted, and drawn nowhere."""
    workers = everything.present.workers
    most = room // LANE
    if len(workers) > most:
        sections.lanes = Index({-1: NO_LANE, 0: NO_LANE} | {worker.worker: NO_LANE for worker in workers[most:]})
        everything = replace(everything, present=everything.present._replace(workers=workers[:most]))
    for worker in everything.present.workers:
        sections.lanes[worker.worker]  # asking numbers it: lanes stand in the order of the workers
    return everything


def _prints(shown: Everything, origin: int, room: int) -> dict[str, Any]:
    """What the calls printed that are shown by themselves; the others can only be counted."""
    calls = set(shown.calls["call"])
    found = Outputs(room).table((line for line in all_of(shown) if line[0] in calls), origin)
    hidden = len(shown.prints.keys() - calls)
    return found | {"prints_omitted": found.get("prints_omitted", 0) + hidden} if hidden else found
