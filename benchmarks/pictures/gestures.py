"""The same gestures on each page: from when the page hears of a gesture to the end of the frame that answers it.

    wheel in, drag to and fro, wheel out ---> capture listener: when it came (on its way there it waits for the browser, some 30 ms)
                                              first `clearRect` after it: a picture begins
                                              all canvases read back, first task after the frame: it is there

A page whose first picture does not come in time, or a frame of which does not, is unusable; its figure says so instead of being left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Seconds until the first picture, and until the one that answers a gesture; beyond them nobody waits.
OPENING, ANSWER = 60.0, 10.0
#: Seconds for all gestures. What is slow has had its say by then.
ALL = 60.0

ZOOM = 1.12
STEPS = 14

WATCH = """
{
  const { clearRect, getImageData } = CanvasRenderingContext2D.prototype;
  const canvases = new Set();
  let came = null, begun = false;
  const watch = (window.watch = { costs: [], draws: 0, drawnAt: 0 });
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    clearRect.apply(this, box);
    if (this.canvas.isConnected) canvases.add(this);
    if (begun || !this.canvas.isConnected) return;
    begun = true;
    queueMicrotask(() => {
      for (const context of canvases) getImageData.call(context, 0, 0, 1, 1);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        begun = false;
        watch.draws++;
        watch.drawnAt = performance.now();
        if (came !== null) watch.costs.push(watch.drawnAt - came);
        came = null;
      };
      port2.postMessage(null);
    });
  };
  const note = (event) => {
    if (event.type === "wheel" || event.buttons === 1) came ??= performance.now();
  };
  for (const type of ["wheel", "pointermove"]) addEventListener(type, note, { capture: true, passive: true });
}
"""


class Way(NamedTuple):
    """How a page is used."""

    wheel: float
    """The wheel's way, in px, for a step of the zoom."""
    control: bool = False
    """Whether the key is held meanwhile."""


class Result(NamedTuple):
    """Milliseconds; or why there are none."""

    opened: float
    """From the opening of the page to its first picture; 0 if it never came."""
    costs: list[float]
    """Of each gesture."""
    unusable: str = ""


class _Unusable(Exception):
    """A page that did not answer in time."""


def _answered(page: Page, n: int, seconds: float) -> None:
    try:
        page.wait_for_function("(n) => watch.costs.length >= n", arg=n, timeout=1000 * seconds, polling=5)
    except Error as error:
        raise _Unusable("the page has crashed" if "crash" in str(error) else f"a frame took more than {seconds:g} s") from error


def _open(page: Page, path: Path) -> float:
    """Open a page, wait until it is drawn and quiet; gives the milliseconds until then."""
    try:
        page.goto(path.as_uri(), wait_until="commit", timeout=1000 * OPENING)
        still = "() => watch.draws > 0 && performance.now() - watch.drawnAt > 700"
        page.wait_for_function(still, timeout=1000 * OPENING, polling=100)
        return float(page.evaluate("() => watch.drawnAt"))
    except Error as error:
        raise _Unusable("the page has crashed" if "crash" in str(error) else f"no picture within {OPENING:g} s") from error


def _use(page: Page, way: Way) -> list[float]:
    """Make all gestures, one after the other's answer; gives the milliseconds that each took."""
    box = page.locator("canvas").first.bounding_box()
    if box is None:
        raise _Unusable("it has no canvas")
    x, y = box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.click(x, y)
    page.wait_for_timeout(300)
    page.evaluate("() => { watch.costs.length = 0; watch.began = performance.now(); }")
    done = 0

    def after(seconds: float = ANSWER) -> bool:
        nonlocal done
        done += 1
        _answered(page, done, seconds)
        return float(page.evaluate("() => performance.now() - watch.began")) < 1000 * ALL

    def wheel(way_of_wheel: float) -> bool:
        if way.control:
            page.keyboard.down("Control")
        page.mouse.wheel(0, way_of_wheel)
        if way.control:
            page.keyboard.up("Control")
        return after()

    def drag() -> bool:
        page.mouse.down()
        more = True
        for step in range(STEPS):
            # Far at once, and not back to where it was: a step that moves nothing draws nothing.
            page.mouse.move(x + (40 if step % 2 else -40) - step, y)
            more = more and after()
        page.mouse.up()
        return more

    if all(wheel(-way.wheel) for _ in range(STEPS)) and drag():
        page.mouse.move(x, y)
        all(wheel(way.wheel) for _ in range(STEPS - 2))
    costs: list[float] = page.evaluate("() => watch.costs")
    return costs


def measure(browser: Browser, path: Path, way: Way) -> Result:
    """Open a page and use it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    opened = 0.0
    try:
        opened = _open(page, path)
        return Result(opened, _use(page, way))
    except _Unusable as error:
        return Result(opened, [], str(error))
    finally:
        page.close()
