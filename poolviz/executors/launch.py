"""Starting worker processes, with the start method that was asked for.

A spawned worker of ours does not import the parent's `__main__`: what it needs of it travels by value. That is what makes pools work in
notebooks and in scripts without a guard, and a script's slow imports are not repeated in each worker.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from typing import Any

if sys.platform != "win32":
    from multiprocessing import context, popen_spawn_posix, reduction, resource_tracker, spawn, util

    class _LeanPopen(popen_spawn_posix.Popen):
        """As its parent class, less the parent's `__main__` in what the child is told."""

        _fds: list[int]
        #: What is its sentinel too: one descriptor in the place of two.
        pidfd = -1

        def _launch(self, process_obj: Any) -> None:
            tracker = resource_tracker.getfd()
            assert tracker is not None
            self._fds.append(tracker)
            told = spawn.get_preparation_data(process_obj._name)
            told.pop("init_main_from_name", None)
            told.pop("init_main_from_path", None)
            file = io.BytesIO()
            context.set_spawning_popen(self)
            try:
                reduction.dump(told, file)
                reduction.dump(process_obj, file)
            finally:
                context.set_spawning_popen(None)
            fds: list[int] = []
            try:
                alive, alive_in_child = os.pipe()
                fds += (alive, alive_in_child)
                told_in_child, tell = os.pipe()
                fds += (told_in_child, tell)
                command = spawn.get_command_line(tracker_fd=tracker, pipe_handle=told_in_child)
                self._fds += (told_in_child, alive_in_child)
                # The stubs want bytes, and do not know close_fds.
                self.pid = util.spawnv_passfds(spawn.get_executable(), command, self._fds)  # type: ignore[arg-type]
                self.sentinel = fds.pop(0)
                with contextlib.suppress(OSError):  # a kernel without them
                    if hasattr(os, "pidfd_open"):
                        self.pidfd = os.pidfd_open(self.pid)
                        os.close(self.sentinel)
                        self.sentinel = self.pidfd
                self.finalizer = util.Finalize(self, util.close_fds, (self.sentinel,))  # type: ignore[attr-defined]
                os.close(alive_in_child)
                os.close(told_in_child)
                fds = [tell]
                with open(tell, "wb", closefd=False) as pipe:
                    pipe.write(file.getbuffer())
            finally:
                for fd in fds:
                    os.close(fd)

    class _LeanProcess(context.SpawnProcess):
        @staticmethod
        def _Popen(process_obj: Any) -> Any:
            return _LeanPopen(process_obj)

        def __reduce__(self) -> tuple[Any, ...]:
            # By the name of this class the child would have to import this module, a tenth of the time that it takes to start.
            return object.__new__, (context.SpawnProcess,), vars(self)


def make_process(ctx: Any, target: Any, args: tuple[Any, ...]) -> Any:
    """A process of the context's kind that has not been started."""
    if sys.platform != "win32":
        method = ctx.get_start_method()
        if method == "spawn":
            return _LeanProcess(target=target, args=args)
        if method == "forkserver":
            from poolviz.executors.forkserver import DeafProcess

            return DeafProcess(target=target, args=args)
    return ctx.Process(target=target, args=args)


def start(process: Any) -> None:
    """Start a process that does not see Ctrl-C before it has said how it takes it."""
    # What a fork server starts has the mask of the server, which must not get ours: it serves the whole program. See `forkserver`.
    if not hasattr(signal, "pthread_sigmask") or getattr(process, "_start_method", "") == "forkserver":
        process.start()
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_words(code: int | None, evidence: str = "") -> str:
    """What became of a process, such as ``was killed by SIGKILL``; `evidence` says why, if anything is known of it."""
    if code is None:
        return "is gone"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was killed by {name} ({evidence})" if evidence else f"was killed by {name}"
    return f"exited with code {code}"
