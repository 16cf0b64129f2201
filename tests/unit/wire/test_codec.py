from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolviz.events import Blocked, Outcome
from poolviz.wire.codec import NEVER, NONE, Message, WireError, columns_of, decode, encode, pack, schema, unpack
from poolviz.wire.packing import PLAIN, STEPS


def consumed(rows, times):
    return {"consumed": {"row": array("q", rows), "time": array("q", times), "caller": array("H", bytes(2 * len(rows)))}}


def test_the_schema_and_the_enums_agree():
    assert schema()["outcomes"] == [outcome.name.lower() for outcome in Outcome]
    assert schema()["blocked"] == ["", *(kind.name.lower() for kind in Blocked)]


@given(st.lists(st.one_of(st.just(0), st.integers(1, 2**61)), max_size=30), st.integers(-(2**40), 2**40))
def test_a_time_comes_back_to_the_nanosecond(times, start):
    column = decode(encode({}, consumed(range(1, len(times) + 1), times), start)).get("consumed", {"time": ()})["time"]
    assert list(column) == [time - start if time else NEVER for time in times]


@given(st.lists(st.integers(0, 2**32), max_size=50), st.text(max_size=30), st.integers(0, 2**31))
def test_pack_and_unpack(rows, title, origin):
    message = encode({"title": title}, consumed(rows, [row + 1 for row in rows]), 0, origin)
    blob = pack(message)
    assert unpack(blob) == message
    assert list(decode(message).get("consumed", {"row": ()})["row"]) == [row - origin if row else NONE for row in rows]


def test_only_columns_that_their_codes_do_not_tell_whole_have_buffers():
    message = encode(
        {}, consumed([11, 12, 13], [5, 300, 6]) | {"running": {"row": array("q"), "lane": array("q"), "started": array("q")}}, 5, 10
    )
    assert message.header["sections"] == [["consumed", 3]], "empty sections are left out"
    assert [name for name, _ in columns_of("consumed")] == ["row", "time", "caller"]
    assert message.header["codes"][0] == [STEPS, 0, 1, 0]
    assert message.header["codes"][2] == [PLAIN, 0, 0]
    how, width, _base = message.header["codes"][1]
    assert (how, width, [len(buffer) for buffer in message.buffers]) == (PLAIN, 2, [6])


GOOD = pack(encode({"kind": "snapshot"}, consumed([1, 2, 3], [10, 20, 30]), 0))


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_truncated_blob_is_refused(length):
    with pytest.raises(WireError):
        decode(unpack(GOOD[:length]))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        pack(Message({"v": 2, "sections": [["consumed", 3]]}, [])),
        pack(Message({"v": 2, "sections": [["consumed", 3]], "codes": [[0, 0, 0], [0, 0, 0]]}, [])),
        pack(Message({"v": 2, "sections": [["consumed", 3]], "codes": [[0, 9, 0]] * 3}, [b""])),
        pack(Message({"v": 2, "sections": [["consumed", 3]], "codes": [[4, 0, 0]] * 3}, [])),
        pack(Message({"v": 2, "sections": [["consumed", 3]], "codes": [[0, 0], 0, "no"]}, [])),
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
        unpack(b"POOLVIZ2" + noise)


def test_outcomes_beyond_those_of_today_fit():
    columns = {name: array("q", [200 if name == "outcome" else 1]) for name, _ in columns_of("ended")}
    assert list(decode(encode({}, {"ended": columns}, 0))["ended"]["outcome"]) == [200]
