"""From flat lists of numbers to batches of columns."""

from array import array
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any

from poolviz.events import Batch, Consumed, Ended


def numbers(first: int, n: int) -> "array[int]":
    """The numbers from `first` to ``first + n - 1``."""
    # By way of bytes: an array takes longer to read a list, number by number.
    return array("q", Struct(f"{n}q").pack(*range(first, first + n)))


def columns(flat: list[int], stop: int, width: int) -> "list[array[int]]":
    """The first `stop` numbers of a list of records of `width` numbers each, as one column for each field."""
    # As in `numbers`.
    pack = Struct(f"{stop // width}q").pack
    return [array("q", pack(*flat[field:stop:width])) for field in range(width)]


def joined(batches: Sequence[Batch]) -> Iterable[Batch]:
    """The same batches, with those that say the ends of neighbouring calls made one, and so for their being taken: an observer's work is
    by batch, not by call."""
    yield from (batch for batch in batches if not isinstance(batch, Ended | Consumed))
    # An end comes before its being taken.
    for kind in (Ended, Consumed):
        several = sorted((batch for batch in batches if isinstance(batch, kind)), key=lambda batch: batch.call[0])
        group: list[Ended | Consumed] = []
        for batch in several:
            if group and batch.call[0] != group[-1].call[-1] + 1:
                yield _join(group)
                group = []
            group.append(batch)
        if group:
            yield _join(group)


def _join(group: "list[Ended | Consumed]") -> "Ended | Consumed":
    first = group[0]
    if len(group) == 1:
        return first
    joined: dict[str, Any] = {}
    for name in first._fields:
        if name != "pool":
            column = joined[name] = array("q")
            for batch in group:
                column.extend(getattr(batch, name))
    return first._replace(**joined)
