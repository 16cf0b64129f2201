"""concurrent.futures pools that draw themselves.

`ThreadPoolExecutor` and `ProcessPoolExecutor` are drop-in replacements of the standard library's. In a notebook, after
``%load_ext poolviz``, the calls of a cell are drawn under it while they run.

Importing this package imports nothing else: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from concurrent.futures import (
        ALL_COMPLETED,
        FIRST_COMPLETED,
        FIRST_EXCEPTION,
        BrokenExecutor,
        CancelledError,
        InvalidStateError,
        TimeoutError,
    )

    from poolviz.executors.base import Executor
    from poolviz.executors.future import Future
    from poolviz.executors.waiting import as_completed, wait
    from poolviz.export.native import LoadError, load
    from poolviz.notebook.extension import load_ipython_extension, unload_ipython_extension
    from poolviz.pools import ProcessPoolExecutor, ThreadPoolExecutor
    from poolviz.timeline.widget import Timeline
    from poolviz.tracing.trace import Trace, trace

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "BrokenExecutor",
    "CancelledError",
    "Executor",
    "Future",
    "InvalidStateError",
    "LoadError",
    "ProcessPoolExecutor",
    "ThreadPoolExecutor",
    "Timeline",
    "TimeoutError",
    "Trace",
    "__version__",
    "as_completed",
    "load",
    "load_ipython_extension",
    "trace",
    "unload_ipython_extension",
    "wait",
]

_HOMES = {
    "concurrent.futures": (
        "ALL_COMPLETED",
        "FIRST_COMPLETED",
        "FIRST_EXCEPTION",
        "BrokenExecutor",
        "CancelledError",
        "InvalidStateError",
        "TimeoutError",
    ),
    "poolviz.executors.base": ("Executor",),
    "poolviz.executors.future": ("Future",),
    "poolviz.executors.waiting": ("as_completed", "wait"),
    "poolviz.export.native": ("LoadError", "load"),
    "poolviz.notebook.extension": ("load_ipython_extension", "unload_ipython_extension"),
    "poolviz.pools": ("ProcessPoolExecutor", "ThreadPoolExecutor"),
    "poolviz.timeline.widget": ("Timeline",),
    "poolviz.tracing.trace": ("Trace", "trace"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
