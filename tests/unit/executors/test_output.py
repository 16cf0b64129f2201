"""Whole lines, however they are written; counted when there are too many."""

from poolviz.executors import output
from poolviz.executors.output import Output
from poolviz.executors.printed import PIECE, Lines, Shown


class Results:
    """In place of the pipe."""

    armed = True

    def __init__(self):
        self.frames = []

    def put(self, message, parts):
        self.frames.append(message)

    def flush(self):
        pass


def made(entry=7):
    results, where = Results(), [entry, 0]
    return results, where, Output(results, lambda: tuple(where))


def test_a_line_leaves_when_it_is_whole():
    results, _, told = made()
    out, err = told.streams
    out.write("a")
    err.write("x\n")
    out.write("b\nrest")
    told.ship()
    assert results.frames == [("output", 7, 0, 2, "x\n", 0), ("output", 7, 0, 1, "ab\n", 0)]
    told.end_lines()
    assert results.frames[2:] == [("output", 7, 0, 1, "rest\n", 0)]


def test_lines_belong_to_the_call_that_writes_them():
    results, where, told = made()
    for item in range(3):
        where[1] = item
        told.streams[0].write(f"{item}\n")
    told.end_lines()
    assert [(frame[2], frame[4]) for frame in results.frames] == [(0, "0\n"), (1, "1\n"), (2, "2\n")]


def test_of_a_progress_bar_the_last_state_is_kept():
    results, _, told = made()
    for percent in range(100):
        told.streams[1].write(f"\r{percent}%")
    told.end_lines()
    assert [frame[4] for frame in results.frames] == ["99%\n"]


def test_a_call_that_prints_too_much_is_cut_and_counted():
    results, where, told = made()
    n = output.MOST // 50 + 100
    for _ in range(n):
        told.streams[0].write("x" * 99 + "\n")
    told.end_lines()
    sent = sum(frame[4].count("\n") for frame in results.frames)
    assert sum(len(frame[4]) for frame in results.frames) <= output.MOST
    assert sent + sum(frame[5] for frame in results.frames) == n
    where[0] += 1
    told.streams[0].write("the next call\n")
    told.end_lines()
    assert results.frames[-1][4] == "the next call\n"


def test_bytes_become_lines():
    lines = Lines()
    assert [lines.feed(data) for data in (b"a", b"b\nc", b"\xff\n", b"end")] == ["", "ab\n", "c\\xff\n", ""]
    assert lines.end() == "end\n"
    assert lines.feed(b"x" * (PIECE + 1)) == "x" * (PIECE + 1), "a line without end is not kept for ever"


def test_what_is_shown_next_keeps_its_order(monkeypatch):
    shown = Shown()
    monkeypatch.setattr("_thread.start_new_thread", lambda *_: None)
    for fd, text in [(1, "a\n"), (1, "b\n"), (2, "c\n"), (1, "d\n" * 10)]:
        shown.add(fd, text)
    assert shown._take(12) == [(1, "a\nb\n"), (2, "c\n"), (1, "d\n" * 3)]
    assert shown._take(100) == [(1, "d\n" * 7)]
