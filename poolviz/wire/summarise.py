"""Many slices as few: a *summary slice* stands for calls that a lane ended in one bucket of time, all with one outcome.

    calls      | ▆▆ ▆ ▆▆▆ ▆  ▆▆ | ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ |  ▆▆ ▆ ▆ X ▆▆   |
    in their   | ▆▆▆▆▆▆▆▆▆      | ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ |  ▆▆▆▆   X ▆▆   |
    place         5 calls         longer than a bucket     3 calls, 1 that must stay, 1

It begins where the first of its calls began, and is as long as they were busy. So the busy time of a lane before any moment is right to
a bucket's worth, its slices still do not overlap, and the sums for each lane and outcome are what they were.
"""

from array import array
from collections.abc import Iterable
from itertools import accumulate, compress, count, groupby, pairwise, repeat
from operator import add, floordiv, mul, ne, not_, or_, sub
from typing import NamedTuple

from poolviz.tracing.columns import Column


class Slices(NamedTuple):
    """Slices as columns. Times are nanoseconds."""

    lane: Column
    """0 or more."""
    code: Column
    """How each ended, 0 to 255."""
    start: Column
    """0 for a call that never ran."""
    end: Column


class Summaries(NamedTuple):
    """Summary slices as columns. Those of calls that never ran have the start 0, and end when the first of them did."""

    lane: Column
    code: Column
    start: Column
    end: Column
    calls: Column
    """How many each stands for."""


def _columns(records: list[tuple[int, ...]]) -> Summaries:
    columns = zip(*records, strict=True) if records else ((),) * len(Summaries._fields)
    return Summaries(*(array("q", column) for column in columns))


NO_SUMMARIES = _columns([])


def summarise(slices: Slices, exact: Iterable[bool], width: int) -> tuple[list[int], Summaries]:
    """Put together what is alike and near.

    Args:
        slices: those of calls that have ended.
        exact: whether each must stay as it is.
        width: of a bucket, in nanoseconds. What is longer stays as it is, and so does what has none to be put together with.

    Returns:
        The indices of the slices that stay, ascending, and the summaries of the others.
    """
    lane, code, start, end = slices
    n = len(lane)
    if not n:
        return [], NO_SUMMARIES
    ran = list(map(bool, start))
    place = start if 0 not in start else array("q", map(or_, start, map(mul, end, map(not_, ran))))
    busy = array("q", map(sub, end, place))
    stays = list(map(or_, exact, map(width.__lt__, busy)))
    earliest = min(place)
    offset = array("q", map(sub, place, repeat(earliest)))
    span = max(offset) + 1
    order = sorted(range(n), key=list(map(add, map(mul, lane, repeat(span)), offset)).__getitem__)

    # A segment is what summaries may span: one bucket of one lane, up to the next slice that stays.
    buckets = map(floordiv, map(offset.__getitem__, order), repeat(width))
    numbers = map(add, map(mul, map(lane.__getitem__, order), repeat(span // width + 1)), buckets)
    passed = accumulate(map(stays.__getitem__, order))
    loose = list(map(not_, map(stays.__getitem__, order)))
    segments = compress(map(add, map(mul, numbers, repeat(n + 1)), passed), loose)
    order = list(compress(order, loose))
    # In a segment one kind after the other, each by time: sorting keeps the order of what is alike.
    kinds = map(add, map(mul, map(code.__getitem__, order), repeat(2)), map(ran.__getitem__, order))
    keys = list(map(add, map(mul, segments, repeat(512)), kinds))
    if len({key % 512 for key in set(keys)}) > 1:
        ranks = sorted(range(len(keys)), key=keys.__getitem__)
        order, keys = list(map(order.__getitem__, ranks)), list(map(keys.__getitem__, ranks))

    cuts = [0, *compress(count(1), map(ne, keys[1:], keys)), len(keys)] if keys else [0]
    before = [0, *accumulate(map(busy.__getitem__, order))]
    records: list[tuple[int, ...]] = []
    for _segment, group in groupby(pairwise(cuts), key=lambda cut: keys[cut[0]] // 512):
        spans = list(group)
        first, stop = spans[0][0], spans[-1][1]
        if stop - first == 1:
            stays[order[first]] = True
            continue
        begin = min(place[order[i]] for i, _ in spans)
        for i, j in spans:
            row, length = order[i], before[j] - before[i]
            records.append((lane[row], code[row], begin if ran[row] else 0, begin + length, j - i))
            begin += length
    return list(compress(range(n), stays)), _columns(records)
