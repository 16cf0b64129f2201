"""How many bytes a call took to its worker, and its result back."""

import array

import pytest

import poolviz


@pytest.fixture(scope="module")
def pool():
    with poolviz.ProcessPoolExecutor(1) as pool:
        yield pool


def sizes(pool):
    """Bytes out and in of the newest call."""
    calls = pool.trace.calls
    return calls["bytes_out"][-1], calls["bytes_in"][-1]


def repeated(text, times):
    return text * times


def test_arguments_and_results_are_told_apart(pool):
    assert pool.submit(repeated, "x" * 10_000, 0).result(60) == ""
    out, back = sizes(pool)
    assert 10_000 < out < 11_000 and 0 < back < 200
    assert len(pool.submit(repeated, "x", 10_000).result(60)) == 10_000
    out, back = sizes(pool)
    assert 0 < out < 200 and 10_000 < back < 11_000


def test_what_travels_beside_the_pickle_counts(pool):
    data = array.array("q", range(20_000))
    assert pool.submit(len, data).result(60) == 20_000
    out, _ = sizes(pool)
    assert out >= 160_000


def test_items_of_a_map_share_what_their_message_took(pool):
    for chunksize in (None, 10):
        assert list(pool.map(len, [f"{n:01000}" for n in range(40)], chunksize=chunksize)) == [1_000] * 40
        calls = pool.trace.calls
        assert all(1_000 <= out < 1_200 for out in calls["bytes_out"][-40:])
        assert all(0 < back < 200 for back in calls["bytes_in"][-40:])


def test_a_call_that_failed_has_no_result(pool):
    assert isinstance(pool.submit(len, 5).exception(60), TypeError)
    out, back = sizes(pool)
    assert out > 0 == back


def test_threads_send_nothing():
    with poolviz.ThreadPoolExecutor(1) as threads:
        threads.submit(len, "x" * 1_000).result(60)
    assert sizes(threads) == (0, 0)
