"""What stands around the picture keeps its place and says what differs, at any width: header, toolbar, names, a pool after a kill."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.lab import SCREENSHOTS

CROWDED = """
from poolviz import ThreadPoolExecutor

def work(item):
    if item == 17:
        raise ValueError("no luck: " + "a long story, " * 28)

with ThreadPoolExecutor(3, thread_name_prefix="download-images-from-the-archive") as pool:
    list(futures := [pool.submit(work, item) for item in range(6000)])
pool.trace.save("run.html")
"""

KILLED = """
import os, signal, time
from poolviz import ProcessPoolExecutor

def wait(seconds):
    time.sleep(seconds)

if __name__ == "__main__":
    pool = ProcessPoolExecutor(3)
    list(pool.map(wait, [0.05] * 12))
    futures = [pool.submit(wait, 60) for _ in range(5)]
    while sum(future.running() for future in futures) < 3:
        time.sleep(0.01)
    os.kill(pool.trace.workers[1].ident, signal.SIGKILL)
    futures[0].exception()
    pool.shutdown()
    pool.trace.save("run.html")
"""


def show(script: str, folder: Path, page: Page, width: int, theme: str = "light") -> None:
    (folder / "run.py").write_text(script)
    subprocess.run([sys.executable, "run.py"], cwd=folder, check=True, timeout=60)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 480})
    page.goto((folder / "run.html").as_uri())
    page.wait_for_function("() => Number(document.querySelector('.poolviz-timeline')?.dataset.total) > 0")
    page.wait_for_selector(".pv-row-lane")


@pytest.mark.parametrize("width", [400, 700, 1000])
def test_long_words_move_nothing(page: Page, tmp_path: Path, width: int) -> None:
    show(CROWDED, tmp_path, page, width)
    page.wait_for_function("() => document.querySelector('.pv-facts').innerText.includes('calls merged')")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"header-{width}.png")
    title, buttons = (page.locator(name).first.bounding_box() for name in (".pv-title", ".pv-line .pv-buttons"))
    assert title and buttons
    assert buttons["y"] < title["y"] + title["height"], "the toolbar stands in the title's line"
    failures = page.locator(".pv-failures").evaluate("(node) => [node.clientHeight, node.firstChild.offsetHeight, node.title]")
    assert failures[0] < 2.5 * failures[1], "a long error takes one line"
    assert ("a long story, " * 28).strip() in failures[2]


@pytest.mark.parametrize("width", [400, 1000])
def test_names_that_differ_at_their_ends_can_be_told_apart(page: Page, tmp_path: Path, width: int) -> None:
    show(CROWDED, tmp_path, page, width)
    ends = page.locator(".pv-row-lane .pv-name").evaluate_all(
        """(names) => names.map((name) => {
            const end = name.lastElementChild.getBoundingClientRect();
            const box = name.getBoundingClientRect();
            return [name.lastElementChild.textContent, end.right <= box.right + 0.5 && end.left >= box.left - 0.5 && end.width > 0];
        })"""
    )
    assert ends == [[f"_{number}", True] for number in range(3)]


@pytest.mark.parametrize(("width", "theme"), [(400, "light"), (1000, "light"), (1000, "dark")])
def test_only_the_worker_that_died_is_marked(page: Page, tmp_path: Path, width: int, theme: str) -> None:
    show(KILLED, tmp_path, page, width, theme)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"killed-{width}-{theme}.png")
    rows = page.locator(".pv-row-lane").evaluate_all("(rows) => rows.map((row) => [row.dataset.died ?? '', row.title])")
    assert [died for died, _ in rows] == ["", "true", ""]
    assert [title.split(" · ")[-1] for _, title in rows] == [
        "stopped with the pool",
        "was killed by SIGKILL",
        "stopped with the pool",
    ]
