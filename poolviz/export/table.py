"""A trace as comma-separated values: a line for each call, with the columns of `Trace.calls`."""

import csv
import io

from poolviz.tracing.calls import NEVER, TIMES
from poolviz.tracing.trace import Trace


def render(trace: Trace) -> bytes:
    """The file of a trace, as UTF-8, with a line of names. Times are nanoseconds since the trace's start, empty for what never happened."""
    calls = trace.calls
    columns = [_without_never(list(column)) if name in TIMES else column for name, column in calls.items()]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(calls)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _without_never(times: list[int]) -> list[int | str]:
    return ["" if time == NEVER else time for time in times]
