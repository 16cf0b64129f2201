from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolviz.events import Blocked, Outcome
from poolviz.wire.codec import NONE, Message, WireError, columns_of, decode, encode, pack, schema, unpack


def consumed(rows, times):
    return {"consumed": {"row": array("I", rows), "time": array("q", times), "caller": array("H", bytes(2 * len(rows)))}}


def test_the_schema_and_the_enums_agree():
    assert schema()["outcomes"] == [outcome.name.lower() for outcome in Outcome]
    assert schema()["blocked"] == ["", *(kind.name.lower() for kind in Blocked)]
    assert schema()["none"] == NONE


@given(
    st.lists(st.one_of(st.just(0), st.integers(1, 2**61)), max_size=30),
    st.integers(-(2**40), 2**40),
)
def test_a_time_comes_back_to_within_its_unit(times, start):
    message = encode({}, consumed(range(len(times)), times), start)
    base, unit = message.header["base"], message.header["unit"]
    column = decode(message).get("consumed", {"time": ()})["time"]
    assert len(column) == len(times)
    for time, value in zip(times, column, strict=True):
        if time == 0:
            assert value == NONE
        else:
            read = base + value * unit + start
            assert read <= time < read + unit
            assert value < NONE
    happened = [time for time in times if time]
    if happened and max(happened) - min(happened) < NONE:
        assert unit == 1, "no precision is given up where none has to be"


@given(st.lists(st.integers(0, 2**32 - 2), max_size=50), st.text(max_size=30))
def test_pack_and_unpack(rows, title):
    message = encode({"title": title}, consumed(rows, [row + 1 for row in rows]), 0)
    blob = pack(message)
    assert unpack(blob) == message
    header = int.from_bytes(blob[8:12], "little")
    assert (12 + header) % 8 == 0
    assert len(blob) % 8 == 0


def test_buffers_are_little_endian_and_in_the_order_of_the_schema():
    message = encode({}, consumed([1], [5 + 258]) | {"running": {"row": array("I"), "lane": array("H"), "started": array("q")}}, 5)
    assert message.header["sections"] == [["consumed", 1]], "empty sections are left out"
    assert message.buffers == [b"\1\0\0\0", b"\0\0\0\0", b"\0\0"]
    assert message.header["base"] == 258
    assert [name for name, _ in columns_of("consumed")] == ["row", "time", "caller"]


GOOD = pack(encode({"kind": "snapshot"}, consumed([1, 2, 3], [10, 20, 30]), 0))


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_truncated_blob_is_refused(length):
    with pytest.raises(WireError):
        decode(unpack(GOOD[:length]))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"PK\3\4 something else altogether",
        GOOD + b"\0" * 8,
        GOOD.replace(b"consumed", b"consumer"),
        pack(Message({"v": 2, "sections": 7}, [])),
        pack(Message({"v": 2, "sections": [["consumed", -1]]}, [])),
        pack(Message({"v": 2, "sections": [["consumed", "3"]]}, [])),
        pack(Message({"v": 2, "sections": [["consumed"]]}, [])),
        pack(Message({"v": 2}, [])),
        pack(Message([], [])),
    ],
)
def test_a_foreign_or_damaged_blob_is_refused(blob):
    with pytest.raises(WireError):
        decode(unpack(blob))


def test_a_newer_version_is_refused_by_its_number():
    newer = encode({}, {}, 0)
    newer.header["v"] = 3
    with pytest.raises(WireError, match="version 3"):
        decode(unpack(pack(newer)))


@given(st.binary(max_size=60))
def test_noise_is_refused(noise):
    with pytest.raises(WireError):
        unpack(b"POOLVIZ1" + noise)


def test_outcomes_beyond_those_of_today_fit():
    columns = {name: array("q", [200 if name == "outcome" else 1]) for name, _ in columns_of("ended")}
    assert list(decode(encode({}, {"ended": columns}, 0))["ended"]["outcome"]) == [200]
