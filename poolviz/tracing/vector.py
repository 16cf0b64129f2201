"""Arithmetic on whole columns of 64-bit numbers, without numpy.

A thousand numbers at a time are read as one long integer, 64 bits for each. To subtract the same from all of them, or to compare
them all, is then one operation of Python's long integers: a quarter of the time of a loop, even of one that runs in C code.
"""

import sys
from array import array
from collections.abc import Iterator

_NUMBERS = 1024
_BYTES = 8 * _NUMBERS
#: The number 1, once for each number of a whole chunk.
ONES = int.from_bytes((1).to_bytes(8, "little") * _NUMBERS, "little")
_STEPS = int.from_bytes(b"".join(i.to_bytes(8, "little") for i in range(_NUMBERS)), "little")


def chunks(numbers: "array[int]") -> Iterator[tuple[int, int, int]]:
    """For each chunk: the number of its bytes, its numbers as one integer, and a mask of so many bytes."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    raw = memoryview(numbers).cast("B")
    for start in range(0, len(raw), _BYTES):
        part = raw[start : start + _BYTES]
        yield len(part), int.from_bytes(part, "little"), (1 << (8 * len(part))) - 1


def at_least(numbers: "array[int]", least: int) -> bool:
    """Whether no number, of type code ``q`` and not negative, is below `least`, which is not negative either."""
    for _, digits, mask in chunks(numbers):
        unit = ONES & mask
        # A number that is too small borrows from its neighbour, and its own highest bit is set.
        rest = digits - least * unit
        if rest < 0 or rest & ((1 << 63) * unit):
            return False
    return True


def narrower(numbers: "array[int]", bits: int) -> bool:
    """Whether all numbers, of type code ``q``, fit into so many bits, less than 64, without a sign."""
    too_high = ((1 << 64) - (1 << bits)) * ONES
    return not any(digits & too_high for _, digits, _ in chunks(numbers))


#: The run that was found last: of one batch it is asked several times, and of its calls' ends and takings.
_found = array("q")
_MANY = 1 << 16


def is_run(numbers: "array[int]") -> bool:
    """Whether numbers above 0, of type code ``q``, follow one another without a gap."""
    if not numbers or numbers[-1] - numbers[0] != len(numbers) - 1:
        return not numbers
    global _found
    if numbers == _found:
        return True
    first = numbers[0]
    for size, digits, mask in chunks(numbers):
        if digits != first * (ONES & mask) + (_STEPS & mask):
            return False
        first += size // 8
    if len(numbers) <= _MANY:
        _found = numbers[:]
    return True


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
