"""The calls of a store: one typed array for each field, one row for each call.

Row = number of the call minus `base`. Rows are written by whole slices where the numbers of a batch follow one another, else field
by field from C code; no Python statement runs for each call. A row whose submission is not known (yet) has `submitted` 0.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, compress, count, repeat
from operator import add, sub
from typing import TypeAlias

from poolviz.tracing.vector import is_run, narrowed

Column: TypeAlias = "array[int]"
Table: TypeAlias = "dict[str, array[int]]"
"""Rows that were copied out of a store: its columns by name, and `call`, the number of each."""

#: Type code of each field: 81 bytes a call in all. Times are nanoseconds of `poolviz.clock`, 0 for what has not happened.
FIELDS = {
    "pool": "I",
    "submitted": "q",
    "sent": "q",
    "started": "q",
    "finished": "q",
    "delivered": "q",
    "consumed": "q",
    "caller": "I",
    "worker": "i",
    "outcome": "B",
    "label": "I",
    "item": "i",
    "scope": "I",
    "bytes_out": "I",
    "bytes_in": "I",
}


#: Stands for the pool of a row that was given up while its place stays.
FREED = 2**32 - 1


def breaks(numbers: Column) -> list[int]:
    """Where a run of consecutive numbers ends and the next begins: the index of each first one but the very first."""
    return list(compress(count(1), map((1).__ne__, map(sub, numbers[1:], numbers))))


def runs(numbers: Column) -> list[tuple[int, int]] | None:
    """The runs of consecutive numbers, as ``(start, stop)`` indices; None if they are so short that slices would not pay off."""
    if is_run(numbers):
        return [(0, len(numbers))]
    cuts = breaks(numbers)
    if len(cuts) * 4 > len(numbers):
        return None
    return list(zip([0, *cuts], [*cuts, len(numbers)], strict=True))


def bounds(numbers: Column) -> tuple[int, int]:
    """The least and the greatest of numbers, of which there must be some."""
    return (numbers[0], numbers[-1]) if is_run(numbers) else (min(numbers), max(numbers))


def cast(values: Column, code: str) -> Column:
    """The values with another type code; those that are too great for it become the greatest that it has."""
    if values.typecode == code:
        return values
    narrow = narrowed(values, code)
    if narrow is not None:
        return narrow
    try:
        return array(code, values)
    except OverflowError:
        greatest = 2 ** (8 * array(code).itemsize - code.islower()) - 1
        return array(code, map(min, values, repeat(greatest)))


def keep(columns: Mapping[str, Column], mask: Iterable[object]) -> Table:
    """The records of `columns` for which `mask` is true."""
    chosen = list(mask)
    return {name: array(column.typecode, compress(column, chosen)) for name, column in columns.items()}


class Columns:
    """The typed arrays of a store, for calls ``base .. base + len(self) - 1``.

    Args:
        base: number of the first call that may come.
    """

    pool: Column
    submitted: Column
    sent: Column
    started: Column
    finished: Column
    delivered: Column
    consumed: Column
    caller: Column
    worker: Column
    outcome: Column
    label: Column
    item: Column
    scope: Column
    bytes_out: Column
    bytes_in: Column

    def __init__(self, base: int = 1) -> None:
        self.base = base
        for name, code in FIELDS.items():
            setattr(self, name, array(code))

    def __len__(self) -> int:
        return len(self.submitted)

    def column(self, name: str) -> Column:
        """The array of one field."""
        column: Column = getattr(self, name)
        return column

    def grow(self, stop: int) -> None:
        """Make room for the calls before number `stop`, as empty rows."""
        rows = stop - self.base
        if rows > len(self):
            # Each by itself: memory may have been short when one grew and the next did not.
            for name in FIELDS:
                column = self.column(name)
                column.frombytes(bytes(max(0, rows - len(column)) * column.itemsize))

    def drop(self, n: int) -> None:
        """Forget the rows of the `n` oldest numbers."""
        for name in FIELDS:
            del self.column(name)[:n]
        self.base += n

    def free(self, rows: Iterable[int]) -> None:
        """Give up rows; their places stay until `drop`."""
        for row in rows:
            self.pool[row], self.submitted[row] = FREED, 0
            self.scope[row] = self.label[row] = self.caller[row] = 0

    def fill(self, first: int, count: int, values: Mapping[str, int]) -> None:
        """Write the same values into each of `count` rows from call `first` on."""
        row = first - self.base
        for name, value in values.items():
            column = self.column(name)
            column[row : row + count] = array(column.typecode, (value,)) * count

    def put(self, calls: Column, values: Mapping[str, Column]) -> None:
        """Write one record for each of `calls`, whose rows must exist."""
        if not calls:
            return
        spans = runs(calls)
        rows = None if spans is not None else list(map((-self.base).__add__, calls))
        for name, new in values.items():
            column = self.column(name)
            typed = cast(new, column.typecode)
            if rows is not None:
                deque(map(column.__setitem__, rows, typed), maxlen=0)
                continue
            for start, stop in spans or ():
                row = calls[start] - self.base
                column[row : row + stop - start] = typed[start:stop]

    def gather(self, name: str, calls: Iterable[int]) -> "map[int]":
        """One field of each of `calls`, whose rows must exist."""
        return map(self.column(name).__getitem__, map((-self.base).__add__, calls))

    def table(self, start: int, mask: Iterable[object] | None) -> Table:
        """Copy rows out.

        Args:
            start: the first row.
            mask: which rows from there on; None for all.
        """
        here = {"call": array("q", range(self.base + start, self.base + len(self)))}
        here |= {name: self.column(name)[start:] for name in FIELDS}
        return here if mask is None else keep(here, mask)


def expand(first: Column, counts: Column) -> Column:
    """The numbers of all calls in runs of `counts` calls from `first`."""
    return array("q", chain.from_iterable(map(range, first, map(add, first, counts))))
