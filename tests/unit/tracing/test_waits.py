from array import array

from hypothesis import given
from hypothesis import strategies as st

from poolviz.events import Blocked, Waited
from poolviz.tracing.waits import Waits


def batch(*records):
    return Waited(*(array("q", column) for column in zip(*records, strict=True)))


def records(waits):
    return list(zip(*waits.table().values(), strict=True))


@given(st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6), st.booleans()), min_size=1, max_size=6), max_size=12))
def test_a_wait_is_kept_once_with_its_end(batches):
    """Threads block one wait at a time: it is told as open any number of times, and then with its end."""
    waits, twin, ended = Waits(), {}, set()
    for told in batches:
        found = []
        for thread, start, closes in told:
            if (thread, start) in ended:
                continue
            end = start + 100 if closes else 0
            if closes:
                ended.add((thread, start))
            found.append((thread, start, end, Blocked.RESULT, start * 10))
            twin[thread, start] = found[-1]
        if found:
            waits.fold(batch(*found))
    assert sorted(records(waits)) == sorted(twin.values())


def test_beyond_the_limit_the_oldest_go_and_are_counted():
    waits = Waits(limit=16)
    waits.fold(batch((1, 1, 0, Blocked.RESULT, 5)))
    for start in range(2, 42):
        waits.fold(batch((2, start, start + 1, Blocked.MAP, start)))
    assert len(waits) <= 16
    assert waits.dropped == 41 - len(waits)
    assert records(waits)[-1] == (2, 41, 42, Blocked.MAP, 41)
    waits.fold(batch((1, 1, 50, Blocked.RESULT, 5)))
    assert records(waits)[-1] == (1, 1, 50, Blocked.RESULT, 5), "the end of a wait that was dropped is told as a wait of its own"
