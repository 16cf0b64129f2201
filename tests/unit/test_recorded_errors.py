"""What is recorded of an exception has a limit, and so has the work that it takes; the exception stays as it is."""

import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

import poolviz
from poolviz import wording
from poolviz.tracebacks import TEXT, complete, text_of
from poolviz.wording import MOST, cut, said, words_of


def raised(make):
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def down(n):
    return down(n - 1) if n else 1 / 0


def there():
    return back()


def back():
    return there()


def a_chain(n, attribute):
    error = None
    for i in range(n):
        following = ValueError(i)
        setattr(following, attribute, error)
        error = following
    return error


def a_group_in_groups(n):
    error = ValueError("inmost")
    for _ in range(n):
        error = ExceptionGroup("in", [error, error])
    return error


def with_notes(notes):
    error = ValueError("noted")
    error.__notes__ = notes
    return error


def wrapped():
    try:
        down(3)
    except ZeroDivisionError as error:
        raise ValueError("outer") from error


def nested_groups():
    raise ExceptionGroup("outer", [KeyError("a"), ExceptionGroup("inner", [OSError(2, "no file"), raised(wrapped)])])


class Kind:
    atribute = 1


ORDINARY = {
    "words": lambda: int("x"),
    "recursion that ends": lambda: down(20),
    "cause": wrapped,
    "groups": nested_groups,
    "a name like another": lambda: raizd,  # noqa: F821
    "an attribute like another": lambda: Kind.attribute,
    "a module like another": lambda: __import__("jsonn"),
    "a name in a module": lambda: exec("from json import dumsp"),
    "syntax": lambda: compile("a = (1,\nb = 2", "some.py", "exec"),
    "notes": lambda: (_ for _ in ()).throw(with_notes(["one", "two\nlines"])),
    "key": lambda: {}[(1, "a")],
    "nothing to say": lambda: (_ for _ in ()).throw(KeyError()),
    "exit": lambda: sys.exit(3),
    "unicode": lambda: b"\xff".decode(),
}


@pytest.mark.parametrize("make", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_traceback_is_the_standard_librarys(make):
    error = raised(make)
    assert text_of(error) == "".join(traceback.format_exception(error))
    assert complete(text_of(error, missing := []), missing) == text_of(error)


HUGE = {
    "words": lambda: ValueError("x" * 40_000_000),
    "words of a key": lambda: KeyError("x" * 2_000_000),
    "lines": lambda: ValueError("line\n" * 2_000_000),
    "one note": lambda: with_notes(["x" * 10_000_000]),
    "notes": lambda: with_notes(["note"] * 1_000_000),
    "notes that are none": lambda: with_notes(17),
    "group": lambda: ExceptionGroup("many", [ValueError(i) for i in range(10_000)]),
    "groups": lambda: a_group_in_groups(400),
    "causes": lambda: a_chain(1000, "__cause__"),
    "contexts": lambda: a_chain(1000, "__context__"),
    "recursion": lambda: raised(lambda: down(10**9)),
    "recursion of two": lambda: raised(there),
    "syntax": lambda: raised(lambda: compile("x = '" + "y" * 1_000_000, "some.py", "exec")),
    "a long line": lambda: raised(lambda: exec(compile("1 / 0" + " + 1" * 1500, "x" * 100_000, "exec"))),
    "a long name": lambda: type("N" * 1_000_000, (Exception,), {})("why"),
    "words in words": lambda: ExceptionGroup("g" * 1_000_000, [a_chain(20, "__cause__"), ValueError("x" * 1_000_000)]),
}


@pytest.mark.parametrize("make", HUGE.values(), ids=HUGE)
def test_a_huge_traceback_is_cut_and_its_exception_is_not(make):
    error = make()
    before = (error.args, getattr(error, "__notes__", None), error.__traceback__, error.__cause__, error.__context__)
    begin = time.perf_counter()
    text, words = text_of(error), words_of(error)
    assert time.perf_counter() - begin < 5, "far more than it takes, far less than to format all of it"
    assert len(text) <= TEXT and len(words) <= MOST
    assert text.rstrip().rpartition("\n")[2].strip() != ""
    assert before == (error.args, getattr(error, "__notes__", None), error.__traceback__, error.__cause__, error.__context__)


def test_what_is_left_out_is_counted():
    assert "1,900 characters left out" in cut("a" * 1000 + "b" * 1000, 148) and cut("abc", 3) == "abc"
    for most in range(60, 200):
        text = cut("x" * 100_000, most)
        assert len(text) <= most and (most - 48) + int(text.split("...")[1].split()[0].replace(",", "")) == 100_000
    assert "[990 more exceptions of this chain are left out]" in text_of(a_chain(1000, "__cause__"))
    assert "and 9985 more exceptions" in text_of(HUGE["group"]())
    assert "[999,990 more notes are left out]" in text_of(HUGE["notes"]())
    assert "more frames are left out]" in text_of(raised(there))
    assert "[Previous line repeated " in text_of(raised(lambda: down(100)))
    head, _, tail = words_of(ValueError("a" * 1000 + "b" * 1000)).partition("[...")
    assert head.startswith("ValueError: aaa") and tail.endswith("bbb") and "characters left out" in tail


class Endless(Exception):
    calls = 0
    end = threading.Event()

    def __str__(self):
        type(self).calls += 1
        self.end.wait(60)
        return "at last"


@pytest.fixture
def short_patience(monkeypatch):
    monkeypatch.setattr(wording, "PATIENCE", 0.05)
    yield
    Endless.end.set()
    for thread in threading.enumerate():
        if thread.name == "poolviz-words":
            thread.join(10)
    wording._slow.discard(Endless)
    Endless.end.clear()
    Endless.calls = 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["thread", "process"])
def test_an_exception_whose_str_takes_for_ever(short_patience, kind):
    with poolviz.ThreadPoolExecutor(1) if kind == "thread" else poolviz.ProcessPoolExecutor(1) as pool:
        futures = [pool.submit(raise_it, kind) for _ in range(3)]
        for future in futures:
            error = future.exception(30)
            assert type(error).__name__ == "Endless"
        assert pool.submit(abs, -1).result(30) == 1
    for told in pool.trace.errors():
        assert told.error.startswith("Endless: <str() of it takes longer than") and told.error.endswith(" s>")
        assert "in raise_it" in told.traceback
    assert Endless.calls == (1 if kind == "thread" else 0), "no thread is lost to each of them, and the parent does not ask again"


def raise_it(kind):
    raise Endless


@pytest.mark.parametrize("broken", [ValueError, SystemExit, KeyboardInterrupt])
def test_a_str_that_raises(broken):
    class Bad(Exception):
        def __str__(self):
            raise broken("no words")

    Bad.__qualname__ = "Bad"
    assert words_of(Bad()) == f"Bad: <str() of it raised {broken.__name__}>"
    assert text_of(Bad()).endswith(f"Bad: <str() of it raised {broken.__name__}>\n")


def test_arguments_with_code_of_their_own():
    class Odd:
        def __repr__(self):
            assert threading.current_thread().name == "poolviz-words"
            return "odd"

    assert words_of(ValueError(Odd(), 1)) == "ValueError: (odd, 1)"
    assert said(ValueError("plain")) == "plain" and threading.active_count() == len(threading.enumerate())


class OddText:
    """What says where it is asked for its text."""

    def __repr__(self):
        return threading.current_thread().name

    __str__ = __repr__


def changed(error, **attributes):
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(2, "no file", OddText()),
        OSError(2, "no link", "a", None, OddText()),
        changed(OSError(2, "no file"), filename="a", strerror=OddText()),
        changed(SyntaxError("bad"), msg=OddText()),
        changed(UnicodeEncodeError("ascii", "x", 0, 1, "bad"), reason=OddText()),
        changed(UnicodeDecodeError("ascii", b"x", 0, 1, "bad"), encoding=OddText()),
        changed(UnicodeTranslateError("x", 0, 1, "bad"), reason=OddText()),
        KeyError(OddText()),
        StopIteration(OddText()),
        SystemExit(OddText()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_exception_of_pythons_own_says_of_others_is_their_code(error):
    assert "poolviz-words" in said(error)


@pytest.mark.parametrize("error", [OSError(2, "no file", Path("a")), OSError(2, "no file", b"a"), SyntaxError("bad", ("f", 1, 2, "x"))])
def test_ordinary_errors_cost_no_thread(error, monkeypatch):
    monkeypatch.setattr(threading, "Thread", None)
    assert said(error) == str(error)


def test_few_threads_are_lost_whatever_the_number_of_classes(short_patience):
    kinds = [type(f"Endless{i}", (Endless,), {}) for i in range(3 * wording.MOST_STUCK)]
    assert all("takes longer" in said(kind()) for kind in kinds)
    assert sum(thread.name == "poolviz-words" for thread in threading.enumerate()) == wording.MOST_STUCK
    Endless.end.set()
    for thread in list(wording._stuck):
        thread.join(10)
    assert said(kinds[-1]()) == "at last", "once they have come back, it is asked again"


def big_error(_):
    raise ValueError("x" * 200_000)


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_the_messages_of_a_run_with_huge_errors_are_small(kind):
    from poolviz.export.html import render
    from poolviz.wire.codec import pack
    from poolviz.wire.feed import Feed

    with poolviz.ThreadPoolExecutor(2) if kind == "thread" else poolviz.ProcessPoolExecutor(2) as pool:
        feed = Feed(pool.trace)
        futures = [pool.submit(big_error, i) for i in range(300)]
        poolviz.wait(futures)
    assert all(len(str(future.exception())) == 200_000 for future in futures), "the exception itself is whole"
    poolviz.observe.flush_all()
    message = feed.delta(always=True)
    assert len(pack(message)) < 3_000_000
    assert len(pack(feed.snapshot())) < 3_000_000
    assert len(pack(feed.snapshot(200_000))) < 200_000
    feed.close()
    plain = len(render(poolviz.ThreadPoolExecutor(1).trace))
    assert len(render(pool.trace)) - plain < 4_000_000
    assert len(pool.trace.errors()) == 300


def test_the_store_keeps_so_many_errors_and_so_much_of_them(monkeypatch):
    from poolviz.events import Failed
    from poolviz.tracing import errors

    kept = errors.Errors()
    for call in range(1, 20_001):
        kept.add(Failed(call, f"E: {call}", "é" * 5_000))
    all_of = list(kept.all())
    assert [failed.call for failed in all_of] == list(range(10_001, 20_001))
    size = sum(4 * len(failed.traceback) for failed in all_of if failed.traceback != errors.GONE)
    assert 0.9 * errors.OF_ALL < size <= errors.OF_ALL
    first_with = next(i for i, failed in enumerate(all_of) if failed.traceback != errors.GONE)
    assert all(failed.traceback == "é" * 5_000 for failed in all_of[first_with:]), "the newest have theirs"
    kept.forget_before(20_000)
    assert len(kept) == 1 and kept.get(20_000) is not None and kept.get(19_999) is None
    for call in range(20_001, 40_001):
        kept.add(Failed(call, "E", ""))
        kept.forget_before(call)
    assert len(kept) == 1 and len(kept._full) <= 2 * errors.MOST + 1
    kept.forget_before(10**9)
    assert (len(kept), kept._bytes) == (0, 0)


def test_a_trace_says_how_many_errors_are_missing(monkeypatch):
    from poolviz.tracing import errors, store

    monkeypatch.setattr(errors, "MOST", 10)
    # The store may hold errors of other tests, which would be dropped first.
    monkeypatch.setattr(store.default().state.errors, "_of", {})
    with poolviz.ThreadPoolExecutor(1) as pool:
        poolviz.wait([pool.submit(int, "x") for _ in range(25)])
        pool.submit(int, "1").result()
    found = pool.trace.errors()
    assert (len(found), found.omitted) == (10, 15)
    assert found[-1].row == 24


def test_a_message_has_room_for_words_before_tracebacks():
    import json

    from poolviz.events import Failed
    from poolviz.wire.tables import ERRORS, NOT_TOLD, OF_ALL, ROOM, Errors, bytes_of_texts

    failed = [Failed(call, f"E: {call}", "é" * 20_000) for call in range(1, 301)]
    errors = Errors()
    header = errors.table(failed, 1)
    assert len(header["errors"]) == ERRORS and header["errors_omitted"] == 100
    assert len(json.dumps(header, ensure_ascii=False).encode()) <= ROOM + 100
    assert bytes_of_texts(header) > ROOM / 3
    assert header["errors"][0] == [0, "E: 1", "é" * 20_000] and header["errors"][-1] == [199, "E: 200", NOT_TOLD]
    told = len(json.dumps(header, ensure_ascii=False).encode())
    for _ in range(100):
        told += len(json.dumps(errors.table(failed, 1), ensure_ascii=False).encode())
    assert told <= OF_ALL + 100 * 100
    small = Errors(1000).table(failed, 200)
    assert small["errors"][0] == [0, "E: 200", NOT_TOLD] and 5 < len(small["errors"]) < 20
    assert small["errors_omitted"] == 101 - len(small["errors"])
    assert Errors().table([], 1) == {} and Errors(10).table(failed, 1) == {"errors_omitted": 300}


def test_errors_do_not_pile_up_for_a_reader_that_does_not_come():
    from poolviz.events import Failed
    from poolviz.tracing.store import LOG_LIMIT, Store
    from poolviz.tracing.view import View

    store = Store()
    reader = store.reader(View("pool", 1))
    text = "x" * 20_000
    most = 0
    for call in range(1, 12_000):
        store.on_batch(Failed(call, "E", text))
        most = max(most, len(store._log) * len(text))
    assert most <= 100 * LOG_LIMIT + 1_000_000
    assert reader.changes() is None, "it must begin anew"
    reader.close()


def test_words_of_the_users_are_no_marks():
    """What stands for a line that only the parent has cannot be forged, and breaks nothing."""
    for forged in ("x\n    \0" + "9" * 4500 + "\0\n", "x\n    \0" + "0\0\nrest"):
        missing = []
        text = text_of(
            raised(lambda forged=forged: exec(compile("raise ValueError(words)", "<nowhere>", "exec"), {"words": forged})), missing
        )
        assert missing, "a line is missing, and its frame is known"
        whole = complete(text, missing)
        assert "\\x00" in whole and "\0" not in whole
        assert "rest" in whole or "9999" in whole
    assert complete("    \0" + "9" * 4500 + "\0\n", [("f", 1, 1, 0, 1, "g")]) == "    " + "9" * 4500 + "\n"


class Lists:
    """Takes its time when it is asked for its names."""

    def __dir__(self):
        asked.append("dir")
        return []

    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError(name=name, obj=self)
        asked.append(name)
        raise AttributeError(name)

    def look(self):
        return missing_name  # noqa: F821


asked = []


@pytest.mark.parametrize("make", [lambda: Lists().missing, lambda: Lists().look()])
def test_no_code_of_anybodys_runs_for_a_suggestion(make):
    error = raised(make)
    asked.clear()
    assert type(error).__name__ in text_of(error)
    assert asked == []
