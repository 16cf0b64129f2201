"""A notebook in a page of JupyterLab or Notebook 7, as a test drives and reads it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from playwright.sync_api import Page

from tests.browser.server import Server

T = TypeVar("T")

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"

# A cell that is run before the kernel is connected and idle is lost.
STATUS = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  if (!kernel || !panel.content?.widgets?.length || kernel.connectionStatus !== "connected") return "starting";
  return kernel.status;
}"""

# Whether the cell runs is read in the same turn as its timelines. The prompt tells: the kernel's status also says `idle` when a subshell
# has handled a widget's message. A cell that the host has not drawn yet has no input area.
READ = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  const roots = [...cell.node.querySelectorAll(".poolviz-timeline")];
  return {
    cellRuns: !!cell.inputArea?.promptNode?.textContent.includes("*"),
    timelines: roots.map((root) => {
      const box = root.getBoundingClientRect();
      const canvases = [...root.querySelectorAll("canvas")];
      return {
        data: { ...root.dataset },
        visible: root.checkVisibility() && box.width > 100 && box.height > 50,
        picture: canvases.map((canvas) => canvas.toDataURL()).join(),
      };
    }),
  };
}"""

RUN = """(index) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = index;
  void window.jupyterapp.commands.execute("notebook:run-cell");
}"""

TEXT = "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].node.querySelector('.jp-OutputArea')?.innerText ?? ''"


@dataclass(frozen=True)
class Timeline:
    """What a timeline says of itself at one moment."""

    cell_runs: bool
    """Whether its cell was running at that moment."""
    visible: bool
    state: str
    total: int
    pending: int
    running: int
    finished: int
    failed: int
    cancelled: int
    lanes: int
    running_ms: float
    """How long the longest running slice is drawn, in ms; 0 when none runs."""
    picture: str
    """The canvases' contents."""


def timeline_of(read: dict[str, Any], cell_runs: bool) -> Timeline:
    """Make sense of a root element's data attributes.

    Raises:
        KeyError: one is missing.
    """
    data = read["data"]
    counts = {name: int(data[name]) for name in ("total", "pending", "running", "finished", "failed", "cancelled", "lanes")}
    running_ms = float(data.get("runningMs", 0))
    return Timeline(cell_runs, read["visible"], data["state"], **counts, running_ms=running_ms, picture=read["picture"])


class Lab:
    """One notebook at a time.

    Args:
        page: a page of its own.
        server: where notebooks are.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.name = ""
        """Of the notebook that is open."""

    def open_notebook(self, *sources: str) -> None:
        """Write a notebook with these cells, open it, and wait until its kernel is ready."""
        self.name = f"test-{time.monotonic_ns()}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources])
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(notebook, self.server.root / self.name)
        self.visit()

    def visit(self, name: str = "") -> None:
        """Open a notebook that is there, by default the same anew, and wait until it has a kernel: its own, or else a new one."""
        self.name = name or self.name
        self.page.goto(self.server.address(self.name))
        self.until(lambda: self.page.evaluate(STATUS), lambda status: status == "idle", 60)

    def save(self) -> Any:
        """Save the notebook, and give what is in its file."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
        return nbformat.read(self.server.root / self.name, as_version=4)

    def restart(self) -> None:
        """Begin anew with a fresh kernel."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        self.until(lambda: self.page.evaluate(STATUS), lambda status: status == "idle", 60)

    def run_cell(self, index: int) -> None:
        """Start a cell and wait for nothing but its start."""
        self.page.evaluate(RUN, index)

    def wait_end(self, index: int, seconds: float = 60) -> None:
        """Wait until a cell that was started has ended."""
        count = "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].model.executionCount"
        self.until(lambda: self.page.evaluate(count, index), lambda number: number is not None, seconds)

    def interrupt(self) -> None:
        """What the stop button does, once."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")

    def run_through(self, index: int) -> None:
        """Run a cell to its end."""
        self.run_cell(index)
        self.wait_end(index)

    def text(self, index: int) -> str:
        """The words in a cell's output."""
        return str(self.page.evaluate(TEXT, index))

    def timelines(self, index: int) -> list[Timeline]:
        """All timelines under a cell, as they are now."""
        read = self.page.evaluate(READ, index)
        return [timeline_of(root, read["cellRuns"]) for root in read["timelines"]]

    def timeline(self, index: int, condition: Callable[[Timeline], bool], seconds: float = 30) -> Timeline:
        """Wait until the one timeline under a cell meets a condition, and give it as it was then."""

        def met(found: list[Timeline]) -> bool:
            return len(found) == 1 and condition(found[0])

        return self.until(lambda: self.timelines(index), met, seconds)[0]

    def until(self, read: Callable[[], T], condition: Callable[[T], bool], seconds: float = 30) -> T:
        """Read again and again until a condition holds.

        Raises:
            AssertionError: it did not hold in time; the message shows what was read last.
        """
        limit = time.monotonic() + seconds
        while not condition(value := read()):
            assert time.monotonic() < limit, f"not within {seconds} s; last: {str(value)[:2000]}"
            self.page.wait_for_timeout(30)
        return value

    def screenshot(self, name: str) -> None:
        """Keep a picture in build/screenshots, for a person to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{self.server.host}-{name}.png")
