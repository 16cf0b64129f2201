"""Summaries against a slow obvious twin: what is known of a lane stays what it was, to a bucket's worth."""

from array import array
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from poolviz.wire.summarise import Slices, summarise

lanes = st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60), st.integers(1, 4)), max_size=40), max_size=4)


def slices_of(lanes, never):
    """Lanes of pauses, lengths and codes; slices of a lane do not overlap. Some calls never ran."""
    records = []
    for lane, steps in enumerate(lanes):
        time = 1_000
        for pause, length, code in steps:
            records.append((lane, code, time + pause, time + pause + length))
            time += pause + length
    records += [(9, 3, 0, time) for time in never]
    return sorted(records, key=lambda record: record[3])


def columns(records, width):
    return [array("q", column) for column in zip(*records, strict=True)] if records else [array("q") for _ in range(width)]


def busy_before(records, time):
    return sum(max(0, min(end, time) - start) for start, end in records if start)


@given(lanes, st.lists(st.integers(1_000, 3_000), max_size=20), st.sampled_from([(), (2, 4), (2, 3, 4)]), st.integers(1, 3_000))
def test_sums_stay_and_what_must_stay_does(steps, never, kept_codes, width):
    records = slices_of(steps, never)
    slices = Slices(*columns(records, 4))
    stays, found = summarise(slices, [code in kept_codes for code in slices.code], width)

    assert stays == sorted(set(stays))
    assert {i for i, record in enumerate(records) if record[1] in kept_codes} <= set(stays)
    assert {i for i, (_, _, start, end) in enumerate(records) if start and end - start > width} <= set(stays)
    summaries = list(zip(*found, strict=True))
    after = [records[i] for i in stays] + [record[:4] for record in summaries]

    def totals(records, weights):
        busy, calls = Counter(), Counter()
        for (lane, code, start, end), n in zip(records, weights, strict=True):
            busy[lane, code] += end - start if start else 0
            calls[lane, code, bool(start)] += n
        return +busy, calls

    assert totals(records, [1] * len(records)) == totals(after, [1] * len(stays) + [record[4] for record in summaries])
    for lane in {record[0] for record in records}:
        before_of = [record[2:] for record in records if record[0] == lane]
        after_of = [record[2:4] for record in after if record[0] == lane]
        for time in range(1_000, 4_000, max(1, width // 3)):
            assert abs(busy_before(before_of, time) - busy_before(after_of, time)) <= width
        ran = sorted((start, end) for start, end in after_of if start)
        # Slices without a length may stand anywhere.
        solid = [span for span in ran if span[1] > span[0]]
        assert all(end <= start for (_, end), (start, _) in pairwise(solid)), "they overlap"


@given(lanes, st.integers(1, 3_000))
def test_a_lane_has_no_more_slices_than_buckets_and_what_stays_make(steps, width):
    slices = Slices(*columns(slices_of(steps, []), 4))
    stays, found = summarise(slices, [False] * len(slices.lane), width)
    if not slices.lane:
        assert (stays, len(found.lane)) == ([], 0)
        return
    span = max(slices.start) - min(slices.start)
    long = sum(end - start > width for start, end in zip(slices.start, slices.end, strict=True))
    codes = len(set(slices.code))
    per_lane = span // width + 1
    assert len(stays) + len(found.lane) <= codes * (len(set(slices.lane)) * per_lane + 2 * long)


def test_a_call_alone_in_its_bucket_stays():
    slices = Slices(*columns([(0, 1, 1_000, 1_010), (0, 1, 2_000, 2_010), (0, 1, 2_020, 2_030)], 4))
    stays, found = summarise(slices, [False] * 3, 100)
    assert stays == [0]
    assert list(zip(*found, strict=True)) == [(0, 1, 2_000, 2_020, 2)]


def test_a_summary_ends_where_what_stays_begins():
    calls = [(0, 1, 1_000 + 10 * i, 1_005 + 10 * i) for i in range(9)]
    slices = Slices(*columns(calls, 4))
    stays, found = summarise(slices, [i == 4 for i in range(9)], 1_000)
    assert stays == [4]
    assert list(zip(*found, strict=True)) == [(0, 1, 1_000, 1_020, 4), (0, 1, 1_050, 1_070, 4)]
