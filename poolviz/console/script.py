"""A script, run as Python would run it, with its pools recorded.

What the script can see is as without us: `sys.argv`, `sys.path[0]`, `__main__`, its exit code, its tracebacks, its standard output. The
summary goes to standard error, when the interpreter ends: calls that the script left behind have ended by then.
"""

from __future__ import annotations

import atexit
import io
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType

from poolviz.stdlib import Cover
from poolviz.tracing.trace import Trace, trace


def run(script: str, arguments: Sequence[str], target: Path | None) -> None:
    """Run a script, and report at the end of the process.

    Args:
        script: its file.
        arguments: what follows it in its `sys.argv`.
        target: where to save the trace; None for nowhere.

    Raises:
        BaseException: whatever the script raises.
    """
    recording = trace(Path(script).name)
    recorded = recording.__enter__()
    process = os.getpid()

    def report() -> None:
        if os.getpid() == process:  # and not a fork of it
            recording.__exit__(None, None, None)
            _report(recorded, target)

    # Registered before the script registers anything of its own: so it is called last, when all pools have come to their end.
    atexit.register(report)
    Cover().put_on()
    try:
        _execute(script, arguments)
    except BaseException as error:
        _hide_ourselves(error)
        raise


def _execute(script: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    path = os.path.abspath(script)
    main = ModuleType("__main__")
    loader = SourceFileLoader("__main__", path)
    vars(main).update(__file__=path, __builtins__=__builtins__, __loader__=loader, __annotations__={}, __cached__=None)
    sys.modules["__main__"] = main
    with io.open_code(path) as file:
        source = file.read()
    exec(compile(source, path, "exec"), vars(main))


def _hide_ourselves(error: BaseException) -> None:
    """Have the traceback begin with the script, whoever prints it."""
    ours = {_execute.__code__, run.__code__}
    begin = error.__traceback__
    while begin is not None and begin.tb_frame.f_code in ours:
        begin = begin.tb_next
    print_it = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, _whole: TracebackType | None) -> None:
        print_it(kind, value.with_traceback(begin), begin)

    sys.excepthook = hook


def _report(recorded: Trace, target: Path | None) -> None:
    print(f"\n{recorded.summary()!r}", file=sys.__stderr__)
    if target is None:
        return
    try:
        print(f"\n{recorded.save(target)}", file=sys.__stderr__)
    except (OSError, RuntimeError) as error:
        print(f"\npoolviz: the trace cannot be saved: {error}", file=sys.__stderr__)
