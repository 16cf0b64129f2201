"""A process that runs for weeks: what nobody can ask for any more is given up, so that twice as many cells leave no more behind."""

import pytest

from tests.unit.tracing.test_freeing import result

# Small limits, so that they are passed in a moment.
SMALL = """
import threading
from poolviz import callers, deferred, naming, scopes
from poolviz.tracing import fold

naming.LEAST = naming._enough = 200
scopes.NEWEST = 20
callers.MANY = fold.MANY = 20

def sizes():
    kept()
    state = default().state
    everything = {
        "scopes": len(scopes.parents), "names": len(observe.labels), "numbers": len(naming.numbers), "doubtful": len(naming._doubtful),
        "users": len(naming._users), "journals": len(observe.journals), "callers": len(callers.names), "holders": len(default()._holders),
        "log": len(default()._log), "inbox": len(default()._inbox), "callers told": len(state.callers), "tally": len(state.tally._scopes),
        "gone": len(state._gone), "running": len(state.running),
        "cells": len(scopes._cells), "open": len(scopes._open),
    }
    everything |= {"gone holders": len(default()._gone), "due": len(deferred.due)}
    return everything | {f"kept {i}": n for i, n in enumerate(kept())}

def cell(number, show=False):
    scope = scopes.enter(thread_only=True)
    try:
        with poolviz.ThreadPoolExecutor(2) as pool:
            named = pool.options(label=lambda item: f"file {number} {item}")
            list(named.map(abs, range(5)))
            named.submit(fail, 3).exception()
        caller = threading.Thread(target=lambda: pool.trace.calls["name"], name=f"thread {number}")
        caller.start()
        caller.join()
    finally:
        scopes.leave(scope)

def bound(first, then):
    return {name: (first[name], n) for name, n in then.items() if n > first[name] + 250}
"""


@pytest.mark.slow
def test_cells_leave_nothing_that_grows():
    result(
        SMALL
        + """
for number in range(300): cell(number)
first = sizes()
for number in range(300, 1500): cell(number)
assert not bound(first, sizes()), bound(first, sizes())
assert observe.labels[observe.label_id("file 0 0")] == "file 0 0", "a name that comes again"
"""
    )


def test_cells_without_calls_leave_no_scope():
    result(
        SMALL
        + """
for _ in range(100):
    scopes.leave(scopes.enter(lambda: None, thread_only=True))
assert not scopes.parents, scopes.parents
"""
    )


@pytest.mark.parametrize("holder", ["trace", "pool", "calls", "loaded"])
def test_names_and_scopes_that_somebody_holds_stay(holder, tmp_path):
    result(
        SMALL
        + f"""
with poolviz.trace("outer") as trace:
    with poolviz.trace("inner"):
        pool = poolviz.ThreadPoolExecutor(1)
        list(pool.options(label=lambda item: f"kept {{item}}").map(abs, range(5)))
calls, wanted = trace.calls, [f"kept {{item}}" for item in range(5)]
trace.save({str(tmp_path / "run.poolviz")!r})
loaded = poolviz.load({str(tmp_path / "run.poolviz")!r})
for name in {{"trace", "pool", "calls", "loaded"}} - {{{holder!r}}}:
    del globals()[name]
for number in range(300): cell(number)
asked = {{"trace": lambda: trace.calls, "pool": lambda: pool.trace.calls, "calls": lambda: calls, "loaded": lambda: loaded.calls}}
assert list(asked[{holder!r}]()["name"]) == wanted
if {holder!r} == "trace":
    assert len(trace) == 5, "a call of an inner scope belongs to the outer one"
"""
    )


def test_a_name_that_was_forgotten_is_a_word_and_no_error():
    result("assert observe.labels[10**9] == 'call'")


def test_a_file_with_more_names_than_are_numbered_between_two_sweeps_has_all_of_them(tmp_path):
    path = str(tmp_path / "names.poolviz")
    code = f"""
with poolviz.trace() as trace, poolviz.ThreadPoolExecutor(2) as pool:
    list(pool.options(label=lambda item: f"item {{item}}").map(abs, range(2_000)))
trace.save({path!r})
"""
    result(SMALL + code)
    result(SMALL + f"assert list(poolviz.load({path!r}).calls['name']) == [f'item {{i}}' for i in range(2_000)]")


def test_a_name_has_a_length():
    result(
        SMALL
        + """
label = "x" * 10_000_000
assert len(observe.labels[observe.label_id(label)]) <= 200 and observe.label_id(label) == observe.label_id(label)
assert max(map(len, naming.numbers)) <= 200
"""
    )
