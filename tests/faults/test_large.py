"""Large arguments and results: both directions at once, many under way, and no copy that is not needed."""

import pytest

from tests.faults import tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS, outcomes

pytestmark = pytest.mark.parametrize("kind", PROCESS_KINDS)
MB = 1 << 20


def blob(i, size=MB):
    return i.to_bytes(4, "little") * (size // 4)


def test_both_pipes_full(new_pool, kind):
    """The manager never blocks in a write: workers that cannot write their results are not waited for by one that writes arguments."""
    pool = new_pool(kind)
    for future in [pool.submit(tasks.double, i) for i in range(300)]:  # short calls: many are sent at a time
        future.result(LIMIT)
    futures = [pool.submit(tasks.identity, blob(i)) for i in range(150)]
    assert all(future.result(LIMIT) == blob(i) for i, future in enumerate(futures))
    pool.shutdown()
    assert outcomes(pool) == {"total": 450, "finished": 450}
    assert sum(pool.trace.calls["bytes_out"]) >= 150 * MB
    assert sum(pool.trace.calls["bytes_in"]) >= 150 * MB


@pytest.mark.parametrize("chunksize", [None, 1, 7])
def test_both_pipes_full_in_a_map(new_pool, kind, chunksize):
    pool = new_pool(kind)
    items = [blob(i) for i in range(60)]
    for item, result in zip(items, pool.map(tasks.identity, items, chunksize=chunksize), strict=True):
        assert item == result


def test_many_of_twenty_kilobytes(new_pool, kind):
    pool = new_pool(kind)
    futures = [pool.submit(tasks.identity, blob(i, 20_000)) for i in range(2000)]
    assert all(future.result(LIMIT) == blob(i, 20_000) for i, future in enumerate(futures))


def test_buffers_travel_beside_the_pickle(new_pool, kind):
    """Pickle protocol 5: a large buffer is handed out and taken in as it is, once in each direction."""
    pool = new_pool(kind, 1)
    value = tasks.Buffers([bytearray(blob(i, 4 * MB)) for i in range(3)])
    assert pool.submit(tasks.kinds_of, value).result(LIMIT) == [("bytearray", 4 * MB)] * 3
    back = pool.submit(tasks.identity, value).result(LIMIT)
    assert [bytes(part) for part in back.parts] == [bytes(part) for part in value.parts]
    assert [type(part) for part in back.parts] == [bytearray] * 3


def test_fifty_megabytes_there_and_back(new_pool, kind):
    pool = new_pool(kind, 1)
    data = blob(7, 50 * MB)
    assert pool.submit(tasks.identity, data).result(LIMIT) == data
