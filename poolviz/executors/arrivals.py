"""The worker's `__main__`, and what it was sent for it.

    ("define", names), definitions  -->  take: pending  -->  read, each once  -->  names of __main__
                                                  ^
    a definition that refers to another name -----+   `named`: read out of turn

A definition may refer to names that come with it, also to its own, through others: what is being made is found in `born`.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from poolviz.executors import versions


def main_names() -> dict[str, Any]:
    """The names of this process's `__main__`."""
    return sys.modules["__main__"].__dict__


def named(name: str) -> Any:
    """What a name of `__main__` stands for here."""
    return _arrivals.find(name)


class Arrivals:
    """The definitions that this process was sent for its `__main__`."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.born: dict[str, Any] = {}
        """What is being made: it may refer to itself through others."""
        self.broken: dict[str, BaseException] = {}
        """Names whose definitions could not be unpickled, and why."""
        self._pending: dict[str, bytes] = {}

    def find(self, name: str) -> Any:
        """What the name stands for; its definition may have come in the same message and be read only now."""
        if name in self._pending:
            return self._read(name)
        if name in self.born:
            return self.born[name]
        try:
            return main_names()[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined in __main__") from None

    def take(self, names: list[str], definitions: list[Any]) -> None:
        """Define names; without a definition, a name is deleted."""
        main = main_names()
        for name, data in zip(names, definitions, strict=True):
            self.broken.pop(name, None)
            if name.startswith(versions.PREFIX):
                self._import(name, data)
            elif len(data):
                self.names.add(name)
                self._pending[name] = data
            else:
                self.names.discard(name)
                main.pop(name, None)
        while self._pending:
            name = next(iter(self._pending))
            try:
                self._read(name)
            except BaseException as error:
                self.broken[name] = error
                main.pop(name, None)
        self.born.clear()

    def _import(self, name: str, data: Any) -> None:
        try:
            versions.arrive(data)
        except BaseException as error:
            self.broken[name] = error

    def _read(self, name: str) -> Any:
        value = main_names()[name] = pickle.loads(self._pending.pop(name))
        return value


_arrivals = Arrivals()


def arrivals() -> Arrivals:
    """Those of this process."""
    return _arrivals
