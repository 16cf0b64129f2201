"""A trace saved as a page: one file that needs neither a server nor a network."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.browser.lab import SCREENSHOTS

SCRIPT = """
import time
from poolviz import ThreadPoolExecutor

def work(item):
    time.sleep(0.01)
    if item == 17:
        raise ValueError("</script><img src=x onerror=alert(1)>")

with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(work, item) for item in range(40)]
pool.trace.save("run.html")
"""


def test_page_opens_from_a_file_without_a_network(context: BrowserContext, page: Page, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, check=True, timeout=60)
    address = (tmp_path / "run.html").as_uri()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    context.set_offline(True)

    page.goto(address)
    root = page.locator(".poolviz-timeline")
    root.wait_for(state="visible")
    page.wait_for_function("() => document.querySelector('.poolviz-timeline').dataset.total === '40'")
    data = root.evaluate("(element) => ({ ...element.dataset })")

    wanted = {
        "state": "static",
        "total": "40",
        "finished": "39",
        "failed": "1",
        "cancelled": "0",
        "running": "0",
        "pending": "0",
        "lanes": "2",
    }
    assert {name: data[name] for name in wanted} == wanted
    assert root.locator("canvas").first.is_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "saved-page.png")
    # What the page makes for itself, out of its own bytes, is no request to anywhere.
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [address]
    assert complaints == []
