"""`%poolviz`: what is on, and the session's settings. `%%poolviz`: one cell as one trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import cell_magic
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from poolviz.notebook.cell import Cell
from poolviz.stdlib import Cover
from poolviz.timeline.options import options
from poolviz.timeline.widget import Timeline
from poolviz.tracing.trace import Trace

HELP = {
    "auto": ("on", "off"),
    "stdlib": ("on", "off"),
    "height": ("auto", "PIXELS"),
    "theme": ("auto", "light", "dark"),
    "save": ("on", "off"),
    "last": (),
    "cell": ("[NAME]",),
}
MEANING = {
    "auto": "the first call of a cell shows a timeline under it",
    "stdlib": "pools of concurrent.futures that your code makes are drawn too",
    "height": "of a timeline in pixels; auto: by the number of workers",
    "theme": "of a timeline; auto: the notebook's",
    "save": "timelines are kept with the notebook; off: only their pictures",
}


class Owner(Protocol):
    """The extension, as far as the magics need it."""

    auto: bool
    cover: Cover
    in_kernel: bool
    last: Trace | None

    @property
    def cell(self) -> Cell | None:
        """The cell that runs."""


def on_off(value: bool) -> str:
    """As the user writes it."""
    return "on" if value else "off"


class Magics:
    """The magics of one shell.

    Args:
        owner: what they set and show.
        shell: where they are registered.
    """

    def __init__(self, owner: Owner, shell: InteractiveShell) -> None:
        self._owner = owner
        self._shell = shell

    def register(self) -> None:
        """Make them known."""
        manager = self._shell.magics_manager
        manager.register_function(self.line, "line", "poolviz")
        manager.register_function(self.run_cell, "cell", "poolviz")
        self._shell.input_transformers_cleanup.append(_open_cell)
        self._shell.set_hook("complete_command", self.complete, str_key="%poolviz")  # type: ignore[no-untyped-call]  # IPython's

    def unregister(self) -> None:
        """Take away what `register` put there."""
        magics = self._shell.magics_manager.magics
        magics["line"].pop("poolviz", None)
        magics["cell"].pop("poolviz", None)
        transformers = self._shell.input_transformers_cleanup
        if _open_cell in transformers:
            transformers.remove(_open_cell)
        self._shell.strdispatchers["complete_command"].strs.pop("%poolviz", None)

    def line(self, line: str) -> None:
        """%poolviz: say what is on, set options, show the newest run again.

        %poolviz                          what is on
        %poolviz auto on|off              whether the first call of a cell shows a timeline
        %poolviz stdlib on|off            whether pools of concurrent.futures that your code makes are drawn too
        %poolviz height auto|PIXELS       of the timelines that follow
        %poolviz theme auto|light|dark    of the timelines that follow
        %poolviz save on|off              whether the timelines that follow are kept with the notebook, or their pictures alone
        %poolviz last                     show the newest run again
        %poolviz cell [NAME]              show this cell's calls from here on, also when auto is off; as %%poolviz [NAME]
        """
        word, _, rest = line.strip().partition(" ")
        settings: dict[str, Callable[[str], None]] = {
            "auto": self._set_auto,
            "stdlib": self._set_stdlib,
            "height": self._set_height,
            "theme": self._set_theme,
            "save": self._set_save,
            "last": self._show_last,
            "cell": self._open,
        }
        if not word:
            self._say_what_is_on()
        elif word in settings:
            settings[word](rest.strip())
        else:
            known = "; ".join(f"{name} {'|'.join(values)}".strip() for name, values in HELP.items())
            raise UsageError(f"%poolviz does not know {word!r}; it knows: {known}")

    def run_cell(self, line: str, cell: str) -> None:
        """%%poolviz [NAME]: record this cell's calls, of all threads, as one trace, and show one timeline of it."""
        # Reached by code that calls the magic; what a user types goes another way, see `_open_cell`.
        self._open(line.strip())
        self._shell.run_cell(cell).raise_error()  # type: ignore[no-untyped-call]  # IPython's

    def complete(self, _shell: Any, event: Any) -> list[str]:
        """The words that may follow in the line."""
        words = event.line.split()[1:]
        if words and event.line.endswith(words[-1]):
            words.pop()
        if not words:
            return list(HELP)
        return [value for value in HELP.get(words[0], ()) if value.islower()] if len(words) == 1 else []

    def _say_what_is_on(self) -> None:
        values = {
            "auto": on_off(self._owner.auto),
            "stdlib": on_off(self._owner.cover.is_on),
            "height": str(options.height or "auto"),
            "theme": options.theme,
            "save": on_off(options.save),
        }
        for name, value in values.items():
            print(f"{name:<6} {value:<5}  {MEANING[name]}")
        if not self._owner.in_kernel:
            print("This is no notebook: calls are recorded, and there is nothing to draw in.")

    def _set_auto(self, value: str) -> None:
        self._owner.auto = _choose("auto", value) == "on"

    def _set_stdlib(self, value: str) -> None:
        if _choose("stdlib", value) == "on":
            self._owner.cover.put_on()
        else:
            self._owner.cover.take_off()

    def _set_height(self, value: str) -> None:
        if value == "auto":
            options.height = 0
        elif value.isascii() and value.isdigit() and int(value) > 0:
            options.height = int(value)
        else:
            raise UsageError(f"%poolviz height does not know {value!r}; it knows: auto, or a number of pixels")

    def _set_theme(self, value: str) -> None:
        options.theme = _choose("theme", value)

    def _set_save(self, value: str) -> None:
        options.save = _choose("save", value) == "on"

    def _show_last(self, rest: str) -> None:
        if rest:
            raise UsageError(f"%poolviz last does not know {rest!r}; nothing follows it")
        if self._owner.last is None:
            raise UsageError("%poolviz last: no cell has submitted a call since %load_ext poolviz")
        display(Timeline(self._owner.last))  # type: ignore[no-untyped-call]  # IPython's is not annotated

    def _open(self, name: str) -> None:
        cell = self._owner.cell
        if cell is None:
            raise UsageError("%poolviz cell is for code that runs in a cell")
        cell.ask(name)


def _choose(option: str, value: str) -> str:
    if value not in HELP[option]:
        raise UsageError(f"%poolviz {option} does not know {value!r}; it knows: {', '.join(HELP[option])}")
    return value


def _open_cell(lines: list[str]) -> list[str]:
    """`%%poolviz NAME` as a line of the cell that it opens: so the cell runs as any other, with `await` and all."""
    words = lines[0].split(maxsplit=1) if lines else []
    if not words or words[0] != "%%poolviz":
        return lines
    name = words[1].strip() if len(words) > 1 else ""
    return [f"get_ipython().run_line_magic('poolviz', {f'cell {name}'!r})\n", *cell_magic(lines[1:])]  # type: ignore[no-untyped-call]  # IPython's
