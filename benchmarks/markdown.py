"""The comparisons as a table of a documentation page, with the words of what they were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Case
from benchmarks.table import Row, compared, shown


def page(found: Sequence[Row], facts: dict[str, Any], load: Sequence[float]) -> str:
    """A part of a page: where it was measured, and a table of the medians.

    Args:
        found: the comparisons.
        facts: what `command.machine` says.
        load: how busy the machine was at the end.
    """
    busy = f", load {facts['load'][0]} at the start and {load[0]} at the end" if facts["load"] and load else ""
    lines = [
        f"{facts['cpus']} CPUs, Python {facts['python']}, {facts['system'].split()[0]}{busy}. Medians.",
        "",
        "| | against | poolviz | the other | ratio |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(row))} |" for row in found)]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    # What is compared in another way than by a ratio stands beside it in full.
    ratio = compared(row, row.ratio) if row.case.score == "ratio" else ""
    return row.case.title, row.against, _median(row.case, row.ours), _median(row.case, row.peer), ratio


def _median(case: Case, figures: list[float]) -> str:
    if not figures:
        return ""
    middle, _, _, unit = shown(case, figures)
    return f"{middle}\u00a0{unit.replace('us', 'µs')}"  # never a line's end in between
