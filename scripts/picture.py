"""Take the README's picture: a pool under a running cell, in real JupyterLab, for light pages and for dark ones.

    python -m scripts.picture docs/timeline.png     # and docs/timeline-dark.png

Run from the top of the checkout; needs a Chromium, as the browser tests do.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.chromium import find
from tests.browser.conftest import FLAGS
from tests.browser.lab import Lab
from tests.browser.server import serve

DEFINE = """
from math import isqrt

def is_prime(n):
    return n > 1 and all(n % divisor for divisor in range(2, isqrt(n) + 1))

# Primes, products of two near primes, and a word that does not belong here: calls of many lengths, and one that fails.
NUMBERS = [prime * prime for prime in (611953, 1299709, 2750159, 611957, 1299721)] * 3 + [112272535095293, 115280095190773] * 3
NUMBERS[9] = "17"
"""

RUN = """
with ProcessPoolExecutor(max_workers=4) as pool:
    futures = [pool.submit(is_prime, n) for n in NUMBERS]
"""


#: What is added to the picture's name, and the theme of JupyterLab.
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}


def take(lab: Lab, theme: str, path: Path) -> None:
    """Run the cells and keep the last one as a picture.

    Args:
        lab: where no notebook is open yet.
        theme: its name in JupyterLab.
        path: of the picture.

    Raises:
        AssertionError: the timeline did not come to the moment that is worth a picture.
    """
    lab.open_notebook("%load_ext poolviz\nfrom poolviz import ProcessPoolExecutor", DEFINE, RUN)
    lab.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    lab.run_through(0)
    lab.run_through(1)
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.finished >= 12 and seen.running == 4 and seen.failed == 1)
    lab.page.locator(".jp-CodeCell").nth(2).screenshot(path=path)
    lab.wait_end(2)


def take_all(path: Path) -> None:
    """A picture for each theme, at twice the usual resolution."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve("lab", Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), headless=True, args=FLAGS)
        for suffix, theme in THEMES.items():
            page = browser.new_context(viewport={"width": 1100, "height": 1000}, device_scale_factor=2).new_page()
            take(Lab(page, server), theme, path.with_stem(path.stem + suffix))
            server.end_kernels()
        browser.close()


if __name__ == "__main__":
    take_all(Path(sys.argv[1]))
