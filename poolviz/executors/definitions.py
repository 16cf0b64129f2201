"""What the names of `__main__` stand for at the moment of a `submit` or a `map`, as bytes, for the workers.

    names that a call uses --> Namespace.snapshot: their definitions, and those that these use --> Snapshot, kept with the call
                                                                                                      |
    worker's __main__ <-- only definitions that it has not got, just before the call <-- Scheduler ---+

A definition is a name with its bytes; it never changes. A snapshot taken again costs a comparison of fingerprints as long as nothing has
changed; values that can be changed in place are pickled and their bytes compared.
"""

from __future__ import annotations

import builtins
import os
import sys
import warnings
from typing import Any

from poolviz.executors import unsendable, versions
from poolviz.executors.arrivals import main_names
from poolviz.executors.fingerprint import fingerprint, same
from poolviz.executors.rules import Rules
from poolviz.executors.serialize import dump_definition
from poolviz.observe import name_of

#: From this many bytes on a global is worth a warning.
LARGE = 10_000_000
#: How many snapshots a pool remembers.
_SNAPSHOTS = 256
_MISSING = object()


class Definition:
    """What a name stands for: the pickle, empty for a name that stands for nothing."""

    __slots__ = ("data", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data


class Snapshot:
    """The definitions that a call needs."""

    __slots__ = ("definitions",)

    def __init__(self, definitions: dict[str, Definition]) -> None:
        self.definitions = definitions

    def agrees(self, other: Snapshot) -> bool:
        """Whether no name stands for two things in them."""
        if self is other:
            return True
        theirs = other.definitions
        return all(theirs.get(name, mine) is mine for name, mine in self.definitions.items())


#: Of a call that needs none.
NOTHING = Snapshot({})


class _Entry:
    """The last definition of a name, and how to tell whether it still holds."""

    __slots__ = ("definition", "marks", "suffix", "uses")

    def __init__(self, definition: Definition, uses: frozenset[str], marks: list[Any] | None, suffix: bytes) -> None:
        self.definition = definition
        self.uses = uses
        self.marks = marks
        self.suffix = suffix
        """The versions of modules that it was made with; empty when it has nothing of them."""

    def holds(self, value: Any, modules: dict[str, versions.Version]) -> bool:
        """Whether a value is still what the definition says, by its fingerprint."""
        if self.marks is None or value is not self.marks[0] or (self.suffix and self.suffix != _suffix(modules)):
            return False
        if len(self.marks) == 1:
            return True
        marks = fingerprint(value)
        return marks is not None and same(self.marks, marks)


class Namespace:
    """The names of `__main__` as one pool has sent them. Its method may be called from any thread, under no lock."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._modules: dict[str, tuple[versions.Version, Definition]] = {}
        self._known: dict[frozenset[str], Snapshot] = {}

    def snapshot(self, names: set[str], user: object) -> Snapshot:
        """The definitions of names, and of all names that these use.

        Args:
            names: what a call's function and arguments refer to.
            user: the function, for the words of an error.

        Raises:
            Unsendable: what a name stands for cannot be sent.
        """
        modules = versions.current()
        if not names and not modules:
            return NOTHING
        main = main_names()
        # Modules first: what names stand for may be taken from them.
        definitions = {versions.PREFIX + name: self._module(version) for name, version in modules.items()}
        users = dict.fromkeys(names, "")
        todo = list(names)
        while todo:
            name = todo.pop()
            if name in definitions:
                continue
            entry = self._entries.get(name)
            value = main.get(name, _MISSING)
            if entry is None or not entry.holds(value, modules):
                if value is _MISSING and entry is None and hasattr(builtins, name):
                    continue
                entry = self._define(name, value, entry, _path(name, users, name_of(user)))
            definitions[name] = entry.definition
            for used in entry.uses:
                if used not in users:
                    users[used] = name
                    todo.append(used)
        key = frozenset(names)
        known = self._known.get(key)
        # The same object for the same definitions: whoever asks whether two calls agree then sees it at a glance.
        if known is None or known.definitions != definitions:
            if len(self._known) >= _SNAPSHOTS:
                self._known.clear()
            known = self._known[key] = Snapshot(definitions)
        return known

    def _module(self, version: versions.Version) -> Definition:
        known = self._modules.get(version.name)
        if known is None or known[0] is not version:
            known = self._modules[version.name] = (version, Definition(versions.PREFIX + version.name, version.definition()))
        return known[1]

    def _define(self, name: str, value: Any, old: _Entry | None, path: list[str]) -> _Entry:
        rules = Rules(set(), name)
        data = b""
        # Before the pickling: a change in the meantime is found by the next comparison.
        marks = [_MISSING] if value is _MISSING else fingerprint(value)
        if value is not _MISSING:
            try:
                data = dump_definition(value, rules)
            except (versions.Outdated, KeyboardInterrupt):
                raise
            except BaseException as error:
                raise unsendable.of_global(path, name, value, rules.last, error) from error
            if len(data) > LARGE:
                _warn(name, len(data))
        suffix = _suffix(versions.current()) if rules.changing else b""
        # A worker reads it anew when a module has another version; what follows the end of a pickle is not read.
        data += suffix
        same_bytes = old is not None and old.definition.data == data
        definition = old.definition if old is not None and same_bytes else Definition(name, data)
        assert rules.names is not None
        entry = self._entries[name] = _Entry(definition, frozenset(rules.names), marks, suffix)
        return entry


def _suffix(modules: dict[str, versions.Version]) -> bytes:
    return repr([version.number for version in modules.values()]).encode()


def _path(name: str, users: dict[str, str], user: str) -> list[str]:
    """Who uses a name, from the call's function on."""
    path = []
    while name := users.get(name, ""):
        path.append(name)
    if not path or path[-1] != user:
        path.append(user)
    return path[::-1]


_warned: set[str] = set()


def _warn(name: str, size: int) -> None:
    if name in _warned:
        return
    _warned.add(name)
    warnings.warn(
        f"the global `{name}` ({size / 1e6:.0f} MB) goes to each worker, and again whenever it has changed; "
        "consider to load it in an initializer= instead",
        stacklevel=_outside(),
    )


def _outside() -> int:
    """How many frames up the first one is that is not ours."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frame, level = sys._getframe(1), 0
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    return level + 1
