"""A snapshot as strips of pixels, one for each lane: which share of a column's time its worker was busy, and where calls failed.

Colours are of a middle lightness, to be read on white and on dark; failures differ in form too: they are taller, and hatched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain
from operator import add

from poolviz.events import Outcome
from poolviz.export.png import Rgba, png
from poolviz.tracing.busy import known, window
from poolviz.wire.codec import NEVER, Message, decode

WIDTH, HEIGHT = 800, 14
#: Rows of pixels above and below what did not fail.
MARGIN = 3
#: A failed call is at least so wide, in columns: it is what one looks for.
LEAST = 3
#: Shades between idle and busy.
SHADES = 8

_CLEAR: Rgba = (0, 0, 0, 0)
_LANE: Rgba = (128, 134, 142, 44)
_RETURNED = (58, 128, 196)
_RUNNING: Rgba = (36, 150, 110, 255)
_MARKS: dict[Outcome, tuple[Rgba, Rgba]] = {
    Outcome.RAISED: ((208, 88, 16, 255), (242, 160, 100, 255)),
    Outcome.INTERRUPTED: ((176, 92, 141, 255), (222, 166, 200, 255)),
    Outcome.LOST: ((98, 105, 114, 255), (176, 182, 190, 255)),
}
#: Where the lighter of the two colours stands.
_HATCHES: dict[Outcome, Callable[[int, int], bool]] = {
    Outcome.RAISED: lambda x, y: (x + y) % 7 < 2,
    Outcome.INTERRUPTED: lambda x, y: x % 5 < 2,
    Outcome.LOST: lambda x, y: (x + y) % 7 < 1 or (x - y) % 7 < 1,
}

_IDLE = 1
_RUNS = 2 + SHADES
_FIRST_MARK = _RUNS + 1
_MARK_INDEX = {outcome: _FIRST_MARK + 2 * i for i, outcome in enumerate(_MARKS)}
PALETTE: list[Rgba] = [
    _CLEAR,
    _LANE,
    *((*_RETURNED, 60 + 195 * (shade + 1) // SHADES) for shade in range(SHADES)),
    _RUNNING,
    *(colour for pair in _MARKS.values() for colour in pair),
]


class Strips:
    """What the strips of a snapshot are drawn from.

    Attributes:
        span: the time that they show, in nanoseconds since the trace's start.
        known: its part in which the calls that are kept say what the workers did.
        busy: for each lane, its nanoseconds in calls that have ended or run.
    """

    def __init__(self, snapshot: Message) -> None:
        header, sections = snapshot.header, decode(snapshot)

        def times(section: str, name: str) -> Iterable[int]:
            return sections.get(section, {}).get(name, ())

        now = header["now"]
        self._slices: dict[int, list[tuple[int, int, Outcome]]] = {}
        for section, begin, finish in (("ended", "started", "finished"), ("summaries", "start", "end")):
            lanes, outcomes = (sections.get(section, {}).get(name, ()) for name in ("lane", "outcome"))
            for lane, started, ended, outcome in zip(lanes, times(section, begin), times(section, finish), outcomes, strict=True):
                if started != NEVER and ended != NEVER:
                    self._slices.setdefault(lane, []).append((started, ended, Outcome(outcome)))
        for lane, started in zip(sections.get("running", {}).get("lane", ()), times("running", "started"), strict=True):
            self._slices.setdefault(lane, []).append((started, max(now, started), Outcome.NONE))
        under_way = header["counts"]["pending"] + header["counts"]["running"]
        submitted = chain(times("calls", "submitted"), times("arrivals", "time"))
        ends = filter(NEVER.__ne__, chain(times("ended", "finished"), times("summaries", "end")))
        self.span = window(filter(NEVER.__ne__, submitted), ends, now, under_way=bool(under_way))
        starts = chain(times("ended", "started"), times("summaries", "start"), times("running", "started"))
        self.known = known(self.span, filter(NEVER.__ne__, starts), dropped=header["dropped"] > 0)
        self.busy = {lane: sum(finish - start for start, finish, _ in slices) for lane, slices in self._slices.items()}

    @property
    def kinds(self) -> list[Outcome]:
        """What is drawn somewhere: `Outcome.NONE` for what still ran."""
        drawn = {outcome for slices in self._slices.values() for _, _, outcome in slices}
        return [kind for kind in (Outcome.RETURNED, Outcome.NONE, *_MARKS) if kind in drawn]

    def picture(self, lane: int) -> bytes:
        """The strip of a lane, as PNG."""
        slices = self._slices.get(lane, [])
        plain = [(start, finish) for start, finish, outcome in slices if outcome not in _MARKS]
        row = bytearray(_shade(share) for share in self._shares(plain))
        for start, finish, outcome in slices:
            if outcome == Outcome.NONE:
                first, last = self._columns(start, finish)
                row[first : last + 1] = bytes((_RUNS,)) * (last + 1 - first)
        marks = [(*self._columns(start, finish), outcome) for start, finish, outcome in slices if outcome in _MARKS]
        return png(list(_rows(bytes(row), marks)), PALETTE)

    def _position(self, time: int) -> float:
        return (time - self.span.begin) * WIDTH / max(1, self.span.length)

    def _columns(self, start: int, finish: int) -> tuple[int, int]:
        first = max(0, min(int(self._position(start)), WIDTH - 1))
        return first, max(first, min(int(self._position(finish)), WIDTH - 1))

    def _shares(self, spans: Iterable[tuple[int, int]]) -> list[float]:
        """For each column the share of its time that lies in one of the spans."""
        own = [0.0] * (WIDTH + 1)
        whole = [0] * (WIDTH + 1)
        for start, finish in spans:
            left, right = max(self._position(start), 0.0), min(self._position(finish), float(WIDTH))
            first, last = int(left), int(right)
            if first == last:
                own[first] += right - left
            else:
                own[first] += first + 1 - left
                own[last] += right - last
                whole[first + 1] += 1
                whole[last] -= 1
        return list(map(add, own, accumulate(whole)))[:WIDTH]


def swatch(kind: Outcome) -> bytes:
    """A sample of a kind, as PNG."""
    if kind in _MARKS:
        return png(list(_rows(bytes(HEIGHT), [(0, HEIGHT - 1, kind)])), PALETTE)
    index = _RUNS if kind == Outcome.NONE else _shade(1)
    return png(list(_rows(bytes((index,)) * HEIGHT, [])), PALETTE)


def _shade(share: float) -> int:
    # Rounded up: what was busy at all is seen.
    return _IDLE + min(SHADES, -int(-share * SHADES // 1)) if share > 1e-6 else _IDLE


def _rows(middle: bytes, marks: list[tuple[int, int, Outcome]]) -> Iterator[bytes]:
    width = len(middle)
    for y in range(HEIGHT):
        row = bytearray(middle if MARGIN <= y < HEIGHT - MARGIN else bytes(width))
        for first, last, outcome in marks:
            index, hatch = _MARK_INDEX[outcome], _HATCHES[outcome]
            begin = max(0, min(first, width - LEAST))
            for x in range(begin, max(last + 1, begin + LEAST)):
                row[x] = index + hatch(x, y)
        yield bytes(row)
