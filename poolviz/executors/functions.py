"""The functions of a pool: each goes to a worker once, by number, and is forgotten there when it has not been used for a while."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from poolviz.executors.definitions import Namespace
from poolviz.executors.serialize import dump_whole

#: How many functions a pool and its workers remember while no call uses them, and their bytes: a `partial` may hold a large argument.
REMEMBERED, REMEMBERED_BYTES = 128, 1 << 20


class SentFunction:
    """A pickled function with its number; `uses` counts the calls that have not ended."""

    __slots__ = ("data", "lasting", "number", "uses")

    def __init__(self, number: int, data: bytes, lasting: bool) -> None:
        self.number = number
        self.data = data
        self.lasting = lasting
        """Whether it stays what it is, whatever becomes of `__main__`."""
        self.uses = 0


class Functions:
    """The table of a pool. Its methods are called under the pool's lock, except `pickled`."""

    def __init__(self) -> None:
        self._by_data: dict[tuple[bytes, bool], SentFunction] = {}
        self._by_name: dict[tuple[str, str], bytes] = {}
        self.namespace = Namespace()
        self._next = 0
        self._bytes = 0
        """Of all functions together."""

    def pickled(self, fn: Callable[..., Any], names: set[str]) -> bytes:
        """The function as bytes, a snapshot of this moment; adds the names of `__main__` that it uses.

        Runs code of the user's, so not under a lock.
        """
        if type(fn) is not FunctionType:
            return dump_whole(fn, names)
        name, module = fn.__qualname__, fn.__module__
        if getattr(sys.modules.get(module), name, None) is not fn:
            return dump_whole(fn, names)
        if module == "__main__":
            names.add(name)
        # A function that its module holds under its name travels as these two names, which stay the same.
        data = self._by_name.get((module, name))
        if data is None:
            data = self._by_name[module, name] = dump_whole(fn, names)
        return data

    def use(self, data: bytes, lasting: bool) -> SentFunction:
        """The entry for these bytes, with one more use.

        Args:
            data: the pickled function.
            lasting: whether it uses nothing that may stand for something else later.
        """
        found = self._by_data.get((data, lasting))
        if found is None:
            found = self._by_data[data, lasting] = SentFunction(self._next, data, lasting)
            self._bytes += len(data)
            self._next += 1
        found.uses += 1
        return found

    def unused(self) -> list[int]:
        """Drop the functions that no call uses, oldest first, down to what is to be remembered; their numbers."""
        if len(self._by_data) <= REMEMBERED and self._bytes <= REMEMBERED_BYTES:
            return []
        gone = []
        for entry in [entry for entry in self._by_data.values() if not entry.uses]:
            if len(self._by_data) <= REMEMBERED and self._bytes <= REMEMBERED_BYTES:
                break
            del self._by_data[entry.data, entry.lasting]
            self._bytes -= len(entry.data)
            gone.append(entry.number)
        return gone
