"""What a call is given is what it was at the `submit` or `map`; what it gives, what it was when it returned; whoever changes it later."""

import pickle
from functools import partial

import numpy as np
import pytest

from poolviz.executors.serialize import dump, dump_call, dump_pure, dump_value, load
from tests.faults import buffers, tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS

N = 12
kinds = pytest.mark.parametrize("kind", PROCESS_KINDS)


def reused(what, n=N):
    """One thing, handed out again and again with other content."""
    data = buffers.KINDS[what].make()
    for i in range(n):
        buffers.KINDS[what].fill(data, i)
        yield data
    buffers.KINDS[what].fill(data, 99)


@pytest.fixture
def held(new_pool, tmp_path):
    """Makes a pool whose only worker is busy until the second thing that it gives is called: what is submitted waits in this process."""

    def make(kind):
        pool, gate = new_pool(kind, 1), tmp_path / "gate"
        assert pool.submit(tasks.double, 1).result(LIMIT) == 2
        pool.submit(tasks.wait_for, gate)
        return pool, gate.touch

    return make


@pytest.mark.parametrize("what", buffers.KINDS)
def test_pickles_do_not_change(what):
    """Whatever goes to a process and whatever comes back is made by one of these three."""
    kind, data = buffers.KINDS[what], buffers.KINDS[what].make()
    payloads = []
    for i in range(3):
        kind.fill(data, i)
        payloads.append((dump_call((data,), {}, set()), dump_call((), {"data": data}, set()), dump((data,)), dump_value(data)))
    kind.fill(data, 99)
    for i, (positional, named, row, result) in enumerate(payloads):
        found = [load(positional)[0][0], load(named)[1]["data"], load(row)[0], load(result)]
        assert [kind.number(each) for each in found] == [i] * 4


def test_copies_of_many_megabytes():
    """They are made in memory of another kind."""
    data = np.frombuffer(bytearray(9_000_001), np.uint8)
    frozen = data[:]
    frozen.flags.writeable = False
    payloads = dump(data), dump(frozen)
    data[:] = 1
    assert [load(payload).max() for payload in payloads] == [0, 0]
    assert [load(payload).flags.writeable for payload in payloads] == [True, True], "as the standard library has it"


def test_pure_pickles():
    """Those of plain values and containers of them, with nothing left of the one before."""
    shared = []
    for value in ([[1]], (shared, shared), {"a": {1, 2}}, object(), [[tasks.square, 5]], b"x" * 100_000, [bytearray(b"y")], [[1]]):
        data = dump_pure(value)
        assert data == (None if type(value) is object or value == [[tasks.square, 5]] else pickle.dumps(value, 5))


def test_what_cannot_change_is_not_copied():
    data = bytes(100_000)
    for held_by in (data, memoryview(data), memoryview(data)[10:].toreadonly()):
        (_, part) = dump(pickle.PickleBuffer(held_by))
        assert np.shares_memory(np.frombuffer(part, np.uint8), np.frombuffer(data, np.uint8))


@kinds
def test_submit(held, kind):
    pool, open_gate = held(kind)
    positional = {what: [pool.submit(buffers.number_of, what, data) for data in reused(what)] for what in buffers.KINDS}
    named = {what: [pool.submit(buffers.number_of_named, what, data=data) for data in reused(what)] for what in buffers.KINDS}
    open_gate()
    for futures in (positional, named):
        numbers = {what: [future.result(LIMIT) for future in futures[what]] for what in buffers.KINDS}
        assert numbers == {what: [*range(N)] for what in buffers.KINDS}


@kinds
@pytest.mark.parametrize("options", [{}, {"chunksize": 5}, {"buffersize": 4}, {"buffersize": N}], ids=str)
def test_map_over_a_generator_that_uses_one_buffer_again(held, kind, options):
    pool, open_gate = held(kind)
    results = {what: pool.map(partial(buffers.number_of, what), reused(what), **options) for what in buffers.KINDS}
    open_gate()
    assert {what: list(numbers) for what, numbers in results.items()} == {what: [*range(N)] for what in buffers.KINDS}


@kinds
def test_map_whose_items_are_plain_at_first(held, kind):
    pool, open_gate = held(kind)

    def items():
        yield from (1, 2, "three")
        for data in reused("bytearray", 3):
            yield data
            yield 4

    results = pool.map(bytes_or_itself, items(), [7] * 9)
    open_gate()
    assert list(results) == [(1, 7), (2, 7), ("three", 7), (0, 7), (4, 7), (1, 7), (4, 7), (2, 7), (4, 7)]


def bytes_or_itself(x, y):
    return (buffers.number_of("bytearray", x) if isinstance(x, bytearray) else x), y


@kinds
@pytest.mark.parametrize("options", [{}, {"chunksize": 40}, {"buffersize": 40}], ids=str)
def test_results(new_pool, kind, options):
    """Every call gives the same thing, and the next one changes it."""
    pool = new_pool(kind, 1)
    for what in buffers.KINDS:
        results = pool.map(partial(buffers.give_the_same, what), range(90), **options)
        assert [buffers.number_of(what, result) for result in results] == [*range(90)], what


@kinds
def test_a_chunk_with_results_of_all_kinds(new_pool, kind):
    pool = new_pool(kind, 1)
    whats = [*buffers.KINDS] * 3
    results = list(pool.map(buffers.give_the_same, whats, range(len(whats)), chunksize=100))
    assert [buffers.number_of(what, result) for what, result in zip(whats, results, strict=True)] == list(range(len(whats)))


@kinds
def test_types_are_the_same_for_every_size(new_pool, kind):
    """What travels beside the pickle comes out as what it would be inside of it, and arrays begin where an array may begin."""
    pool = new_pool(kind, 1)
    for size in (32_767, 32_768, 32_769, 100_000, 262_144, 262_145, 3_000_000):
        for data in (bytes(size), bytearray(size)):
            assert pool.submit(type, data).result(LIMIT) is type(data), size
            assert type(pool.submit(tasks.identity, data).result(LIMIT)) is type(data), size
            assert [type(found) for found in pool.map(tasks.identity, [data, [data]])] == [type(data), list], size
        back = pool.submit(tasks.identity, tasks.Buffers([bytearray(size), bytes(size)])).result(LIMIT)
        assert [type(part) for part in pool.submit(tasks.parts_of, back).result(LIMIT)] == [bytearray, bytes], size
        array = np.zeros(size // 8)
        assert pool.submit(is_whole, array).result(LIMIT), size
        assert is_whole(pool.submit(tasks.identity, array).result(LIMIT)), size


def is_whole(array):
    return bool(array.flags.aligned and array.flags.writeable)


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("over_bytes", [False, True])
def test_arrays_arrive_writable(new_pool, size, over_bytes):
    """As in the standard library, whatever they were: what pandas hands out is read-only."""
    array = np.frombuffer(bytes(8 * size)) if over_bytes else np.zeros(size)
    array.flags.writeable = False
    pool = new_pool("spawn", 1)
    assert pool.submit(tasks.add_in_place, array).result(LIMIT) == size
    assert list(pool.map(tasks.add_in_place, [array] * 2, chunksize=2)) == [size] * 2
    assert pool.submit(tasks.identity, array).result(LIMIT).flags.writeable
