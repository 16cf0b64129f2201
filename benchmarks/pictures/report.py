"""The results as a table: for a terminal, and for the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.figures import percentiles
from benchmarks.pictures.gestures import Result

OURS = "poolviz"

#: By the number of bars, then by who drew them: one result for each repetition.
Results = Mapping[int, Mapping[str, Sequence[Result]]]


def _milliseconds(value: float) -> str:
    return f"{value / 1e3:.1f} s" if value >= 1000 else f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def of_gestures(repetitions: Sequence[Result]) -> tuple[float, float] | None:
    """The median and the 95th percentile of all gestures; None if no repetition could be ended."""
    costs = [cost for result in repetitions for cost in result.costs]
    return percentiles(costs) if costs else None


def cells(results: Results) -> list[list[str]]:
    """A heading, and a line for each number of bars and each who drew them."""
    lines = [["bars", "drawn by", "opened", "frame, p50", "frame, p95"]]
    for bars, drawn in results.items():
        for name, repetitions in drawn.items():
            opened = [result.opened for result in repetitions if result.opened]
            first = _milliseconds(median(opened)) if opened else ""
            found = of_gestures(repetitions)
            why = next((result.unusable for result in repetitions if result.unusable), "")
            frames = [f"unusable: {why}", ""] if found is None else list(map(_milliseconds, found))
            lines.append([f"{bars:,}", name, first, *frames])
    return lines


def misses(results: Results) -> list[str]:
    """Where another is as fast as ours, or faster."""
    found = []
    for bars, drawn in results.items():
        ours = of_gestures(drawn[OURS])
        for name, repetitions in drawn.items():
            theirs = of_gestures(repetitions)
            if name == OURS or theirs is None:
                continue
            if ours is None or not (ours[0] < theirs[0] and ours[1] < theirs[1]):
                found.append(f"{bars:,} bars: {name} is not slower")
    return found


def text(results: Results) -> str:
    """For a terminal."""
    lines = cells(results)
    widths = [max(map(len, column)) for column in zip(*([*line[:3], line[3] if line[4] else "", line[4]] for line in lines), strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def markdown(results: Results, machine: str) -> str:
    """For the documentation."""
    heading, *lines = cells(results)
    rows = [heading, ["---"] * len(heading), *lines]
    return "\n".join([f"{machine}:", "", *(f"| {' | '.join(row)} |" for row in rows), ""])
