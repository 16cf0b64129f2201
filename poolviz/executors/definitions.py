"""What the names of `__main__` stand for at the moment of a `submit` or a `map`, as bytes, for the workers.

    names that a call uses --> Namespace.snapshot: their definitions, and those that these use --> Snapshot, kept with the call
                                                                                                      |
    worker's __main__ <-- only definitions that it has not got, just before the call <-- Scheduler ---+

A definition is a name with its bytes; it never changes. A snapshot taken again costs a comparison of fingerprints as long as nothing has
changed; values that can be changed in place are pickled and their bytes compared, or, where that is as sure and takes less, compared with a
copy. `costs` says so when that adds up.
"""

from __future__ import annotations

import builtins
from operator import is_
from time import perf_counter
from typing import Any

from poolviz.executors import unsendable, versions
from poolviz.executors.arrivals import main_names
from poolviz.executors.costs import Cost, warn_of_size
from poolviz.executors.fingerprint import fingerprint, same
from poolviz.executors.rules import Rules
from poolviz.executors.serialize import PLAIN, dump_definition
from poolviz.observe import name_of

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

    __slots__ = ("copy", "definition", "marks", "suffix", "uses")

    def __init__(
        self, definition: Definition, uses: frozenset[str], marks: list[Any] | None, suffix: bytes, copy: list[Any] | dict[Any, Any] | None
    ) -> None:
        self.definition = definition
        self.uses = uses
        self.marks = marks
        self.copy = copy
        """What was pickled in the place of a list or dictionary that can be compared with it, see `_copy`."""
        self.suffix = suffix
        """The versions of modules that it was made with; empty when it has nothing of them."""

    def holds(self, value: Any, modules: dict[str, versions.Version]) -> bool:
        """Whether a value is still what the definition says, by its fingerprint, or as nothing in it was replaced."""
        if self.copy is not None:
            return type(value) is type(self.copy) and _identical(value.copy(), self.copy)
        if self.marks is None or value is not self.marks[0] or (self.suffix and self.suffix != _suffix(modules)):
            return False
        if len(self.marks) == 1:
            return True
        marks = fingerprint(value)
        return marks is not None and same(self.marks, marks)


def _copy(value: Any) -> list[Any] | dict[Any, Any] | None:
    """A copy that is compared with the value, in the place of its pickle. None when the value must be pickled to find a change.

    That is as sure for what holds only plain values: they cannot change, and as the copy keeps them alive, one that is the same object is
    the same value. To look at a number takes as long as to pickle it, but a string takes many times less.
    """
    if type(value) is not list and type(value) is not dict:
        return None
    copy: list[Any] | dict[Any, Any] = value.copy()
    kinds = set(map(type, copy))
    if isinstance(copy, dict):
        kinds.update(map(type, copy.values()))
    return copy if kinds <= PLAIN and (str in kinds or bytes in kinds) else None


def _identical(now: Any, before: Any) -> bool:
    if len(now) != len(before) or not all(map(is_, now, before)):
        return False
    return type(now) is list or all(map(is_, now.values(), before.values()))


class Namespace:
    """The names of `__main__` as one pool has sent them. Its method may be called from any thread, under no lock."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._modules: dict[str, tuple[versions.Version, Definition]] = {}
        self._known: dict[frozenset[str], Snapshot] = {}
        self._costs: dict[str, Cost] = {}

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
            begin = perf_counter() if entry is not None and entry.marks is None else 0.0
            if entry is None or not entry.holds(value, modules):
                if value is _MISSING and entry is None and hasattr(builtins, name):
                    continue
                entry = self._define(name, value, entry, _path(name, users, name_of(user)))
            if begin:
                self._costs.setdefault(name, Cost()).add(name, len(entry.definition.data), begin, perf_counter())
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
        copy = _copy(value)
        if value is not _MISSING:
            try:
                data = dump_definition(value if copy is None else copy, rules)
            except (versions.Outdated, KeyboardInterrupt):
                raise
            except BaseException as error:
                raise unsendable.of_global(path, name, value, rules.last, error) from error
            warn_of_size(name, len(data))
        suffix = _suffix(versions.current()) if rules.changing else b""
        # A worker reads it anew when a module has another version; what follows the end of a pickle is not read.
        data += suffix
        same_bytes = old is not None and old.definition.data == data
        definition = old.definition if old is not None and same_bytes else Definition(name, data)
        assert rules.names is not None
        entry = self._entries[name] = _Entry(definition, frozenset(rules.names), marks, suffix, copy)
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
