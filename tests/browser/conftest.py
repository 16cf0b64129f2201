"""A browser and Jupyter servers, started once for all tests of this folder. Without a browser these tests fail."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from scripts.chromium import ADVICE, find
from tests.browser.lab import Lab
from tests.browser.server import Server, serve

#: No graphics card, nothing fetched or reported behind the tests' back. Chromium refuses to run as root with its sandbox.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's Chromium. It ends with this folder: while playwright is on, the main thread has a running event loop."""
    found = find()
    if found is None:
        pytest.fail(f"no browser: {ADVICE}", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile that nothing else has used."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="package", params=["lab", "notebook"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab, then Notebook 7: each test that uses it runs in both."""
    with serve(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def lab(page: Page, server: Server) -> Iterator[Lab]:
    """A page of the host; the kernels end with the test."""
    yield Lab(page, server)
    server.end_kernels()
