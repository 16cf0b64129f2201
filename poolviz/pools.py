"""The public pools: the executors, with a trace and a timeline of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from poolviz import clock
from poolviz.executors import process, thread
from poolviz.observe import Journal
from poolviz.tracebacks import HIDE
from poolviz.tracing import store
from poolviz.tracing.trace import Trace, of_pool

if TYPE_CHECKING:
    from poolviz.timeline.widget import Timeline

P = ParamSpec("P")
S = TypeVar("S")


def _traced(init: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """The same constructor, with a store that listens before the pool says its first word."""

    @wraps(init)
    def construct(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        __tracebackhide__ = HIDE
        store.default()
        init(self, *args, **kwargs)

    return construct


class Traced:
    """A pool that can be looked at."""

    _journal: Journal | None
    _trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        """What this pool has done so far, and goes on doing.

        Raises:
            RuntimeError: the pool was made with ``trace=False``.
        """
        if self._journal is None:
            raise RuntimeError("this pool was made with trace=False: nothing of it is recorded")
        if self._trace is None:
            self._trace = of_pool(self._journal.pool, clock.now(), type(self).__name__)
        return self._trace

    def timeline(self, *, height: int | None = None, theme: str | None = None) -> Timeline:
        """A widget that draws this pool, live until the pool is shut down and its last call has ended.

        Args:
            height: pixels; 0 lets the number of workers decide; None for what ``%poolviz height`` says.
            theme: ``auto`` follows the host, else ``light`` or ``dark``; None for what ``%poolviz theme`` says.

        Raises:
            RuntimeError: the pool was made with ``trace=False``.
        """
        from poolviz.timeline.widget import Timeline

        return Timeline(self.trace, height=height, theme=theme)


class ThreadPoolExecutor(Traced, thread.ThreadPoolExecutor):
    __doc__ = thread.ThreadPoolExecutor.__doc__
    __init__ = _traced(thread.ThreadPoolExecutor.__init__)


class ProcessPoolExecutor(Traced, process.ProcessPoolExecutor):
    __doc__ = process.ProcessPoolExecutor.__doc__
    __init__ = _traced(process.ProcessPoolExecutor.__init__)
