"""What a new worker is told to do first: the initializer and its arguments.

They are pickled when a process is being started: locks and pipes of multiprocessing travel at that moment only. They are also pickled once
before the first process is started, as a trial, so that what cannot be sent is found before anything is. A forked worker inherits them as
they are.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from multiprocessing import context
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
        self._tried = initializer is None

    def try_out(self) -> None:
        """Pickle all that will be sent, once, and throw it away. Runs code of the user's, so not under a lock.

        Raises:
            Unsendable: something cannot be sent; the message says what.
            Exception: whatever else its pickling raises.
        """
        if self._tried:
            return
        from poolviz.executors.unsendable import explained

        # What travels only while a process is being started takes this for the start of one.
        context.set_spawning_popen(_Trial())  # type: ignore[arg-type]  # it has what is asked of one
        try:
            self._pickled()
        except Exception as error:
            told = explained(error, self.initializer, self.initargs, {})
            raise told from told.__cause__
        finally:
            context.set_spawning_popen(None)
        self._tried = True

    def _pickled(self) -> tuple[bytes, dict[str, Definition]]:
        from poolviz.executors.serialize import dump_whole

        names: set[str] = set()
        data = dump_whole((self.initializer, self.initargs), names)
        return data, dict(self._namespace.snapshot(names, self.initializer).definitions)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.initializer is None:
            return Received, (b"", {})
        data, self.sent = self._pickled()
        return Received, (data, {name: definition.data for name, definition in self.sent.items()})

    def run(self) -> None:
        """Call the initializer, in a forked worker."""
        if self.initializer is not None:
            self.initializer(*self.initargs)


class _Trial:
    """Stands in for a process that is being started, and keeps nothing."""

    DupFd = int

    def duplicate_for_child(self, fd: int) -> int:
        return fd


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
