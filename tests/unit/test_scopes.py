"""To which `with poolviz.trace()` a call belongs, when there are several, in several threads and tasks."""

import asyncio
import contextvars
import threading

import pytest

import poolviz
from poolviz import scopes

LIMIT = 30


def in_thread(work):
    """What `work` gives in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(LIMIT)
    assert found, "the thread has ended, and well"
    return found[0]


@pytest.fixture
def pool():
    with poolviz.ThreadPoolExecutor(2) as pool:
        yield pool


def test_blocks_of_two_threads_are_apart(pool):
    """The two are open at the same time, and each thread submits while both are."""
    both = threading.Barrier(2, timeout=LIMIT)
    counts = {}

    def serve(name, n):
        with poolviz.trace(name) as trace:
            both.wait()
            for _ in range(n):
                pool.submit(abs, 1).result(LIMIT)
                list(pool.map(abs, [1]))
            both.wait()
        counts[name] = len(trace)

    threads = [threading.Thread(target=serve, args=args) for args in (("three", 3), ("five", 5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert counts == {"three": 6, "five": 10}


def test_blocks_of_two_tasks_are_apart(pool):
    async def serve(n, both):
        loop = asyncio.get_running_loop()
        with poolviz.trace() as trace:
            await both.wait()
            for _ in range(n):
                await loop.run_in_executor(pool, abs, 1)
                await asyncio.create_task(child())
                await asyncio.to_thread(lambda: pool.submit(abs, 1).result(LIMIT))
            await both.wait()
        return len(trace)

    async def child():
        pool.submit(abs, 1).result(LIMIT)

    async def main():
        both = Both()
        return await asyncio.gather(serve(3, both), serve(5, both))

    class Both:
        """asyncio.Barrier, which Python 3.11 has; a helper that needs no more than an event."""

        def __init__(self):
            self.n, self.event = 0, asyncio.Event()

        async def wait(self):
            self.n += 1
            if self.n % 2:
                self.event = asyncio.Event()
                await self.event.wait()
            else:
                self.event.set()

    assert asyncio.run(main()) == [9, 15]


def test_a_thread_that_was_started_before_the_block_is_in_it(pool):
    begin, done = threading.Event(), threading.Event()

    def work():
        assert begin.wait(LIMIT)
        pool.submit(abs, 1).result(LIMIT)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with poolviz.trace() as trace:
        begin.set()
        assert done.wait(LIMIT)
    thread.join(LIMIT)
    assert len(trace) == 1


def test_a_call_without_a_block_belongs_to_each_that_is_open(pool):
    with poolviz.trace() as outer, poolviz.trace() as inner:

        def other():
            with poolviz.trace() as own:
                return own, in_thread(lambda: pool.submit(abs, 1).result(LIMIT))

        own, _ = in_thread(other)
        pool.submit(abs, 1).result(LIMIT)
    pool.submit(abs, 1).result(LIMIT)
    assert (len(outer), len(inner), len(own)) == (2, 2, 1)


def test_a_call_that_submits_belongs_where_its_own_call_does(pool):
    with poolviz.ThreadPoolExecutor(2) as other:

        def outer():
            return other.submit(inner).result(LIMIT)

        def inner():
            return len(list(pool.map(abs, range(3))))

        def stranger():
            with poolviz.trace() as trace:
                opened.set()
                assert closed.wait(LIMIT)
            return len(trace)

        opened, closed = threading.Event(), threading.Event()
        with poolviz.ThreadPoolExecutor(1, trace=False) as untraced:
            counted = untraced.submit(stranger)
            assert opened.wait(LIMIT)
            with poolviz.trace() as trace:
                assert pool.submit(outer).result(LIMIT) == 3
            assert pool.submit(abs, 1).result(LIMIT) == 1, "the worker has none left: this is no part of the block"
            assert len(trace) == 5
            closed.set()
            assert counted.result(LIMIT) == 1, "the one call that has no block"


def test_a_block_inside_a_call_is_inside_the_block_of_the_call(pool):
    def call():
        with poolviz.trace() as inner:
            pool.submit(abs, 1).result(LIMIT)
        return inner

    with poolviz.trace() as outer:
        inner = pool.submit(call).result(LIMIT)
    assert (len(outer), len(inner)) == (2, 1)


@pytest.mark.parametrize("kind", [poolviz.ThreadPoolExecutor, poolviz.ProcessPoolExecutor])
def test_what_a_callback_submits_belongs_where_its_call_does(pool, kind):
    with kind(1) as first:
        done = threading.Event()

        def callback(_future):
            pool.submit(abs, 1).result(LIMIT)
            done.set()

        with poolviz.trace() as trace:
            block = poolviz.trace()
            other = in_thread(block.__enter__)
            first.submit(abs, 1).add_done_callback(callback)
            assert done.wait(LIMIT)
        assert len(trace) == 2 and len(other) == 0
        first.submit(abs, 1).result(LIMIT)
        assert len(trace) == 2
        block.__exit__(None, None, None)


def test_a_pool_that_was_made_in_a_block(pool):
    """A plain thread's calls belong to the block of their pool, as long as that is open, and to no other."""
    with poolviz.trace() as mine, poolviz.ThreadPoolExecutor(1) as made:
        block = poolviz.trace("theirs")
        theirs = in_thread(block.__enter__)
        in_thread(lambda: made.submit(abs, 1).result(LIMIT))
        assert (len(mine), len(theirs)) == (1, 0)
        in_thread(lambda: pool.submit(abs, 1).result(LIMIT))
        assert (len(mine), len(theirs)) == (2, 1), "a pool that was made in no block"
        block.__exit__(None, None, None)


def test_a_block_that_one_thread_enters_and_another_leaves(pool):
    block = poolviz.trace()
    trace = block.__enter__()
    pool.submit(abs, 1).result(LIMIT)
    in_thread(lambda: block.__exit__(None, None, None))
    pool.submit(abs, 1).result(LIMIT)
    assert len(trace) == 1 and scopes.block_here() is None


def test_blocks_that_are_left_in_another_order(pool):
    first, second = poolviz.trace(), poolviz.trace()
    outer, inner = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)
    pool.submit(abs, 1).result(LIMIT)
    assert (len(outer), len(inner)) == (1, 1), "it lies inside, though the outer one is closed"
    second.__exit__(None, None, None)
    pool.submit(abs, 1).result(LIMIT)
    assert (len(outer), len(inner)) == (1, 1)


def test_generators_with_a_block_each(pool):
    def numbers():
        with poolviz.trace() as trace:
            for n in pool.map(abs, range(3)):
                yield n, trace

    one, two = numbers(), numbers()
    traces = [next(one)[1], next(two)[1]]
    assert [n for n, _ in one] == [1, 2] and [n for n, _ in two] == [1, 2]
    assert [len(trace) for trace in traces] == [6, 3], "the second was entered inside the first, as with blocks that are written so"


def test_a_map_that_reads_items_late_submits_where_it_is_read(pool):
    with poolviz.trace() as begun:
        results = pool.map(abs, range(4))
        if "buffersize":
            results = pool.map(abs, range(4), buffersize=1)
    with poolviz.trace() as read:
        assert list(results) == [0, 1, 2, 3]
    assert (len(begun), len(read)) == (5, 3)


def test_a_cell_and_blocks(pool):
    """A cell is a thread's: what another thread submits is in no cell, and in the block that the cell has opened."""
    cell = scopes.enter(thread_only=True)
    within = poolviz.tracing.trace.of_scope(cell, "cell")
    try:
        pool.submit(abs, 1).result(LIMIT)
        in_thread(lambda: pool.submit(abs, 1).result(LIMIT))
        assert len(within) == 1
        with poolviz.trace() as trace:
            pool.submit(abs, 1).result(LIMIT)
            in_thread(lambda: pool.submit(abs, 1).result(LIMIT))
            contextvars.Context().run(lambda: pool.submit(abs, 1).result(LIMIT))
            inner = scopes.enter(thread_only=True)
            nested = poolviz.tracing.trace.of_scope(inner, "a cell that a cell runs")
            pool.submit(abs, 1).result(LIMIT)
            scopes.leave(inner)
            pool.submit(abs, 1).result(LIMIT)
        assert (len(within), len(trace), len(nested)) == (6, 5, 1)
        in_thread(lambda: serve(pool))
        pool.submit(abs, 1).result(LIMIT)
        assert len(within) == 7, "another thread's block does not take the cell's calls, nor the cell the block's"
    finally:
        scopes.leave(cell)
    assert scopes.current() is scopes.ROOT


def serve(pool):
    with poolviz.trace() as trace:
        pool.submit(abs, 1).result(LIMIT)
    assert len(trace) == 1


@pytest.mark.parametrize("apart", [True, False], ids=["each cell has a context", "all cells have one"])
def test_a_block_that_stays_open_over_cells(pool, apart):
    first = scopes.enter(thread_only=True)
    block = poolviz.trace()
    trace = contextvars.copy_context().run(block.__enter__) if apart else block.__enter__()
    pool.submit(abs, 1).result(LIMIT)
    scopes.leave(first)
    second = scopes.enter(thread_only=True)
    pool.submit(abs, 1).result(LIMIT)
    in_thread(lambda: pool.submit(abs, 1).result(LIMIT))
    block.__exit__(None, None, None)
    pool.submit(abs, 1).result(LIMIT)
    scopes.leave(second)
    assert len(trace) == 3


def test_a_cell_that_another_thread_leaves():
    cell = scopes.enter(thread_only=True)
    in_thread(lambda: scopes.leave(cell))
    assert scopes.current() is scopes.ROOT
    assert threading.get_ident() not in scopes._cells


def test_a_cell_that_runs_in_a_block_left_meanwhile(pool):
    outer = scopes.enter(thread_only=True)
    with poolviz.trace() as trace:
        inner = scopes.enter(thread_only=True)
        with poolviz.trace() as nested:
            pool.submit(abs, 1).result(LIMIT)
        pool.submit(abs, 1).result(LIMIT)
    pool.submit(abs, 1).result(LIMIT)
    assert (len(trace), len(nested)) == (2, 1)
    within = poolviz.tracing.trace.of_scope(inner, "inner")
    assert len(within) == 3
    scopes.leave(inner)
    scopes.leave(outer)


def test_many_threads_enter_and_leave_at_once(pool):
    """No call is lost, and none is counted twice."""
    start = threading.Barrier(8, timeout=LIMIT)
    counts = []

    def serve():
        start.wait()
        for n in range(1, 30):
            with poolviz.trace() as trace:
                for _ in range(n % 4):
                    pool.submit(abs, 1)
                scopes.forget(())
            counts.append((len(trace), n % 4))

    threads = [threading.Thread(target=serve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(counts) == 8 * 29 and all(found == submitted for found, submitted in counts)
    assert not scopes._open
