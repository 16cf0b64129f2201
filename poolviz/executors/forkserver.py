"""Workers that a fork server starts.

A spawned worker is deaf to Ctrl-C from the start, since it inherits the mask of signals of the thread that starts it (`launch.start`). A
fork server's child inherits the server's, so the first thing that it reads makes it deaf.
"""

from __future__ import annotations

import io
import os
import signal
from multiprocessing import context, forkserver, popen_forkserver, reduction, spawn, util
from typing import Any


class _DeafToInterrupts:
    """Blocks SIGINT where it is unpickled, with nothing of ours that would have to be imported first."""

    def __reduce__(self) -> tuple[Any, ...]:
        return signal.pthread_sigmask, (int(signal.SIG_BLOCK), [int(signal.SIGINT)])


class _DeafPopen(popen_forkserver.Popen):
    """As its parent class, and the first thing that the child reads makes it deaf to Ctrl-C."""

    _fds: list[int]

    def _launch(self, process_obj: Any) -> None:
        file = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump({"": _DeafToInterrupts(), **spawn.get_preparation_data(process_obj._name)}, file)
            reduction.dump(process_obj, file)
        finally:
            context.set_spawning_popen(None)
        self.sentinel, tell = forkserver.connect_to_new_process(self._fds)
        # Its end tells the child that the parent is gone; see `lifeline`.
        alive = os.dup(tell)
        self.finalizer = util.Finalize(self, util.close_fds, (alive, self.sentinel))  # type: ignore[attr-defined]
        with open(tell, "wb") as pipe:
            pipe.write(file.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


class DeafProcess(context.ForkServerProcess):
    """A process that a fork server starts, and that Ctrl-C never reaches unasked."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        return _DeafPopen(process_obj)

    def __reduce__(self) -> tuple[Any, ...]:
        # See `launch._LeanProcess`.
        return object.__new__, (context.ForkServerProcess,), vars(self)
