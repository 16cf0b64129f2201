"""What becomes of a timeline when its page is reloaded, its notebook saved, its kernel gone: JupyterLab and Notebook 7, as they come."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from poolviz.timeline import output
from poolviz.wire.codec import unpack
from tests.browser.lab import SCREENSHOTS, Lab
from tests.browser.test_live import start

RUN = """
def work(item):
    time.sleep(0.01)
    if item % 20 == 7:
        raise ValueError(f"no luck with {item}")
    return item

with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(work, item) for item in range(60)]
"""
TWO = """
display(pool.timeline(height=150))
display(pool.timeline(theme="dark"))
"""
LATE = """
gate = threading.Event()
late = ThreadPoolExecutor(2)
waiting = [late.submit(gate.wait, 60) for _ in range(3)]
late.shutdown(wait=False)
"""

PICTURES = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  const shown = [...cell.node.querySelectorAll(".poolviz-still")].filter((still) => still.checkVisibility());
  return shown.map((still) => ({
    text: still.innerText,
    strips: [...still.querySelectorAll("td img")].filter((image) => image.complete && image.naturalWidth > 0).length,
  }));
}"""
OUTPUTS = """(index) => {
  const { outputs } = window.jupyterapp.shell.currentWidget.content.widgets[index].model;
  return outputs.toJSON().map(({ data }) => data?.["text/plain"] ?? "");
}"""
HUB = """() => {
  const models = [...globalThis[Symbol.for("poolviz.outputs.2")].values()].flatMap(({ models }) => [...models.values()]);
  return models.map(({ views }) => views.size).sort();
}"""
BODY = "() => document.body.innerText"
ROOT = "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].node.querySelector('.poolviz-timeline')"


def kept(cell: Any) -> list[dict[str, Any]]:
    """The headers of what a saved cell's outputs carry."""
    pages = [found.data["text/html"] for found in cell.outputs if "text/html" in found.get("data", {})]
    return [unpack(blob).header for page in pages if (blob := output.read(page))]


def says(lab: Lab, index: int, words: str) -> None:
    """Wait until the notebook's own record of a cell's output has these words."""
    lab.until(lambda: lab.page.evaluate(OUTPUTS, index), lambda lines: any(words in line for line in lines))


def test_a_notebook_without_its_kernel_has_its_timelines(lab: Lab) -> None:
    start(lab, RUN, TWO)
    lab.run_through(2)
    lab.run_through(3)
    says(lab, 2, "3 failed")
    saved = lab.save()
    assert [header["counts"]["finished"] for header in kept(saved.cells[2])] == [57]
    assert len(kept(saved.cells[3])) == 2
    lab.server.end_kernels()

    lab.visit()
    one = lab.timeline(2, lambda seen: seen.state == "static" and seen.visible)
    assert (one.total, one.finished, one.failed, one.lanes) == (60, 57, 3, 2)
    both = lab.until(lambda: lab.timelines(3), lambda found: [seen.state for seen in found] == ["static"] * 2)
    assert [seen.total for seen in both] == [60, 60]
    assert lab.page.evaluate(PICTURES, 2) == []
    # It can be explored: a point goes to the first call, Enter opens what there is to know of it.
    lab.page.locator(".pv-plot").first.focus()
    lab.page.keyboard.press(".")
    lab.until(lambda: lab.page.locator(".pv-panel").first.text_content() or "", lambda text: "work" in text)
    lab.screenshot("without-kernel")
    assert "model not found" not in lab.page.evaluate(BODY)

    # A file that this server has not signed: no script runs.
    saved.metadata["origin"] = "somewhere else"
    nbformat.write(saved, lab.server.root / f"foreign-{lab.name}")
    lab.visit(f"foreign-{lab.name}")
    [picture] = lab.until(lambda: lab.page.evaluate(PICTURES, 2), lambda found: len(found) == 1 and found[0]["strips"] == 2)
    assert "60 calls" in picture["text"] and "3 raised of 60; first: work: ValueError: no luck with 7" in picture["text"]
    assert [len(lab.timelines(index)) for index in (2, 3)] == [0, 0]
    assert "model not found" not in lab.page.evaluate(BODY)
    lab.screenshot("not-trusted")


def test_the_view_stays_when_its_output_is_replaced(lab: Lab) -> None:
    start(lab, "with ThreadPoolExecutor(2) as pool:\n    futures = [pool.submit(nap, 0.5) for _ in range(8)]")
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.finished >= 2 and seen.running == 2)
    lab.page.locator(".pv-plot").focus()
    lab.page.keyboard.press("w")
    lab.until(lambda: lab.page.locator(".pv-plot[data-zoomed]").count(), bool)
    lab.page.evaluate(f"(index) => {{ ({ROOT})(index).wasThere = true; }}", 2)
    lab.wait_end(2)
    says(lab, 2, "8 finished")
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)
    assert lab.page.evaluate(f"(index) => ({ROOT})(index).wasThere", 2) is True
    assert lab.page.locator(".pv-plot[data-zoomed]").count() == 1, "the zoom stays"
    assert lab.page.evaluate("() => document.activeElement.className") == "pv-plot", "so does the focus"


def test_a_page_that_is_reloaded_and_a_second_tab_go_on(lab: Lab) -> None:
    start(lab, LATE, "gate.set()", "late.timeline()")
    lab.run_through(2)
    lab.timeline(2, lambda seen: seen.running == 2 and seen.state == "live")
    says(lab, 2, "Timeline('cell 3')")
    assert [header["counts"]["running"] for header in kept(lab.save().cells[2])] == [2]

    lab.visit()
    live = lab.timeline(2, lambda seen: seen.state == "live")
    assert (live.total, live.running, live.pending) == (3, 2, 1)
    # In a profile of its own, as a second window of JupyterLab moves on to another address.
    browser = lab.page.context.browser
    assert browser is not None
    context = browser.new_context()
    other = Lab(context.new_page(), lab.server)
    other.visit(lab.name)
    assert other.timeline(2, lambda seen: seen.state == "live").running == 2

    lab.run_through(3)
    for each in (lab, other):
        assert each.timeline(2, lambda seen: seen.state == "done").finished == 3
    # A view in a page that never heard the stream has what it is told is selected.
    lab.run_through(4)
    lab.timeline(4, lambda seen: seen.finished == 3 and seen.visible)
    context.close()


def test_a_long_run_is_kept_while_it_goes_on(lab: Lab) -> None:
    run = "with ThreadPoolExecutor(2) as pool:\n    futures = [pool.submit(nap, 0.5) for _ in range(40)]"
    start(lab, f"from poolviz.timeline import pace\npace.EVERY = 1\n{run}")
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.finished >= 6 and seen.cell_runs)
    [header] = lab.until(lambda: kept(lab.save().cells[2]), bool)
    assert header["state"] == "live" and 0 < header["counts"]["finished"] < 40
    # In the middle of the cell: the page is new, and hears of the rest when the host lets it.
    lab.visit()
    lab.timeline(2, lambda seen: seen.state == "done" and seen.finished == 40 and seen.visible)
    lab.server.end_kernels()
    lab.visit()
    left = lab.timeline(2, lambda seen: seen.state == "static" and seen.visible)
    assert (left.total, left.finished) == (40, header["counts"]["finished"])
    lab.screenshot("saved-while-it-ran")


def test_what_the_publisher_settles_later_reaches_its_output(lab: Lab) -> None:
    start(lab, LATE, "timer = threading.Timer(1, gate.set)\ntimer.start()")
    lab.run_through(2)
    lab.run_through(3)
    says(lab, 2, "Timeline('cell 3': 3 calls, 3 finished)")
    assert [(header["state"], header["counts"]["finished"]) for header in kept(lab.save().cells[2])] == [("done", 3)]
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)


def test_a_cell_that_runs_again_a_timeline_shown_twice_and_a_new_kernel(lab: Lab) -> None:
    start(lab, "timeline = None\n" + RUN, "timeline = pool.timeline()\ntimeline", "timeline")
    for index in (2, 2, 3, 4):
        lab.run_through(index)
    done = lab.timeline(2, lambda seen: seen.state == "done")
    assert done.total == 60
    for index in (3, 4):
        lab.timeline(index, lambda seen: seen.state == "done" and seen.total == 60)
    # What the cell's first run showed is gone, from the page too.
    assert lab.page.evaluate(HUB) == [1, 2]
    lab.page.locator(".pv-plot").nth(1).focus()
    lab.page.keyboard.press(".")
    panels = lab.page.locator(".pv-panel")
    lab.until(lambda: [panels.nth(n).is_visible() for n in range(3)], lambda seen: seen == [False, True, True])

    lab.restart()
    for index in (2, 3, 4):
        lab.timeline(index, lambda seen: seen.total == 60 and seen.visible)
    for index in (0, 1, 2):
        lab.run_through(index)
    lab.timeline(2, lambda seen: seen.state == "done" and seen.total == 60)
    assert "model not found" not in lab.page.evaluate(BODY)


def test_a_second_view_of_an_output(lab: Lab) -> None:
    if lab.server.host == "notebook":
        pytest.skip("Notebook 7 has no second views")
    run = "with ThreadPoolExecutor(2) as pool:\n    futures = [pool.submit(nap, 0.5) for _ in range(16)]"
    start(lab, run)
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.running == 2)
    lab.page.evaluate("""async () => {
      const { shell, commands } = window.jupyterapp;
      const { id } = shell.currentWidget;
      await commands.execute("notebook:create-output-view");
      shell.activateById(id);
    }""")
    totals = "() => [...document.querySelectorAll('.poolviz-timeline')].map(({ dataset }) => `${dataset.state} ${dataset.total}`)"
    lab.until(lambda: lab.page.evaluate(totals), lambda seen: seen == ["live 16"] * 2)
    lab.wait_end(2)
    says(lab, 2, "16 finished")
    lab.until(lambda: lab.page.evaluate(totals), lambda seen: seen == ["done 16"] * 2)
    assert lab.page.evaluate(HUB) == [2]


def test_where_a_view_is_needed_it_is_replaced_in_the_end(lab: Lab) -> None:
    run = "with ThreadPoolExecutor(2) as pool:\n    futures = [pool.submit(nap, 0.5) for _ in range(6)]"
    start(lab, f"import os\nos.environ['VSCODE_PID'] = '1'\n{run}")
    lab.run_cell(2)
    lab.timeline(2, lambda seen: seen.running == 2)
    assert lab.page.locator(".poolviz-output").count() == 0
    lab.wait_end(2)
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)
    says(lab, 2, "6 finished")
    assert lab.page.locator(".poolviz-output .poolviz-timeline").count() == 1
    assert len(kept(lab.save().cells[2])) == 1


def test_a_timeline_in_a_box_comes_back_with_the_kernel(lab: Lab) -> None:
    start(lab, RUN, "import ipywidgets\nipywidgets.VBox([pool.timeline(), ipywidgets.Label('below')])")
    lab.run_through(2)
    lab.run_through(3)
    lab.timeline(3, lambda seen: seen.state == "done" and seen.total == 60)
    lab.save()
    lab.visit()
    lab.timeline(3, lambda seen: seen.state == "done" and seen.total == 60 and seen.visible)
    assert "below" in lab.text(3)


def test_a_timeline_that_is_scrolled_out_of_sight_comes_back(lab: Lab) -> None:
    start(lab, RUN, *["\n" * 10 for _ in range(40)])
    lab.run_through(2)
    lab.timeline(2, lambda seen: seen.state == "done")
    scroll = "(index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index)"
    lab.page.evaluate(scroll, 42)
    lab.until(lambda: lab.page.evaluate(f"() => ({ROOT})(2).getBoundingClientRect().bottom < 0 || !({ROOT})(2).isConnected"), bool)
    lab.page.wait_for_timeout(500)
    lab.page.evaluate(scroll, 2)
    lab.timeline(2, lambda seen: seen.total == 60 and seen.visible)


def test_pages_of_a_notebook_need_no_network(lab: Lab, tmp_path: Path) -> None:
    """`nbconvert --to html`: explorable where scripts run, a picture where they do not."""
    start(lab, RUN)
    lab.run_through(2)
    says(lab, 2, "3 failed")
    exporter = HTMLExporter()
    path = tmp_path / "run.html"
    path.write_text(exporter.from_notebook_node(lab.save())[0], encoding="utf-8")
    browser = lab.page.context.browser
    assert browser is not None
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts, offline=True, viewport={"width": 900, "height": 800})
        page = context.new_page()
        page.goto(path.as_uri())
        if scripts:
            page.wait_for_function("() => document.querySelector('.poolviz-timeline')?.dataset.total === '60'")
            assert page.locator(".poolviz-timeline canvas").first.is_visible()
        assert page.locator(".poolviz-still").is_visible() is not scripts
        if not scripts:
            assert "3 raised of 60" in page.locator(".poolviz-still").inner_text()
        page.screenshot(path=SCREENSHOTS / f"{lab.server.host}-nbconvert-{'explored' if scripts else 'picture'}.png")
        context.close()
