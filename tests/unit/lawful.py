"""Random but lawful lives of calls, told in batches, and a slow obvious twin of the store: one object for each call."""

from array import array
from dataclasses import dataclass, field
from types import SimpleNamespace

from hypothesis import strategies as st

from poolviz import naming, scopes
from poolviz.events import Consumed, Ended, Outcome, Running, Submitted
from poolviz.tracing.view import View

POOLS = (1, 2)
FIELDS = (
    "pool",
    "scope",
    "label",
    "item",
    "submitted",
    "sent",
    "started",
    "finished",
    "delivered",
    "consumed",
    "caller",
    "worker",
    "outcome",
)


@dataclass
class Twin:
    """Calls as objects, by number; `known` are those that have been announced."""

    calls: dict[int, SimpleNamespace] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)

    def counts(self, view: View) -> dict[str, int]:
        mine = [call for call in self.calls.values() if view.matches(call.pool, call.scope)]
        ended = [call.outcome for call in mine if call.outcome]
        running = sum(1 for call in mine if not call.outcome and call.number in self.running)
        return {
            "total": len(mine),
            "pending": len(mine) - len(ended) - running,
            "running": running,
            "finished": ended.count(Outcome.RETURNED),
            "failed": sum(ended.count(o) for o in (Outcome.RAISED, Outcome.INTERRUPTED, Outcome.LOST)),
            "cancelled": ended.count(Outcome.CANCELLED),
        }


def name_labels() -> None:
    """See that the labels of lawful batches are names. They are numbers that nobody was given, and may have been forgotten."""
    for label in range(5):
        if label not in naming.names:
            naming.names[label] = f"lawful {label}"
        naming.numbers.setdefault(naming.names[label], label)


def columns(records, width):
    return [array("q", column) for column in zip(*records, strict=True)] if records else [array("q") for _ in range(width)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "map", "run", "end", "end", "consume"]),
        st.integers(0, 2**16),
        st.integers(1, 40),
    ),
    max_size=40,
)


def play(steps, tell, twin, first, scope_ids):
    """Turn random steps into lawful batches, tell them, and keep the twin up to date."""
    next_call, time = first, 1000
    withheld = []
    for kind, seed, n in steps:
        time += 7
        pool, scope = POOLS[seed % 2], scope_ids[seed % len(scope_ids)]
        if kind in ("submit", "map"):
            if kind == "map":
                records = [(next_call, n, time, seed % 5, seed % 100, scope)]
            else:
                order = list(range(next_call, next_call + n))
                if seed % 3 == 0:
                    order.reverse()
                records = [(call, 1, time + i, seed % 5, -1, scope_ids[(seed + i) % len(scope_ids)]) for i, call in enumerate(order)]
            next_call += n
            batch = (pool, records)
            if seed % 7 == 0:
                withheld.append(batch)  # numbered, told later: a gap
                continue
        elif kind == "run":
            open_calls = [c for c in twin.calls.values() if c.pool == pool and not c.outcome][: n % 4]
            if open_calls:
                tell(Running(pool, *columns([(c.number, 4 * pool - 3 + i, time) for i, c in enumerate(open_calls)], 3)))
                for i, call in enumerate(open_calls):
                    call.worker, call.started = 4 * pool - 3 + i, time
                    twin.running.add(call.number)
            continue
        elif kind == "end":
            open_calls = [c for c in twin.calls.values() if c.pool == pool and not c.outcome]
            chosen = open_calls[:n] if seed % 2 else open_calls[:: 1 + seed % 3][:n]
            records = []
            for i, call in enumerate(chosen):
                call.worker, call.sent, call.started, call.finished = (
                    (-1, 0, 0, time) if seed % 5 == 3 else (4 * pool - 3 + seed % 4, time, time, time + i)
                )
                call.bytes_out = seed
                call.outcome, call.delivered = 1 + (seed + i) % 5, time + 5
                records.append(
                    (call.number, call.worker, call.sent, call.started, call.finished, call.delivered, call.outcome, seed, 2**40)
                )
            if records:
                tell(Ended(pool, *columns(records, 9)))
            continue
        else:
            done = [c for c in twin.calls.values() if c.outcome and not c.consumed][:n]
            if done:
                tell(Consumed(*columns([(c.number, time, 1 + seed % 3) for c in done], 3)))
            for call in done:
                call.consumed, call.caller = time, 1 + seed % 3
            continue
        announce(tell, twin, *batch)
    for batch in withheld:
        announce(tell, twin, *batch)
    return next_call


def announce(tell, twin, pool, records):
    tell(Submitted(pool, *columns(records, 6)))
    for first, count, time, label, item, scope in records:
        for i in range(count):
            blank = dict.fromkeys(FIELDS, 0)
            blank |= {"pool": pool, "scope": scope, "label": label, "item": item if item < 0 else item + i, "submitted": time}
            twin.calls[first + i] = SimpleNamespace(number=first + i, **blank)


def make_scopes():
    outer = scopes.enter(thread_only=True)
    inner = scopes.enter(thread_only=True)
    scopes.leave(inner)
    scopes.leave(outer)
    return [outer.id, inner.id]


def views(scope_ids):
    return [View("pool", 1), View("pool", 2), View("scope", 0), *(View("scope", number) for number in scope_ids)]
