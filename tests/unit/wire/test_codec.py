import tracemalloc
from array import array
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
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
    assert message.header["sections"] == [["consumed", 3, 3]], "empty sections are left out"
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
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]]}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[0, 0, 0], [0, 0, 0]]}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[0, 9, 0]] * 3}, [b""])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[4, 0, 0]] * 3}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[0, 0], 0, "no"]}, [])),
        b"PK\3\4 something else altogether",
        GOOD + b"\0" * 8,
        GOOD.replace(b'"v":3', b'"v":2'),
        pack(Message({"v": 3, "needs": 4, "sections": [], "codes": []}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 2**40, 3]], "codes": [[0, 0, 0]] * 3}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]] * 2, "codes": [[0, 0, 0]] * 6}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[0, 0, 0]] * 4}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[0, 0, 2**70]] * 3}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[1, 0, 1]] * 3}, [])),
        pack(Message({"v": 3, "sections": [["consumed", 3, 3]], "codes": [[2, 0, 1]] * 3}, [])),
        pack(Message({"v": 2, "sections": [["later", 3]], "codes": [[0, 0, 1]] * 3}, [])),
        b"POOLVIZ2" + (200_000).to_bytes(4, "little") + b"[" * 200_000,
        pack(Message({"v": 3, "sections": 7}, [])),
        pack(Message({"v": 3, "sections": [["consumed", -1, 3]]}, [])),
        pack(Message({"v": 3, "sections": [["consumed", "3", 3]]}, [])),
        pack(Message({"v": 3, "sections": [["consumed"]]}, [])),
        pack(Message({"v": 3}, [])),
        pack(Message([], [])),
    ],
)
def test_a_foreign_or_damaged_blob_is_refused(blob):
    with pytest.raises(WireError):
        decode(unpack(blob))


def test_a_newer_version_is_refused_by_its_number():
    newer = encode({}, {}, 0)
    newer.header.update({"v": 4, "needs": 4})
    with pytest.raises(WireError, match="version 4"):
        decode(unpack(pack(newer)))


def test_what_a_newer_version_adds_is_skipped():
    header, buffers = encode({}, consumed([1, 2, 3], [10, 200_000, 30]), 0)
    plain = decode(Message(header, buffers))
    [[name, count, width]] = header["sections"]
    later = [["later", 2, 2], [name, count, width + 1], ["latest", 1, 1]]
    codes = [[0, 1, 0], [0, 2, 7], *header["codes"], [0, 1, 0], [0, 0, 0]]
    newer = header | {"v": 4, "sections": later, "codes": codes, "whatever": {}}
    message = Message(newer, [b"..", b"....", *buffers, b"..."])
    assert decode(message) == plain
    assert decode(unpack(pack(message))) == plain


def test_columns_that_an_older_version_lacks_read_as_nothing():
    header, buffers = encode({}, consumed([1, 2, 3], [10, 20, 30]), 0)
    [[name, count, _]] = header["sections"]
    older = Message(header | {"sections": [[name, count, 1]], "codes": header["codes"][:1]}, buffers[:0])
    assert decode(older)["consumed"] == {
        "row": decode(Message(header, buffers))["consumed"]["row"],
        "time": array("q", [NEVER] * 3),
        "caller": array("q", [0] * 3),
    }


GOLDEN = Path(__file__).parents[2] / "golden"
BLOBS = [path.read_bytes() for path in sorted(GOLDEN.glob("**/*.bin"))]


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(BLOBS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4), st.floats(0, 1), st.booleans())
def test_damage_gives_a_value_or_the_codecs_own_error(blob, flips, length, cut):
    damaged = bytearray(blob)
    for place, byte in flips:
        damaged[int(place * (len(blob) - 1))] = byte
    damaged = bytes(damaged[: int(length * len(blob))] if cut else damaged)
    tracemalloc.start()
    try:
        decode(unpack(damaged))
    except WireError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2_000_000_000


@given(st.binary(max_size=60))
def test_noise_is_refused(noise):
    with pytest.raises(WireError):
        unpack(b"POOLVIZ2" + noise)


def test_outcomes_beyond_those_of_today_fit():
    columns = {name: array("q", [200 if name == "outcome" else 1]) for name, _ in columns_of("ended")}
    assert list(decode(encode({}, {"ended": columns}, 0))["ended"]["outcome"]) == [200]
