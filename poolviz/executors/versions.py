"""Modules that change during a session, and the version of each that a call was submitted with.

    parent: install(name, version, ...)  at each `%%poolmodule`           worker: install(...) when a call needs another version than
            snapshot of a call: source of each current version   ---->            the one that is in force
    parent: `found` <-- (name, version, attribute) of a result   <----

A worker has one version of a module in force, in `sys.modules`. Code of one version never sees another's: each version is a module object
of its own, and calls run with the version that they were submitted with. Some older ones are remembered, for results on their way.
"""

from __future__ import annotations

import importlib.util
import itertools
import linecache
import os
import pickle
import sys
from types import ModuleType
from typing import Any

#: Versions of a module that are remembered, for calls that are queued and results on their way.
_REMEMBERED = 8
#: What a definition of a module is called among those of names of `__main__`; no name looks like that.
PREFIX = "import "


class Version:
    """One version of a module.

    Args:
        name: the module's name.
        number: grows with each version of any module.
        path: its file; it may hold a newer version.
        source: its text.
    """

    def __init__(self, name: str, number: int, path: str, source: str) -> None:
        self.name = name
        self.number = number
        self.path = path
        self.source = source
        self.module: ModuleType | None = None

    def run(self) -> None:
        """Make the module, in force while it runs, so that what looks itself up there finds it.

        Raises:
            BaseException: what its code raised; then what was in force before still is.
        """
        spec = importlib.util.spec_from_file_location(self.name, self.path)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        code = compile(self.source, self.path, "exec", dont_inherit=True)
        before = sys.modules.get(self.name)
        lines = linecache.cache.get(self.path)
        self.module = sys.modules[self.name] = module
        self.show()
        try:
            exec(code, module.__dict__)
        except BaseException:
            self.module = None
            sys.modules.pop(self.name)
            if before is not None:
                sys.modules[self.name] = before
            linecache.cache.pop(self.path, None)
            if lines is not None:
                linecache.cache[self.path] = lines
            raise

    def show(self) -> None:
        """Have tracebacks show its lines, whatever the file holds."""
        linecache.cache[self.path] = (len(self.source), None, self.source.splitlines(True), self.path)

    def definition(self) -> bytes:
        """What a worker makes it from."""
        return pickle.dumps((self.name, self.number, self.path, self.source), 5)


_numbers = itertools.count(1)
_current: dict[str, Version] = {}
_versions: dict[str, dict[int, Version]] = {}


def current() -> dict[str, Version]:
    """By name the versions that are in force."""
    return _current


def new(name: str, path: str, source: str) -> Version:
    """A version that is not in force yet."""
    return Version(name, next(_numbers), path, source)


def put_in_force(version: Version) -> None:
    """Make a version the one that is imported and sent.

    Raises:
        BaseException: what the module's code raised.
    """
    known = _versions.setdefault(version.name, {})
    version = known.get(version.number, version)
    if version.module is None:
        version.run()
    known[version.number] = _current[version.name] = version
    assert version.module is not None
    sys.modules[version.name] = version.module
    version.show()
    while len(known) > _REMEMBERED:
        del known[next(iter(known))]


def arrive(data: Any) -> None:
    """In a worker: put a version in force that the parent sent."""
    version = Version(*pickle.loads(data))
    folder = os.path.dirname(version.path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    put_in_force(version)


class Outdated(pickle.PicklingError):
    """Something belongs to an older version of a module."""


def check(obj: Any) -> None:
    """Complain of a function or class that its module has replaced.

    Raises:
        Outdated: it belongs to an older version.
    """
    version = _current.get(obj.__module__)
    if version is None:
        return
    if "<" not in obj.__qualname__:
        is_current = _find(version, obj.__qualname__) is obj
    else:
        is_current = getattr(obj, "__globals__", None) is vars(version.module) or not hasattr(obj, "__globals__")
    if not is_current:
        raise Outdated(
            f"`{obj.__qualname__}` is from an older version of the module `{obj.__module__}`, which has been run again since. "
            f"Take it anew from `{obj.__module__}`, and make its instances anew."
        )


def reference(obj: Any) -> tuple[str, int, str] | None:
    """Name, version and attribute of a function or class of such a module; None for any other."""
    version = _current.get(obj.__module__)
    return None if version is None or _find(version, obj.__qualname__) is not obj else (version.name, version.number, obj.__qualname__)


def found(name: str, number: int, attribute: str) -> Any:
    """Undo `reference`.

    Raises:
        UnpicklingError: that version is no longer remembered.
    """
    version = _versions.get(name, {}).get(number)
    obj = _find(version, attribute) if version is not None else None
    if obj is None:
        raise pickle.UnpicklingError(f"`{attribute}` is from an older version of the module `{name}`, which is gone; submit the call anew")
    return obj


def _find(version: Version, attribute: str) -> Any:
    obj: Any = version.module
    for part in attribute.split("."):
        obj = getattr(obj, part, None)
    return obj
