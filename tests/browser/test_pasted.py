"""Code of a course, pasted; a cell that shows its own timeline; a page in the other theme: as a page shows it."""

from tests.browser.lab import Lab

LOAD = "from concurrent.futures import ThreadPoolExecutor\n%load_ext poolviz"

PASTED = """
import concurrent.futures, time
def worker(times):
    time.sleep(times / 10)
    return times
with ThreadPoolExecutor(max_workers=2) as executor:
    tasks = [executor.submit(worker, i) for i in [3, 1, 2]]
    print([f.result() for f in concurrent.futures.as_completed(tasks)][0])
"""


def test_pasted_code_is_drawn(lab: Lab) -> None:
    lab.open_notebook(LOAD, PASTED)
    lab.run_through(0)
    lab.run_through(1)
    done = lab.timeline(1, lambda seen: seen.state == "done")
    assert (done.total, done.finished, done.lanes) == (3, 3, 2)
    assert lab.text(1).rstrip().endswith("\n1"), "the print"


def test_a_cell_that_shows_its_own_timeline_shows_one(lab: Lab) -> None:
    own = "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(str, range(100)))\npool.timeline()"
    lab.open_notebook(LOAD, own, "%poolviz last", "pool.trace.summary()")
    lab.run_through(0)
    lab.run_through(1)
    done = lab.timeline(1, lambda seen: seen.state == "done")
    assert (done.total, done.finished) == (100, 100)
    assert len(lab.timelines(1)) == 1
    lab.run_through(2)
    again = lab.timeline(2, lambda seen: seen.state == "done")
    assert again.total == 100
    lab.run_through(3)
    assert "speed-up" in lab.until(lambda: lab.text(3), lambda text: "caller blocked" in text)
    lab.screenshot("own-timeline-and-summary")


def test_a_loaded_trace_is_drawn(lab: Lab) -> None:
    save = "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(str, range(50)))\npool.trace.save('run.poolviz')"
    lab.open_notebook(LOAD, save, "import poolviz\npoolviz.Timeline(poolviz.load('run.poolviz'))")
    lab.run_through(0)
    lab.run_through(1)
    lab.run_through(2)
    loaded = lab.timeline(2, lambda seen: seen.state == "static")
    assert (loaded.total, loaded.finished, loaded.lanes) == (50, 50, 2)
    lab.screenshot("loaded")
