"""The `.poolviz` file: read back bit for bit, and nothing but a whole one is ever read."""

import json
import os
import struct
import threading
import zlib
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import poolviz
from poolviz import observe
from poolviz.events import Chunked, Printed
from poolviz.export import chrome, native, table
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.wire.codec import decode, pack, unpack
from poolviz.wire.feed import Feed
from tests.unit.lawful import Twin, make_scopes, name_labels, play, steps, views


def fail(x):
    raise ValueError(f"{x} \udcff <b>é</b>")


@pytest.fixture(scope="module")
def trace():
    with poolviz.trace("sävéd </script>") as trace, poolviz.ThreadPoolExecutor(2) as pool:
        list(pool.map(abs, range(50)))
        poolviz.wait([pool.submit(fail, 17), pool.options(label="with a label").submit(abs, -1)])
    failed = trace.calls["call"][50]
    # Only workers of a kernel hand over what they print.
    for fd, text, cut in ((1, "é \udcff\n", 0), (2, "<b>to stderr</b>\n", 3)):
        observe.emit(Printed(failed, fd, text, cut))
    # And only processes have chunks.
    observe.emit(Chunked(trace.calls["pool"][0], trace.calls["call"][0], 50, 20))
    return trace


@pytest.fixture(scope="module")
def data(trace):
    return native.render(trace)


def same(loaded, trace):
    """Whether two traces say the same in all that a user can ask."""
    assert len(loaded) == len(trace) and loaded.title == trace.title and repr(loaded) == repr(trace)
    assert (loaded.start, loaded.wall, loaded.host) == (trace.start, trace.wall, trace.host)
    assert loaded.counts() == trace.counts()
    assert loaded.workers == trace.workers
    assert loaded.errors() == trace.errors()
    assert loaded.prints() == trace.prints()
    for name, column in trace.calls.items():
        assert list(loaded.calls[name]) == list(column), name


def test_a_trace_comes_back_as_it_was(trace, tmp_path):
    path = trace.save(tmp_path / "run.poolviz")
    loaded = poolviz.load(path)
    same(loaded, trace)
    assert isinstance(loaded, poolviz.Trace)
    assert repr(loaded.summary()) == repr(trace.summary())
    again = loaded.save(tmp_path / "again.poolviz")
    assert again.read_bytes() == path.read_bytes()
    [printed] = loaded.prints()
    assert (printed.row, printed.text, printed.cut) == (50, "é \\udcff\n<b>to stderr</b>\n", 3)
    ours, theirs = trace.store.everything(trace.view), loaded.store.everything(loaded.view)
    assert theirs.prints == ours.prints and theirs.chunks == ours.chunks
    assert [told[2:] for told in theirs.chunks] == [(50, 20)]
    assert loaded.errors()[0].error == "ValueError: 17 \\udcff <b>é</b>"


def test_a_loaded_trace_can_be_saved_in_each_format(trace, data, tmp_path, front_end):
    loaded = native.parse(data)
    for suffix, read in ((".json", json.loads), (".csv", bytes.splitlines)):
        theirs, ours = trace.save(tmp_path / f"a{suffix}").read_bytes(), loaded.save(tmp_path / f"b{suffix}").read_bytes()
        assert read(theirs) == read(ours) and len(ours) > 2_000
    assert b"52 calls, 51 finished, 1 failed" in loaded.save(tmp_path / "b.html").read_bytes()


def test_a_loaded_trace_can_be_drawn(data, front_end):
    timeline = poolviz.Timeline(native.parse(data))
    assert not timeline.live
    assert repr(timeline) == "Timeline('sävéd </script>': 52 calls, 51 finished, 1 failed)"
    timeline.settle()
    assert b'"state":"static"' in timeline.snapshot
    timeline.close()


def test_a_run_that_was_not_over_stays_so(tmp_path):
    gate = threading.Event()
    with poolviz.ThreadPoolExecutor(1) as pool:
        started = threading.Event()
        pool.submit(lambda: (started.set(), gate.wait(60)))
        pool.submit(abs, 1)
        assert started.wait(60)
        path = pool.trace.save(tmp_path / "early.poolviz")
        loaded = poolviz.load(path)
        before = (loaded.counts(), repr(loaded.summary()), list(loaded.calls["finished"]))
        gate.set()
    assert before == (loaded.counts(), repr(loaded.summary()), list(loaded.calls["finished"]))
    assert loaded.counts() == {"total": 2, "pending": 1, "running": 1, "finished": 0, "failed": 0, "cancelled": 0}


@settings(max_examples=60, deadline=None)
@given(steps, st.sampled_from([20, 10_000]))
def test_any_lawful_run_comes_back_bit_for_bit(script, limit):
    scope_ids = make_scopes()
    store, twin = Store(limit=limit), Twin()
    name_labels()
    play(script, store.on_batch, twin, store.state.columns.base, scope_ids)
    for view in views(scope_ids):
        trace = Trace(store, view, "lawful")
        data = native.render(trace)
        loaded = native.parse(data)
        assert native.render(loaded) == data
        ours, theirs = store.everything(view), loaded.store.everything(loaded.view)
        assert theirs.calls == ours.calls
        assert theirs.waits == ours.waits
        assert theirs.present.counts == ours.present.counts and theirs.present.running == ours.present.running


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 4 * 10**18), max_size=300))
def test_columns_come_back(numbers):
    column = array("q", numbers)
    assert native._unpack(native._pack(column, "q"), "q") == column


def refused(data):
    """The error of a file that is not to be read."""
    with pytest.raises(native.LoadError) as caught:
        native.parse(data)
    assert str(caught.value)
    return str(caught.value)


def test_a_file_that_ends_anywhere_is_refused(data):
    for stop in range(len(data)):
        refused(data[:stop])
    assert "cut off" in refused(data[: len(data) // 2])
    assert "damaged" in refused(data + b"x")


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_file_with_any_byte_changed_is_refused(data, change):
    at = change.draw(st.integers(0, len(data) - 1))
    flip = change.draw(st.integers(1, 255))
    refused(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused(content):
    assert ("cut off" if content and native.MAGIC.startswith(content) else "no .poolviz file") in refused(content)
    refused(native.MAGIC + content)


def whole(body, version=native.VERSION, length=None):
    """A file with a right checksum around any body."""
    packed = zlib.compress(body)
    tail = struct.pack("<QQ", len(packed), len(body) if length is None else length) + packed
    return native.MAGIC + struct.pack("<II", version, zlib.crc32(tail)) + tail


def test_a_newer_file_says_so(data):
    assert "newer poolviz" in refused(whole(b"", version=native.VERSION + 1))
    assert "newer poolviz" in refused(whole(os.urandom(40), version=77))


def test_a_file_that_would_fill_the_memory_is_refused(data):
    assert "as much as it says" in refused(whole(bytes(100), length=10**15))
    body = zlib.decompress(data[32:])
    assert "as much as it says" in refused(whole(body + bytes(10_000), length=len(body)))
    assert "as much as it says" in refused(whole(body[:-100], length=len(body)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_body_under_a_right_checksum_is_refused(body):
    refused(whole(body))
    refused(whole(struct.pack("<I", len(body)) + body))


def parts(data):
    body = zlib.decompress(data[32:])
    stop = 4 + struct.unpack_from("<I", body)[0]
    return json.loads(body[4:stop]), body[stop:]


def built(header, columns):
    text = json.dumps(header).encode()
    return whole(struct.pack("<I", len(text)) + text + columns)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_header_with_anything_else_in_it_is_refused_or_harmless(data, change):
    header, columns = parts(data)
    name = change.draw(st.sampled_from(sorted(header)))
    value = change.draw(json_values)
    if isinstance(header[name], list) and header[name] and change.draw(st.booleans()):
        at = change.draw(st.integers(0, len(header[name]) - 1))
        row = header[name][at]
        if isinstance(row, list) and row and change.draw(st.booleans()):
            row[change.draw(st.integers(0, len(row) - 1))] = value
        else:
            header[name][at] = value
    else:
        header[name] = value
    use_if_read(built(header, columns))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_columns_with_anything_else_in_them_are_refused_or_harmless(data, change):
    header, columns = parts(data)
    at = change.draw(st.integers(0, len(columns) - 1))
    value = change.draw(st.integers(0, 255))
    use_if_read(built(header, columns[:at] + bytes([value]) + columns[at + 1 :]))


def use_if_read(content):
    """Whatever is read must serve as any trace does."""
    try:
        loaded = native.parse(content)
    except native.LoadError:
        return
    assert repr(loaded) and repr(loaded.summary()) and loaded.summary()._repr_html_()
    assert loaded.workers is not None and loaded.errors() is not None and loaded.prints() is not None
    assert chrome.render(loaded) and table.render(loaded)
    message = unpack(pack(Feed(loaded).snapshot()))
    assert decode(message) is not None
    assert native.render(native.parse(native.render(loaded))) == native.render(loaded)


def test_entries_that_are_missing_or_too_many(data):
    header, columns = parts(data)
    assert len(header) > 10
    for name in header:
        assert "is whole, but" in refused(built({key: value for key, value in header.items() if key != name}, columns))
    assert "other entries" in refused(built({**header, "more": 1}, columns))
    assert "bytes instead of" in refused(built(header, columns + b"x"))


def test_the_error_names_the_file(tmp_path):
    path = tmp_path / "notes.poolviz"
    path.write_text("dear diary")
    with pytest.raises(ValueError, match=r"notes\.poolviz.*no \.poolviz file"):
        poolviz.load(path)
    with pytest.raises(FileNotFoundError):
        poolviz.load(tmp_path / "none.poolviz")


def test_an_empty_trace_comes_back(tmp_path):
    with poolviz.trace("nothing") as trace:
        pass
    same(poolviz.load(trace.save(tmp_path / "nothing.poolviz")), trace)


def test_a_file_of_version_1_is_read_for_ever():
    path = Path(__file__).parent / "files" / "version1.poolviz"
    trace = poolviz.load(path)
    assert repr(trace) == "Trace('a run of version 1': 23 calls, 21 finished, 1 failed, 1 cancelled)"
    assert trace.calls["name"] == ["abs"] * 20 + ["fail", "sleep", "abs"]
    assert list(trace.calls["item"]) == [*range(20), -1, -1, -1]
    assert trace.calls["outcome"] == ["returned"] * 20 + ["raised", "returned", "cancelled"]
    assert [worker.name for worker in trace.workers] == ["worker 1", "worker 2", "ThreadPoolExecutor-0_0"]
    assert [error.error for error in trace.errors()] == ["ValueError: 17"]
    assert trace.host["start_methods"] == ["spawn"] and trace.host["python"] == "3.11.7"
    summary = trace.summary()
    assert (summary.makespan, summary.busy, summary.queue_wait.max) == (277_703_075, 50_201_785, 170_125_269)
    assert trace.prints() == []
    same(native.parse(native.render(trace)), trace)


def test_a_file_of_version_2_is_read_for_ever():
    path = Path(__file__).parent / "files" / "version2.poolviz"
    trace = poolviz.load(path)
    assert repr(trace) == "Trace('a run of version 2': 27 calls, 26 finished, 1 failed)"
    assert trace.calls["caller"] == ["MainThread"] * 25 + ["the taker", "MainThread"]
    assert (trace.calls["bytes_out"][25], trace.calls["outcome"][26]) == (3024, "raised")
    assert [printed[:1] + printed[3:] for printed in trace.prints()] == [(3, "first\na warning\n", 4)]
    assert [told[2:] for told in trace.store.everything(trace.view).chunks] == [(25, 10)]
    assert trace.summary().makespan == 268_583_059
    assert {worker.how for worker in trace.workers} <= {"none", "orderly"}
    same(native.parse(native.render(trace)), trace)


def test_a_file_of_version_3_is_read_for_ever():
    path = Path(__file__).parent / "files" / "version3.poolviz"
    trace = poolviz.load(path)
    assert repr(trace) == "Trace('a run of version 3': 4 calls, 1 finished, 3 failed)"
    assert [worker.how for worker in trace.workers] == ["died", "stopped", "stopped"]
    assert trace.workers[0].detail == "was killed by SIGKILL"
    # Packed by another zlib the bytes may differ; what is packed may not.
    assert zlib.decompress(native.render(trace)[32:]) == zlib.decompress(path.read_bytes()[32:])


def test_workers_beyond_all_numbers_are_refused(data):
    header, columns = parts(data)
    call = native.parse(data).calls["call"][0]
    assert "running calls out of bounds" in refused(built(header | {"running": [[call, 1, 2**63, 1]]}, columns))
    worker = [2**31, *header["workers"][0][1:]]
    assert "workers out of bounds" in refused(built(header | {"workers": [worker]}, columns))
