"""Objects that are known for as long as they live, for any thread to walk while others add.

A `weakref.WeakSet` or `WeakValueDictionary` that is walked in one thread while another adds to it raises "changed size during iteration".
Here a walk copies the references in one step of the interpreter.
"""

import weakref
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Living(Generic[T]):
    """Weakly held objects, in the order in which they were added."""

    def __init__(self) -> None:
        self._refs: dict[int, weakref.ref[T]] = {}

    def add(self, obj: T) -> None:
        """Know an object from now on, for as long as somebody else refers to it."""
        refs, key = self._refs, id(obj)

        def gone(ref: "weakref.ref[T]") -> None:
            # Another object may have the number by now.
            if refs.get(key) is ref:
                del refs[key]

        refs[key] = weakref.ref(obj, gone)

    def __iter__(self) -> Iterator[T]:
        for ref in list(self._refs.values()):
            obj = ref()
            if obj is not None:
                yield obj

    def clear(self) -> None:
        """Know none any more."""
        self._refs.clear()
