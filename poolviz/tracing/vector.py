"""Arithmetic on whole columns of 64-bit numbers, without numpy.

Some hundred numbers at a time are read as one long integer, 64 bits for each. To subtract the same from all of them, or to compare
them all, is then one operation of Python's long integers: a quarter of the time of a loop, even of one that runs in C code.
"""

import sys
from array import array
from collections.abc import Iterator

_NUMBERS = 512
_BYTES = 8 * _NUMBERS
_ONES = int.from_bytes((1).to_bytes(8, "little") * _NUMBERS, "little")
_STEPS = int.from_bytes(b"".join(i.to_bytes(8, "little") for i in range(_NUMBERS)), "little")


def _chunks(numbers: "array[int]") -> Iterator[tuple[int, int, int]]:
    """For each chunk: the number of its bytes, its numbers as one integer, and a mask of so many bytes."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    raw = memoryview(numbers).cast("B")
    for start in range(0, len(raw), _BYTES):
        part = raw[start : start + _BYTES]
        yield len(part), int.from_bytes(part, "little"), (1 << (8 * len(part))) - 1


def is_run(numbers: "array[int]") -> bool:
    """Whether numbers above 0, of type code ``q``, follow one another without a gap."""
    if not numbers or numbers[-1] - numbers[0] != len(numbers) - 1:
        return not numbers
    first = numbers[0]
    for size, digits, mask in _chunks(numbers):
        if digits != first * (_ONES & mask) + (_STEPS & mask):
            return False
        first += size // 8
    return True


def offsets(numbers: "array[int]", base: int) -> "array[int]":
    """Each number, of type code ``q``, less `base`; which must be from 0 to 2**32 - 1.

    Returns:
        An array of type code ``I``.
    """
    result = array("q")
    for size, digits, mask in _chunks(numbers):
        result.frombytes((digits - base * (_ONES & mask)).to_bytes(size, "little"))
    if sys.byteorder == "big":
        result.byteswap()
    halves = array("I", result.tobytes())
    return halves[1::2] if sys.byteorder == "big" else halves[::2]


def narrowed(values: "array[int]", code: str) -> "array[int] | None":
    """Numbers of type code ``q`` as a narrower type; None when one of them does not fit, or is negative among others."""
    if not values or values.typecode != "q" or sys.byteorder == "big":
        return None
    first, n = values[0], len(values)
    size = array(code).itemsize
    least = -(1 << (8 * size - 1)) if code.islower() else 0
    if not least <= first < least + (1 << (8 * size)):
        return None
    if values == array("q", (first,)) * n:
        return array(code, (first,)) * n
    # The low bytes of each; nothing is lost if all the others are 0.
    raw = values.tobytes()
    low = array(code, raw[::8]) if size == 1 else array(code, raw)[:: 8 // size]
    if raw.count(0) - low.tobytes().count(0) != (8 - size) * n or (code.islower() and min(low) < 0):
        return None
    return low
