"""The one thread of a kernel that feeds all timelines, so that they are live while a cell blocks the main thread.

    pools' threads            poolviz-publisher, every 50 ms                 main thread
    --------------            ------------------------------                 -----------
    append to journals --->   flush_all(): journals -> store
                              each live timeline: publish()                  Timeline(): add()
                                  |  delta, under the timeline's lock        end of a cell: settle(), the same lock
                                  v
                              comm -> page

With no live timeline it is parked.

Invariants
- The thread ends with the process, and by nothing else: whatever a flush or a timeline raises is logged.
- A timeline that raises is taken out, and no other. It stays as it is; the end of a cell, or a page that asks, may bring it up to date.
"""

import contextvars
import os
import threading
import time
from typing import Protocol

from poolviz import interrupts, observe

#: Seconds between two rounds; a round that takes long lengthens it, so that publishing never takes more than a third of a core.
INTERVAL = 0.05


class Live(Protocol):
    """Something to publish."""

    context: contextvars.Context
    """Where `publish` runs: that of the cell which it belongs to, so that a host can tell whose message it is."""

    def publish(self) -> bool:
        """Send what is new; False when nothing more will come."""


class Publisher:
    """Calls `publish` of each live timeline again and again, from one daemon thread."""

    def __init__(self) -> None:
        self._live: list[Live] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, timeline: Live) -> None:
        """Publish `timeline` from now on, until its `publish` returns False."""
        with interrupts.put_off(), self._changed:
            self._live.append(timeline)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="poolviz-publisher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def discard(self, timeline: Live) -> None:
        """Publish it no more; nothing happens if it is not there."""
        with interrupts.put_off(), self._changed:
            self._live = [other for other in self._live if other is not timeline]

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._live)
                live = self._live[:]
            begin = time.perf_counter()
            try:
                self._publish(live)
            except BaseException:
                observe.report("poolviz: a round of publishing failed")
            time.sleep(max(INTERVAL, 2 * (time.perf_counter() - begin)))

    def _publish(self, live: list[Live]) -> None:
        observe.flush_all()
        for timeline in live:
            try:
                more = timeline.context.run(timeline.publish)
            except BaseException:  # SystemExit too: a widget runs its user's observers
                observe.report("poolviz: a timeline could not be published and stays as it is")
                more = False
            if not more:
                self.discard(timeline)


publisher = Publisher()


def _after_fork_in_child() -> None:
    # The thread does not survive a fork, and the comms are the parent's.
    global publisher
    publisher = Publisher()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
