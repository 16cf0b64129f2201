"""What is selected in the page is read in Python, and the other way round, in JupyterLab and in Notebook 7."""

from tests.browser.lab import Lab

SHOW = """
import time
from poolviz import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    list(pool.map(time.sleep, [0.05] * 20))
timeline = pool.timeline()
timeline
"""

PLACE = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  const plot = cell.node.querySelector(".pv-plot");
  plot.scrollIntoView({ block: "center" });
  const canvas = plot.querySelector("canvas").getBoundingClientRect();
  return { left: canvas.left, top: canvas.top, width: canvas.width };
}"""

SAYS = (
    "print(timeline.selection, [call.name for call in timeline.selected])",
    "timeline.selection = {'kind': 'call', 'call': pool.trace.calls['call'][7]}",
    "print(timeline.selection, len(timeline.selected), 'calls')",
)

#: Below the overview and the caller's row, in the first lane.
LANE = 40 + 24 + 14


def printed(lab: Lab, index: int, wanted: str) -> str:
    """What a cell prints, run again until it has heard of what was done in the page: that may take another way than the cell."""

    def run() -> str:
        lab.run_through(index)
        return lab.text(index)

    return lab.until(run, lambda text: wanted in text)


def test_what_is_selected_goes_both_ways(lab: Lab) -> None:
    lab.open_notebook(SHOW, *SAYS)
    lab.run_through(0)
    lab.timeline(0, lambda seen: seen.state == "done" and seen.total == 20)
    canvas = lab.page.evaluate(PLACE, 0)
    panel = lab.page.locator(".pv-panel")

    lab.page.mouse.click(canvas["left"] + canvas["width"] / 2, canvas["top"] + LANE)
    lab.until(panel.is_visible, bool)
    assert "sleep" in (panel.text_content() or "")
    lab.screenshot("panel")
    assert printed(lab, 1, "'kind': 'call'").strip().endswith("['sleep']")

    lab.run_through(2)
    lab.until(lambda: panel.text_content() or "", lambda text: "item 7" in text)

    canvas = lab.page.evaluate(PLACE, 0)
    y = canvas["top"] + LANE
    lab.page.keyboard.down("Shift")
    lab.page.mouse.move(canvas["left"] + canvas["width"] / 4, y)
    lab.page.mouse.down()
    lab.page.mouse.move(canvas["left"] + canvas["width"] / 2, y, steps=4)
    lab.page.mouse.up()
    lab.page.keyboard.up("Shift")
    lab.until(lambda: panel.text_content() or "", lambda text: "utilisation" in text)
    lab.screenshot("span")
    said = printed(lab, 3, "'span'")
    # Two workers, and a quarter of a run of twenty calls.
    assert "'start': " in said and 2 <= int(said.split()[-2]) < 20


def test_keys_of_the_timeline_are_not_the_notebooks(lab: Lab) -> None:
    lab.open_notebook(SHOW, "print(1)")
    lab.run_through(0)
    lab.timeline(0, lambda seen: seen.state == "done")
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = lab.page.evaluate(cells)
    lab.page.focus(".pv-plot")
    # In command mode D D deletes a cell, A and B make one, M and Y change its kind.
    for key in ("d", "d", "a", "m", "t", "t", ".", "Escape", "f"):
        lab.page.keyboard.press(key)
    lab.page.keyboard.press("/")
    lab.page.keyboard.type("dd sleep")
    lab.page.keyboard.press("Escape")
    assert lab.page.evaluate(cells) == before
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.type") == "code"
    assert lab.page.evaluate("() => document.activeElement.className") == "pv-plot"
