"""At the end of each cell, timelines that are or were live are saved from the thread that ran the cell.

Hosts that execute notebooks keep only what is synced while a cell runs and on its behalf: what the publisher's thread syncs later is
shown, but not saved. The callback comes after the notebook extension's own, which says that a cell's trace has ended.
"""

from __future__ import annotations

from typing import Any, Protocol

from IPython.core.getipython import get_ipython

from poolviz import observe


class Settling(Protocol):
    """A timeline."""

    live: bool

    def settle(self) -> None:
        """Sync what is to be saved."""


_unsettled: list[Settling] = []


def at_cell_ends(timeline: Settling) -> None:
    """Call `timeline.settle()` at the end of this cell and of each further one, as long as it is live."""
    shell = get_ipython()
    if shell is None:
        return
    _unsettled.append(timeline)
    # Again and again, so that it stays the last: an extension that is loaded anew registers its callback anew.
    if _settle_all in shell.events.callbacks["post_run_cell"]:
        shell.events.unregister("post_run_cell", _settle_all)
    shell.events.register("post_run_cell", _settle_all)


def _settle_all(_result: Any) -> None:
    for timeline in _unsettled[:]:
        try:
            timeline.settle()
        except Exception:
            # The others are to be saved all the same.
            observe.report("poolviz: a timeline could not be saved")
        if not timeline.live:
            _unsettled.remove(timeline)
