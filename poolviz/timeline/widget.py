"""The `Timeline` widget: a trace, drawn in a notebook, live while the trace is.

While it is live its page gets deltas by custom messages, from the publisher's thread. No host saves those: so at the end of a cell, and
when all has come to rest, the outputs that it stands in are replaced by ones that need no kernel (`output`). A timeline that is only part
of another widget has no output of its own; what is to be saved is then synced as the trait `snapshot`.
"""

from __future__ import annotations

import contextvars
import secrets
import threading
import time
from typing import Any

import anywidget
from traitlets import Bytes, Dict, Enum, Int, Unicode, default

from poolviz import deferred, observe
from poolviz.export import bundle
from poolviz.timeline import publisher, settling, shown
from poolviz.timeline.displays import Displays
from poolviz.timeline.options import options
from poolviz.timeline.pace import Pace
from poolviz.timeline.selected import calls_of
from poolviz.tracing.records import Call
from poolviz.tracing.trace import Trace, one_line
from poolviz.wire.codec import Message, pack
from poolviz.wire.feed import Feed

#: Bytes of a packed snapshot that may be saved into a notebook; as base64 they take a third more.
SNAPSHOT_LIMIT = 500_000

#: Seconds within which a page that asks again for what it missed is not answered again: its questions may have piled up while a cell ran.
ANSWERED = 1.0

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
    key = Unicode("").tag(sync=True)
    """What outputs know the model by."""
    newest = Int(-1).tag(sync=True)
    """The number of the last delta, as of the end of a cell: a page that has less has come later, and asks for the rest."""
    snapshot = Bytes(b"").tag(sync=True)
    height = Int(0).tag(sync=True)
    theme = Enum(("auto", "light", "dark"), "auto").tag(sync=True)
    selection = Dict(default_value=None, allow_none=True).tag(sync=True)
    """What is selected in the page, and may be set: ``{"kind": "call", "call": number}`` with a number of the column ``call`` of
    `Trace.calls`, ``{"kind": "span", "start": ns, "end": ns}`` in nanoseconds since the trace's start, or None. See `selected`."""

    def __init__(self, trace: Trace, *, height: int | None = None, theme: str | None = None) -> None:
        self.trace = trace
        self.context = contextvars.copy_context()
        self._guard = threading.RLock()
        """Around the feed and everything that is sent; reentrant, as syncing a trait may run the user's observers."""
        self._saves = options.save
        self._feed = Feed(trace)
        self._ended = False
        self._saved_by_publisher = False
        self._is_saved = False
        """Whether what is saved says all that the page was told."""
        self._pace = Pace()
        self._watched = False
        """Whether it fills a page's screen, which an output that is replaced would end."""
        self._sent_at = time.monotonic()
        self._answered_at = float("-inf")
        observe.flush_all()
        first = self._feed.snapshot()
        super().__init__(
            key=secrets.token_hex(8),
            height=options.height if height is None else height,
            theme=options.theme if theme is None else theme,
        )
        self._displays = Displays(self.key, self.height, self.theme)
        _answer_in_subshell(self.comm)
        self.on_msg(self._on_page)
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

    @property
    def selected(self) -> list[Call]:
        """The calls that are selected in the page: one that was chosen, or all that ran at some time of a span."""
        return calls_of(self.trace, self.selection, self._feed.origin)

    def __repr__(self) -> str:
        return _line(self.trace.title, self.trace.counts() if self._ended else None)

    def _ipython_display_(self) -> None:
        shown.tell(self)
        with self._guard:
            if self.snapshot:
                self.snapshot = b""  # the output keeps it
            if not self._ended:
                self._is_saved = False
                self._displays.show_live(repr(self), super()._repr_mimebundle_)
            else:
                snapshot = self._kept()
                self._displays.show_kept(snapshot, _line_of(snapshot), explorable=self._saves)
                self._is_saved = True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        # For hosts that do not ask for the above.
        shown.tell(self)
        return super()._repr_mimebundle_(**kwargs)

    def vanish(self) -> None:
        """Take it from the notebook and end it. An output cannot be taken back, only emptied."""
        with self._guard:
            self._displays.empty()
        self.close()

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
                self._save()
                self._saved_by_publisher = True
                self._end()
            elif self._displays and self._pace.should_save and not self._watched:
                self._save()
            return not self._ended

    def settle(self) -> None:
        """Bring the page and what is saved up to date; for the main thread, at the end of a cell."""
        observe.flush_all()
        with self._guard:
            if self._ended and self._saved_by_publisher:
                self._saved_by_publisher = False
                self._is_saved = False
            elif not self._ended:
                self._deliver(always=False)
            if self._ended or self._feed.done or self._pace.may_save:
                self._save()
            if self._feed.done and not self._ended:
                self._end()

    def close(self) -> None:
        """Take the widget from its pages; see `ipywidgets.Widget.close`."""
        with self._guard:
            self._end()
        super().close()

    def __del__(self) -> None:
        # In the place of the widget's own, which closes it and takes locks. A widget that was made is referred to until it is closed; of
        # one that was not made to the end the feed is left.
        feed = self.__dict__.get("_feed")
        if feed is not None and not self.__dict__.get("_ended"):
            deferred.leave(feed.close)

    def _deliver(self, *, always: bool) -> None:
        message = self._feed.delta(always=always)
        if message is not None:
            self._post(message)

    def _post(self, message: Message) -> None:
        self.send(message.header, buffers=message.buffers)
        self._is_saved = False
        self._sent_at = time.monotonic()

    def _save(self) -> None:
        """Have the notebook keep how things stand: in the outputs, or for a timeline that has none as a trait."""
        if self._is_saved or self.comm is None:
            return
        with self._pace.saving():
            if self._displays:
                snapshot = self._kept()
                self._displays.keep(snapshot, _line_of(snapshot), explorable=self._saves)
            elif self._saves:
                self.snapshot = pack(self._kept())
        self.newest = self._feed.newest
        self._is_saved = True

    def _kept(self) -> Message:
        return self._feed.snapshot(SNAPSHOT_LIMIT)

    def _end(self) -> None:
        self._ended = True
        self._feed.close()
        publisher.publisher.discard(self)

    def _on_page(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a page that noticed a gap; runs in whichever thread the host chooses."""
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "watched":
            self._watched = bool(content.get("on"))
        elif kind == "resync":
            observe.flush_all()
            with self._guard:
                if time.monotonic() - self._answered_at >= ANSWERED:
                    self._post(self._feed.snapshot())
                    self._answered_at = time.monotonic()


def _line_of(snapshot: Message) -> str:
    header = snapshot.header
    return _line(header["title"], None if header["state"] == "live" else header["counts"])


def _line(title: str, counts: dict[str, int] | None) -> str:
    # While it is live the counts depend on the moment, and a saved notebook would differ from run to run.
    return f"Timeline({title!r})" if counts is None else f"Timeline({one_line(title, counts)})"


def _answer_in_subshell(comm: Any) -> None:
    """Have messages from the page handled while a cell runs, where the host has subshells for it.

    ipykernel 7.4 routes a comm's messages to the shell that last sent on it, which is the main one: they would wait for the end of the
    cell. The attribute is private, so nothing is done where it is missing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
