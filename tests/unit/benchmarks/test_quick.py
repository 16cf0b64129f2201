"""The benchmark runs from end to end. How fast anything is, no test says."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.command import PEERS

ROOT = Path(__file__).resolve().parents[3]


def quick(*args):
    return subprocess.run([sys.executable, "-m", "benchmarks", "--quick", *args], cwd=ROOT, capture_output=True, text=True, timeout=100)


@pytest.mark.slow
def test_each_goal_has_its_figures(tmp_path):
    done = quick("--json", str(tmp_path / "figures.json"))
    assert not done.returncode, done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    with_goals = {(row["case"], row["against"]) for row in rows if row["at_least"] is not None}
    assert with_goals == {(case.name, goal.against) for case in CASES for goal in case.goals if goal.against not in PEERS}
    for row in rows:
        assert len(row["ours"]) == 1
        assert all(math.isfinite(figure) and figure > 0 for figure in row["ours"] + row["peer"])
        assert row["title"] in done.stdout


def test_cases_can_be_chosen(tmp_path):
    done = quick("thread-submit", "import", "--json", str(tmp_path / "figures.json"))
    assert not done.returncode, done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert {row["case"] for row in rows} == {"thread-submit", "import"}


@pytest.mark.slow
def test_the_documentation_gets_a_table(tmp_path):
    done = quick("thread-submit", "memory", "--markdown", str(tmp_path / "table.md"))
    assert not done.returncode, done.stderr
    head, empty, *table = (tmp_path / "table.md").read_text(encoding="utf-8").splitlines()
    assert "CPUs, Python 3." in head and not empty
    assert {line.count("|") for line in table} == {6}
    assert [line.split(" | ")[0] for line in table[2:]] == ["| thread submit, no-op", "| memory kept for a finished call (tracemalloc)"]


def test_an_unknown_case_is_named():
    done = quick("sumbit")
    assert done.returncode == 2
    assert "there is no sumbit" in done.stderr
