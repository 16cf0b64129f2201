"""What workers print, and the stop button, as somebody sees them in JupyterLab and Notebook 7."""

from tests.browser.lab import Lab
from tests.browser.test_live import start

PRINTS = """
def talk(n):
    print(f"call {n} begins")
    time.sleep(1)
    print(f"call {n} ends")
    return n

with ProcessPoolExecutor(2) as pool:
    results = list(pool.map(talk, range(4)))
print("all", results)
"""
LONG = """
with ProcessPoolExecutor(2) as pool:
    list(pool.map(nap, [120] * 5))
"""
AGAIN = """
with ProcessPoolExecutor(2) as pool:
    print("again", list(pool.map(nap, [0.01] * 3)))
"""


def test_lines_of_workers_come_under_the_cell_that_waits(lab: Lab) -> None:
    start(lab, PRINTS)
    lab.run_cell(2)
    early = lab.until(lambda: lab.text(2), lambda text: "call 0 begins" in text)
    assert "all [" not in early, "while the cell runs"
    lab.wait_end(2)
    text = lab.until(lambda: lab.text(2), lambda text: "call 3 ends" in text and "all [0, 1, 2, 3]" in text)
    for n in range(4):
        assert text.count(f"call {n} begins") == text.count(f"call {n} ends") == 1
    lab.screenshot("prints")


def test_the_stop_button_once(lab: Lab) -> None:
    start(lab, LONG, AGAIN)
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.running == 2)
    lab.interrupt()
    lab.wait_end(2, 30)
    done = lab.timeline(2, lambda seen: seen.state == "done")
    assert (done.total, done.failed, done.cancelled, done.running, done.pending) == (5, 2, 3, 0, 0)
    assert "KeyboardInterrupt" in lab.text(2)
    lab.screenshot("interrupted")
    lab.run_through(3)
    assert "again [0.01, 0.01, 0.01]" in lab.text(3)
