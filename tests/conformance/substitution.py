"""Puts our classes and functions in the place of the standard library's, for whoever imports them afterwards.

CPython's tests say ``from concurrent.futures import ProcessPoolExecutor`` and ``futures.wait(...)``. Nothing of theirs is changed: once
`install` has run, these names are ours. Some tests run a script in a new interpreter; `install` has those scripts begin with the
same substitution.
"""

import sys
from concurrent import futures
from concurrent.futures import _base, process, thread
from pathlib import Path
from typing import Any

import poolviz

HERE = str(Path(__file__).parent)

#: The modules that hold each name. `wait` and `as_completed` of the module `_base` stay: ours call them.
HOLDERS = {
    "Future": (futures, _base),
    "wait": (futures,),
    "as_completed": (futures,),
    "ThreadPoolExecutor": (futures, thread),
    "ProcessPoolExecutor": (futures, process),
}


def install() -> None:
    """Substitute in this interpreter."""
    for name, holders in HOLDERS.items():
        ours = getattr(poolviz, name)
        for holder in holders:
            setattr(holder, name, ours)


def install_in_scripts() -> None:
    """Substitute in the scripts that tests run with `assert_python_ok`, too."""
    from test.support import script_helper

    run = script_helper.assert_python_ok
    prelude = f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; import substitution; substitution.install()\n"

    def assert_python_ok(*args: str, **variables: Any) -> Any:
        assert args[0] == "-c", "the tests of concurrent.futures run no other kind of script"
        return run("-c", prelude + args[1], *args[2:], **variables)

    script_helper.assert_python_ok = assert_python_ok
