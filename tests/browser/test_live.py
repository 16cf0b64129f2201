"""A pool under a running cell, seen in a real browser, in JupyterLab and in Notebook 7."""

import pytest

from tests.browser.lab import Lab, Timeline

LOAD = "%load_ext poolviz"
DEFINE = """
import threading, time
from poolviz import ProcessPoolExecutor, ThreadPoolExecutor

def nap(seconds):
    time.sleep(seconds)
    return seconds
"""


def adds_up(seen: Timeline) -> bool:
    """Whether each call is in one state."""
    return seen.pending + seen.running + seen.finished + seen.failed + seen.cancelled == seen.total


def start(lab: Lab, *cells: str) -> None:
    """Open a notebook and run the two cells that all tests begin with; those of the test have indices from 2."""
    lab.open_notebook(LOAD, DEFINE, *cells)
    lab.run_through(0)
    lab.run_through(1)


@pytest.mark.parametrize(("executor", "workers"), [("ProcessPoolExecutor", 2), ("ThreadPoolExecutor", 3)])
def test_timeline_is_live_while_the_cell_runs(lab: Lab, executor: str, workers: int) -> None:
    start(lab, f"with {executor}({workers}) as pool:\n    results = list(pool.map(nap, [1.5, 1, 2, 1, 1.5, 1, 2]))\nprint(results)")
    lab.run_cell(2)

    running = lab.timeline(2, lambda seen: seen.running >= 1 and seen.running_ms > 0)
    assert (running.cell_runs, running.state, running.total) == (True, "live", 7)
    assert running.visible
    assert adds_up(running)
    assert running.failed == running.cancelled == 0

    # A busy page draws less often than it hears of news, so the two are waited for.
    grown = lab.timeline(2, lambda seen: seen.running_ms > running.running_ms and seen.picture != running.picture)
    assert (grown.cell_runs, grown.state) == (True, "live")
    lab.screenshot(f"{executor}-live")

    moved = lab.timeline(2, lambda seen: seen.finished > running.finished and seen.running >= 1)
    assert (moved.cell_runs, moved.state) == (True, "live")
    assert adds_up(moved)
    assert moved.lanes == workers

    lab.wait_end(2)
    done = lab.timeline(2, lambda seen: seen.state == "done")
    assert (done.total, done.finished, done.failed, done.cancelled, done.pending, done.running) == (7, 7, 0, 0, 0, 0)
    assert done.running_ms == 0
    assert "[1.5, 1, 2, 1, 1.5, 1, 2]" in lab.text(2)
    lab.screenshot(f"{executor}-done")


def test_failed_and_cancelled_calls_are_counted(lab: Lab) -> None:
    start(
        lab,
        """
def fail(item):
    raise ValueError(item)

with ProcessPoolExecutor(1) as pool:
    first = pool.submit(nap, 0.5)
    bad = [pool.submit(fail, item) for item in range(2)]
    last = [pool.submit(nap, 0.1) for _ in range(30)]
    assert last[-1].cancel()
print(type(bad[0].exception()).__name__)
""",
    )
    lab.run_through(2)
    done = lab.timeline(2, lambda seen: seen.state == "done")
    assert (done.total, done.finished, done.failed, done.cancelled) == (33, 30, 2, 1)
    assert "ValueError" in lab.text(2)
    lab.screenshot("failed-and-cancelled")


def test_pool_of_an_earlier_cell_is_drawn_under_the_cell_that_uses_it(lab: Lab) -> None:
    start(
        lab,
        "pool = ProcessPoolExecutor(2)\nlist(pool.map(nap, [0.1] * 3))",
        "list(pool.map(nap, [0.1] * 4))",
        "pool.shutdown()",
    )
    for index in (2, 3, 4):
        lab.run_through(index)
    first = lab.timeline(2, lambda seen: seen.state == "done")
    second = lab.timeline(3, lambda seen: seen.state == "done")
    assert (first.total, first.finished) == (3, 3)
    assert (second.total, second.finished) == (4, 4)
    assert lab.timelines(4) == []


def test_two_pools_of_a_cell_share_one_timeline(lab: Lab) -> None:
    start(
        lab,
        """
with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(1) as processes:
    futures = [pool.submit(nap, 0.3) for pool in (threads, threads, processes)]
print(sum(future.result() for future in futures) > 0.8)
""",
    )
    lab.run_through(2)
    done = lab.timeline(2, lambda seen: seen.state == "done")
    assert (done.total, done.finished, done.lanes) == (3, 3, 3)
    assert "True" in lab.text(2)
    lab.screenshot("two-pools")


def test_cell_without_calls_and_calls_of_a_background_thread_draw_nothing(lab: Lab) -> None:
    start(
        lab,
        "print(1 + 1)",
        """
def background():
    with ThreadPoolExecutor(1) as pool:
        print(pool.submit(nap, 0.2).result())

thread = threading.Thread(target=background)
thread.start()
thread.join()
""",
        "with ThreadPoolExecutor(1) as pool:\n    pool.submit(nap, 0.1)",
    )
    for index in (2, 3, 4):
        lab.run_through(index)
    # Once the last one is there, those before it had their time.
    lab.timeline(4, lambda seen: seen.state == "done" and seen.total == 1)
    assert "2" in lab.text(2)
    assert lab.timelines(2) == []
    assert "0.2" in lab.text(3)
    assert lab.timelines(3) == []
