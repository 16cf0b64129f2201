"""What a new worker is told to do first: the initializer and its arguments.

    submit(), map(), in the caller's thread:  pickled for the workers that these calls will need --> ready
                                                                                                       |
    the manager's thread starts a worker:     what is ready, else pickled now, under no lock  <--------+

As in the standard library they are pickled anew for each process, in the thread that submits: the pickling may want a lock that this thread
holds, and what cannot be sent is found before anything is started. Two things cannot be pickled in advance: descriptors, which travel only
while a process is being started, and what goes to a worker that takes the place of another.

A forked worker inherits all of it as it is.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable
from multiprocessing import context
from typing import TYPE_CHECKING, Any

from poolviz.executors.arrivals import arrivals

if TYPE_CHECKING:
    from poolviz.executors.definitions import Definition, Namespace

    Pickled = tuple[bytes, dict[str, Definition]]


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
        """What went along with the last one that was sent."""
        self.prepared = 0
        """For how many workers it was pickled in advance."""
        self._namespace = namespace
        self._ready: deque[Pickled] = deque()
        self._last = b""
        self._has_descriptors = False

    def prepare(self, workers: int) -> None:
        """Pickle it for the first workers of a pool. Runs code of the user's, so not under a lock.

        Args:
            workers: how many there will be.

        Raises:
            Unsendable: something cannot be sent; the message says what.
            Exception: whatever else its pickling raises.
        """
        while self.prepared < workers and not self._has_descriptors:
            trial = _Trial()
            # What travels only while a process is being started takes this for the start of one.
            context.set_spawning_popen(trial)  # type: ignore[arg-type]  # it has what is asked of one
            try:
                data, definitions = self._pickled()
            except BaseException as error:
                from poolviz import interrupts
                from poolviz.executors.unsendable import explained

                if (alarm := interrupts.from_handler(error)) is not None:
                    raise alarm from None

                told = explained(error, self.initializer, self.initargs, {})
                raise told from told.__cause__
            finally:
                context.set_spawning_popen(None)
            self.prepared += 1
            if trial.asked:
                self._has_descriptors = True
                self._ready.clear()
            else:
                # Most are the same each time, and may be large.
                self._last = data = self._last if data == self._last else data
                self._ready.append((data, definitions))

    def _pickled(self) -> Pickled:
        from poolviz.executors.serialize import dump_whole

        names: set[str] = set()
        data = dump_whole((self.initializer, self.initargs), names)
        return data, dict(self._namespace.snapshot(names, self.initializer).definitions)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.initializer is None:
            return Received, (b"", {})
        try:
            data, self.sent = self._ready.popleft()
        except IndexError:
            data, self.sent = self._pickled()
        return Received, (data, {name: definition.data for name, definition in self.sent.items()})

    def run(self) -> None:
        """Call the initializer, in a forked worker."""
        if self.initializer is not None:
            self.initializer(*self.initargs)


class _Trial:
    """Stands in for a process that is being started, and keeps nothing."""

    DupFd = int
    asked = False
    """Whether a descriptor was to be duplicated for the process."""

    def duplicate_for_child(self, fd: int) -> int:
        self.asked = True
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
