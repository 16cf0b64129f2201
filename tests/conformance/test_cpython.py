"""CPython's own `test_concurrent_futures`, run against our classes. Nothing of it is kept here: see `scripts/cpython_suite.py`."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conformance.deviations import EITHER, deviation_of

ROOT = Path(__file__).parents[2]
RUN = Path(__file__).with_name("run.py")
GROUPS = ("threads", "spawn", "forkserver", "fork")
#: Seconds that one test may take, and one group.
TEST, GROUP = 60, 300
#: Every Python's suite has more tests than this in each group.
FEWEST = 50


class Run:
    """One group of tests in a process of its own, which leads a process group so that nothing of it can be left over."""

    def __init__(self, group: str, suite: str, folder: Path) -> None:
        self.lines, self.log = folder / f"{group}.jsonl", folder / f"{group}.log"
        with self.lines.open("w") as out, self.log.open("w") as err:
            command = [sys.executable, RUN, group, str(TEST), suite]
            self.process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, start_new_session=True)

    def results(self) -> list[tuple[str, str, str]]:
        """What it said when it has ended: test, outcome, text."""
        self.process.wait(GROUP)
        said = [json.loads(line) for line in self.lines.read_text().splitlines()]
        return [(line["test"], line["outcome"], line["text"]) for line in said]

    def left_over(self) -> bool:
        """Whether a process of it is still there some time after its end."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.02)
        return True

    def end(self) -> None:
        """Kill what is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def suite() -> str:
    """The folder with the suite; empty if this Python brings it along."""
    script = [sys.executable, ROOT / "scripts" / "cpython_suite.py", ROOT / "build" / "conformance"]
    found = subprocess.run(script, capture_output=True, text=True, timeout=GROUP)
    if found.returncode:
        pytest.fail(found.stderr.strip(), pytrace=False)
    folder = found.stdout.strip()
    if folder == "none":
        pytest.skip("neither this Python nor the system's packages have CPython's test_concurrent_futures")
    return folder


@pytest.fixture(scope="module")
def runs(suite, tmp_path_factory):
    """All groups, started together: most of their time they sleep."""
    folder = tmp_path_factory.mktemp("conformance")
    runs = {group: Run(group, suite, folder) for group in GROUPS}
    yield runs
    for run in runs.values():
        run.end()


def problems_in(results: list[tuple[str, str, str]]) -> list[str]:
    """What is wrong with the results of a group, a text for each test."""
    texts: dict[str, str] = {}
    passed = set()
    for test, outcome, text in results:
        if outcome == "failed":
            texts[test] = f"{texts.get(test, '')}{text}\n"
        elif outcome == "passed":
            passed.add(test)
    problems = [f"{test} failed:\n{text}" for test, text in texts.items() if deviation_of(test) is None]
    for test in sorted(passed - texts.keys()):
        deviation = deviation_of(test)
        if deviation is not None and deviation.fails != EITHER:
            problems.append(f"{test} passed: it is no longer needed in tests/conformance/deviations.py")
    return problems


@pytest.mark.timeout(2 * GROUP)
@pytest.mark.parametrize("group", GROUPS)
def test_cpythons_own_tests(runs, group):
    run = runs[group]
    results = run.results()
    log = run.log.read_text()[-5_000:]
    assert results, f"the run did not begin:\n{log}"
    assert results[-1][:2] == (group, "ended"), f"the run ended in {results[-1][0]}:\n{log}"
    outcomes = {test: outcome for test, outcome, _ in results if outcome != "started"}
    assert len(outcomes) > FEWEST
    listed = sum(outcome == "failed" and deviation_of(test) is not None for test, outcome in outcomes.items())
    print(f"{group}: {list(outcomes.values()).count('passed')} passed, {listed} listed as deviations, of {len(outcomes) - 1}")
    problems = problems_in(results)
    assert not problems, "\n\n".join([f"{len(problems)} of CPython's tests with {group}", *problems])
    assert not run.left_over(), f"a process was left behind:\n{log}"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([("A.test_x", "passed", "")], ""),
        ([("A.test_x", "skipped", "no")], ""),
        ([("A.test_x", "failed", "boom")], "A.test_x failed:\nboom"),
        ([("A.test_x", "passed", ""), ("A.test_x", "failed", "it left a thread")], "A.test_x failed:\nit left a thread"),
        ([("ProcessPoolForkProcessPoolShutdownTest.test_del_shutdown", "failed", "no _call_queue")], ""),
        ([("ProcessPoolForkProcessPoolShutdownTest.test_del_shutdown", "passed", "")], "no longer needed"),
        ([("ProcessPoolForkProcessPoolShutdownTest.test_cancel_futures", "passed", "")], ""),
    ],
)
def test_what_counts_as_a_problem(results, said):
    problems = problems_in(results)
    assert len(problems) == bool(said)
    assert said in "".join(problems)
