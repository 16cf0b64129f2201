"""A timeline for every reader: what axe-core finds, the keyboard alone, the system's wishes, full screen, and the picture that is kept."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.lab import SCREENSHOTS
from tests.browser.saved import save_run

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"

# Contrast of what stands on a canvas is beyond axe; so is nothing else of what is asked for here.
RUN_AXE = """async () => {
  const { violations, passes } = await axe.run(document.querySelector(".poolviz-timeline"));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + " " + node.failureSummary).join(" | ")}`);
  return { told, passed: passes.map(({ id }) => id) };
}"""

FOCUS = """() => {
  const { activeElement: node } = document;
  const style = getComputedStyle(node);
  const marked = node.querySelector(".pv-active");
  const width = Math.max(parseFloat(style.outlineWidth), marked ? parseFloat(getComputedStyle(marked).outlineWidth) : 0);
  const inside = node.closest(".poolviz-timeline") !== null;
  return { inside, name: node.getAttribute("aria-label") || node.textContent, outline: style.outlineStyle, width };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the saved run is."""
    return save_run(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def timeline(page: Page, address: str) -> Iterator[Page]:
    """The page, open, and without a complaint at the end."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    open_page(page, address)
    yield page
    assert complaints == []


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => document.querySelector('.poolviz-timeline')?.dataset.total === '60'")
    page.wait_for_function("() => document.querySelector('canvas').style.width !== ''")


def check_axe(page: Page, name: str) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN_AXE)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"reader-{name}.png")
    assert found["told"] == []
    assert "color-contrast" in found["passed"]


def picture(page: Page) -> str:
    return str(page.evaluate("() => document.querySelector('canvas').toDataURL()"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: Literal["light", "dark"], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    open_page(page, address)
    label = f"{scheme}-{width}"
    check_axe(page, f"{label}-picture")
    page.focus(".pv-plot")
    page.keyboard.press("/")
    page.keyboard.type("raised")
    page.keyboard.press("Enter")
    assert page.text_content(".pv-panel-title") == "work" + "raised"
    check_axe(page, f"{label}-found")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    check_axe(page, f"{label}-span")
    page.keyboard.press("t")
    page.keyboard.press("ArrowDown")
    check_axe(page, f"{label}-table")
    page.keyboard.press("?")
    check_axe(page, f"{label}-help")
    context.close()


def test_everything_is_reached_by_the_keyboard_and_the_focus_is_seen(timeline: Page) -> None:
    seen = []
    for _ in range(40):
        timeline.keyboard.press("Tab")
        focus = timeline.evaluate(FOCUS)
        if not focus["inside"]:
            break
        assert focus["width"] >= 2, focus
        seen.append(focus["name"])
    assert len(seen) > 8
    for name in ("Zoom in", "Show as a table", "Full screen", "Keys and gestures", "raised"):
        assert any(name in each for each in seen), seen
    timeline.focus(".pv-plot")
    timeline.keyboard.press(".")
    timeline.keyboard.press("Enter")
    assert timeline.evaluate("() => document.activeElement.className") == "pv-panel"
    timeline.keyboard.press("Escape")
    assert timeline.evaluate("() => document.activeElement.className") == "pv-plot"
    assert timeline.locator(".pv-panel").is_hidden()
    timeline.keyboard.press("t")
    for key in ("End", "PageUp", "ArrowUp", "Enter"):
        timeline.keyboard.press(key)
    assert "work" in (timeline.text_content(".pv-panel-title") or "")
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("t")
    assert timeline.locator("canvas").is_visible()


def test_a_screen_reader_finds_all_calls_as_a_grid(timeline: Page) -> None:
    timeline.focus(".pv-plot")
    timeline.keyboard.press("t")
    grid = timeline.get_by_role("grid", name="Calls")
    assert grid.get_attribute("aria-rowcount") == "61"
    assert grid.get_by_role("columnheader").count() == int(grid.get_attribute("aria-colcount") or 0)
    timeline.get_by_role("button", name="outcome", exact=True).click()
    head = timeline.get_by_role("columnheader", name="outcome")
    assert head.get_attribute("aria-sort") == "ascending"
    first = grid.get_by_role("row").nth(1)
    assert "raised" in first.inner_text()
    assert "ValueError: no luck with" in first.inner_text()


def test_the_systems_colours_are_taken_and_followed(timeline: Page) -> None:
    plain = picture(timeline)
    timeline.emulate_media(forced_colors="active")
    timeline.wait_for_function("(before) => document.querySelector('canvas').toDataURL() !== before", arg=plain)
    timeline.emulate_media(forced_colors="none", color_scheme="dark")
    timeline.wait_for_function("() => document.querySelector('.poolviz-timeline').dataset.theme === 'dark'")
    timeline.wait_for_function("(before) => document.querySelector('canvas').toDataURL() !== before", arg=plain)


def test_the_whole_screen_is_filled(timeline: Page) -> None:
    before = timeline.locator(".poolviz-timeline").bounding_box()
    timeline.get_by_role("button", name="Full screen").click()
    timeline.wait_for_function("() => document.fullscreenElement?.className === 'poolviz-timeline'")
    timeline.wait_for_function("() => document.querySelector('.poolviz-timeline').offsetHeight === innerHeight")
    box: Any = timeline.locator(".poolviz-timeline").bounding_box()
    assert before is not None and box["height"] > before["height"]
    timeline.get_by_role("button", name="Full screen").click()
    timeline.wait_for_function("() => document.fullscreenElement === null")


def test_the_picture_is_saved_as_png(timeline: Page, tmp_path: Path) -> None:
    with timeline.expect_download() as started:
        timeline.get_by_role("button", name="Save the picture as PNG").click()
    path = SCREENSHOTS / "reader-saved-picture.png"
    started.value.save_as(path)
    data = path.read_bytes()
    assert started.value.suggested_filename == "ThreadPoolExecutor.png"
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    box: Any = timeline.locator(".poolviz-timeline").bounding_box()
    assert width == pytest.approx(2 * box["width"], abs=2)
    assert height == pytest.approx(2 * box["height"], abs=2)
    # A picture of one colour would be a few hundred bytes.
    assert len(data) > 10_000
