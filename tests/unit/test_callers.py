"""Threads that call pools: each has a number of its own, and what it waited for and took stands under its own name."""

import _thread
import threading
from array import array

import pytest

import poolviz
from poolviz import callers
from poolviz.tracing import fold
from poolviz.tracing.store import Store


def in_thread(name, work):
    """Do some work in a thread of that name; gives what it returns, and the thread's identifier."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), name=name)
    thread.start()
    thread.join(60)
    assert found, f"{name} raised, or did not end"
    return found[0], thread.ident


def own_number():
    return callers.here.number


def test_a_number_is_never_used_again_though_identifiers_are():
    numbers, idents = zip(*(in_thread(f"caller {i}", own_number) for i in range(50)), strict=True)
    assert len(set(numbers)) == 50
    assert len(set(idents)) < 50, "no identifier came twice: this proves nothing here"
    assert [callers.names[number] for number in numbers] == [f"caller {i}" for i in range(50)]
    assert callers.here.number == callers.here.number


def test_a_thread_that_python_has_not_started_stays_unknown_to_threading():
    found, done = [], threading.Event()

    def work():
        found.append(callers.here.number)
        done.set()

    before = threading.enumerate()
    _thread.start_new_thread(work, ())
    assert done.wait(60)
    assert callers.names[found[0]] == "a thread"
    assert [thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("Dummy")] == []


def test_names_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(callers, "MANY", 10)
    last = [in_thread("one of many", own_number)[0] for _ in range(30)][-1]
    assert sum(name == "one of many" for name in callers.names.values()) == 10
    assert callers.names[last] == "one of many"


def test_a_store_forgets_callers_of_whom_it_knows_nothing_more(monkeypatch):
    monkeypatch.setattr(fold, "MANY", 10)
    state = Store().state
    for number in range(1, 200):
        state._meet(array("q", [number]))
    assert len(state.callers) <= 21 and 199 in state.callers


@pytest.mark.parametrize("take", ["result", "exception", "as_completed", "wait", "map"])
def test_each_result_is_taken_by_the_thread_that_asked_for_it(take):
    with poolviz.ThreadPoolExecutor(2) as pool:

        def work():
            if take == "map":
                return list(pool.map(abs, range(3)))
            futures = [pool.submit(abs, i) for i in range(3)]
            if take in ("result", "exception"):
                return [getattr(future, take)(60) for future in futures]
            return list(getattr(poolviz, take)(futures, timeout=60))

        in_thread("first", work)
        in_thread("second", work)
        unread = pool.submit(abs, 1)
        unread.add_done_callback(lambda future: None)
    assert pool.trace.calls["caller"] == ["first"] * 3 + ["second"] * 3 + [""]


def test_a_process_pools_map_too():
    with poolviz.ProcessPoolExecutor(1) as pool:
        in_thread("first", lambda: list(pool.map(abs, range(40), chunksize=10)))
        in_thread("second", lambda: list(pool.map(abs, range(5))))
    assert pool.trace.calls["caller"] == ["first"] * 40 + ["second"] * 5


def test_waits_stand_under_the_name_of_the_thread_that_waited():
    gates = [threading.Event(), threading.Event()]
    with poolviz.ThreadPoolExecutor(1) as pool:
        for name, gate in zip(("first", "second"), gates, strict=True):
            future = pool.submit(gate.wait, 60)
            threading.Timer(0.05, gate.set).start()
            in_thread(name, lambda future=future: future.result(60))
    everything = pool.trace.store.everything(pool.trace.view)
    names = [everything.present.callers[caller] for caller in everything.waits["caller"]]
    assert [name for name in names if name != "MainThread"] == ["first", "second"]
