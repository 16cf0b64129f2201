"""The exercises: each check takes the solution that its notebook shows, and tells wrong answers why they are wrong."""

from typing import Any

import pytest

from tests.notebooks.course import NOTEBOOKS, definitions, read, solution

#: For each notebook: the function that is to be written, and wrong versions of it with what the check has to say.
WRONG = {
    "02": (
        "as_they_end",
        [
            ("def as_they_end(pool, function, items): ...", "Nothing to check yet"),
            (
                "def as_they_end(pool, function, items):\n    return zip(items, pool.map(function, items))",
                "before calls that end earlier|held back",
            ),
            (
                "def as_they_end(pool, function, items):\n"
                "    futures = {pool.submit(function, item): item for item in items}\n"
                "    return [(futures[future], future.result()) for future in as_completed(futures)]",
                "held back",
            ),
            (
                "def as_they_end(pool, function, items):\n"
                "    for future in as_completed([pool.submit(function, item) for item in items]):\n"
                "        yield future.result()",
                "not a pair",
            ),
            ("def as_they_end(pool, function, items):\n    yield 2, 'result 0'", "not the result for item 2"),
            ("def as_they_end(pool, function, items):\n    yield 2, pool.submit(function, 2).result()", "ended in the order"),
        ],
    ),
    "03": (
        "outcome",
        [
            ("def outcome(future): ...", "Nothing to check yet"),
            ("def outcome(future):\n    return 'done' if future.done() else 'pending'", "for a call in the queue it says|a call that runs"),
            ("def outcome(future):\n    return 'raised' if future.exception() else 'returned'", "waits"),
            (
                "def outcome(future):\n    if future.cancelled(): return 'cancelled'\n    if future.running(): return 'running'\n"
                "    if not future.done(): return 'pending'\n    return 'returned' if future.result() else 'raised'",
                "returned None",
            ),
            (
                "def outcome(future):\n    if future.running(): return 'running'\n    if not future.done(): return 'pending'\n"
                "    return 'returned' if future.exception() is None else 'raised'",
                "was cancelled",
            ),
            (
                "def outcome(future):\n    if future.cancel(): return 'pending'\n    return 'running'",
                "has cancelled the call",
            ),
        ],
    ),
    "04": (
        "first_answer",
        [
            ("def first_answer(futures):\n    return 'nothing yet'", "Nothing to check yet"),
            ("def first_answer(futures):\n    return futures[0].result()", "slowest"),
            ("def first_answer(futures):\n    return [f for f in wait(futures).done if not f.exception()][0].result()", "slowest"),
            (
                "def first_answer(futures):\n    done, _ = wait(futures, return_when=FIRST_COMPLETED)\n    return done.pop().result()",
                "made your function raise",
            ),
            (
                "def first_answer(futures):\n    left = set(futures)\n    while left:\n"
                "        done, left = wait(left, return_when=FIRST_COMPLETED)\n        for future in done:\n"
                "            if not future.exception(): return future.result()\n    raise OSError",
                "should return None",
            ),
            (
                "def first_answer(futures):\n    for future in as_completed(futures):\n"
                "        if not future.exception() and future.result(): return future.result()",
                "value that it returned is 0",
            ),
        ],
    ),
    "06": (
        "travels",
        [
            ("def travels(pool, value): ...", "Nothing to check yet"),
            ("def travels(pool, value):\n    return True", "for a lock it should be False"),
            ("def travels(pool, value):\n    return type(value) in (int, list)", "for a function it should be True"),
            ("def travels(pool, value):\n    pool.submit(id, value).result()\n    return True", "for a lock your function raised"),
            (
                "def travels(pool, value):\n    with pool:\n        return pool.submit(id, value).exception() is None",
                "the pool does not work any more",
            ),
        ],
    ),
    "07": (
        "pieces",
        [
            ("def pieces(items, n): ...", "Nothing to check yet"),
            ("def pieces(items, n):\n    return [items]", "only 1"),
            ("def pieces(items, n):\n    return [items[i::n] for i in range(n)]", "another order"),
            ("def pieces(items, n):\n    return [items[i:i + n] for i in range(0, len(items), n)]", "yours are 4"),
            ("def pieces(items, n):\n    size = len(items) // n\n    return [items[i * size:(i + 1) * size] for i in range(n)]", "missing"),
            ("def pieces(items, n):\n    return [items[len(items) * i // n:len(items) * (i + 1) // n] for i in range(n)]", "empty"),
            (
                "def pieces(items, n):\n    return [p for p in [*([x] for x in items[:n - 1]), items[n - 1:]] if p]",
                "the lengths",
            ),
        ],
    ),
    "08": (
        "run_all",
        [
            ("def run_all(pool, function, items): ...", "Nothing to check yet"),
            ("def run_all(pool, function, items):\n    return list(pool.map(function, items))", "raised ZeroDivisionError"),
            (
                "def run_all(pool, function, items):\n    futures = [pool.submit(function, x) for x in items]\n"
                "    return [f.result() for f in futures if not f.exception()]",
                "3 entries",
            ),
            (
                "def run_all(pool, function, items):\n    futures = [pool.submit(function, x) for x in items]\n"
                "    return [None if f.exception() else f.result() for f in futures]",
                "your entry is None",
            ),
            (
                "def run_all(pool, function, items):\n    def safe(x):\n        try: return function(x)\n"
                "        except Exception as error: return error\n    return list(map(safe, items))",
                "caller's thread",
            ),
            (
                "def run_all(pool, function, items):\n    futures = [pool.submit(function, x) for x in items]\n"
                "    return [f.exception() or f.result() for f in as_completed(futures)]",
                "your entry is",
            ),
            (
                "def run_all(pool, function, items):\n    given = []\n    for item in items:\n"
                "        future = pool.submit(function, item)\n"
                "        given.append(future.exception() or future.result())\n    return given",
                "not submitted before the first",
            ),
        ],
    ),
}


def answer(number: str, code: str) -> str:
    """What a notebook's check says to an answer."""
    namespace: dict[str, Any] = definitions(read(number))
    exec(code, namespace)
    said = namespace["check"](namespace[WRONG[number][0]])
    assert isinstance(said, str)
    return said


@pytest.mark.parametrize("number", [path.name[:2] for path in NOTEBOOKS[1:]])
def test_the_check_is_folded_away(number: str) -> None:
    (check,) = (cell for cell in read(number).cells if cell.cell_type == "code" and "def check(" in cell.source)
    assert check.metadata["jupyter"] == {"source_hidden": True}
    assert "hide-input" in check.metadata["tags"]  # for the documentation
    (exercise,) = (cell for cell in read(number).cells if "## Exercise" in cell.source)
    assert exercise.cell_type == "markdown" and "its code is folded away" in exercise.source


@pytest.mark.parametrize("number", WRONG)
def test_the_solution_that_is_shown_is_right(number: str) -> None:
    assert answer(number, solution(read(number))) == "Right."


@pytest.mark.parametrize(("number", "code", "complaint"), [(number, *wrong) for number, (_, all_) in WRONG.items() for wrong in all_])
def test_a_wrong_answer_is_told_why(number: str, code: str, complaint: str) -> None:
    said = answer(number, code)
    assert any(part in said for part in complaint.split("|")), said
    assert said != "Right."


JOBS = ("ask 200", "add one", "test each", "read 50")
RIGHT = ("threads", "neither", "processes", "threads")


def test_choosing_a_pool() -> None:
    check = definitions(read("05"))["check"]
    assert check(dict.fromkeys(JOBS, ...)).startswith("Nothing to check yet")
    assert check(dict(zip(JOBS, RIGHT, strict=True))) == "Right."
    for job, right in zip(JOBS, RIGHT, strict=True):
        for choice in ("threads", "processes", "neither", "both", ...):
            if choice != right:
                said = check({**dict(zip(JOBS, RIGHT, strict=True)), job: choice})
                assert said.startswith("Not yet") and job in said
