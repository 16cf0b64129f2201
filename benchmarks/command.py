"""The command line."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks import markdown
from benchmarks.cases import CASES
from benchmarks.measure import Case, Run, measure
from benchmarks.table import Row, rows, table

PEERS = ("joblib", "loky", "mpire", "pebble")


def machine() -> dict[str, Any]:
    """Where it was measured, and how busy that was: others' load is the most common reason for odd figures."""
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else [],
    }


def _line(facts: dict[str, Any]) -> str:
    load = ", ".join(map(str, facts["load"])) or "unknown"
    return f"{facts['cpus']} CPUs, Python {facts['python']}, {facts['system']}, load {load}"


def _as_json(row: Row) -> dict[str, Any]:
    goal = row.goal
    return {
        "case": row.case.name,
        "title": row.case.title,
        "unit": row.case.unit,
        "score": row.case.score,
        "against": row.against,
        "ours": row.ours,
        "peer": row.peer,
        "ratio": row.ratio,
        "low": row.low,
        "high": row.high,
        "best": row.best,
        "at_least": goal.at_least if goal else None,
        "aim": goal.aim if goal else None,
        "reached": row.reached,
    }


def _chosen(names: list[str], peers: bool) -> list[Case]:
    cases = [case for case in CASES if not names or case.name in names]
    # A case all of whose goals are against a peer says nothing without it.
    return [case for case in cases if peers or not all(goal.against in PEERS for goal in case.goals)]


def main(argv: list[str] | None = None) -> int:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the pools side by side with others.")
    parser.add_argument("case", nargs="*", help=f"what to measure, all by default: {', '.join(names)}")
    parser.add_argument("--peers", action="store_true", help=f"with {', '.join(PEERS)}, which must be installed")
    parser.add_argument("--quick", action="store_true", help="one tiny repetition of each: a test that all of it works")
    parser.add_argument("--repetitions", type=int, metavar="N", help="how often each is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too: seconds or bytes for each operation")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the medians there too, as a table of the documentation")
    chosen = parser.parse_args(argv)
    unknown = [name for name in chosen.case if name not in names]
    if unknown:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(names)}")
    if chosen.repetitions is not None and chosen.repetitions < 1:
        parser.error("--repetitions must be at least 1")
    missing = [peer for peer in PEERS if chosen.peers and importlib.util.find_spec(peer) is None]
    if missing:
        parser.error(f"{', '.join(missing)} must be installed for --peers: make bench-peers does it")
    cases = _chosen(chosen.case, chosen.peers)
    if not cases:
        parser.error("this is measured with --peers only")

    run = Run(chosen.peers, chosen.quick, chosen.repetitions)
    before = machine()
    print(_line(before))
    found: list[Row] = []
    for case in cases:
        print(f"{case.name} ", end="", file=sys.stderr, flush=True)
        found += rows(case, measure(case, run))
        print(file=sys.stderr)
    after = machine()
    print(f"load at the end: {', '.join(map(str, after['load']))}")
    print("Medians (least..most). Ratio: above 1 ours is better; its range is that of neighbouring repetitions.")
    print("Best: the ratio of each one's best repetition. Another's load spoils a run where the two ratios lie far apart.\n")
    print(table(found))
    if chosen.markdown:
        chosen.markdown.write_text(markdown.page(found, before, after["load"]), encoding="utf-8")
    if chosen.json:
        chosen.json.write_text(json.dumps({"before": before, "after": after, "rows": [_as_json(row) for row in found]}, indent=1) + "\n")
    return 0
