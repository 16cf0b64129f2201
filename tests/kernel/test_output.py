"""Prints and logs of workers in a real kernel: under the cell that waits, whole lines, once, in few messages."""

import time

import pytest

from tests.kernel.conftest import idle

SETUP = """
import logging, os, subprocess, sys, threading, time, warnings
from poolviz import ProcessPoolExecutor

def say(n, times=1):
    for _ in range(times):
        print("line", n, "of a worker")
    return n
"""


def streams(messages):
    """What was shown: name, text and the cell, for each message."""
    return [(m["content"]["name"], m["content"]["text"], m["parent_header"]["msg_id"]) for m in messages if m["msg_type"] == "stream"]


def text(messages, name):
    return "".join(shown for stream, shown, _ in streams(messages) if stream == name)


def test_each_line_whole_and_once_under_the_cell_that_waits(kernel):
    kernel.run(SETUP)
    kernel.run("pool = ProcessPoolExecutor(2)\nfutures = [pool.submit(time.sleep, 0)]\nfutures[0].result()")
    cell = kernel.start("with pool:\n    list(pool.map(say, range(200), [3] * 200))")
    messages = kernel.until(lambda m: idle(m, cell))
    assert sorted(text(messages, "stdout").splitlines()) == sorted(f"line {n} of a worker" for n in range(200) for _ in range(3))
    assert {parent for _, _, parent in streams(messages)} == {cell}, "under this cell, though the pool is an earlier one's"


EVERYWHERE = """
def everywhere():
    print("printed")
    print("erred", file=sys.stderr)
    logging.getLogger("mine").warning("logged")
    warnings.warn("warned")
    os.write(1, b"raw out\\n")
    os.write(2, b"raw err\\n")
    subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
    sys.stdout.buffer.write(b"bytes\\n")
    print("no end", end="")
with ProcessPoolExecutor(1) as pool:
    pool.submit(everywhere).result()
    pool.submit(print, "next").result()
"""


def test_every_way_of_writing_comes_home(kernel):
    kernel.run(SETUP)
    messages = kernel.run(EVERYWHERE)
    out, err = text(messages, "stdout").splitlines(), text(messages, "stderr")
    assert sorted(out) == sorted(["printed", "raw out", "a child", "bytes", "no end", "next"])
    for words in ("erred", "logged", "UserWarning: warned", "raw err"):
        assert err.count(words) == 1, err


def test_output_is_kept_with_its_call(kernel):
    kernel.run(SETUP)
    kernel.run(
        "with ProcessPoolExecutor(2) as pool:\n"
        "    list(pool.map(say, range(4)))\n"
        "    list(pool.map(say, range(4), chunksize=2))\n"
        "kept = [(each.item, each.text, each.cut) for each in pool.trace.prints()]\n"
        "assert sorted(kept) == sorted((n, f'line {n} of a worker\\n', 0) for n in [0, 1, 2, 3] * 2), kept"
    )
    kernel.run(
        "def flood(n):\n    for i in range(n):\n        print('x' * 99)\n"
        "with ProcessPoolExecutor(1) as pool:\n    pool.submit(flood, 100_000).result()\n"
        "[kept] = pool.trace.prints()\n"
        "assert len(kept.text) <= 100_000 and len(kept.text.splitlines()) + kept.cut == 100_000, (len(kept.text), kept.cut)"
    )


def test_a_flood_is_shown_in_few_messages_and_does_not_slow_the_pool(kernel):
    kernel.run(SETUP)
    begin = time.monotonic()
    messages = kernel.run("with ProcessPoolExecutor(2) as pool:\n    list(pool.map(say, range(20), [5_000] * 20))")
    took = time.monotonic() - begin
    shown = streams(messages)
    assert sum(len(each) for _, each, _ in shown) <= 1_000_000 * max(1.0, took) + 1_100_000
    assert len(shown) <= 10 * took + 12
    lines = text(messages, "stdout").splitlines()
    cut = sum(int(word) for line in text(messages, "stderr").splitlines() for word in line.split() if word.isdigit())
    assert len(lines) + cut == 100_000
    assert set(lines) <= {f"line {n} of a worker" for n in range(20)}


def test_lines_come_while_the_call_runs(kernel):
    kernel.run(SETUP)
    kernel.run("def slow():\n    print('first')\n    time.sleep(60)\npool = ProcessPoolExecutor(1)")
    cell = kernel.start("with pool:\n    pool.submit(slow).result()")
    kernel.until(lambda m: m["msg_type"] == "stream" and "first" in m["content"]["text"])
    kernel.interrupt()
    kernel.until(lambda m: idle(m, cell))


@pytest.mark.parametrize("code", ["input()", "sys.stdin.readline() + 'x'[:0] or input()"])
def test_a_worker_has_no_input(kernel, code):
    kernel.run(SETUP)
    kernel.run(
        f"def ask():\n    return {code}\n"
        "with ProcessPoolExecutor(1) as pool:\n    error = pool.submit(ask).exception(60)\nassert type(error) is EOFError, error"
    )


def test_what_an_initializer_and_a_dying_worker_print(kernel):
    kernel.run(SETUP)
    messages = kernel.run(
        "def hello():\n    print('hello')\n"
        "def die():\n    print('last words', flush=True)\n    os.write(2, b'raw last words\\n')\n    os._exit(3)\n"
        "with ProcessPoolExecutor(1, initializer=hello) as pool:\n    assert pool.submit(die).exception(60) is not None"
    )
    assert text(messages, "stdout").splitlines() == ["hello", "last words"]
    assert "raw last words" in text(messages, "stderr")
