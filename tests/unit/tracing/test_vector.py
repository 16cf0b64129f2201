from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolviz.tracing.columns import bounds, cast, runs
from poolviz.tracing.vector import at_least, is_run, narrowed, narrower

lengths = st.one_of(st.integers(0, 8), st.sampled_from([511, 512, 513, 1023, 1024, 1025, 1500]))
bases = st.one_of(st.integers(1, 2**62), st.sampled_from([1, 2**32 - 300, 2**32, 2**62 - 2000]))


@given(bases, lengths, st.one_of(st.none(), st.tuples(st.integers(0, 1499), st.integers(-(2**40), 2**40))))
def test_is_run_against_a_range(first, length, change):
    numbers = array("q", range(first, first + length))
    if change is not None and length:
        at, by = change[0] % length, change[1]
        numbers[at] = max(1, numbers[at] + by)
    assert is_run(numbers) == (list(numbers) == list(range(numbers[0], numbers[0] + length)) if length else True)


@given(bases, st.lists(st.integers(0, 2**32 - 1), max_size=20), st.integers(1, 100), st.integers(-3, 3))
def test_at_least_against_a_loop(base, values, times, below):
    numbers = array("q", [base + value for value in values * times])
    least = max(0, min(numbers, default=base) + below)
    assert at_least(numbers, least) == all(number >= least for number in numbers)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=20), st.integers(1, 100), st.sampled_from([1, 8, 32, 41, 63]))
def test_narrower_against_a_loop(values, times, bits):
    assert narrower(array("q", values * times), bits) == all(0 <= value < 2**bits for value in values)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 60)), max_size=20))
def test_runs_cover_the_numbers_in_order(pieces):
    numbers = array("q", [number for first, n in pieces for number in range(first, first + n)])
    found = runs(numbers)
    if found is None:
        assert len(pieces) * 4 > len(numbers)
        return
    assert [i for start, stop in found for i in range(start, stop)] == list(range(len(numbers)))
    for start, stop in found:
        assert list(numbers[start:stop]) == list(range(numbers[start], numbers[start] + stop - start)) if stop > start else not numbers
    if numbers:
        assert bounds(numbers) == (min(numbers), max(numbers))


@pytest.mark.parametrize(("code", "greatest"), [("B", 255), ("H", 65535), ("i", 2**31 - 1), ("I", 2**32 - 1)])
def test_cast_saturates(code, greatest):
    assert list(cast(array("q", [0, 1, greatest, greatest + 1, 2**62]), code)) == [0, 1, greatest, greatest, greatest]


@given(st.lists(st.integers(-(2**40), 2**40) | st.integers(0, 300), max_size=40), st.sampled_from("IiB"))
def test_narrowed_numbers_are_the_numbers(numbers: list[int], code: str) -> None:
    narrow = narrowed(array("q", numbers), code)
    if narrow is not None:
        assert (narrow.typecode, narrow.tolist()) == (code, numbers)


@pytest.mark.parametrize("code", "IiB")
def test_small_numbers_and_constants_are_narrowed(code: str) -> None:
    for numbers in ([1, 2, 100], [7] * 50):
        narrow = narrowed(array("q", numbers), code)
        assert narrow is not None
        assert narrow.tolist() == numbers
