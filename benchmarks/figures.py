"""A figure with the limit that it must stay under, and how such figures are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Figure:
    """One line of the table. `limit` is what it must stay under; None for what is only told."""

    name: str
    value: float
    limit: float | None
    unit: str

    @property
    def reached(self) -> bool:
        return self.limit is None or self.value < self.limit


def percentiles(costs: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    cuts = quantiles(costs, n=20)
    return cuts[9], cuts[18]


def table(found: Sequence[Figure]) -> str:
    """The figures as text, a line each."""
    width = max(len(figure.name) for figure in found)
    lines = []
    for figure in found:
        line = f"{figure.name.ljust(width)}  {figure.value:8.2f} {figure.unit:<2}"
        if figure.limit is not None:
            line += f"  under {figure.limit:g} {figure.unit}{'' if figure.reached else '  missed'}"
        lines.append(line.rstrip())
    return "\n".join(lines)
