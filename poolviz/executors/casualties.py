"""What becomes of calls when their worker dies, and when the pool breaks.

Everything is taken out of the scheduler under its lock; the futures found lost are failed later, see `outcomes`.
"""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from functools import partial

from poolviz.clock import now
from poolviz.events import Outcome
from poolviz.executors.future import Future
from poolviz.executors.mapping import MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message, Placement
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.slots import DONE, LOADING

ABRUPT = "A process in the process pool was terminated abruptly while the future was running or pending."


class Casualties:
    """Finds out what a dead worker took with it. Its methods run in the manager's thread."""

    def __init__(self, scheduler: Scheduler, outcomes: Outcomes) -> None:
        self._scheduler = scheduler
        self._outcomes = outcomes

    def lose(self, placement: Placement, words: str, interrupted: bool, reason: str = ABRUPT) -> list[Message]:
        """Fail the call that a worker died of, and those whose results died with it.

        Args:
            placement: the worker, whose slot can still be read.
            words: what became of it.
            interrupted: whether we ended it because it did not mind an interrupt.
            reason: how the error begins.

        Returns:
            What it had not begun, as messages.
        """
        slot = placement.link.slot
        current, done = slot.current(), slot.words[DONE]
        started, when, last = 0, "while it ran", -1
        words = f"{reason} Worker process {placement.pid} {words}"
        if current is not None:
            last, started = current[0], current[3] or current[1]
        elif slot.words[LOADING]:
            last, when = done + 1, "while it unpickled the function of"
        rest = []
        for message in list(placement.messages):
            n = message.items or message.n
            begun = message.first <= last < message.first + message.n
            if message.items:
                ended = current[2] if begun and current is not None else (n if done >= message.first else 0)
                if message.reported > ended:  # it died between two items, of what the first was given
                    ended, begun = message.reported, False
            else:
                ended = min(max(done + 1 - message.first, message.reported), n)
                if begun and message.reported > last - message.first:  # it died between two calls, of what the first was given
                    begun = False
            # Those that ended unreported took their results with them. To run them again might do harm.
            for at in range(message.reported, ended):
                self._lose_one(placement, message, at, 0, f"{words} before it could hand over the result of", interrupted)
            if begun:
                self._lose_one(placement, message, ended, started, f"{words} {when}", interrupted)
            if ended + begun < n:
                rest.append(message.rest(ended + begun))
        return rest

    def _lose_one(self, placement: Placement, sent: Message, at: int, start: int, words: str, interrupted: bool) -> None:
        run, future = sent.run, None
        if run is None:
            future = sent.futures[at]
            if future is None or future._withdrawn:
                return
        end = now()
        outcome = Outcome.INTERRUPTED if interrupted else Outcome.LOST
        what = f"item {sent.item + at} of a map" if run is not None else "this call"
        error: BaseException = BrokenProcessPool(f"{words} {what}.")
        if interrupted:
            error = KeyboardInterrupt()
        if run is not None:
            item = sent.item + at
            run.close_items(1)
            self._outcomes.later(
                partial(self._outcomes.failed_item, run, sent, placement.number, item, start, end, outcome, error, ""), [run]
            )
        elif future is not None:
            future._withdrawn = True
            future._let_go()
            self._outcomes.later(
                partial(self._outcomes.failed, future, placement.number, sent.sent, start, end, outcome, error, ""), [future]
            )

    def end_all(self, message: str, rest: list[Message]) -> None:
        """Fail everything that has not ended, with BrokenProcessPool. Under the lock.

        Args:
            message: of the exceptions.
            rest: what was left of a worker that is gone already.
        """
        units = dict.fromkeys(self._scheduler.units())
        # The other workers are ended too, each with the call that it runs.
        others = [self.lose(placement, "was ended with the pool", False, message) for placement in self._scheduler.placements]
        parts = rest + [part for left in others for part in left]
        for part in rest:
            units.update(dict.fromkeys([part.run] if part.run is not None else [f for f in part.futures if f is not None]))
        self._scheduler.clear()
        for unit in units:
            if isinstance(unit, MapRun):
                ranges = unit.drop_rest() + [part.item_range() for part in parts if part.run is unit]
                self._outcomes.cancel_items(unit, ranges, Outcome.LOST)
                unit.abort(partial(BrokenProcessPool, message))
            elif not unit._withdrawn:
                self._end_one(unit, message)

    def _end_one(self, future: Future, message: str) -> None:
        future._withdrawn = True
        future._let_go()
        end = now()
        self._outcomes.later(partial(self._outcomes.failed, future, -1, 0, 0, end, Outcome.LOST, BrokenProcessPool(message), ""), [future])
