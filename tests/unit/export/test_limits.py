"""How much a `.poolviz` file may unpack to: a small one may unpack to a thousand times its size."""

import json
import subprocess
import sys
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import poolviz
from poolviz import naming, observe, wording
from poolviz.events import Failed, PoolOpened, Printed
from poolviz.export import native
from poolviz.export.versions import VERSION, codes_of
from poolviz.tracing import chunks, errors, fold, prints, store, waits
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from tests.unit.export.test_native import built, parts, refused
from tests.unit.lawful import Twin, announce


@pytest.fixture(scope="module")
def data():
    with poolviz.trace("small") as trace, poolviz.ThreadPoolExecutor(1) as pool:
        list(pool.map(abs, range(20)))
    return native.render(trace)


def peak(code):
    """Megabytes that a fresh process takes at most for `code`, beyond what it takes for the imports."""
    begin = "import resource, poolviz\nfrom poolviz.export import native\n"
    begin += "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    end = "\nprint((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    done = subprocess.run([sys.executable, "-c", begin + code + end], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


REFUSED = """
try:
    poolviz.load({path!r})
except poolviz.LoadError as error:
    assert {words!r} in str(error) and "poolviz.load(path, limit=" in str(error), error
else:
    raise AssertionError("it was loaded")"""


@pytest.mark.slow
def test_a_small_file_that_unpacks_to_much_is_refused_and_can_be_allowed(data, tmp_path):
    header, _ = parts(data)
    row = sum(array(code).itemsize for code in codes_of(VERSION)[0].values())
    rows = 400_000_000 // row
    bomb = tmp_path / "bomb.poolviz"
    bomb.write_bytes(built(header | {"calls": rows, "waits": 0}, bytes(rows * row)))
    assert bomb.stat().st_size < 500_000
    assert peak(REFUSED.format(path=str(bomb), words="the limit is 268,435,456")) < 20
    with pytest.raises(native.LoadError, match="calls that are not in their order"):
        poolviz.load(bomb, limit=2**30)


@pytest.mark.slow
def test_what_unpacks_is_in_memory_once(data, tmp_path):
    header, _ = parts(data)
    codes = codes_of(VERSION)[0]
    rows = 1_000_000
    columns = [array(kind, range(1, rows + 1)) if name == "call" else array(kind, [0]) * rows for name, kind in codes.items()]
    body = b"".join(native._pack(column, kind) for column, kind in zip(columns, codes.values(), strict=True))
    counts = dict.fromkeys(header["counts"], 0)
    nothing = {name: [] for name in ("errors", "prints", "chunks", "running")}
    path = tmp_path / "million.poolviz"
    path.write_bytes(built(header | nothing | {"calls": rows, "waits": 0, "counts": counts}, body))
    assert len(body) > 85_000_000
    assert peak(f"assert len(poolviz.load({str(path)!r}).calls['call']) == {rows}") < 250


def test_a_header_that_would_fill_the_memory_is_refused(data):
    header, columns = parts(data)
    for value in ([], {}, 0):
        assert "the limit is" in refused(built(header | {"errors": [value] * 5_000_000}, columns))


def test_a_file_longer_than_the_limit_is_not_read(tmp_path, data):
    path = tmp_path / "run.poolviz"
    path.write_bytes(data)
    with pytest.raises(poolviz.LoadError, match=r"limit=\d+\) reads it"):
        poolviz.load(path, limit=100)
    with path.open("ab") as file:
        file.truncate(10**10)
    assert peak(REFUSED.format(path=str(path), words="10,000,000,000 bytes")) < 200


def test_a_full_store_is_within_the_limit():
    call, wait = (sum(array(code).itemsize for code in codes.values()) for codes in codes_of(VERSION))
    words = prints.OF_ALL + 4 * errors.OF_ALL + errors.MOST * wording.MOST
    assert store.LIMIT * (call + 50) + waits.LIMIT * wait + words + fold.MANY * 2000 < native.LIMIT
    # Values: names, pieces of prints, errors, chunks, and records of pools and workers.
    values = store.LIMIT + 7 * prints.PIECES + 4 * errors.MOST + 5 * chunks.MOST + 2 * 10 * fold.MANY
    assert native._OF_VALUE * values < native.LIMIT


TEXTS = {
    "a list of numbers": str(list(range(3_000))) + "\n",
    "brackets": "[{[{,,,," * 1_000 + "\n",
    "quotes": '"\\",[' * 5_000,
    "another alphabet": "\u4f60\u597d, " * 5_000,
    "other planes": "\U0001f600" * 20_000,
    "colours": "\x1b[0m" * 5_000,
}


@pytest.fixture
def full_of(monkeypatch):
    """A trace of calls that all say the same, much of it, in all places that have words; with limits a twentieth of what they are."""
    for module, name in ((prints, "OF_ALL"), (prints, "PIECES"), (errors, "OF_ALL"), (errors, "MOST"), (store, "LIMIT")):
        monkeypatch.setattr(module, name, getattr(module, name) // 20)

    def make(text, calls=3_000):
        kept = store.Store(store.LIMIT)
        first = observe.new_calls(calls)
        kept.state.columns.base = first
        label = naming.number_of(text)
        announce(kept.on_batch, Twin(), 1, [(first, calls, 2000, label, -1, 0)])
        kept.on_batch(PoolOpened(1, 1000, "process", text[:100], 1, "spawn"))
        for call in range(first, first + calls):
            kept.on_batch(Printed(call, 1, text, 0))
            kept.on_batch(Failed(call, wording.cut(text, wording.MOST), text))
        assert not kept._failed
        return Trace(kept, View("pool", 1), text[:100])

    return make


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_much_that_is_printed_and_raised_is_saved_and_loads(full_of, text):
    trace = full_of(text)
    data = native.render(trace)
    loaded = native.parse(data, native.LIMIT // 20)
    assert native.render(loaded) == data
    assert loaded.prints() == trace.prints() and loaded.errors() == trace.errors()


def test_many_calls_that_print_a_word_are_saved_and_load(full_of):
    trace = full_of("done", 20_000)
    loaded = native.parse(native.render(trace), native.LIMIT // 20)
    assert len(trace.prints()) == prints.PIECES and loaded.prints() == trace.prints()
    assert trace.store.state.prints.lines_given_up == 20_000 - prints.PIECES


@settings(deadline=None)
@given(st.recursive(st.text('[]{},":\\\n\u4f60') | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text('[{",'), inner)))
def test_values_are_counted_and_what_stands_in_strings_is_not(value):
    def values(of):
        if isinstance(of, dict):
            return 1 + max(0, len(of) - 1) + sum(map(values, of.values()))
        return 1 + max(0, len(of) - 1) + sum(map(values, of)) if isinstance(of, list) else 0

    value = [value]
    text = json.dumps(value).encode()
    assert not native._is_more(text, values(value))
    assert native._is_more(text, values(value) - 1)


def test_a_long_text_is_looked_through_once():
    for text in (b'["' + b'\\"' * 3_000_000, b"[" + b'",' * 3_000_000, b'"' + b"a,\\\\" * 1_000_000, b"[" + b'"a",' * 2_000_000):
        assert native._is_more(text, 10) == (text.startswith(b'["a",') or text.startswith(b'[","'))
