"""A script or a module, run as Python would run it, with its pools recorded.

What the script can see is as without us: `sys.argv`, `sys.path[0]`, `__main__`, its exit code, its tracebacks, its standard output. The
summary goes to standard error, when the interpreter ends: calls that the script left behind have ended by then.
"""

from __future__ import annotations

import atexit
import io
import os
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from poolviz.stdlib import Cover
from poolviz.tracing.trace import Trace, trace


class NotFoundError(Exception):
    """There is no such module, in the words of ``python -m``."""


def run(script: str, arguments: Sequence[str], target: Path | None, *, is_module: bool = False) -> None:
    """Run a script or a module, and report at the end of the process.

    Args:
        script: its file, or the module's name.
        arguments: what follows it in its `sys.argv`.
        target: where to save the trace; None for nowhere.
        is_module: whether it is a module, to be found as ``python -m`` finds it.

    Raises:
        BaseException: whatever the script raises.
        NotFoundError: there is no such module.
    """
    recording = trace(script if is_module else Path(script).name)
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
        (_execute_module if is_module else _execute)(script, arguments)
    except NotFoundError:
        atexit.unregister(report)
        raise
    except BaseException as error:
        _hide_ourselves(error)
        raise


def _execute(script: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    path = os.path.abspath(script)
    loader = SourceFileLoader("__main__", path)
    main = _new_main(__file__=path, __loader__=loader, __cached__=None)
    with io.open_code(path) as file:
        source = file.read()
    exec(compile(source, path, "exec"), main)


def _execute_module(name: str, arguments: Sequence[str]) -> None:
    # While it is looked for, packages that are imported on the way see what they see under `python -m`.
    sys.argv[:] = ["-m", *arguments]
    spec = _find(name)
    loader = spec.loader
    code = loader.get_code(spec.name) if isinstance(loader, InspectLoader) else None
    if code is None:
        raise NotFoundError(f"No code object available for {spec.name}")
    sys.argv[0] = spec.origin or name
    main = _new_main(__file__=spec.origin, __loader__=loader, __package__=spec.parent, __spec__=spec, __cached__=spec.cached)
    exec(code, main)


def _find(name: str) -> ModuleSpec:
    """Find a module, or what a package runs.

    Raises:
        NotFoundError: there is none.
    """
    if name.startswith("."):
        raise NotFoundError("Relative module names not supported")
    package = name.rpartition(".")[0]
    if package:
        try:
            __import__(package)  # and not import_module, which leaves frames of its own in a traceback
        except ImportError as error:
            # What is missing may be the package itself, or what it imports: then its traceback says where.
            if error.name is None or not f"{package}.".startswith(f"{error.name}."):
                raise
    try:
        spec = find_spec(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        hint = f". Try using '{name[:-3]}' instead of '{name}' as the module name." if name.endswith(".py") else ""
        text = f"Error while finding module specification for {name!r} ({type(error).__name__}: {error}){hint}"
        raise NotFoundError(text) from error
    if spec is None:
        raise NotFoundError(f"No module named {name}")
    if spec.submodule_search_locations is None:
        return spec
    try:
        if name.endswith(".__main__"):
            raise NotFoundError("Cannot use package as __main__ module")
        return _find(f"{name}.__main__")
    except NotFoundError as error:
        raise NotFoundError(f"{error}; {name!r} is a package and cannot be directly executed") from error


def _new_main(**names: object) -> dict[str, Any]:
    """The names of a fresh `__main__`."""
    main = ModuleType("__main__")
    vars(main).update(__builtins__=__builtins__, __annotations__={}, **names)
    sys.modules["__main__"] = main
    return vars(main)


def _hide_ourselves(error: BaseException) -> None:
    """Have the traceback begin with the script, whoever prints it."""
    ours = {run.__code__, _execute.__code__, _execute_module.__code__, _find.__code__}
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
