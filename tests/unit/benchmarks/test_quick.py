"""The benchmark runs from end to end. How fast anything is, no test says."""

import json
import math
import subprocess
import sys
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.command import PEERS

ROOT = Path(__file__).resolve().parents[3]


def quick(*args):
    return subprocess.run([sys.executable, "-m", "benchmarks", "--quick", *args], cwd=ROOT, capture_output=True, text=True, timeout=100)


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


def test_an_unknown_case_is_named():
    done = quick("sumbit")
    assert done.returncode == 2
    assert "there is no sumbit" in done.stderr
