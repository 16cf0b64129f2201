"""Runs CPython's tests of one group against our classes, in a process of its own, and prints a line of JSON for each test.

    python tests/conformance/run.py GROUP SECONDS FOLDER

GROUP is ``threads`` (and all that needs no worker processes) or a start method. A test that takes longer than SECONDS ends the run: the
last line then says which one it was, and stderr where each thread stood. FOLDER goes in front of `sys.path`; it may be empty.
"""

import faulthandler
import gc
import json
import os
import sys
import threading
import time
import unittest
from collections.abc import Iterator
from typing import Any

# Only this process and those forked from it run tests; other workers may import this file as the parent's main module.
if __name__ == "__main__":
    group, limit, folder = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    if folder:
        sys.path.insert(0, folder)

    import resource

    import substitution

    substitution.install()
    substitution.install_in_scripts()

    from test import support


def group_of(test: unittest.TestCase) -> str:
    return getattr(test, "ctx", "threads")


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def name_of(test: unittest.TestCase) -> str:
    """``Class.method``, without the module: newer Pythons split the suite into several."""
    return ".".join(test.id().split(".")[-2:])


class Report(unittest.TestResult):
    """Writes what became of each test at once, so that nothing is lost with the process.

    Tests capture stdout; what is written goes to a duplicate of it that workers do not inherit.
    """

    def __init__(self) -> None:
        super().__init__()
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    def say(self, test: Any, outcome: str, text: str = "") -> None:
        name = name_of(test) if isinstance(test, unittest.TestCase) else str(test)
        print(json.dumps({"test": name, "outcome": outcome, "text": text}), file=self._out)

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        # Until the next test: what a module does after its last one may hang as well.
        faulthandler.dump_traceback_later(limit, exit=True)
        support.environment_altered = False
        self.say(test, "started")

    def stopTest(self, test: Any) -> None:
        # CPython's tests look for threads and processes that were left over, and note here that they found some.
        if support.environment_altered:
            self.say(test, "failed", "it left a thread or a process behind")
        super().stopTest(test)
        # The exception of a failed test holds its pool, which would run on beside the next test.
        gc.collect()
        deadline = time.monotonic() + limit / 2
        while any(thread.name.startswith("poolviz") for thread in threading.enumerate()):
            if time.monotonic() > deadline:
                self.say(test, "failed", "its pool does not end")
                return
            time.sleep(0.002)

    def addSuccess(self, test: Any) -> None:
        self.say(test, "passed")

    def addSkip(self, test: Any, reason: str) -> None:
        self.say(test, "skipped", reason)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.say(test, "failed", self.failures[-1][1])

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self.say(test, "failed", self.errors[-1][1])


def main() -> None:
    # Some tests crash their workers on purpose.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    loader = unittest.TestLoader()
    chosen = [test for test in tests_of(loader.loadTestsFromName("test.test_concurrent_futures")) if group_of(test) == group]
    for test in chosen:
        executor = getattr(test, "executor_type", None)
        assert executor is None or executor.__module__.startswith("poolviz"), f"{name_of(test)} would test {executor}"
    report = Report()
    loader.suiteClass(chosen).run(report)
    faulthandler.cancel_dump_traceback_later()
    report.say(group, "ended")


if __name__ == "__main__":
    main()
