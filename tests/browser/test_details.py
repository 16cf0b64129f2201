"""What a call printed, its chunk, its bytes and who took its result: from the worker to the page, in JupyterLab and in Notebook 7."""

from tests.browser.lab import Lab

RUN = """
import threading
import time
from poolviz import ProcessPoolExecutor

def say(n):
    time.sleep(0.01)
    print(f"<b>looking at {n}</b>")
    return "x" * 5_000

def take(calls):
    for call in calls:
        call.result()

pool = ProcessPoolExecutor(2)
results = list(pool.map(say, range(12), chunksize=4))
calls = [pool.submit(say, n) for n in (100, 101)]
taker = threading.Thread(target=take, args=(calls,), name="the taker")
taker.start()
taker.join()
pool.shutdown()
timeline = pool.timeline()
timeline
"""
SELECT = "timeline.selection = {'kind': 'call', 'call': pool.trace.calls['call'][%d]}"
SAY = "[call] = timeline.selected\nprint(call.name, call.item, call.caller, repr(call.output), call.bytes_in > 5_000)"


def test_what_a_call_did_is_in_its_details(lab: Lab) -> None:
    lab.open_notebook(RUN, SELECT % 5, SELECT % 12, SAY)
    lab.run_through(0)
    lab.timeline(0, lambda seen: seen.state == "done" and seen.total == 14)
    panel = lab.page.locator(".pv-panel")

    def words() -> str:
        return (panel.text_content() or "").replace("\u202f", " ")

    lab.run_through(1)
    said = lab.until(words, lambda text: "item 5" in text)
    assert "items 4\N{EN DASH}7, no. 2 of 4" in said
    assert "<b>looking at 5</b>" in said
    assert "20.0 kB for the chunk" in said or "20.1 kB for the chunk" in said
    assert panel.locator("b").count() == 0, "what a call printed is text"
    lab.screenshot("details")

    lab.run_through(2)
    said = lab.until(words, lambda text: "item" not in text)
    assert "looking at 100" in said and "chunk" not in said and "kB" in said
    gutter = lab.page.locator(".pv-gutter").first.text_content() or ""
    assert "MainThread" in gutter and "the taker" in gutter
    lab.run_through(3)
    assert lab.text(3).strip() == "say -1 the taker '<b>looking at 100</b>\\n' True"
