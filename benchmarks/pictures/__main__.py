"""The command line: pages of the same runs by each contender, the same gestures on each, a table."""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.command import machine
from benchmarks.page import browser, load
from benchmarks.pictures import environment, report, runs
from benchmarks.pictures.gestures import OPENING, ZOOM, Result, Way, measure
from benchmarks.pictures.report import OURS

ROOT = Path(__file__).resolve().parents[2]

#: How far the wheel must go on each page for the same step of the zoom.
WAYS = {
    OURS: Way(math.log(ZOOM) / 0.006, control=True),
    "anytimeline": Way(math.log(ZOOM) / 0.0022),
    "bokeh": Way(600 * (1 - 1 / ZOOM)),
}

#: So that a frame takes as long as it takes, and not until the screen's next one.
UNTHROTTLED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]


def _pages(bars: int, folder: Path, pythons: dict[str, Path]) -> dict[str, Path | str]:
    """The page of each contender; words instead of one that could not be made."""
    run = runs.simulate(bars)
    columns = folder / f"{bars}.run"
    run.write(columns)
    pages: dict[str, Path | str] = {OURS: folder / f"{bars}-{OURS}.html"}
    runs.write_page(run, folder / f"{bars}-{OURS}.html")
    for name, python in pythons.items():
        page = folder / f"{bars}-{name}.html"
        command = [python, ROOT / "benchmarks" / "pictures" / "others.py", name, columns, page]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=5 * OPENING)
            pages[name] = page if done.returncode == 0 else f"the page cannot be made: {done.stderr.strip().splitlines()[-1]}"
        except subprocess.TimeoutExpired:
            pages[name] = f"the page is not made within {5 * OPENING:g} s"
    return pages


def _results(sizes: list[int], pythons: dict[str, Path], repetitions: int) -> dict[int, dict[str, list[Result]]]:
    results: dict[int, dict[str, list[Result]]] = {}
    with tempfile.TemporaryDirectory() as folder, browser(*UNTHROTTLED) as chromium:
        for bars in sizes:
            pages = _pages(bars, Path(folder), pythons)
            found: dict[str, list[Result]] = {name: [] for name in pages}
            results[bars] = found
            # One after the other and again: a machine that grows busier does so for all.
            for _ in range(repetitions):
                for name, page in pages.items():
                    found[name].append(measure(chromium, page, WAYS[name]) if isinstance(page, Path) else Result(0, [], page))
                    print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description="Zoom and pan pages of ours and of others.")
    parser.add_argument("bars", nargs="*", type=int, default=[10_000, 100_000, 1_000_000], help="how many, on 16 lanes")
    parser.add_argument("--alone", action="store_true", help="our page only")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N", help="how often each page is opened and used")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too, for the documentation")
    chosen = parser.parse_args(argv)
    if chosen.repetitions < 1 or any(bars < 100 for bars in chosen.bars):
        parser.error("at least 1 repetition and 100 bars")
    pythons: dict[str, Path] = {}
    absent = []
    for name in () if chosen.alone else environment.PACKAGES:
        python, words = environment.prepare(name, ROOT / "build" / "pictures")
        print(words)
        if python is None:
            absent.append(words)
        else:
            pythons[name] = python
    print(load())
    results = _results(chosen.bars, pythons, chosen.repetitions)
    print(f"{load()}\n\n{report.text(results)}")
    for words in report.misses(results):
        print(f"missed: {words}")
    if chosen.markdown:
        facts = machine()
        where = (
            f"{facts['cpus']} CPUs, {facts['system'].split('-')[0]}, Chromium without a graphics card, {', '.join(map(_title, pythons))}"
        )
        chosen.markdown.write_text("\n".join([report.markdown(results, where), *absent]), encoding="utf-8")
    return 0


def _title(name: str) -> str:
    return environment.PACKAGES[name][0].replace("==", " ")


if __name__ == "__main__":
    sys.exit(main())
