"""How busy workers were: the one definition, for `Trace.summary()` and for the kept picture.

    window          from the first submission to the last end, or to now while calls wait or run
    known           the window; once calls are no longer kept, its part from the first start of a kept call on: before it nobody knows
                    what the workers did. It is empty while no kept call has started, and then there is no busy share.
    there           the part of `known` in which the worker could have run calls: from when its initializer had returned to its exit
    busy            time in kept calls, those that run included, up to now
    busy share      busy / there, at most 1; of several workers the sum over the sum

A worker that is starting is not idle: nothing could have kept it busy. One of which nobody said that it was ready was so from its launch,
if it has run a call. The page has the same in ``js/src/model/busy.ts``; ``tests/vectors/busy.json`` holds for both.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Window(NamedTuple):
    """When a run was under way, in nanoseconds."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """How long it took."""
        return self.end - self.begin


def window(submitted: Iterable[int], ended: Iterable[int], now: int, *, under_way: bool) -> Window:
    """When a run was under way.

    Args:
        submitted: when calls were submitted.
        ended: when calls ended, also those that never ran.
        now: up to when it has come.
        under_way: whether calls wait or run.
    """
    begin = min(submitted, default=0)
    last = max(ended, default=begin)
    return Window(begin, max(begin, now, last) if under_way else max(begin, last))


def known(span: Window, started: Iterable[int], *, dropped: bool) -> Window:
    """The part of a window in which the calls that are kept say what the workers did.

    Args:
        span: the window.
        started: when kept calls started.
        dropped: whether there are calls that are no longer kept. Rows go by their age, so what goes may still wait or run.
    """
    if not dropped:
        return span
    return span._replace(begin=min(span.end, max(span.begin, min(started, default=span.end))))


def there(span: Window, started: int, ready: int | None, exited: int | None, *, ran: bool) -> int:
    """For how many nanoseconds of a window a worker could have run calls.

    Args:
        span: the window, as far as it is known.
        started: when the worker was launched.
        ready: when its initializer had returned; None if nobody said so.
        exited: when it was gone; None while it is there.
        ran: whether it has run a call.
    """
    if ready is None and not ran:
        return 0
    begin = max(span.begin, started if ready is None else ready)
    end = span.end if exited is None else min(span.end, exited)
    return max(0, end - begin)


def share(busy: int, there: int) -> float | None:
    """The busy share; None of workers that were never there."""
    return min(1.0, busy / there) if there else None
