"""Keys and clicks in a timeline, and what of them the notebook hears: JupyterLab and Notebook 7, whichever element has the focus."""

from typing import Any

import pytest

from tests.browser.lab import Lab
from tests.browser.test_kept import RUN, says
from tests.browser.test_live import start

#: Keys with which JupyterLab and Notebook 7 change a notebook, its kernel or what is selected of it, unless the focus is in text.
PLAIN = ["dd", "ii", "00", *"abcjkmrvxyz1", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Space"]
SHIFTED = [f"Shift+{key}" for key in ("M", "B", "K", "L", "Z", "ArrowDown", "End")]
EDITING = [f"Control+{key}" for key in ("a", "x", "z", "Shift+Z", "Shift+M", "Backspace", "Shift+ArrowUp")]
KEPT = [*PLAIN, *SHIFTED, *EDITING]

LISTEN = """() => {
  window.executed = [];
  window.jupyterapp.commands.commandExecuted.connect((_, { id }) => window.executed.push(id));
}"""
EXECUTED = "() => window.executed.splice(0)"

FOCUSABLE = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  const root = cell.node.querySelector(".poolviz-timeline");
  const dialog = root.querySelector("dialog[open]");
  const found = [root, ...root.querySelectorAll("*")].filter((node) => node.tabIndex >= 0 || node.hasAttribute("tabindex"));
  return found.filter((node) => node.checkVisibility() && (!dialog || dialog.contains(node)));
}"""
FOCUS_ON = "(node) => { node.focus(); return document.activeElement === node; }"
NAME = "(node) => node.getAttribute('aria-label') || node.textContent.slice(0, 20) || node.className"

#: How each state is reached from the plot, with the keys that are tested elsewhere.
STATES = {"plot": [], "call": ["."], "span": ["m"], "find": ["/"], "table": ["t", "ArrowDown", "Enter"], "help": ["?"]}

NOTEBOOK = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return content.widgets.map(({ model }) => [model.type, model.sharedModel.getSource()]);
}"""
FOCUS = "() => { const root = document.activeElement.closest('.poolviz-timeline'); return root !== null; }"


def open_run(lab: Lab) -> None:
    start(lab, RUN, "'the next cell'")
    lab.run_through(2)
    says(lab, 2, "3 failed")
    lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)
    lab.page.evaluate(LISTEN)


def bring_about(lab: Lab, state: str) -> list[Any]:
    """Put the timeline into a state, whatever it was in, and find what can have the focus there."""
    page = lab.page
    for _ in range(3):
        if page.locator("dialog[open]").count():
            page.keyboard.press("Escape")
        for shown in page.locator(".pv-find:visible .pv-input").all():
            shown.focus()
            page.keyboard.press("Escape")
        main = page.locator(".pv-plot:visible, .pv-grid:visible").first
        main.focus()
        if page.locator(".pv-panel:visible").count():
            page.keyboard.press("Escape")
        if page.locator(".pv-grid:visible").count():
            page.keyboard.press("t")
    page.locator(".pv-plot").first.focus()
    for key in STATES[state]:
        page.keyboard.press(key)
    handle = page.evaluate_handle(FOCUSABLE, 2)
    return [value.as_element() for value in handle.get_properties().values()]


@pytest.mark.parametrize("state", STATES)
def test_no_key_reaches_the_notebook_whatever_has_the_focus(lab: Lab, state: str) -> None:
    open_run(lab)
    cells = lab.page.evaluate(NOTEBOOK)
    found = bring_about(lab, state)
    names = [node.evaluate(NAME) for node in found]
    assert len(found) >= {"help": 1}.get(state, 8), names
    lab.page.evaluate(EXECUTED)
    pressed = 0
    for position, name in enumerate(names):
        presses_button = name.startswith(("Full screen", "Save the picture"))
        for key in KEPT:
            if presses_button and key in ("Enter", "Space"):
                continue
            if not found[position].evaluate(FOCUS_ON):
                # A key before has changed what is shown.
                found = bring_about(lab, state)
                assert found[position].evaluate(FOCUS_ON)
            for each in [key[0]] * 2 if key in ("dd", "ii", "00") else [key]:
                lab.page.keyboard.press(each)
            assert lab.page.evaluate(EXECUTED) == [], f"{key} on {name}"
            pressed += 1
    assert pressed >= len(KEPT)
    assert lab.page.evaluate(NOTEBOOK) == cells
    assert lab.timelines(2)[0].visible


@pytest.mark.parametrize("state", STATES)
def test_keys_that_users_of_the_notebook_expect_work_whatever_has_the_focus(lab: Lab, state: str) -> None:
    open_run(lab)
    keys = {"Control+s": "docmanager:save", "Control+Shift+f": "filebrowser:toggle-main"}
    if state == "plot":
        keys |= {"Control+Shift+c": "apputils:activate-command-palette", "Shift+Enter": "runmenu:run"}
    if lab.server.host == "notebook":
        del keys["Control+Shift+f"]
    for key, command in keys.items():
        found = bring_about(lab, state)
        for position in range(len(found)):
            if position >= len(found) or not found[position].evaluate(FOCUS_ON):
                found = bring_about(lab, state)
                assert found[position].evaluate(FOCUS_ON)
            lab.page.evaluate(EXECUTED)
            lab.page.keyboard.press(key)
            lab.until(lambda: lab.page.evaluate(EXECUTED), lambda seen, command=command: command in seen, 10)
            if "palette" in command:
                lab.page.keyboard.press("Escape")
            if "run" in command:
                says(lab, 2, "3 failed")
                lab.timeline(2, lambda seen: seen.state == "done" and seen.visible)
                found = bring_about(lab, state)


def test_escape_belongs_to_the_timeline_only_while_it_has_something_to_close(lab: Lab) -> None:
    open_run(lab)
    lab.page.evaluate("() => document.addEventListener('keydown', ({ key }) => window.executed.push(key))")
    lab.page.locator(".pv-plot").first.focus()
    for key, heard in {".": [], "Escape": [], "d": []}.items():
        lab.page.keyboard.press(key)
        assert lab.page.evaluate(EXECUTED) == heard
    lab.page.keyboard.press("Escape")
    assert "Escape" in lab.page.evaluate(EXECUTED)


def test_a_click_anywhere_gives_the_timeline_the_keys(lab: Lab) -> None:
    open_run(lab)
    cells = lab.page.evaluate(NOTEBOOK)
    bring_about(lab, "call")
    root = lab.page.locator(".poolviz-timeline").first
    root.scroll_into_view_if_needed()
    box = root.bounding_box()
    assert box is not None
    plain = """([x, y]) => {
      const node = document.elementFromPoint(x, y);
      return node?.closest(".poolviz-timeline") && !node.closest("button") ? node.className : null;
    }"""
    spots = [(box["x"] + x, box["y"] + y) for x in range(6, int(box["width"]), 97) for y in range(6, int(box["height"]), 23)]
    clicked = 0
    for spot in spots:
        # A click may have closed the panel, and the timeline is lower then.
        what = lab.page.evaluate(plain, list(spot))
        if what is None:
            continue
        lab.page.evaluate("() => document.activeElement.blur()")
        lab.page.mouse.click(*spot)
        assert lab.page.evaluate(FOCUS), f"the focus after a click on {what}"
        lab.page.evaluate(EXECUTED)
        for key in ("d", "d", "x"):
            lab.page.keyboard.press(key)
        assert lab.page.evaluate(EXECUTED) == [], f"after a click on {what}"
        clicked += 1
    assert clicked > 40
    assert lab.page.evaluate(NOTEBOOK) == cells
    # The title, by name: what the reader clicked who lost a cell.
    lab.page.locator(".pv-header .pv-title").first.click()
    lab.page.keyboard.press("+")
    lab.until(lambda: lab.page.locator(".pv-plot[data-zoomed]").count(), bool)
    # A button that disappears by its click.
    lab.page.get_by_role("button", name="Show all", exact=True).first.click()
    lab.until(lambda: lab.page.evaluate(FOCUS), bool)
    for key in ("d", "d"):
        lab.page.keyboard.press(key)
    assert lab.page.evaluate(NOTEBOOK) == cells


def test_keys_stay_in_each_of_several_timelines_and_return_to_the_notebook(lab: Lab) -> None:
    start(lab, RUN, RUN, "pool.timeline(height=150)", "'another cell'")
    for index in (2, 3, 4):
        lab.run_through(index)
        lab.timeline(index, lambda seen: seen.state == "done" and seen.visible)
    lab.page.evaluate(LISTEN)
    for nth in (0, 2, 1, 0):
        lab.page.locator(".pv-header .pv-title").nth(nth).click()
        lab.page.evaluate(EXECUTED)
        lab.page.keyboard.press("b")
        assert lab.page.evaluate(EXECUTED) == []
    cells = len(lab.page.evaluate(NOTEBOOK))
    # Outside, the notebook has its keys, also where an output with the focus has been taken away.
    lab.page.evaluate("""() => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = 5;
      content.mode = "command";
      content.activeCell.node.focus();
    }""")
    lab.page.keyboard.press("b")
    lab.until(lambda: len(lab.page.evaluate(NOTEBOOK)), lambda count: count == cells + 1, 5)
