"""The wheel over a timeline with more rows than it shows: JupyterLab and Notebook 7."""

import re

import pytest
from playwright.sync_api import Locator

from tests.browser.lab import Lab
from tests.browser.test_kept import says
from tests.browser.test_live import start

MANY = """
with ThreadPoolExecutor(64) as pool:
    futures = [pool.submit(nap, 0.5) for _ in range(640)]
"""
TOP = "(node) => node.getBoundingClientRect().top"


def open_many(lab: Lab) -> None:
    start(lab, MANY, *["\n" * 30 for _ in range(8)])
    lab.run_through(2)
    says(lab, 2, "640 finished")
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible and seen.lanes == 64)
    lab.page.locator(".poolviz-timeline").evaluate("(node) => node.scrollIntoView({ block: 'start', behavior: 'instant' })")


def turn(lab: Lab, over: Locator, notches: int, scrolls: str) -> tuple[float, float]:
    """Turn the wheel over something. Gives how far it moved with the page, and how far what scrolls inside did."""
    box = over.bounding_box()
    assert box is not None
    inside = lab.page.locator(scrolls)
    before = over.evaluate(TOP), inside.evaluate("(node) => node.scrollTop")
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"], 500) / 2)
    for _ in range(notches):
        lab.page.mouse.wheel(0, 60)
        lab.page.wait_for_timeout(40)
    read = lambda: (over.evaluate(TOP) - before[0], inside.evaluate("(node) => node.scrollTop") - before[1])  # noqa: E731
    last = read()
    while (now := read()) != last:
        last = now
        lab.page.wait_for_timeout(200)
    return lab.until(read, lambda moved: moved != (0, 0), 10)


def test_a_plain_wheel_scrolls_the_page_until_the_plot_is_clicked(lab: Lab) -> None:
    open_many(lab)
    plot = lab.page.locator(".pv-plot")
    page, rows = turn(lab, plot, 3, ".pv-scroller")
    assert page < -60 and rows == 0
    lab.page.mouse.wheel(0, -1000)
    lab.page.wait_for_timeout(300)
    # The keyboard alone takes nothing from the page either.
    plot.focus()
    page, rows = turn(lab, plot, 2, ".pv-scroller")
    assert page < -60 and rows == 0

    lab.page.mouse.down()
    lab.page.mouse.up()
    page, rows = turn(lab, plot, 2, ".pv-scroller")
    assert page == 0 and rows > 60
    lab.screenshot("rows-scrolled")
    # The pointer leaves and comes back: the page has its wheel again, though the plot has the focus still.
    lab.page.mouse.move(2, 2)
    page, rows = turn(lab, plot, 1, ".pv-scroller")
    assert page < 0 and rows == 0


def test_what_is_cut_off_is_counted_and_brought_in_by_a_click(lab: Lab) -> None:
    open_many(lab)
    below = lab.page.get_by_role("button", name=re.compile(r"^\+\d+ rows$"))
    count = int((below.text_content() or "")[1:].split()[0])
    rows = lab.page.locator(".pv-row").count()
    assert rows >= 64 and count == rows - 24, "those that are not seen whole"
    lab.screenshot("rows-cut")
    for _ in range(6):
        if not below.is_visible():
            break
        below.click()
        lab.page.wait_for_timeout(100)
    assert not below.is_visible()
    above = lab.page.get_by_role("button", name=re.compile("^\u2191"))
    assert above.is_visible()
    assert lab.page.locator(".pv-row").last.evaluate("(node) => node.getBoundingClientRect().bottom") <= lab.page.locator(
        ".pv-scroller"
    ).evaluate("(node) => node.getBoundingClientRect().bottom + 1")
    lab.until(lambda: lab.page.evaluate("() => document.activeElement.closest('.poolviz-timeline') !== null"), bool, 5)
    lab.page.evaluate("() => document.querySelector('.poolviz-timeline').style.width = '400px'")
    lab.page.wait_for_timeout(300)
    lab.screenshot("rows-narrow")


@pytest.mark.parametrize("how", ["table", "table without focus"])
def test_the_table_scrolls_inside_only_while_it_has_the_focus(lab: Lab, how: str) -> None:
    open_many(lab)
    lab.page.locator(".pv-plot").focus()
    lab.page.keyboard.press("t")
    grid = lab.page.locator(".pv-grid")
    more = lab.page.locator(".pv-grid-foot .pv-more button").first
    assert re.match(r"\+62\d rows", more.text_content() or ""), more.text_content()
    if how == "table":
        page, rows = turn(lab, grid, 2, ".pv-grid")
        assert page == 0 and rows > 60
    else:
        lab.page.evaluate("() => document.activeElement.blur()")
        page, rows = turn(lab, grid, 2, ".pv-grid")
        assert page < -60 and rows == 0
        lab.screenshot("table-cut")
        more.click()
        assert lab.until(lambda: grid.evaluate("(node) => node.scrollTop"), bool, 5) > 200


LONG = """
def deep(n):
    if n == 0:
        raise ValueError("a long way down\\n" + "\\n".join(f"line {i}" for i in range(60)))
    return deep(n - 1)

with ThreadPoolExecutor(2) as pool:
    future = pool.submit(deep, 10)
    future.exception()
"""


def test_a_traceback_scrolls_inside_only_while_the_panel_has_the_focus(lab: Lab) -> None:
    start(lab, LONG, *["\n" * 30 for _ in range(8)])
    lab.run_through(2)
    says(lab, 2, "1 failed")
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)
    lab.page.locator(".pv-plot").focus()
    lab.page.keyboard.press(".")
    text = lab.page.locator(".pv-panel pre:visible").first
    text.evaluate("(node) => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
    assert text.evaluate("(node) => node.hasAttribute('data-cut')")
    lab.screenshot("traceback-cut")
    page, inside = turn(lab, text, 2, ".pv-panel pre:visible >> nth=0")
    assert page < 0 and inside == 0
    text.click()
    page, inside = turn(lab, text, 2, ".pv-panel pre:visible >> nth=0")
    assert page == 0 and inside > 60
