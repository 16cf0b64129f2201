"""The `Timeline` widget: a trace, drawn in a notebook, live while the trace is.

While it is live its page gets deltas by custom messages, from the publisher's thread. Hosts save only traits: so at the end of a cell,
and when all has come to rest, everything is synced once as the trait `snapshot`.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from typing import Any

import anywidget
from traitlets import Bytes, Dict, Enum, Int, Unicode, default

from poolviz import observe
from poolviz.export import bundle
from poolviz.timeline import publisher, settling, shown
from poolviz.timeline.options import options
from poolviz.tracing.trace import Trace, one_line
from poolviz.wire.codec import Message, pack
from poolviz.wire.feed import Feed

logger = logging.getLogger("poolviz")

#: Bytes that may be saved into a notebook. A larger run is shown, not saved.
SNAPSHOT_LIMIT = 8_000_000

#: Seconds after which a page is told that all is as before, while calls are pending or run. It takes longer silence for a dead kernel.
HEARTBEAT = 0.5


class Timeline(anywidget.AnyWidget):
    """A trace as a picture: one row for each worker, one bar for each call, growing while it runs.

    Args:
        trace: what to show: `pool.trace`, or what ``with poolviz.trace()`` gives.
        height: pixels; 0 lets the number of workers decide; None for what ``%poolviz height`` says.
        theme: ``auto`` follows the host, else ``light`` or ``dark``; None for what ``%poolviz theme`` says.

    Raises:
        bundle.NotBuiltError: the front end has not been built in this checkout.
    """

    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)
    snapshot = Bytes(b"").tag(sync=True)
    height = Int(0).tag(sync=True)
    theme = Enum(("auto", "light", "dark"), "auto").tag(sync=True)
    selection = Dict(default_value=None, allow_none=True).tag(sync=True)
    """What is selected in the page, and may be set: ``{"kind": "call", "row": n}``, ``{"kind": "span", "start": ns, "end": ns}``
    in nanoseconds since the trace's start, or None."""

    def __init__(self, trace: Trace, *, height: int | None = None, theme: str | None = None) -> None:
        self.trace = trace
        self.context = contextvars.copy_context()
        self._guard = threading.RLock()
        """Around the feed and everything that is sent; reentrant, as syncing a trait may run the user's observers."""
        self._limit = SNAPSHOT_LIMIT if options.save else 0
        self._feed = Feed(trace)
        self._ended = False
        self._synced_by_publisher = False
        self._in_sync = True
        """Whether `snapshot` says all that the page was told."""
        self._warned = False
        self._sent_at = time.monotonic()
        observe.flush_all()
        first = self._feed.snapshot()
        blob = pack(first)
        fits = len(blob) <= self._limit
        super().__init__(
            snapshot=blob if fits else b"",
            height=options.height if height is None else height,
            theme=options.theme if theme is None else theme,
        )
        _answer_in_subshell(self.comm)
        self.on_msg(self._on_page)
        if not fits:
            self._warn(len(blob))
            self._post(first)
        if self._feed.done:
            self._end()
        else:
            publisher.publisher.add(self)
            settling.at_cell_ends(self)

    @default("_esm")
    def _read_esm(self) -> str:
        return bundle.text("widget.js")

    @default("_css")
    def _read_css(self) -> str:
        return bundle.text("widget.css")

    def __repr__(self) -> str:
        # While it is live the counts depend on the moment, and a saved notebook would differ from run to run.
        if not self._ended:
            return f"Timeline({self.trace.title!r})"
        return f"Timeline({one_line(self.trace.title, self.trace.counts())})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown.tell(self)
        return super()._repr_mimebundle_(**kwargs)

    @property
    def live(self) -> bool:
        """Whether more will come."""
        return not self._ended

    def publish(self) -> bool:
        """Send what is new; for the publisher, after a flush.

        Returns:
            Whether more will come.
        """
        with self._guard:
            if self._ended:
                return False
            self._deliver(always=self._feed.busy and time.monotonic() - self._sent_at >= HEARTBEAT)
            if self._feed.done:
                self._sync()
                self._synced_by_publisher = True
                self._end()
            return not self._ended

    def settle(self) -> None:
        """Bring the page and the saved state up to date; for the main thread, at the end of a cell."""
        observe.flush_all()
        with self._guard:
            if self._ended:
                if self._synced_by_publisher:
                    self._synced_by_publisher = False
                    self.send_state("snapshot")
                return
            self._deliver(always=False)
            self._sync()
            if self._feed.done:
                self._end()

    def close(self) -> None:
        """Take the widget from its pages; see `ipywidgets.Widget.close`."""
        with self._guard:
            self._end()
        super().close()

    def _deliver(self, *, always: bool) -> None:
        message = self._feed.delta(always=always)
        if message is not None:
            self._post(message)

    def _post(self, message: Message) -> None:
        self.send(message.header, buffers=message.buffers)
        self._in_sync = False
        self._sent_at = time.monotonic()

    def _sync(self) -> None:
        if self._in_sync:
            return
        if self._feed.least_size > self._limit:
            self._warn(self._feed.least_size)
            return
        message = self._feed.snapshot()
        blob = pack(message)
        if len(blob) <= self._limit:
            self.snapshot = blob
        else:
            # The deltas that follow build on this snapshot, so the page must have it, even if it cannot be kept.
            self._post(message)
            self._warn(len(blob))
        self._in_sync = True

    def _warn(self, size: int) -> None:
        if self._warned or not self._limit:
            return  # not to be saved is what the user asked for
        self._warned = True
        logger.warning(
            "poolviz: the timeline %r takes %.1f MB and is not saved with the notebook (the limit is %.0f MB); "
            "save it to a file with trace.save('run.html')",
            self.trace.title,
            size / 1e6,
            SNAPSHOT_LIMIT / 1e6,
        )

    def _end(self) -> None:
        self._ended = True
        self._feed.close()
        publisher.publisher.discard(self)

    def _on_page(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a page that noticed a gap; runs in whichever thread the host chooses."""
        if isinstance(content, dict) and content.get("kind") == "resync":
            observe.flush_all()
            with self._guard:
                self._post(self._feed.snapshot())


def _answer_in_subshell(comm: Any) -> None:
    """Have messages from the page handled while a cell runs, where the host has subshells for it.

    ipykernel 7.4 routes a comm's messages to the shell that last sent on it, which is the main one: they would wait for the end of the
    cell. The attribute is private, so nothing is done where it is missing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
