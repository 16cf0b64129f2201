import csv
import io

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


def test_an_empty_trace_has_its_names():
    with poolviz.trace() as trace:
        pass
    assert table.render(trace).decode() == ",".join(trace.calls) + "\r\n"
