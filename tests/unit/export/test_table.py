import csv
import io
import threading

import poolviz
from poolviz.export import table
from poolviz.tracing.calls import TIMES


def test_a_line_for_each_call_as_any_reader_reads_it():
    with poolviz.trace() as trace, poolviz.ThreadPoolExecutor(1) as pool:
        futures = [pool.options(label='a "quoted", label\nof two lines').submit(abs, 1), pool.submit(abs, 2)]
        poolviz.wait(futures)
        pool.map(abs, [3])
    content = table.render(trace).decode()
    lines = list(csv.DictReader(io.StringIO(content, newline="")))
    calls = trace.calls
    assert list(lines[0]) == list(calls) and len(lines) == 3
    assert lines[0]["name"] == 'a "quoted", label\nof two lines'
    for name, column in calls.items():
        expected = ["" if name in TIMES and value == -1 else str(value) for value in column]
        assert [line[name] for line in lines] == expected, name
    assert lines[2]["consumed"] == "", "nobody took it"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"]

#: What a reader with another separator, or that skips spaces, would run.
INSIDE = {" =1": "' =1", "'=1": "'=1", "a;=1": "a;'=1", "a\t @b": "a\t' @b", "a; -1;b": "a;' -1;b", "a-1; b": "a-1; b"}


def test_text_that_a_spreadsheet_would_run_is_text():
    """Function names, labels and thread names are text of anybody's; numbers stay numbers, also negative ones."""

    def submit():
        for label in [*FORMULAS, "plain", "a=b", *INSIDE]:
            pool.options(label=label).submit(abs, 1).result(30)

    with poolviz.ThreadPoolExecutor(1) as pool:
        caller = threading.Thread(target=submit, name='=HYPERLINK("http://x")')
        caller.start()
        caller.join()
        pool.submit(abs, 1).cancel()
    lines = list(csv.DictReader(io.StringIO(table.render(pool.trace).decode(), newline="")))
    assert [line["name"] for line in lines[:-1]] == [
        *(f"'{text[0]}'{text[1:]}" if text[0].isspace() else f"'{text}" for text in FORMULAS),
        "plain",
        "a=b",
        *INSIDE.values(),
    ]
    assert {line["caller"] for line in lines[:-1]} == {'\'=HYPERLINK("http://x")'}
    assert {line["item"] for line in lines} == {"-1"}, "a number"
    # As pandas reads it.
    assert all(int(line["bytes_in"]) == 0 and int(line["item"]) == -1 for line in lines)


def test_an_empty_trace_has_its_names():
    with poolviz.trace() as trace:
        pass
    assert table.render(trace).decode() == ",".join(trace.calls) + "\r\n"
