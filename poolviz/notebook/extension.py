"""`%load_ext poolviz`: from then on a cell's first call shows one timeline under that cell (`cell`), the standard library's pools are
ours (`poolviz.stdlib`), and there are `%poolviz` and `%%poolviz` (`magics`).

Calls of other threads are in no cell's scope. A pool of an earlier cell is drawn where it is used. In a plain IPython terminal there is
nothing to display in: calls are recorded there, and nothing is shown.
"""

from __future__ import annotations

from threading import get_ident
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from poolviz.executors import leaving
from poolviz.executors.printed import shown
from poolviz.notebook.cell import Cell
from poolviz.notebook.magics import Magics
from poolviz.notebook.modules import Modules
from poolviz.stdlib import Cover
from poolviz.timeline.widget import Timeline
from poolviz.tracing.trace import Trace


class Extension:
    """What is loaded into one shell.

    Args:
        shell: the IPython shell of the session.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.auto = True
        self.cover = Cover(shell.user_ns)
        self.in_kernel = hasattr(shell, "kernel")
        self.last: Trace | None = None
        """Of the newest cell that submitted calls."""
        self._shell = shell
        self._magics = Magics(self, shell)
        self._modules = Modules(shell)
        self._cells: list[Cell] = []
        self._loading: Cell | None = None
        self._shown: dict[str, Timeline] = {}

    def load(self) -> None:
        """Begin, with the cell that loads."""
        self._magics.register()
        self._modules.register()
        self.cover.put_on()
        self._shell.events.register("pre_run_cell", self.before_cell)
        self._shell.events.register("post_run_cell", self.after_cell)
        self._loading = self._enter()

    def unload(self) -> None:
        """Stop, and leave nothing behind but the timelines that are there."""
        self._magics.unregister()
        self._modules.unregister()
        self.cover.take_off()
        self._shell.events.unregister("pre_run_cell", self.before_cell)
        self._shell.events.unregister("post_run_cell", self.after_cell)
        while self._cells:
            self._cells.pop().leave()

    def before_cell(self, info: Any) -> None:
        """A cell begins."""
        if self._loading is not None and self._loading in self._cells:
            # It was loaded outside of any cell, by a configuration file.
            self._leave(self._loading)
        self._loading = None
        # What a cell showed when it ran before is gone from the page, and need be kept no longer.
        before = self._shown.pop(getattr(info, "cell_id", None) or "", None)
        if before is not None:
            before.close()
        self._enter()

    def after_cell(self, result: Any) -> None:
        """A cell has ended, whichever way."""
        self._loading = None
        leaving.ended_by(result.error_in_exec)
        shown.flush()
        cell = self.cell
        if cell is None:
            return
        self._leave(cell)
        identifier = getattr(result.info, "cell_id", None)
        if identifier and cell.timeline is not None:
            self._shown[identifier] = cell.timeline

    @property
    def cell(self) -> Cell | None:
        """The cell that runs in the calling thread, the innermost if one runs another; None outside of cells."""
        return next((cell for cell in reversed(self._cells) if cell.thread == get_ident()), None)

    def _enter(self) -> Cell:
        # A cell that is run by another one's code is a part of that one.
        auto = self._has_auto if self.cell is None else lambda: False
        cell = Cell(self._title, auto, self._remember)
        self._cells.append(cell)
        return cell

    def _leave(self, cell: Cell) -> None:
        self._cells.remove(cell)
        cell.leave()

    def _title(self) -> str:
        # While a cell runs the input history has it, in every IPython; when `execution_count` moves on differs from version to version.
        return f"cell {len(self._shell.user_ns['In']) - 1}"

    def _has_auto(self) -> bool:
        return self.auto and self.in_kernel

    def _remember(self, trace: Trace) -> None:
        self.last = trace


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
