"""What a timeline shows when something goes wrong: its kernel is killed, messages are lost; in JupyterLab and Notebook 7."""

import os
import re
import signal

from tests.browser.lab import Lab
from tests.browser.test_live import start

TELL_PID = "import os\nprint(os.getpid())"
LONG = """
with ThreadPoolExecutor(3) as pool:
    futures = [pool.submit(nap, 60) for _ in range(5)]
"""

#: The widget's messages go through a sieve that takes some away, as a server does that is told too much.
LOSE = """
from poolviz.timeline.widget import Timeline

class Sieve:
    def __init__(self, lost):
        self.whole, self.lost, self.number, self.asked = Timeline.send, lost, 0, 0

    def send(self, content, buffers=None):
        self.number += 1
        if content["kind"] == "snapshot" and self.number > 1:
            self.asked += 1
        if self.number not in self.lost:
            self.whole(timelines[0], content, buffers)

timelines = []
sieve = Sieve(lost=range(3, 9))
Timeline.send = lambda self, content, buffers=None: (timelines.append(self), sieve.send(content, buffers))
"""
WORK = """
with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(nap, 0.1) for _ in range(40)]
"""
TOLD = "print('lost', len(sieve.lost), 'of', sieve.number, 'asked', sieve.asked)"


def test_nothing_pretends_to_be_live_when_the_kernel_is_killed(lab: Lab) -> None:
    start(lab, TELL_PID, LONG)
    lab.run_through(2)
    kernel = int(re.findall(r"\d+", lab.text(2))[-1])
    lab.run_cell(3)
    lab.timeline(3, lambda seen: seen.running == 3 and seen.running_ms > 300)
    os.kill(kernel, signal.SIGKILL)

    notice = lab.page.locator(".pv-header [role=status]")
    said = lab.until(lambda: notice.first.text_content() or "", lambda text: "no word from the kernel since" in text)
    assert re.search(r"since \d{1,2}:\d\d:\d\d", said)

    def settled() -> bool:
        before = lab.timelines(3)[0].picture
        lab.page.wait_for_timeout(300)
        return before == lab.timelines(3)[0].picture

    lab.until(settled, bool)
    stopped = lab.timeline(3, lambda seen: seen.running == 3)
    lab.page.wait_for_timeout(1500)
    later = lab.timeline(3, lambda seen: seen.running == 3)
    assert later.running_ms == stopped.running_ms, "running slices have stopped growing"
    assert later.picture == stopped.picture
    lab.screenshot("kernel-killed")


def test_messages_that_were_lost_are_mended(lab: Lab) -> None:
    start(lab, LOSE, WORK, TOLD)
    lab.run_through(2)
    lab.run_cell(3)
    lab.wait_end(3)
    done = lab.timeline(3, lambda seen: seen.state == "done" and seen.finished == 40)
    assert (done.total, done.pending, done.running) == (40, 0, 0)
    lab.run_through(4)
    words = lab.until(lambda: lab.text(4), lambda text: "asked" in text)
    assert int(re.findall(r"asked (\d+)", words)[0]) >= 1, "the page asked, and was answered"
    notice = lab.page.locator(".pv-header [role=status]").first
    lab.until(lambda: notice.text_content() or "", lambda text: "lost" not in text)
    # What was lost is there too: a call of the gap has its details.
    lab.page.locator(".pv-plot").focus()
    lab.page.keyboard.press("t")
    grid = lab.page.locator("[role=grid]")
    lab.until(lambda: grid.get_attribute("aria-rowcount"), lambda count: count == "41")
