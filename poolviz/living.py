"""Objects by number, for as long as somebody else refers to them.

`weakref.WeakValueDictionary` and `weakref.WeakSet` are walked in steps of Python: a walk raises RuntimeError when another thread adds an
entry meanwhile. Here each access is one atomic step on a dictionary, and a walk is over a copy.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Living(Generic[T]):
    """A registry that keeps nothing alive. Any thread may use it at any time, finalizers too."""

    def __init__(self) -> None:
        self._refs: dict[int, weakref.ref[T]] = {}
        self._numbers = count(1)

    def add(self, thing: T, number: int | None = None) -> None:
        """Note `thing`.

        Args:
            thing: what can be referred to weakly.
            number: what it is known by; nothing else ever is. None for a number of the registry's own.
        """
        key = next(self._numbers) if number is None else number
        self._refs[key] = weakref.ref(thing, _remover(self._refs, key))

    def all(self) -> list[T]:
        """Those that are there now."""
        # The list of a dictionary's keys is made in one step, in which no other thread has its turn and nothing is collected.
        refs = self._refs
        return [thing for key in list(refs) if (ref := refs.get(key)) is not None and (thing := ref()) is not None]

    def get(self, number: int) -> T | None:
        """The one of a number; None if it is gone."""
        ref = self._refs.get(number)
        return None if ref is None else ref()

    def __contains__(self, number: int) -> bool:
        return self.get(number) is not None

    def __len__(self) -> int:
        return len(self._refs)

    def clear(self) -> None:
        """Forget all."""
        self._refs.clear()


def _remover(refs: dict[int, weakref.ref[T]], key: int) -> Callable[[object], None]:
    def remove(_ref: object) -> None:
        refs.pop(key, None)

    return remove
