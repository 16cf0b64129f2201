"""Takes the picture of a timeline from what a notebook keeps of it, with the machine's Chromium."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from poolviz.export.html import page_of
from poolviz.wire.codec import unpack
from scripts.chromium import ADVICE, find

#: CSS pixels: that of a notebook's output in a window of usual size.
WIDTH = 760

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


class NoBrowserError(RuntimeError):
    """There is no Chromium."""


class Camera:
    """Takes pictures in light colours, a little finer than a usual screen, so that they stay readable and small.

    Args:
        page: of a browser that is closed by whoever opened it.
    """

    def __init__(self, page: Page) -> None:
        self._page = page

    def take(self, snapshot: bytes) -> bytes:
        """The picture of a packed snapshot, as PNG."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "timeline.html"
            path.write_bytes(page_of(unpack(snapshot)))
            self._page.goto(path.as_uri())
            root = self._page.locator(".poolviz-timeline[data-total]")
            root.wait_for(state="visible")
            return root.screenshot(animations="disabled", scale="device")


@contextmanager
def camera() -> Iterator[Camera]:
    """A camera for as long as the `with` lasts.

    Raises:
        NoBrowserError: there is no Chromium on this machine.
    """
    found = find()
    if found is None:
        raise NoBrowserError(ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        context = browser.new_context(viewport={"width": WIDTH, "height": 600}, device_scale_factor=1.5, color_scheme="light")
        yield Camera(context.new_page())
        browser.close()
