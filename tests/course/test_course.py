"""The examples of a course on `concurrent.futures`, as a learner pastes them: they print in the course's order, and they are drawn.

Seconds are tenths of seconds here. Where two calls end at one moment, the order of the two is nobody's to say and is not asked for.
"""

import ast
import subprocess
import sys

import pytest

from tests.kernel.conftest import Kernel
from tests.kernel.test_extension import shown, told
from tests.kernel.test_stdlib import printed

# What two threads print at one moment must not share a line.
PRELUDE = """\
import sys, time
sleep = time.sleep
time.sleep = lambda seconds: sleep(seconds / 10)
print = lambda *words: (sys.stdout.write(" ".join(map(str, words)) + "\\n"), None)[1]
"""

WORKER = """
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait

def worker(times):
    time.sleep(times)
    print('Get', times)
    return times
"""

MAP = (
    WORKER
    + """
with ThreadPoolExecutor(max_workers=2) as executor:
    for data in executor.map(worker, [3, 1, 2]):
        print('Done', data)
"""
)

AS_COMPLETED = (
    WORKER
    + """
with ThreadPoolExecutor(max_workers=2) as executor:
    tasks = [executor.submit(worker, i) for i in [3, 1, 2]]
    for future in as_completed(tasks):
        print('Done', future.result())
"""
)

FIRST = (
    WORKER
    + """
with ThreadPoolExecutor(max_workers=2) as executor:
    tasks = [executor.submit(worker, i) for i in [3, 1, 2]]
    result = wait(tasks, return_when=FIRST_COMPLETED)
    print('wait', [f.result() for f in result.done], len(result.not_done), type(result).__name__)
    print('main')
"""
)

SHUTDOWN = """
from concurrent.futures import ThreadPoolExecutor
import time

def task(name):
    print('name', name)
    time.sleep(1)

executor = ThreadPoolExecutor(max_workers=2)
for i in range(5):
    executor.submit(task, 'task-%d' % i)
executor.shutdown(wait=WAIT)
print('cost')
"""

PRIMES = """
import concurrent.futures
import math

PRIMES = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 1099726899285419]

def is_prime(n):
    if n % 2 == 0:
        return False
    for i in range(3, math.floor(math.sqrt(n)) + 1, 2):
        if n % i == 0:
            return False
    return True

def main():
    with concurrent.futures.ProcessPoolExecutor() as executor:
        for number, prime in zip(PRIMES, executor.map(is_prime, PRIMES)):
            print('%d is prime: %s' % (number, prime))

if __name__ == '__main__':
    main()
"""


def in_order(lines, *wanted):
    """Whether the wanted lines are there once each, in this order."""
    places = [lines.index(line) for line in wanted]
    assert places == sorted(places), lines
    assert len(set(wanted)) == len(wanted) and all(lines.count(line) == 1 for line in wanted), lines


def check_map(lines):
    assert len(lines) == 6
    in_order(lines, "Done 3", "Done 1", "Done 2")
    in_order(lines, "Get 1", "Get 3", "Done 3")
    in_order(lines, "Get 2", "Done 2")


def check_as_completed(lines):
    assert len(lines) == 6
    in_order(lines, "Get 1", "Done 1", "Done 3")
    in_order(lines, "Done 1", "Get 3", "Done 3")
    in_order(lines, "Done 1", "Get 2", "Done 2")


def check_first(lines):
    assert len(lines) == 5
    in_order(lines, "Get 1", "wait [1] 2 DoneAndNotDoneFutures", "main", "Get 3")
    in_order(lines, "main", "Get 2")


def check_shutdown(lines):
    assert sorted(lines) == ["cost", *(f"name task-{n}" for n in range(5))]
    for wave in ((0, 2), (1, 2), (0, 3), (1, 3), (2, 4), (3, 4)):
        in_order(lines, *(f"name task-{n}" for n in wave))
    assert lines[-1] == "cost"


def check_shutdown_without_waiting(lines):
    assert sorted(lines) == ["cost", *(f"name task-{n}" for n in range(5))]
    in_order(lines, "cost", "name task-2", "name task-4")
    in_order(lines, "cost", "name task-3", "name task-4")


def check_primes(lines):
    found = [(int(line.split()[0]), ast.literal_eval(line.split()[-1])) for line in lines]
    assert [number for number, _ in found] == [
        112272535095293,
        112582705942171,
        112272535095293,
        115280095190773,
        115797848077099,
        1099726899285419,
    ]
    assert [prime for _, prime in found] == [True] * 5 + [False]


EXAMPLES = {
    "map": (MAP, check_map, 3),
    "as_completed": (AS_COMPLETED, check_as_completed, 3),
    "wait for the first": (FIRST, check_first, 3),
    "shutdown": (SHUTDOWN.replace("WAIT", "True"), check_shutdown, 5),
    "shutdown without waiting": (SHUTDOWN.replace("WAIT", "False"), check_shutdown_without_waiting, 5),
    "primes": (PRIMES, check_primes, 6),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("how", ["plain", "poolviz"])
def test_as_a_script(name, how, tmp_path):
    code, check, calls = EXAMPLES[name]
    (tmp_path / "example.py").write_text(PRELUDE + code)
    command = [sys.executable, *(["-m", "poolviz", "run"] if how == "poolviz" else []), "example.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check(done.stdout.splitlines())
    if how == "poolviz":
        assert f"example.py: {calls} total, {calls} finished" in done.stderr


@pytest.fixture(scope="module")
def notebook():
    kernel = Kernel()
    kernel.run(PRELUDE)
    # Imported before the extension is loaded, as a pasted cell may have been.
    kernel.run("from concurrent.futures import ThreadPoolExecutor, as_completed, wait\n%load_ext poolviz")
    yield kernel
    kernel.stop()


@pytest.mark.parametrize("name", EXAMPLES)
def test_in_a_notebook(name, notebook):
    code, check, calls = EXAMPLES[name]
    messages = notebook.run(code)
    # What a pool prints after its cell belongs to the cell too, and comes in its own time.
    if "without" in name:
        messages += notebook.until(lambda message: "task-4" in message["content"].get("text", ""))
        messages += notebook.until(lambda message: any(header["state"] == "done" for header, _ in told([message])))
    assert len(shown(messages)) == 1
    last = told(messages)[-1][0]
    assert (last["state"], last["counts"]["finished"], last["counts"]["total"]) == ("done", calls, calls)
    check(printed(messages).splitlines())
