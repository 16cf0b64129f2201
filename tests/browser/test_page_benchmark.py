"""The benchmark of the page runs and measures what it says; how fast a busy machine is, is no matter for a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import page as benchmark


def test_all_figures_are_measured() -> None:
    # In a process of its own, as only one playwright may run in each.
    command = [sys.executable, "-m", "benchmarks.page", "--quick"]
    done = subprocess.run(command, cwd=benchmark.ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for name in (
        "frame while zooming and panning, p95",
        "main thread busy",
        "renderer alone, p95",
        "all cores busy, p95",
        "until drawn, p95",
        "of a core, submit",
        "of a core, map",
        "bundle, script and style",
    ):
        [line] = [line for line in lines if name in line]
        after = line.split(name)[1].split("gzipped")[-1].split()
        assert float(next(word for word in after if word[0].isdigit())) > 0


def test_the_bundle_is_as_small_as_it_must_be() -> None:
    [figure] = benchmark.bundle_figures()
    assert figure.reached, figure


def test_what_does_not_compile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "js").mkdir()
    monkeypatch.setattr(benchmark, "ROOT", tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        benchmark.bundle(tmp_path)


def test_our_page_is_opened_and_used() -> None:
    command = [sys.executable, "-m", "benchmarks.pictures", "--alone", "--repetitions", "1", "2000"]
    done = subprocess.run(command, cwd=benchmark.ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("2,000")]
    assert line.split()[1] == "poolviz" and "unusable" not in line
    assert [word for word in line.split() if word in ("ms", "s")], line


def test_a_page_that_draws_nothing_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "empty.html").write_text("<canvas></canvas>")
    script = (
        "import sys, pathlib\nfrom benchmarks.page import browser\nfrom benchmarks.pictures import gestures\n"
        "gestures.OPENING = 1\n"
        "with browser() as chromium: print(gestures.measure(chromium, pathlib.Path(sys.argv[1]), gestures.Way(50)).unusable)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "empty.html")]
    done = subprocess.run(command, cwd=benchmark.ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no picture within 1 s\n"
