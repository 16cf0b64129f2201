"""What a run was made on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

#: Packages whose versions matter for how a run went or is shown. Named only when the process has loaded them.
PACKAGES = ("anywidget", "cloudpickle", "ipykernel", "IPython", "ipywidgets", "numpy", "pandas")


def describe(start_methods: Iterable[str]) -> dict[str, Any]:
    """This machine and this Python, without names of users, folders or machines.

    Args:
        start_methods: how the run's pools start their processes.

    Returns:
        What can be written as JSON: ``python``, ``implementation``, ``platform``, ``cpus`` (of the machine), ``usable_cpus`` (by this
        process), ``start_methods``, ``versions``.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "cpus": os.cpu_count() or 1,
        "usable_cpus": usable or 1,
        "start_methods": sorted({method for method in start_methods if method}),
        "versions": {name: found for name in ("poolviz", *PACKAGES) if name in sys.modules and (found := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # Run from a checkout that was never installed.
        return str(getattr(sys.modules[package], "__version__", ""))
