"""A trace as comma-separated values: a line for each call, with the columns of `Trace.calls`.

A spreadsheet takes a cell that begins with ``=`` and its like for a formula, and runs it: ``=HYPERLINK(...)`` sends what is in other cells
to a stranger. A label may come from such a stranger, as it is often made of the arguments. So an apostrophe stands in front of such text.
"""

import csv
import io
import re
from typing import Any

from poolviz.tracing.calls import NEVER, TIMES
from poolviz.tracing.trace import Trace

#: What a formula begins with, in Excel, LibreOffice or Google Sheets: also after a tab or a line's end, which they skip, and also in the
#: wide forms of East Asian keyboards.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Where a cell may begin inside text: after what other locales and settings take for the end of one, and after spaces.
_BEGINS = re.compile('(^|[;\\t\\r\\n])(?=[ \u00a0\u3000"]*[=+\\-@\uff1d\uff0b\uff0d\uff20])')


def render(trace: Trace) -> bytes:
    """The file of a trace, as UTF-8, with a line of names. Times are nanoseconds since the trace's start, empty for what never happened. An
    apostrophe stands in front of text that a spreadsheet would take for a formula.
    """
    calls = trace.calls
    columns = [_cells(name, list(column)) for name, column in calls.items()]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(calls)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _cells(name: str, column: list[Any]) -> list[Any]:
    if name in TIMES:
        return ["" if time == NEVER else time for time in column]
    if column and isinstance(column[0], str):
        return [_harmless(text) for text in column]
    return column


def _harmless(text: str) -> str:
    found = _BEGINS.sub(r"\1'", text)
    return f"'{found}" if found.startswith(FORMULAS) else found
