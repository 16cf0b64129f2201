"""A cell that runs: the scope of its calls, and the one timeline under it.

    pre_run_cell    enter a scope for the cell's thread
    first call      the scope's on_first, in the thread that submits: make a Timeline of the scope, display it
    post_run_cell   leave the scope; then the timeline settles (`poolviz.timeline.settling`)

A cell that displays a timeline of its own, of the same calls, shows that one and no second.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from threading import get_ident

from IPython.display import display

from poolviz import observe, scopes
from poolviz.timeline import shown
from poolviz.timeline.widget import Timeline
from poolviz.tracing.trace import Trace, of_scope

logger = logging.getLogger("poolviz")


class Cell:
    """A cell that runs.

    Args:
        title: gives the name of its trace, at the first call.
        auto: asked at the first call: whether to show a timeline.
        on_trace: told of the cell's trace at its first call.
    """

    def __init__(self, title: Callable[[], str], auto: Callable[[], bool], on_trace: Callable[[Trace], None]) -> None:
        self.thread = get_ident()
        self.trace: Trace | None = None
        self.timeline: Timeline | None = None
        self._title = title
        self._auto = auto
        self._on_trace = on_trace
        self._context = contextvars.copy_context()
        self._others: list[Timeline] = []
        self._waiting = False
        shown.listeners.append(self._on_shown)
        self._enter(thread_only=True)

    def _enter(self, *, thread_only: bool) -> None:
        self._since = observe.new_calls(0)
        self.scope = scopes.enter(self._on_first, thread_only=thread_only)

    def ask(self, title: str) -> None:
        """From here on show the calls of all threads, whether or not timelines are shown by themselves.

        Args:
            title: the trace's, in the place of the cell's number.
        """
        scopes.leave(self.scope)
        self._title = (lambda: title) if title else self._title
        self._auto = lambda: True
        self._enter(thread_only=False)

    def leave(self) -> None:
        """No further call belongs to the cell."""
        scopes.leave(self.scope)
        try:
            if self.trace is not None:
                self.trace.close()
                if self._waiting and not self._is_shown(self.trace):
                    self._show(self.trace)
        finally:  # whatever displaying raises
            shown.listeners.remove(self._on_shown)
            self._others.clear()

    def _on_first(self) -> None:
        # Nothing that goes wrong in showing may break the submission that it precedes.
        try:
            self.trace = of_scope(self.scope, self._title(), since=self._since)
            self._on_trace(self.trace)
            if self._auto():
                # What the cell displayed itself may be of these very calls: whether it is, is known when they are.
                self._waiting = any(other.live for other in self._others)
                if not self._waiting:
                    self._context.run(self._show, self.trace)
        except Exception:
            logger.exception("poolviz: the timeline of this cell cannot be shown")

    def _show(self, trace: Trace) -> None:
        self.timeline = Timeline(trace)
        display(self.timeline)  # type: ignore[no-untyped-call]  # IPython's is not annotated

    def _on_shown(self, timeline: Timeline) -> None:
        if timeline is self.timeline:
            return
        self._others.append(timeline)
        if self.timeline is not None and self.trace is not None and self._is_shown(self.trace):
            self.timeline.vanish()
            self.timeline = None

    def _is_shown(self, trace: Trace) -> bool:
        return any(other.trace.includes(trace) for other in self._others)
