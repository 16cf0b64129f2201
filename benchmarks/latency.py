"""How long it takes from what happens in a worker to the frame that shows it, in real JupyterLab, while all cores compute.

    worker            manager, publisher         server, browser             page
    ------            ------------------         ---------------             ----
    stamps     ---->  next round: a message ---> a listener of the    ---->  folded, and drawn in a
    start, end        that tells its own time    kernel's messages           frame that is handed over

Workers stamp by a clock that all processes of the machine share (`poolviz.clock`), and so does this process. It asks the page for its time
again and again: the page's answer lies between asking and being answered, and the shortest round says how the two clocks stand, to half
its length. A frame counts as drawn when the browser runs the first task after it, with the canvas read back before.

What the page says of itself are counts, so the k-th start is sought in the first frame that shows k started calls, and so for ends. Two
events that reach the page in another order than they happened in are paired the wrong way round, which moves no median.
"""

from __future__ import annotations

import json
import os
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.figures import Figure, percentiles
from tests.browser.lab import Lab
from tests.browser.server import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MS = 1e6

DEFINE = """
import json, random, time
from poolviz import ProcessPoolExecutor

def compute(seconds):
    n, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        n += 1
    return n

def run(workers, lengths):
    with ProcessPoolExecutor(workers) as pool:
        display(pool.timeline())
        for future in [pool.submit(compute, length) for length in lengths]:
            future.result()
    return pool.trace
"""

# The first widget of a page loads the front end; what is measured is a timeline in a session that has shown one before.
WARM = "from IPython.display import clear_output\nrun({workers}, [0.1] * {workers})\nclear_output()"

RUN = """
random.seed(5)
trace = run({workers}, [random.uniform(0.03, 0.15) for _ in range({calls})])
with open({path!r}, "w") as file:
    json.dump({{"start": trace.start, "started": list(trace.calls["started"]), "finished": list(trace.calls["finished"])}}, file)
"""

# A drawing of a timeline begins with `clearRect`; its microtask comes when it is done, a message's task after the whole frame.
WATCH = """
window.seen = { draws: [], messages: [] };
const { clearRect, getImageData } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  clearRect.apply(this, box);
  const data = this.canvas.closest?.(".poolviz-timeline")?.dataset;
  if (data === undefined) return;
  const [total, pending, running] = [data.total, data.pending, data.running].map(Number);
  queueMicrotask(() => {
    getImageData.call(this, 0, 0, 1, 1);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.seen.draws.push([performance.now(), total - pending, total - pending - running]);
    port2.postMessage(null);
  });
};
"""

LISTEN = """() => {
  window.seen.draws.length = 0;
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.iopubMessage.connect((_, { header, content }) => {
    const told = content.data?.content;
    if (header.msg_type !== "comm_msg" || told?.counts === undefined) return;
    const { total, pending, running } = told.counts;
    window.seen.messages.push([performance.now(), told.now, total - pending, total - pending - running]);
  });
}"""


class Clocks(NamedTuple):
    """How the page's clock stands to the shared one."""

    offset: float
    """What is added to the page's nanoseconds."""
    error: float
    """By how many nanoseconds that may be wrong."""


class Stages(NamedTuple):
    """Nanoseconds that each event took."""

    whole: list[float]
    told: list[float]
    """From the stamp to the time that the message tells."""
    travelled: list[float]
    """From then to the page's listener."""
    drawn: list[float]
    """From then to the end of the frame."""


def compare_clocks(page: Page, rounds: int = 60) -> Clocks:
    """Find out how the page's clock stands to the one of this process and of the workers."""
    best: Clocks | None = None
    for _ in range(rounds):
        asked = perf_counter_ns()
        told = MS * float(page.evaluate("() => performance.now()"))
        answered = perf_counter_ns()
        error = (answered - asked) / 2
        if best is None or error < best.error:
            best = Clocks((asked + answered) / 2 - told, error)
    assert best is not None
    return best


def stages(stamps: Sequence[int], drawn: Sequence[tuple[float, int]], told: Sequence[tuple[float, float, int]]) -> Stages:
    """Find for each event the message and the frame that were the first to know of it.

    Args:
        stamps: when events happened, ascending, in nanoseconds.
        drawn: for each frame its time, and how many events it shows.
        told: for each message when it came, the time that it tells, and of how many events it knows.

    Returns:
        The times of the events that happened after the first frame: before that there was nothing to be drawn in.
    """
    # A page that hears late of something does not forget what it knew: the counts ascend, or are made to.
    shows, knows = (list(accumulate((entry[-1] for entry in entries), max)) for entries in (drawn, told))
    found = Stages([], [], [], [])
    for number, stamp in enumerate(stamps, 1):
        frame, message = bisect_left(shows, number), bisect_left(knows, number)
        if stamp < drawn[0][0] or frame == len(shows) or message == len(knows):
            continue
        seen, (came, sent, _) = drawn[frame][0], told[message]
        for times, value in zip(found, (seen - stamp, sent - stamp, came - sent, seen - came), strict=True):
            times.append(value)
    return found


def _read(page: Page, path: Path, clocks: Clocks) -> list[Stages]:
    recorded: dict[str, Any] = json.loads(path.read_text())
    seen: dict[str, list[list[float]]] = page.evaluate("() => window.seen")
    start, found = recorded["start"], []
    for place, name in enumerate(("started", "finished")):
        stamps = sorted(start + time for time in recorded[name])
        drawn = [(MS * draw[0] + clocks.offset, int(draw[1 + place])) for draw in seen["draws"]]
        told = [(MS * message[0] + clocks.offset, start + message[1], int(message[2 + place])) for message in seen["messages"]]
        found.append(stages(stamps, drawn, told))
    return found


def measure(browser: Browser, seconds: float) -> tuple[Stages, Clocks]:
    """Run a pool that takes all cores under a cell, and watch its timeline.

    Args:
        browser: where the page is opened.
        seconds: about how long the pool runs.

    Raises:
        SystemExit: fewer than an eighth of the events were ever seen.
    """
    workers = os.cpu_count() or 2
    calls = max(4 * workers, round(seconds * workers / 0.09))
    with tempfile.TemporaryDirectory() as folder, serve("lab", Path(folder)) as server:
        path = Path(folder) / "stamps.json"
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.add_init_script(WATCH)
        lab = Lab(page, server)
        cells = ("%load_ext poolviz", DEFINE, WARM.format(workers=workers), RUN.format(workers=workers, calls=calls, path=str(path)))
        lab.open_notebook(*cells)
        for index in range(3):
            lab.run_through(index)
        clocks = compare_clocks(page)
        page.evaluate(LISTEN)
        lab.run_cell(3)
        # To ask the page often would be to disturb it.
        page.wait_for_timeout(1000 * seconds)
        lab.wait_end(3, 60 + 3 * seconds)
        lab.timeline(3, lambda seen: seen.state == "done")
        starts, ends = _read(page, path, clocks)
        later = compare_clocks(page)
        context.close()
    if abs(later.offset - clocks.offset) > later.error + clocks.error:
        raise SystemExit("the clocks of the page and of this machine have moved against each other: nothing can be said")
    both = Stages(*(one + other for one, other in zip(starts, ends, strict=True)))
    # The first ones happen before there is a picture, which on a busy machine takes its time.
    if len(both.whole) < calls / 4:
        raise SystemExit(f"only {len(both.whole)} of {2 * calls} events were seen")
    return both, clocks


def latency_figures(browser: Browser, seconds: float) -> list[Figure]:
    """The whole way against what was asked for, and its parts."""
    found, clocks = measure(browser, seconds)
    name = "from a worker's event to its frame, all cores busy"
    p50, p95 = percentiles(found.whole)
    figures = [Figure(f"{name}, p50", p50 / MS, 80, "ms"), Figure(f"{name}, p95", p95 / MS, 200, "ms")]
    for part, times in (
        ("until a message tells it", found.told),
        ("on its way to the page", found.travelled),
        ("until drawn", found.drawn),
    ):
        figures += [Figure(f"  {part}, {p}", value / MS, None, "ms") for p, value in zip(("p50", "p95"), percentiles(times), strict=True)]
    return [*figures, Figure("  the clocks are compared to", clocks.error / MS, None, "ms")]
