"""How often a trace that is not over is saved.

A kernel may be killed and a notebook closed in the middle of a long run, and what is in the outputs then is all that is left. But to save
a million calls takes seconds, and must not be what the kernel is busy with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

#: Seconds between two times that a run is saved while it goes on. JupyterLab saves notebooks as often.
EVERY = 120.0

#: What takes less is no burden, seconds. Of longer ones no more than one second in so many is spent.
CHEAP, SHARE = 0.2, 50


class Pace:
    """When to save again."""

    def __init__(self) -> None:
        self._saved_at = monotonic()
        self._cost = 0.0

    @property
    def may_save(self) -> bool:
        """Whether it would be no burden."""
        return self._cost < CHEAP or self._age >= SHARE * self._cost

    @property
    def should_save(self) -> bool:
        """Whether it is time to, though nobody asks."""
        return self._age >= EVERY and self.may_save

    @property
    def _age(self) -> float:
        return monotonic() - self._saved_at

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Around what saves."""
        begin = monotonic()
        yield
        self._saved_at = monotonic()
        self._cost = self._saved_at - begin
