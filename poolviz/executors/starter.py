"""What a new worker is told to do first: the initializer and its arguments.

They are pickled when the process is being started and not before: locks and pipes of multiprocessing travel at that moment only. A
forked worker inherits them as they are.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from poolviz.executors.arrivals import arrivals

if TYPE_CHECKING:
    from poolviz.executors.definitions import Definition, Namespace


class Starter:
    """An initializer with its arguments.

    Args:
        initializer: called first in each worker; None for none.
        initargs: its arguments.
        namespace: gives the definitions of the names of `__main__` that they use.
    """

    def __init__(self, initializer: Callable[..., object] | None, initargs: tuple[Any, ...], namespace: Namespace) -> None:
        self.initializer = initializer
        self.initargs = initargs
        self.sent: dict[str, Definition] = {}
        """What went along with the last one that was pickled."""
        self._namespace = namespace

    def __reduce__(self) -> tuple[Any, ...]:
        from poolviz.executors.serialize import dump_whole

        if self.initializer is None:
            return Received, (b"", {})
        names: set[str] = set()
        data = dump_whole((self.initializer, self.initargs), names)
        self.sent = dict(self._namespace.snapshot(names, self.initializer).definitions)
        return Received, (data, {name: definition.data for name, definition in self.sent.items()})

    def run(self) -> None:
        """Call the initializer, in a forked worker."""
        if self.initializer is not None:
            self.initializer(*self.initargs)


class Received:
    """A starter in its worker. It is unpickled when it is run, so that what goes wrong in that is the initializer's failure."""

    def __init__(self, data: bytes, definitions: dict[str, bytes]) -> None:
        self._data = data
        self._definitions = definitions

    def run(self) -> None:
        """Call the initializer."""
        if self._data:
            arrived = arrivals()
            arrived.take(list(self._definitions), list(self._definitions.values()))
            for error in arrived.broken.values():
                raise error
            initializer, initargs = pickle.loads(self._data)
            initializer(*initargs)
