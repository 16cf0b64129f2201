"""Tracebacks: what a caller sees of a call that failed, and of a mistake in using a pool."""

import concurrent.futures
import os
import re
import subprocess
import sys
import textwrap
import threading

import pytest

import poolviz
from poolviz import tracebacks
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, PROCESS_KINDS

OURS = os.path.dirname(poolviz.__file__) + os.sep


def frames(error):
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def shown(error):
    """The frames of ours that a notebook, or pytest, shows of an exception."""
    ours = [frame for frame in frames(error) if frame.f_code.co_filename.startswith(OURS)]
    return [frame.f_code.co_qualname for frame in ours if not frame.f_locals.get("__tracebackhide__")]


class Unreadable:
    """An iterable that raises."""

    def __iter__(self):
        yield 1
        raise LookupError("not an item")


def bad_label(*args):
    raise LookupError("no label")


def closed(pool):
    pool.shutdown()
    return pool


def cancelled(pool):
    futures = [pool.submit(tasks.nap, 0.02) for _ in range(100)]
    for future in reversed(futures):
        future.cancel()
    return futures[-1]


USES = {
    "result": lambda pool: pool.submit(tasks.fail, "why").result(LIMIT),
    "result, there": lambda pool: poolviz.wait([future := pool.submit(tasks.fail, "why")]) and future.result(),
    "map": lambda pool: list(pool.map(tasks.fail, ["why"])),
    "map in chunks": lambda pool: list(pool.map(tasks.fail, ["why"] * 3, chunksize=2)),
    "map with a buffer": lambda pool: list(pool.map(tasks.fail, ["why"] * 3, buffersize=2)),
    "map through options": lambda pool: list(pool.options(label="x").map(tasks.fail, ["why"])),
    "as_completed": lambda pool: [f.result() for f in poolviz.as_completed([pool.submit(tasks.fail, "why")])],
    "label": lambda pool: pool.options(label=bad_label).submit(tasks.double, 1),
    "label of a map": lambda pool: pool.options(label=bad_label).map(tasks.double, [1]),
    "items": lambda pool: pool.map(tasks.double, Unreadable()),
    "buffered items": lambda pool: list(pool.map(tasks.double, Unreadable(), buffersize=1)),
    "buffersize": lambda pool: pool.map(tasks.double, [1], buffersize=0),
    "buffersize's type": lambda pool: pool.map(tasks.double, [1], buffersize="two"),
    "closed": lambda pool: closed(pool).submit(tasks.double, 1),
    "map, closed": lambda pool: closed(pool).map(tasks.double, [1]),
    "limit": lambda pool: pool.submit(tasks.nap, 0.5).result(0.01),
    "limit of an exception": lambda pool: pool.submit(tasks.nap, 0.5).exception(0.01),
    "limit of a map": lambda pool: list(pool.map(tasks.nap, [0.5], timeout=0.01)),
    "limit of as_completed": lambda pool: list(poolviz.as_completed([pool.submit(tasks.nap, 0.5)], timeout=0.01)),
    "cancelled": lambda pool: cancelled(pool).result(LIMIT),
    "workers": lambda pool: type(pool)(0),
    "initializer": lambda pool: type(pool)(1, initializer=3),
}


@pytest.mark.parametrize("kind", ["thread", "spawn"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_callers_traceback_shows_no_frame_of_ours(new_pool, kind, use):
    with pytest.raises(BaseException) as raised:
        use(new_pool(kind, 2))
    assert shown(raised.value) == []
    if raised.value.args == ("why",):  # what the call itself raised: a notebook shows the innermost frame in any case
        *_, innermost = frames(raised.value)
        assert not innermost.f_code.co_filename.startswith(OURS)


@pytest.mark.parametrize("kind", PROCESS_KINDS)
def test_what_cannot_be_sent_shows_no_frame_of_ours(new_pool, kind):
    pool = new_pool(kind)
    error = pool.submit(tasks.identity, threading.Lock()).exception(LIMIT)
    for each in (error, error.__cause__):
        assert shown(each) == []
    with pytest.raises(TypeError) as raised:
        pool.map(tasks.identity, [threading.Lock()])
    assert shown(raised.value) == [] and shown(raised.value.__cause__) == []
    # But what a user's own code was doing stays.
    error = pool.submit(tasks.identity, tasks.FailsToPickle()).exception(LIMIT)
    inner = error if error.__cause__ is None else error.__cause__
    assert [frame.f_code.co_name for frame in frames(inner)] == ["__reduce__"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_calls_own_traceback_holds_no_frame_of_ours(new_pool, kind):
    pool = new_pool(kind, 1)
    error = pool.submit(tasks.fail, "why").exception(LIMIT)
    if kind == "thread":
        assert [frame.f_code.co_name for frame in frames(error)] == ["fail"]
    else:
        assert "poolviz" not in str(error.__cause__).replace(tasks.__file__, "")
        assert error.__traceback__ is None
    (told,) = pool.trace.errors()
    assert told.traceback.startswith("Traceback (most recent call last):\n") and told.traceback.endswith("\nValueError: why\n")
    assert told.traceback.count("  File ") == 1 and tasks.__file__ in told.traceback and "raise ValueError(text)" in told.traceback


SCRIPT = """
    import multiprocessing, sys
    from poolviz import ProcessPoolExecutor, ThreadPoolExecutor

    def divide(a, b):
        return a / b  # in the script

    if __name__ == "__main__":
        kind = sys.argv[1]
        pool = ThreadPoolExecutor(1) if kind == "thread" else ProcessPoolExecutor(1, multiprocessing.get_context(kind))
        with pool:
            future = pool.submit(divide, 1, 0)
            later = pool.submit(lambda: divide(2, 0))
        print(pool.trace.errors()[1].traceback)
        future.result()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_scripts_lines_are_shown(tmp_path, kind):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run([sys.executable, path, kind], capture_output=True, text=True, timeout=60)
    marked = r"    return a / b  # in the script\n +~~\^~~\n"
    assert re.search(r"in <lambda>\n    later = pool.submit\(lambda: divide\(2, 0\)\)\n", done.stdout), done.stdout
    assert re.search(marked, done.stdout) and "poolviz" not in done.stdout.replace(str(tmp_path), "")
    text = done.stderr.replace(str(tmp_path), "")
    assert re.search(marked, text) and text.endswith("ZeroDivisionError: division by zero\n")
    cause = text.partition('"""')[2].partition('"""')[0]
    assert "poolviz" not in cause and bool(cause) == (kind != "thread")
    assert "crew.py" not in text


def test_callbacks_errors_are_logged_as_they_are(new_pool, caplog):
    def callback(future):
        raise LookupError("from the callback")

    future = new_pool("thread").submit(tasks.double, 1)
    concurrent.futures.wait([future])
    future.add_done_callback(callback)
    assert "from the callback" in caplog.text and "in callback" in caplog.text


def test_debugging_shows_our_frames(new_pool, monkeypatch):
    monkeypatch.setattr(tracebacks, "HIDE", False)
    error = new_pool("thread").submit(tasks.fail, "why").exception(LIMIT)
    assert [frame.f_code.co_name for frame in frames(error)] == ["_serve", "fail"]
    assert "in _serve" in tracebacks.text_of(error)
