"""How a case is measured: each contender once, then each once more, and so on.

A machine that grows slower or busier during the run then does so for all of them, and neighbouring repetitions can be compared.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter
from typing import Any

OURS = "poolviz"
#: Workers of every pool.
WORKERS = 2
#: One repetition. Gives what the case measures: seconds or bytes for each operation.
Once = Callable[[], float]


@dataclass(frozen=True)
class Run:
    """What the user asked for."""

    peers: bool = False
    """Whether libraries that are not part of Python take part."""
    quick: bool = False
    """Whether to try that everything works, instead of measuring."""
    repetitions: int | None = None
    """How often each contender is measured; None leaves it to the case."""

    def n(self, full: int, quick: int) -> int:
        """How many calls one repetition makes."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Goal:
    """What our figure should reach against one peer's.

    Args:
        against: the contender's name; empty for an amount that stands for itself.
        at_least: the mark that must be reached.
        aim: the mark that we would like to reach.
    """

    against: str
    at_least: float
    aim: float


@dataclass(frozen=True)
class Case:
    """One thing to be measured.

    Args:
        name: how it is chosen on the command line.
        title: how the table calls it.
        unit: what the figures are shown as, ``rate``, ``time`` or ``bytes``.
        score: how figures are compared: ``ratio`` (the peer's through ours), ``excess`` (ours less the peer's, in milliseconds), ``amount``
            (ours alone).
        repetitions: how often each contender is measured.
        contenders: opens what is needed on a stack, and gives one repetition of each contender, ours first.
        goals: what should be reached.
    """

    name: str
    title: str
    unit: str
    score: str
    repetitions: int
    contenders: Callable[[Run, ExitStack], dict[str, Once]]
    goals: tuple[Goal, ...] = ()


def measure(case: Case, run: Run) -> dict[str, list[float]]:
    """The figures of each contender, one for each repetition."""
    repetitions = 1 if run.quick else run.repetitions or case.repetitions
    with ExitStack() as stack:
        contenders = case.contenders(run, stack)
        figures: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(repetitions):
            for name, once in contenders.items():
                gc.collect()  # so that nobody pays for the garbage of another
                figures[name].append(once())
                print(".", end="", file=sys.stderr, flush=True)
    return figures


def each(n: int, work: Callable[[], Any]) -> float:
    """Seconds for each of the `n` operations that `work` does."""
    start = perf_counter()
    work()
    return (perf_counter() - start) / n


def exhaust(results: Iterable[Any], n: int) -> None:
    """Take all results of a map, one by one as a user's loop does, and see that none is missing."""
    taken = 0
    for _ in results:
        taken += 1
    assert taken == n, f"{taken} results of {n} calls"
