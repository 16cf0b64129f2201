"""The benchmark of the page runs and measures what it says; how fast a busy machine is, is no matter for a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import page as benchmark


def test_all_figures_are_measured() -> None:
    # In a process of its own, as only one playwright may run in each.
    command = [sys.executable, "-m", "benchmarks.page", "--quick"]
    done = subprocess.run(command, cwd=benchmark.ROOT, check=True, capture_output=True, text=True, timeout=200)
    lines = done.stdout.splitlines()
    for name in (
        "frame while zooming and panning, p95",
        "main thread busy",
        "renderer alone, p95",
        "all cores busy, p95",
        "until drawn, p95",
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
