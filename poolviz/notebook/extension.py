"""`%load_ext poolviz`: from then on a cell's first call shows one timeline under that cell.

    pre_run_cell    enter a scope for the cell's thread
    first call      the scope's on_first, in the thread that submits: make a Timeline of the scope, display it
    post_run_cell   leave the scope; then the timeline settles (`poolviz.timeline.settling`)

Calls of other threads are in no cell's scope. A pool of an earlier cell is drawn where it is used. In a plain IPython terminal there is
nothing to display in, and nothing is done.
"""

from __future__ import annotations

import contextvars
import logging
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from poolviz import observe, scopes
from poolviz.timeline.widget import Timeline
from poolviz.tracing.trace import of_scope

logger = logging.getLogger("poolviz")


class Cell:
    """A cell that runs.

    Args:
        extension: whose options decide.
        shell: the shell that runs it.
    """

    def __init__(self, extension: Extension, shell: InteractiveShell) -> None:
        self.timeline: Timeline | None = None
        self._extension = extension
        self._shell = shell
        self._context = contextvars.copy_context()
        self._since = observe.new_calls(0)
        self.scope = scopes.enter(self._on_first, thread_only=True)

    def _on_first(self) -> None:
        # Nothing that goes wrong in showing may break the submission that it precedes.
        try:
            if self._extension.auto:
                self._context.run(self._show)
        except Exception:
            logger.exception("poolviz: the timeline of this cell cannot be shown")

    def _show(self) -> None:
        # The input history already has this cell, in every IPython; when `execution_count` moves on differs from version to version.
        title = f"cell {len(self._shell.user_ns['In']) - 1}"
        self.timeline = Timeline(of_scope(self.scope, title, since=self._since))
        display(self.timeline)  # type: ignore[no-untyped-call]  # IPython's is not annotated

    def leave(self) -> None:
        """No further call belongs to the cell."""
        scopes.leave(self.scope)
        if self.timeline is not None:
            self.timeline.trace.close()


class Extension:
    """What is loaded into one shell.

    Args:
        shell: the IPython shell of the session.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.auto = True
        self._shell = shell
        self._in_kernel = hasattr(shell, "kernel")
        self._cells: list[Cell] = []
        self._loading: Cell | None = None

    def load(self) -> None:
        """Begin, with the cell that loads."""
        self._shell.magics_manager.register_function(self.magic, "line", "poolviz")
        if self._in_kernel:
            self._shell.events.register("pre_run_cell", self.before_cell)
            self._shell.events.register("post_run_cell", self.after_cell)
            self._loading = self._enter()

    def unload(self) -> None:
        """Stop, and leave nothing behind but the timelines that are there."""
        self._shell.magics_manager.magics["line"].pop("poolviz", None)
        if self._in_kernel:
            self._shell.events.unregister("pre_run_cell", self.before_cell)
            self._shell.events.unregister("post_run_cell", self.after_cell)
            while self._cells:
                self._cells.pop().leave()

    def before_cell(self, _info: Any) -> None:
        """A cell begins."""
        if self._loading is not None and self._loading in self._cells:
            # It was loaded outside of any cell, by a configuration file.
            self._cells.pop().leave()
        self._loading = None
        self._enter()

    def after_cell(self, _result: Any) -> None:
        """A cell has ended, whichever way."""
        self._loading = None
        if self._cells:
            self._cells.pop().leave()

    def _enter(self) -> Cell:
        cell = Cell(self, self._shell)
        self._cells.append(cell)
        return cell

    def magic(self, line: str) -> None:
        """%poolviz: say what is on. %poolviz auto on|off: whether a cell's first call shows a timeline."""
        match line.split():
            case []:
                where = "" if self._in_kernel else " (this is no notebook: there is nothing to draw in)"
                print(f"auto {'on' if self.auto else 'off'}{where}")
            case ["auto", ("on" | "off") as word]:
                self.auto = word == "on"
            case _:
                raise UsageError(f"%poolviz does not know {line.strip()!r}; it knows: auto on, auto off")


_loaded: dict[InteractiveShell, Extension] = {}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """For ``%load_ext poolviz``; loading twice is loading once.

    Args:
        shell: the IPython shell of the session.
    """
    if shell not in _loaded:
        _loaded[shell] = Extension(shell)
        _loaded[shell].load()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """For ``%unload_ext poolviz``.

    Args:
        shell: the IPython shell of the session.
    """
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.unload()
