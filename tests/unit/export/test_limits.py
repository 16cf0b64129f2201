"""How much a `.poolviz` file may unpack to: a small one may unpack to a thousand times its size."""

import subprocess
import sys
from array import array

import pytest

import poolviz
from poolviz.export import native
from poolviz.export.versions import VERSION, codes_of
from poolviz.tracing import fold, prints, store, waits
from tests.unit.export.test_native import built, parts, refused


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
    rows = 200_000_000 // row
    bomb = tmp_path / "bomb.poolviz"
    bomb.write_bytes(built(header | {"calls": rows, "waits": 0}, bytes(rows * row)))
    assert bomb.stat().st_size < 250_000
    assert peak(REFUSED.format(path=str(bomb), words="the limit is 134,217,728")) < 20
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
        assert "the limit is" in refused(built(header | {"errors": [value] * 3_000_000}, columns))


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
    assert store.LIMIT * call + waits.LIMIT * wait + prints.OF_ALL + fold.MANY * 2000 < native.LIMIT
