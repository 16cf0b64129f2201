"""A timeline follows its host: another theme in the middle of a run, a window that becomes narrow; so does the picture that is kept."""

import nbformat
from playwright.sync_api import Page

from tests.browser.lab import Lab
from tests.browser.test_kept import PICTURES, says
from tests.browser.test_live import start

RUN = """
def work(item):
    time.sleep(0.05 * (1 + item % 3))
    if item % 9 == 4:
        raise ValueError(f"no luck with {item}")

with ThreadPoolExecutor(3) as pool:
    futures = [pool.submit(work, item) for item in range(60)]
"""
CHANGE = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
LOOK = """() => {
  const root = document.querySelector(".poolviz-timeline");
  return { theme: root.dataset.theme, background: getComputedStyle(root).backgroundColor };
}"""
FITS = "(selector) => [...document.querySelectorAll(selector)].every((node) => node.scrollWidth <= node.clientWidth + 1)"


def narrow(page: Page) -> None:
    """The width of a phone, with nothing beside the notebook."""
    page.evaluate("""() => {
      const { commands } = window.jupyterapp;
      if (commands.hasCommand("application:toggle-left-area")) void commands.execute("application:toggle-left-area");
    }""")
    page.set_viewport_size({"width": 480, "height": 900})


def test_another_theme_in_the_middle_of_a_run_and_a_narrow_window(lab: Lab) -> None:
    start(lab, RUN)
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.running == 3)
    light = lab.page.evaluate(LOOK)
    assert light["theme"] == "light"
    lab.page.evaluate(CHANGE, "JupyterLab Dark")
    dark = lab.until(lambda: lab.page.evaluate(LOOK), lambda look: look["theme"] == "dark" and look["background"] != light["background"])
    assert lab.timeline(2, lambda seen: seen.running > 0).state == "live"
    lab.until(lambda: lab.page.locator("#jupyterlab-splash").count(), lambda count: count == 0)
    lab.screenshot("dark-live")
    lab.wait_end(2)
    says(lab, 2, "failed")
    assert lab.page.evaluate(LOOK) == dark
    saved = lab.save()
    narrow(lab.page)
    lab.until(lambda: lab.page.evaluate(FITS, ".poolviz-timeline, .poolviz-output"), bool)
    lab.screenshot("dark-narrow")

    saved.metadata["origin"] = "somewhere else"
    nbformat.write(saved, lab.server.root / f"foreign-{lab.name}")
    lab.visit(f"foreign-{lab.name}")
    narrow(lab.page)
    lab.until(lambda: lab.page.evaluate(PICTURES, 2), lambda found: len(found) == 1 and found[0]["strips"] == 3)
    lab.screenshot("dark-picture-narrow")
    lab.page.evaluate(CHANGE, "JupyterLab Light")
    lab.until(lambda: lab.page.locator("#jupyterlab-splash").count(), lambda count: count == 0)
    lab.page.set_viewport_size({"width": 1280, "height": 900})
    lab.until(lambda: lab.page.evaluate(FITS, ".poolviz-still, .poolviz-still table"), bool)
    lab.screenshot("picture-wide")
