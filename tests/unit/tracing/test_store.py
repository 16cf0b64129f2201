import gc
import threading
from array import array

import pytest

from poolviz import observe
from poolviz.events import PoolOpened, Submitted
from poolviz.tracing.store import Store
from poolviz.tracing.view import View


def submitted(*calls, pool=1):
    n = len(calls)
    return Submitted(pool, array("q", calls), array("q", [1] * n), array("q", [5] * n), *(array("q", [0] * n) for _ in range(3)))


class LastWords:
    """In a cycle, so that only the collector finalises it; reports then."""

    def __init__(self, store):
        self.store, self.me = store, self

    def __del__(self):
        self.store.on_batch(PoolOpened(9, 1, "thread", "last words", 1, ""))
        self.store.present(View("pool", 9))


@pytest.fixture
def only_when_asked():
    """The garbage collector does not run by itself."""
    gc.disable()
    yield
    gc.enable()


def test_a_pool_that_is_collected_in_the_middle_of_a_fold_is_heard_after_it(only_when_asked):
    store = Store()
    first = observe.new_calls(0)
    fold, order = store.state.fold, []

    def slow_fold(batch):
        order.append(f"begin {type(batch).__name__}")
        if isinstance(batch, Submitted):
            gc.collect()
        fold(batch)
        order.append(f"end {type(batch).__name__}")

    store.state.fold = slow_fold
    LastWords(store)
    told = threading.Thread(target=store.on_batch, args=(submitted(first),))
    told.start()
    told.join(30)
    assert not told.is_alive(), "the thread waits for itself"
    assert order == ["begin Submitted", "end Submitted", "begin PoolOpened", "end PoolOpened"]
    assert 9 in store.state.pools


def test_a_pool_that_is_collected_during_a_look_is_heard_after_it():
    store = Store()
    LastWords(store)
    with store.working():
        gc.collect()
        assert 9 not in store.state.pools
    assert 9 in store.state.pools


def test_threads_tell_and_read_at_once():
    store = Store()
    first = observe.new_calls(0)
    threads, each = 4, 200
    reader = store.reader(View("scope", 0))
    seen = []

    def tell(number):
        for i in range(each):
            store.on_batch(submitted(first + number * each + i))

    telling = [threading.Thread(target=tell, args=(number,)) for number in range(threads)]
    for thread in telling:
        thread.start()
    while any(thread.is_alive() for thread in telling):
        seen += [call for table in reader.changes().submitted for call in table["first"]]
    seen += [call for table in reader.changes().submitted for call in table["first"]]
    assert sorted(seen) == list(range(first, first + threads * each))
    assert store.present(View("scope", 0)).counts["total"] == threads * each
