"""Who wants to know that a timeline is displayed: the cell that runs, which then need not show one of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolviz.timeline.widget import Timeline

listeners: list[Callable[[Timeline], None]] = []


def tell(timeline: Timeline) -> None:
    """Say to all listeners that `timeline` is being displayed."""
    for listener in listeners[:]:
        listener(timeline)
