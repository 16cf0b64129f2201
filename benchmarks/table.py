"""One row for each pair of our figure and a peer's: what it is, the medians with their range, how they compare, what was to be reached."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benchmarks.measure import OURS, Case, Goal

HEADINGS = ("", "against", "ours", "peer", "ratio", "best", "at least", "aim", "")
_SCALES = {
    "rate": ((1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")),
    "time": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    "bytes": ((1.0, "B"),),
}

#: What stands behind a figure of comparison.
_COMPARED = {"ratio": "", "excess": " ms", "amount": " B"}


@dataclass(frozen=True)
class Row:
    """A comparison. `ratio` is a difference in milliseconds, or an amount, where the case says so."""

    case: Case
    against: str
    ours: list[float]
    peer: list[float]
    ratio: float
    low: float
    """The least `ratio` of a pair of neighbouring repetitions; `high` is the greatest."""
    high: float
    best: float
    """The `ratio` of the best repetition of each: what they can do when least disturbed."""
    goal: Goal | None

    @property
    def reached(self) -> bool | None:
        """Whether it is what it should be at least; None when nothing was asked."""
        if self.goal is None:
            return None
        shown = round(self.ratio, 2)  # where both are as good as can be, the third digit is a coin's
        return shown >= self.goal.at_least if self.case.score == "ratio" else shown <= self.goal.at_least


def rows(case: Case, figures: dict[str, list[float]]) -> list[Row]:
    """The rows of a case from the figures of its contenders."""
    goals = {goal.against: goal for goal in case.goals}
    ours = figures[OURS]
    found = []
    for against in [name for name in figures if name != OURS] or [""]:
        peer = figures.get(against, [])
        pairs = [_score(case, a, b) for a, b in zip(ours, peer or ours, strict=True)]
        ratio = _score(case, median(ours), median(peer or ours))
        best = _score(case, min(ours), min(peer or ours))
        found.append(Row(case, against, ours, peer, ratio, min(pairs), max(pairs), best, goals.get(against)))
    return found


def _score(case: Case, ours: float, peer: float) -> float:
    if case.score == "ratio":
        return peer / ours
    return 1e3 * (ours - peer) if case.score == "excess" else ours


def table(found: list[Row]) -> str:
    """The rows as text, in columns."""
    cells = [HEADINGS, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    mark = "" if row.reached is not False else "<- missed"
    wanted = ("", "") if row.goal is None else (f"{row.goal.at_least:g}", f"{row.goal.aim:g}")
    spread = f"{compared(row, row.ratio)} ({compared(row, row.low)}..{compared(row, row.high)}){_COMPARED[row.case.score]}"
    return (
        row.case.title,
        row.against,
        _figures(row.case, row.ours),
        _figures(row.case, row.peer),
        spread,
        compared(row, row.best),
        *wanted,
        mark,
    )


def compared(row: Row, value: float) -> str:
    """A ratio, a difference or an amount, as the case has it."""
    return f"{value:+.1f}" if row.case.score == "excess" else _digits(value)


def _figures(case: Case, figures: list[float]) -> str:
    if not figures:
        return ""
    middle, low, high, unit = shown(case, figures)
    return f"{middle} {unit} ({low}..{high})"


def shown(case: Case, figures: list[float]) -> tuple[str, str, str, str]:
    """The median, the least and the most of some figures, and the unit that suits them."""
    values = [1 / figure if case.unit == "rate" else figure for figure in figures]
    scales = _SCALES[case.unit]
    scale, unit = next((pair for pair in scales if median(values) >= pair[0]), scales[-1])
    middle, low, high = (_digits(value / scale) for value in (median(values), min(values), max(values)))
    return middle, low, high, unit


def _digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
