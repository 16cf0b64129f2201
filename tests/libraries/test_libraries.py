"""Libraries that take an executor run unchanged, with threads and with processes."""

import asyncio
import concurrent.futures as stdlib
import multiprocessing

import adaptive
import dask
import emcee
import numpy
import pytest
import tqdm
from scipy import optimize
from tqdm.contrib import concurrent as shown

import poolviz
from tests.faults import tasks
from tests.faults.helpers import LIMIT

kinds = pytest.mark.parametrize("kind", ["thread", "spawn", "fork"])


def finished(pool):
    """How many calls of the pool returned; none did anything else."""
    counts = pool.trace.counts()
    assert counts["total"] == counts["finished"], counts
    return counts["finished"]


class TestAsyncio:
    @kinds
    def test_run_in_executor_and_wrap_future(self, new_pool, kind):
        pool = new_pool(kind)

        async def main():
            loop = asyncio.get_running_loop()
            several = [loop.run_in_executor(pool, tasks.double, i) for i in range(50)]
            wrapped = asyncio.wrap_future(pool.submit(tasks.double, 50))
            return await asyncio.wait_for(asyncio.gather(*several, wrapped), LIMIT)

        assert asyncio.run(main()) == [2 * i for i in range(51)]
        assert finished(pool) == 51

    @kinds
    def test_errors_and_timeouts(self, new_pool, kind, tmp_path):
        pool = new_pool(kind, 1)

        async def main():
            loop = asyncio.get_running_loop()
            with pytest.raises(ValueError, match="why"):
                await loop.run_in_executor(pool, tasks.fail, "why")
            runs = loop.run_in_executor(pool, tasks.wait_for, tmp_path / "gate")
            waits = loop.run_in_executor(pool, tasks.double, 1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(waits, 0.05)
            (tmp_path / "gate").touch()
            await asyncio.wait_for(runs, LIMIT)

        asyncio.run(main())
        pool.shutdown()
        counts = pool.trace.counts()
        assert (counts["failed"], counts["cancelled"], counts["finished"]) == (1, 1, 1), "a cancelled task cancels the call behind it"

    def test_as_the_default_executor(self, new_pool):
        pool = new_pool("thread")

        async def main():
            asyncio.get_running_loop().set_default_executor(pool)
            return await asyncio.gather(*(asyncio.to_thread(tasks.double, i) for i in range(20)))

        assert asyncio.run(main()) == [2 * i for i in range(20)]
        assert finished(pool) == 20
        with pytest.raises(RuntimeError, match="after shutdown"):  # by the loop's own end
            pool.submit(tasks.double, 1)


@kinds
def test_dask(new_pool, kind):
    pool = new_pool(kind)
    numbers = [dask.delayed(tasks.double)(i) for i in range(30)]
    total = dask.delayed(sum)(numbers)
    with dask.config.set(pool=pool, scheduler="threads" if kind == "thread" else "processes"):
        assert total.compute() == sum(2 * i for i in range(30))
    assert finished(pool) >= 1


@kinds
def test_scipy(new_pool, kind):
    pool = new_pool(kind)
    found = optimize.differential_evolution(
        optimize.rosen, [(-2, 2), (-2, 2)], workers=pool.map, updating="deferred", maxiter=5, popsize=5, rng=1, polish=False
    )
    alone = optimize.differential_evolution(
        optimize.rosen, [(-2, 2), (-2, 2)], updating="deferred", maxiter=5, popsize=5, rng=1, polish=False
    )
    assert (found.x == alone.x).all() and found.nfev == alone.nfev == finished(pool)


class TestAdaptive:
    """It asks for one point after another, as futures end, and cancels what it has asked for too much; it knows executors by class."""

    def check(self, learner, pool):
        assert pool.submit(tasks.double, 21).result(LIMIT) == 42, "it does not shut down what it has not made"
        pool.shutdown()
        assert {x: y for x, y in learner.data.items() if y != x * x} == {}
        counts = pool.trace.counts()
        assert 20 <= len(learner.data) < counts["finished"] and not counts["failed"]

    @kinds
    def test_blocking(self, new_pool, kind):
        pool = new_pool(kind)
        learner = adaptive.Learner1D(tasks.square, bounds=(-1, 1))
        adaptive.BlockingRunner(learner, npoints_goal=20, executor=pool, shutdown_executor=False)
        self.check(learner, pool)

    @kinds
    def test_async(self, new_pool, kind):
        pool = new_pool(kind)
        learner = adaptive.Learner1D(tasks.square, bounds=(-1, 1))

        async def main():
            runner = adaptive.AsyncRunner(learner, npoints_goal=20, executor=pool, shutdown_executor=False)
            await asyncio.wait_for(runner.task, LIMIT)

        asyncio.run(main())
        self.check(learner, pool)


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_tqdm(nothing_left, monkeypatch, kind, capsys):
    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)  # a thread that stays
    # tqdm hands its lock to the workers. Its own is made for the platform's start method, which may be fork, and ours is spawn.
    before = tqdm.tqdm.get_lock()
    tqdm.tqdm.set_lock(multiprocessing.get_context("spawn").RLock())
    pools = []

    class Threads(poolviz.ThreadPoolExecutor):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            pools.append(self)

    class Processes(poolviz.ProcessPoolExecutor):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            pools.append(self)

    # tqdm imports the classes from there when it is called.
    monkeypatch.setattr(stdlib, "ThreadPoolExecutor", Threads)
    monkeypatch.setattr(stdlib, "ProcessPoolExecutor", Processes)
    run = shown.thread_map if kind == "thread" else shown.process_map
    try:
        assert run(tasks.double, range(40), max_workers=2, chunksize=5) == [2 * i for i in range(40)]
    finally:
        tqdm.tqdm.set_lock(before)
    assert finished(pools[0]) == 40
    assert "40/40" in capsys.readouterr().err


@kinds
def test_emcee(new_pool, kind):
    pool = new_pool(kind)
    start = numpy.random.default_rng(1).normal(size=(8, 2))
    sampler = emcee.EnsembleSampler(8, 2, tasks.log_of_normal, pool=pool)
    sampler.run_mcmc(start, 5)
    assert sampler.get_chain().shape == (5, 8, 2)
    assert finished(pool) == 8 * 6
