"""The table that compares pictures is what the benchmark writes."""

from pathlib import Path

from benchmarks.pictures import report
from benchmarks.pictures.environment import PACKAGES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "explanation"


def test_the_table_has_every_size_and_everybody():
    lines = (DOCS / "pictures.txt").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0] == report.cells({})[0]
    told = [(row[0], row[1]) for row in rows[2:]]
    assert told == [(f"{bars:,}", name) for bars in (10_000, 100_000, 1_000_000) for name in (report.OURS, *PACKAGES)]
    assert all(row[3] for row in rows[2:]), "a figure, or why there is none"
