"""Markup in names, errors and prints stays text: in the live timeline, in the picture, in a saved page, in the page of a notebook."""

from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from playwright.sync_api import Page

from tests.browser.lab import Lab
from tests.browser.test_kept import PICTURES, says
from tests.browser.test_live import start

#: If any of it were taken for markup, it would be heard.
EVIL = "</script></div><img src=x onerror=\"window.caught='{}'\"><script>window.caught='{}'</script><b>"
HOSTILE = f"""
EVIL = {EVIL!r}

def work(item):
    print(EVIL.replace("{{}}", "print"))
    raise ValueError(EVIL.replace("{{}}", "error"))

work.__name__ = work.__qualname__ = EVIL.replace("{{}}", "name")
import poolviz

with poolviz.trace(EVIL.replace("{{}}", "title")) as trace:
    with ProcessPoolExecutor(1) as pool:
        future = pool.submit(work, 1)
    with ThreadPoolExecutor(1, thread_name_prefix=EVIL.replace("{{}}", "thread")) as pool:
        other = pool.submit(nap, 0.01)
trace.save("hostile.html")
poolviz.Timeline(trace)
"""


def innocent(page: Page) -> None:
    assert page.evaluate("() => window.caught ?? null") is None
    for part in (".poolviz-timeline", ".poolviz-still"):
        assert page.locator(f"{part} script, {part} [onerror], {part} b").count() == 0


def test_markup_stays_text_everywhere(lab: Lab, tmp_path: Path) -> None:
    start(lab, HOSTILE)
    lab.run_through(2)
    says(lab, 2, "1 failed")
    lab.timeline(2, lambda seen: seen.total == 2 and seen.failed == 1)
    header = lab.page.locator(".pv-header").first
    lab.until(lambda: header.text_content() or "", lambda text: text.count("</script></div><img") == 3)
    lab.page.locator(".pv-plot").first.focus()
    for key in (".", "."):
        lab.page.keyboard.press(key)
    panel = lab.page.locator(".pv-panel").first
    lab.until(lambda: panel.text_content() or "", lambda text: text.count("window.caught='error'") >= 1)
    lab.screenshot("hostile")
    innocent(lab.page)
    saved = lab.save()

    saved.metadata["origin"] = "somewhere else"
    nbformat.write(saved, lab.server.root / f"foreign-{lab.name}")
    lab.visit(f"foreign-{lab.name}")
    [picture] = lab.until(lambda: lab.page.evaluate(PICTURES, 2), lambda found: len(found) == 1)
    assert picture["text"].count("window.caught='title'") == 2 and "window.caught='error'" in picture["text"]
    innocent(lab.page)

    exported = tmp_path / "notebook.html"
    exported.write_text(HTMLExporter().from_notebook_node(saved)[0], encoding="utf-8")
    for path in (lab.server.root / "hostile.html", exported):
        lab.page.goto(path.as_uri())
        lab.page.wait_for_function("() => document.querySelector('.poolviz-timeline')?.dataset.total === '2'")
        innocent(lab.page)
