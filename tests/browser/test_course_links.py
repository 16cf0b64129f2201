"""The course as `make lab` opens it: on its first page, and every link of every notebook leads to what it names."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.browser.lab import Lab
from tests.browser.server import TOKEN, Server, _end, _started
from tests.notebooks.course import NOTEBOOKS, ROOT

pytestmark = pytest.mark.timeout(400)

#: The links that JupyterLab has resolved: what it makes of a path that leads nowhere is another thing, and it says nothing.
LINKS = """() => [...document.querySelectorAll('.jp-NotebookPanel .jp-RenderedMarkdown a[href*="/files/"]')].map(
    (a) => decodeURIComponent(new URL(a.href).pathname.split('/files/')[1]))"""
CURRENT = "() => window.jupyterapp?.shell.currentWidget?.context?.path ?? ''"
BACK = """(path) => { const { shell } = window.jupyterapp;
    shell.activateById([...shell.widgets('main')].find((widget) => widget.context?.path === path).id); }"""
CLICK = """(path) => [...document.querySelectorAll('.jp-NotebookPanel .jp-RenderedMarkdown a[href*="/files/"]')].find(
    (a) => new URL(a.href).pathname.endsWith('/files/' + path)).click()"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make lab` starts."""
    folder = tmp_path_factory.mktemp("make-lab")
    places = {name: folder / name.lower() for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    arguments = f"--no-browser --ServerApp.port=0 --LabApp.expose_app_in_browser=True --IdentityProvider.token={TOKEN}"
    make = shutil.which("make")
    assert make is not None
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [make, "--no-print-directory", "lab", f"ARGS={arguments}"],
            cwd=ROOT,
            env={**os.environ, **{name: str(place) for name, place in places.items()}},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        server = Server("lab", _started(process, places["JUPYTER_RUNTIME_DIR"], log, 120), ROOT)
        yield server
        server.end_kernels()
        server.request("POST", "api/shutdown")  # a signal would have to go through make and a shell
        process.wait(60)
    finally:
        if process.poll() is None:
            _end(process)


def read_only(route: Route) -> None:
    """Let the page read; what it writes, checkpoints too, is accepted and goes nowhere."""
    if route.request.method == "GET":
        route.continue_()
    else:
        route.fulfill(status=201, json={"id": "checkpoint", "last_modified": "2026-01-01T00:00:00Z"})


def targets(path: Path) -> list[str]:
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]


def opened(page: Page, server: Server, name: str, path: Path) -> Lab:
    lab = Lab(page, server)
    page.goto(server.address(name))  # with `reset`: nothing else is open
    lab.until(lambda: page.evaluate(LINKS), lambda found: len(found) >= len(targets(path)), 60)
    return lab


def test_make_lab_opens_on_the_first_page(made: Server, page: Page) -> None:
    page.goto(f"{made.url}?token={TOKEN}")  # where a browser is sent
    now = Lab(page, made).until(lambda: page.evaluate(CURRENT), bool, 60)
    assert now == str(NOTEBOOKS[0].relative_to(ROOT))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_of_the_course_leads_to_what_it_names(made: Server, context: BrowserContext, path: Path) -> None:
    # The repository's own notebooks are open here: nothing may be saved.
    context.route("**/api/contents/**", read_only)
    page = context.new_page()
    name = str(path.relative_to(ROOT))
    lab = opened(page, made, name, path)
    wanted = [os.path.relpath((path.parent / target.partition("#")[0]).resolve(), ROOT) for target in targets(path)]
    assert wanted and sorted(page.evaluate(LINKS)) == sorted(wanted)
    for target in sorted(set(wanted)):
        made.request("GET", f"api/contents/{target}?content=0")  # or it raises
        page.evaluate(CLICK, target)
        assert lab.until(lambda: page.evaluate(CURRENT), lambda now: now != name, 30) == target
        if target.endswith(".md"):
            page.locator(".jp-MarkdownViewer h1 >> visible=true").first.wait_for(timeout=20_000)  # as a page, not as its source
        page.evaluate(BACK, name)
        lab.until(lambda: page.evaluate(CURRENT), lambda now: now == name, 30)
