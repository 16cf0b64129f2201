"""A worker that dies when it frees what a call was given, or gave, has handed over the call's result before that."""

from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from tests.faults import tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS, outcomes

kinds = pytest.mark.parametrize("kind", PROCESS_KINDS)


@pytest.fixture
def warm(new_pool):
    """Makes pools of one worker that gathers results: short calls have been run there."""

    def make(kind, **settings):
        pool = new_pool(kind, 1, **settings)
        assert [future.result(LIMIT) for future in [pool.submit(tasks.double, i) for i in range(200)]] == [2 * i for i in range(200)]
        return pool

    return make


def is_broken(pool):
    with pytest.raises(BrokenProcessPool):
        for _ in range(1000):
            pool.submit(tasks.nap, 0.01).result(LIMIT)
    return True


@kinds
@pytest.mark.parametrize(
    "what", [tasks.DeadlyWhenFreed, tasks.MakesDeadly, lambda: [{"in": tasks.DeadlyWhenFreed()}]], ids=["del", "reduce", "inside"]
)
def test_arguments(warm, kind, what):
    pool = warm(kind)
    before = [pool.submit(tasks.double, i) for i in range(20)]
    future = pool.submit(tasks.first, 7, what())
    assert future.result(LIMIT) == 7
    assert [each.result(LIMIT) for each in before] == [2 * i for i in range(20)]
    assert is_broken(pool)


@kinds
def test_named_arguments(warm, kind):
    pool = warm(kind)
    assert pool.submit(partial(tasks.first, 7), x=1).exception(LIMIT) is not None
    assert pool.submit(dict, number=7, deadly=tasks.DeadlyWhenFreed()).exception(LIMIT) is None
    assert is_broken(pool)


@kinds
def test_arguments_of_a_call_that_raises(warm, kind):
    pool = warm(kind)
    assert type(pool.submit(tasks.fail, tasks.DeadlyWhenFreed()).exception(LIMIT)) is ValueError
    assert is_broken(pool)


@kinds
def test_result_and_exception(warm, kind):
    pool = warm(kind)
    assert pool.submit(tasks.give_deadly, 3).result(LIMIT).i == 3
    assert is_broken(pool)
    pool = warm(kind)
    assert pool.submit(tasks.raise_deadly, 3).exception(LIMIT).args == (3,)
    assert is_broken(pool)


@kinds
@pytest.mark.parametrize("chunksize", [None, 1, 10])
def test_map_is_run_to_its_end_by_one_worker_after_another(warm, kind, chunksize):
    """Each item takes its worker with it, and none is run twice or lost."""
    pool = warm(kind, on_worker_death="replace")
    items = [tasks.DeadlyWhenFreed() if i % 4 == 2 else None for i in range(12)]
    assert list(pool.map(tasks.first, range(12), items, chunksize=chunksize)) == list(range(12))
    assert [found.i for found in pool.map(tasks.give_deadly, range(5), chunksize=chunksize)] == list(range(5))
    pool.shutdown()
    assert outcomes(pool) == {"total": 217, "finished": 217}


@kinds
def test_items_that_raise(warm, kind):
    pool = warm(kind, on_worker_death="replace")
    results = pool.map(tasks.raise_deadly, range(3), chunksize=3)
    with pytest.raises(tasks.DeadlyError, match="0"):
        next(results)
    futures = [pool.submit(tasks.raise_deadly, i) for i in range(3)]
    assert [future.exception(LIMIT).args for future in futures] == [(0,), (1,), (2,)]


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_what_main_held(run_program, kind):
    """A global is freed when a call uses the name anew: what ended before is safe, and the call that needs the new one is lost alone.

    A forked worker has its parent's global from the beginning, and would free that.
    """
    code, out, err = run_program(
        """
        import multiprocessing, sys
        import poolviz
        from tests.faults import tasks
        thing = tasks.DeadlyWhenFreed()
        def use(x): return x if thing else None
        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[1])
            with poolviz.ProcessPoolExecutor(1, context, on_worker_death="replace") as pool:
                assert [future.result(30) for future in [pool.submit(tasks.double, i) for i in range(200)]]
                before = [pool.submit(use, i) for i in range(20)]
                thing = 5
                after = [pool.submit(use, i) for i in range(3)]
                assert [future.result(30) for future in before] == list(range(20))
                print(type(after[0].exception(30)).__name__, [future.result(30) for future in after[1:]])
        """,
        kind,
    ).end()
    assert (code, out) == (0, "BrokenProcessPool [1, 2]\n"), err
