"""Columns come back as they went, whichever code was chosen for them."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolviz.wire.packing import AFTER, PLAIN, SAMPLE, SOME, STEPS, is_whole, pack_column, unpack_column

NONE = -(2**63)
widths = st.sampled_from([1, 5, 200, 60_000, 10**7, 2**33, 2**50])
sizes = st.sampled_from([1, 2, 3, SAMPLE, 1023, 1024, 1025, 3000])


def back(packed, n, neighbour=None):
    assert len(packed.planes) == packed.code[1] * n
    return list(unpack_column(packed.code, packed.planes, n, neighbour, NONE))


@given(st.lists(st.integers(-(2**61), 2**61), min_size=1, max_size=60))
def test_any_numbers(values):
    assert back(pack_column(array("q", values)), len(values)) == values


@given(st.lists(st.one_of(st.just(0), st.integers(1, 2**40)), min_size=1, max_size=60), st.integers(-(2**40), 2**40))
def test_times_of_which_some_have_not_come(values, zero):
    packed = pack_column(array("q", values), zero)
    assert back(packed, len(values)) == [value - zero if value else NONE for value in values]
    assert is_whole(packed.code) == (0 not in values)


@pytest.mark.slow
@given(st.randoms(use_true_random=False), sizes, widths, widths, st.booleans())
def test_long_columns_of_each_shape(random, n, spread, step, rare):
    start = 10**12
    shapes = {
        "scattered": [start + random.randrange(spread) for _ in range(n)],
        "ascending": [start],
        "constant": [start] * n,
    }
    while len(shapes["ascending"]) < n:
        shapes["ascending"].append(shapes["ascending"][-1] + random.randrange(step))
    for values in shapes.values():
        if rare:
            # One that no sample sees.
            values[random.randrange(n)] += random.choice([-1, 1]) * random.randrange(2**39)
        neighbour = array("q", [value - random.randrange(step) for value in values])
        for zero in (None, 7, start):
            shift = zero or 0
            assert back(pack_column(array("q", values), zero), n) == [value - shift for value in values]
            packed = pack_column(array("q", values), zero, neighbour)
            told = array("q", [value - shift for value in neighbour])
            assert back(packed, n, told) == [value - shift for value in values]
        values[random.randrange(n)] = 0
        assert back(pack_column(array("q", values), start), n) == [value - start if value else NONE for value in values]


@pytest.mark.parametrize(
    ("values", "neighbour", "how", "width"),
    [
        ([7] * 5000, None, PLAIN, 0),
        ([0] * 5000, None, SOME, 0),
        (range(1000, 6000), None, STEPS, 0),
        ([1000 + i * i % 97 for i in range(5000)], None, PLAIN, 1),
        ([10**9 + 40_000 * i + i % 7 for i in range(5000)], None, STEPS, 1),
        ([10**9 + 7919 * i * i % 10**8 for i in range(5000)], [10**9 + 7919 * i * i % 10**8 - i % 50 for i in range(5000)], AFTER, 1),
    ],
)
def test_the_narrowest_code_is_found(values, neighbour, how, width):
    values = array("q", values)
    packed = pack_column(values, 5 if how == SOME else None, neighbour and array("q", neighbour))
    assert packed.code[:2] == [how, width]
