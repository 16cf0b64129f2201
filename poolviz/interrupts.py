"""Ctrl-C at a moment of our choice.

Python raises KeyboardInterrupt between any two steps of the main thread, also in the middle of moving events from a journal into the
store: half of them would then be counted, or counted twice. Such a passage is run with the interrupt put off until its end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def put_off() -> Iterator[None]:
    """Run a short block that Ctrl-C does not break; what came meanwhile is raised at its end.

    Outside of the main thread, which alone is ever interrupted, and inside another such block nothing is done.
    """
    handler = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if not callable(handler) or isinstance(handler, _Note):
        yield
        return
    note = _Note()
    # An interrupt that is pending is raised by this very call, before anything has begun.
    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if note.came:
            handler(signal.SIGINT, note.frame)


class _Note:
    """A signal handler that remembers."""

    came = False
    frame: FrameType | None = None

    def __call__(self, _number: int, frame: FrameType | None) -> None:
        self.came, self.frame = True, frame
