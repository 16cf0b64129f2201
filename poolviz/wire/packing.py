"""A column of whole numbers in as few bytes as its values need: a code of some numbers, for the header, and *byte planes*.

Each value is a base and a small number without sign:

    plain    base + number                        lanes, outcomes; all alike take no bytes
    steps    the value before it + base + number  rows, times that ascend
    after    its neighbour's value + base + number, the neighbour being the last column of the section that is whole
                                                  how long a call ran, when its start is known
    some     base + number, or none for 0         what has not happened in some records

First come the lowest bytes of all numbers, then the next ones: a plane for each byte that any of them needs. So a width of three bytes
costs three, no buffer has to be aligned, and like stands beside like for whoever compresses it.

Which code is the narrowest is guessed from a few values and proven on all, on a thousand numbers at a time (see `tracing/vector.py`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from operator import add
from typing import NamedTuple

from poolviz.tracing.columns import Column
from poolviz.tracing.vector import ONES, chunks

PLAIN, STEPS, AFTER, SOME = range(4)

#: Values that a code is guessed from.
SAMPLE = 32

#: The highest bit of each number of a chunk, and by their width the bits that numbers which fit do not have.
_TOPS = (1 << 63) * ONES
_TOO_HIGH = [((1 << 64) - (1 << 8 * width)) * ONES for width in range(8)]


class Packed(NamedTuple):
    """A column, packed."""

    code: list[int]
    """How, bytes of each number, base; for steps the value before the first. `plain` and `some` count from the kind's own zero."""
    planes: bytes


def pack_column(values: Column, zero: int | None = None, neighbour: Column | None = None) -> Packed:
    """Pack a column.

    Args:
        values: of type code ``q``, or of another for few or equal values.
        zero: for times and numbers of calls, of which 0 stands for none: what they are counted from.
        neighbour: a whole column of the same length, of type code ``q``, that the values may be told from.
    """
    n, first, origin = len(values), values[0], zero or 0
    if values[-1] == first and values == array(values.typecode, (first,)) * n:
        return Packed([SOME, 0, 0] if first == 0 and zero is not None else [PLAIN, 0, first - origin], b"")
    if values.typecode != "q":
        values = array("q", values)
    for how, width, base in _guesses(values, neighbour):
        planes = _planes(values, how, width, base, neighbour, whole=zero is not None)
        if planes is not None:
            code = [how, width, base - origin if how == PLAIN else base]
            return Packed([*code, first - base - origin] if how == STEPS else code, planes)
    return _pack_any(values, zero)


def _guesses(values: Column, neighbour: Column | None) -> Iterator[tuple[int, int, int]]:
    """How, width and base: what a sample says is the narrowest, then wider ones, then what takes nothing from other values."""
    n = len(values)
    # Steps of the golden ratio fall in with no rhythm that the values may have.
    places = [1 + int(i * 0.6180339887 * n) % (n - 1) for i in range(min(n - 1, SAMPLE))]
    spreads = [_spread(PLAIN, [values[0], values[-1], *(values[i] for i in places)])]
    spreads.append(_spread(STEPS, [values[i] - values[i - 1] for i in places]))
    if neighbour is not None:
        spreads.append(_spread(AFTER, [values[i] - neighbour[i] for i in places]))
    for width, how, least, spread in (min(spreads), spreads[0]):
        for wider in range(width, min(width + 3, 7)):
            # What the sample has not seen may lie on either side.
            yield how, wider, least - ((1 << (8 * wider)) - spread) // 2


def _spread(how: int, sample: list[int]) -> tuple[int, int, int, int]:
    least = min(sample)
    spread = max(sample) - least + 1
    return ((spread - 1).bit_length() + 7) // 8, how, least, spread


def _planes(values: Column, how: int, width: int, base: int, neighbour: Column | None, *, whole: bool) -> bytes | None:
    """The planes of what the values are in a code; None if some do not fit, or one is none and must not be."""
    parts: list[list[bytes]] = [[] for _ in range(width)]
    others = chunks(neighbour) if how == AFTER and neighbour is not None else None
    before = values[0] - base
    shift = abs(base) * ONES
    for size, digits, mask in chunks(values):
        unit = ONES & mask
        # To take 1 from a 0 borrows from the next number, and sets the highest bit. Values below 0, which have it, go the other way.
        if (digits - unit if whole else digits) & _TOPS:
            return None
        numbers = digits + (shift & mask) if base < 0 else digits - (shift & mask)
        if others is not None:
            other = next(others)[1]
            if other & _TOPS:
                return None
            numbers -= other
        elif how == STEPS:
            numbers -= (digits << 64 & mask) + before
            before = digits >> (8 * size - 64)
        # A number below 0 borrows too, and has high bits that no number has which fits.
        if numbers < 0 or numbers & _TOO_HIGH[width]:
            return None
        raw = numbers.to_bytes(size, "little")
        for plane, part in enumerate(parts):
            part.append(raw[plane::8])
    return b"".join(piece for part in parts for piece in part)


def _pack_any(values: Column, zero: int | None) -> Packed:
    """The way without guessing, for values of any size and with none among them."""
    optional, origin = zero is not None and 0 in values, zero or 0
    base = min(filter(None, values)) - 1 if optional else min(values)
    numbers = [value - base if value or not optional else 0 for value in values]
    width = (max(numbers).bit_length() + 7) // 8
    raw = b"".join(number.to_bytes(width, "little") for number in numbers)
    return Packed([SOME if optional else PLAIN, width, base - origin], b"".join(raw[plane::width] for plane in range(width)))


def unpack_column(code: Sequence[int], planes: bytes, n: int, neighbour: Column | None, none: int) -> Column:
    """The values of a packed column; times and rows count from their zero, `none` stands for those that are none.

    Raises:
        ValueError: the code lacks what it needs.
        OverflowError: values that no column holds.
    """
    how, width, base = code[:3]
    numbers = [0] * n
    for plane in range(width):
        numbers = list(map(add, numbers, (byte << (8 * plane) for byte in planes[plane * n : (plane + 1) * n])))
    if how == SOME:
        return array("q", (base + number if number else none for number in numbers))
    if how == STEPS:
        if len(code) < 4:
            raise ValueError("steps without the value before the first")
        return array("q", islice(accumulate((base + number for number in numbers), initial=code[3]), 1, None))
    if how == AFTER:
        if neighbour is None:
            raise ValueError("its neighbour is missing")
        return array("q", map(add, neighbour, (base + number for number in numbers)))
    return array("q", (base + number for number in numbers))


def is_whole(code: Sequence[int]) -> bool:
    """Whether no value of a column is none, so that the next one may be told from it."""
    return code[0] != SOME
