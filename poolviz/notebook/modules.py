"""`%%poolmodule NAME`: a cell as a module that the kernel and all workers import, each call in the version that it was submitted with.

    the cell  -->  <folder of the session>/NAME.py  -->  imported here, a version of its own (`poolviz.executors.versions`)
                                                            |  names taken from the version before are bound anew
                                                            v
                                                    sent to each worker before its next call

The file is what debuggers and other processes find; workers are sent the text, so that a call that waits keeps its version.
"""

from __future__ import annotations

import ast
import atexit
import importlib.util
import keyword
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from poolviz.executors import versions
from poolviz.executors.serialize import PLAIN
from poolviz.executors.versions import Version


class _Folder:
    """Where this session's modules lie; made when it is needed, removed at the end of the process."""

    def __init__(self) -> None:
        self._path: Path | None = None

    def path(self) -> Path:
        if self._path is None or not self._path.is_dir():
            self._path = Path(tempfile.mkdtemp(prefix="poolviz-modules-")).resolve()
            atexit.register(_remove, self._path, os.getpid())
            sys.path.insert(0, str(self._path))
        return self._path


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a fork of the kernel
        shutil.rmtree(path, ignore_errors=True)


_folder = _Folder()


class Modules:
    """The magics of one shell.

    Args:
        shell: where they are registered, and where modules are imported.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._saved: dict[str, Path] = {}

    def register(self) -> None:
        """Make them known."""
        manager = self._shell.magics_manager
        manager.register_function(self.list, "line", "poolmodule")
        manager.register_function(self.write, "cell", "poolmodule")

    def unregister(self) -> None:
        """Take away what `register` put there; modules stay."""
        magics = self._shell.magics_manager.magics
        magics["line"].pop("poolmodule", None)
        magics["cell"].pop("poolmodule", None)

    def list(self, line: str) -> None:
        """%poolmodule: say which modules %%poolmodule has made."""
        if line.strip():
            raise UsageError("%poolmodule takes no words; %%poolmodule NAME, with two percent signs, makes the cell a module")
        found = versions.current()
        if not found:
            print("No modules. %%poolmodule NAME as the first line of a cell makes it one.")
        width = max(map(len, found), default=0)
        for name, version in found.items():
            lines = len(version.source.splitlines())
            print(f"{name:<{width}}  {lines:>4} lines  {self._saved.get(name) or version.path}")

    def write(self, line: str, cell: str) -> None:
        """%%poolmodule [--save PATH] NAME: make this cell the module NAME, for the kernel and for the workers of all pools.

        Run it again after a change: calls from then on use the new code. With --save the file is kept, in the folder PATH or as PATH.
        """
        name, path = self._parse(line)
        _check_name(name, path)
        file = _folder.path() / f"{name}.py"
        version = versions.new(name, str(file), cell)
        try:
            # Not under the file's name: the lines shown for it would be those of the old version.
            compile(cell, f"%%poolmodule {name}", "exec", dont_inherit=True)
        except SyntaxError as error:
            raise _as_shown(self._shell, error) from None
        dependents = [each for each in versions.current().values() if name in _imports(each)]
        before = {each.name: each.module for each in versions.current().values()}
        _write(file, cell)
        try:
            versions.put_in_force(version)
        except BaseException:
            old = versions.current().get(name)
            _write(file, old.source if old is not None else None)
            raise
        for each in dependents:
            # It holds what it took from the version before.
            versions.put_in_force(versions.new(each.name, each.path, each.source))
        for each in [version, *dependents]:
            old_module, new_module = before.get(each.name), versions.current()[each.name].module
            assert new_module is not None
            if old_module is not None:
                self._rebind(each.name, old_module, new_module)
        self._shell.user_ns[name] = version.module
        self._say(name, name not in before, path, cell)

    def _say(self, name: str, is_new: bool, path: Path | None, cell: str) -> None:
        words = "is a module now" if is_new else "has changed; calls from now on use it as it is now"
        if path is not None:
            existed = path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, cell)
            self._saved[name] = path
            words += f"; {path} is {'overwritten' if existed else 'written'}"
        print(f"{name} {words}")

    def _parse(self, line: str) -> tuple[str, Path | None]:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"%%poolmodule: {error}") from None
        match words:
            case ["--save", path, name] | [name, "--save", path]:
                target = Path(path).expanduser().absolute()
                if target.suffix != ".py":
                    return name, target / f"{name}.py"
                if target.stem != name:
                    raise UsageError(f"%%poolmodule: the file of the module {name!r} must be named {name}.py, not {target.name}")
                return name, target
            case [name] if not name.startswith("-"):
                return name, None
            case _:
                raise UsageError("%%poolmodule wants a name: %%poolmodule NAME, or %%poolmodule --save PATH NAME")

    def _rebind(self, name: str, old: ModuleType, new: ModuleType) -> None:
        """Bind names that were taken from the module to what it has now."""
        names = self._shell.user_ns
        by_identity = {id(value): key for key, value in vars(old).items() if type(value) not in PLAIN and not key.startswith("__")}
        imported = _taken(names.get("In", []), name)
        gone = []
        for key, value in list(names.items()):
            if key in ("In", "Out") or key.startswith("_"):
                continue
            attribute = by_identity.get(id(value)) or imported.get(key)
            if attribute is None or vars(old).get(attribute) is not value:
                continue
            if value is old or isinstance(value, ModuleType):
                continue
            if attribute in vars(new):
                names[key] = vars(new)[attribute]
            else:
                gone.append(key)
        for key in gone:
            print(f"{name} no longer has what `{key}` was taken from; `{key}` stands for the old one")


def _check_name(name: str, path: Path | None) -> None:
    if "/" in name or "\\" in name or name.endswith(".py"):
        raise UsageError(f"%%poolmodule: {name!r} is a path; give the module's name alone (and --save PATH to keep its file)")
    if "." in name:
        raise UsageError(f"%%poolmodule: {name!r} has a dot; a module in a package cannot be made here")
    if not name.isidentifier():
        raise UsageError(f"%%poolmodule: {name!r} is no name for a module: letters, digits and underscores, no digit first")
    if keyword.iskeyword(name):
        raise UsageError(f"%%poolmodule: {name!r} is a keyword of Python")
    if name in versions.current():
        return
    if name in sys.stdlib_module_names or name in sys.builtin_module_names:
        raise UsageError(f"%%poolmodule: {name!r} is a module of Python's standard library; choose another name")
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # in sys.modules without a spec, as __main__ is
        raise UsageError(f"%%poolmodule: {name!r} is a module that is loaded already; choose another name") from None
    if spec is not None and not (path is not None and spec.origin is not None and Path(spec.origin) == path):
        where = f" ({spec.origin})" if spec.origin else ""
        raise UsageError(f"%%poolmodule: {name!r} is a module that is installed{where}; choose another name")


def _imports(version: Version) -> set[str]:
    """The names of modules that a module's text imports, of those made here also the ones behind them."""
    found: set[str] = set()
    todo = [version]
    while todo:
        for node in ast.walk(ast.parse(todo.pop().source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in set(names) - found:
                found.add(name)
                if name in versions.current():
                    todo.append(versions.current()[name])
    return found


def _taken(cells: list[str], module: str) -> dict[str, str]:
    """What ``from module import ...`` in these cells has bound: attributes by their names here."""
    found: dict[str, str] = {}
    for cell in cells:
        if module not in cell:
            continue
        try:
            tree = ast.parse(cell)
        except SyntaxError:  # a cell with magics
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
                for alias in node.names:
                    if alias.name == "*":
                        found.update({key: key for key in vars(sys.modules[module])})
                    else:
                        found[alias.asname or alias.name] = alias.name
    return found


def _write(file: Path, source: str | None) -> None:
    if source is None:
        file.unlink(missing_ok=True)
        return
    # In one step: another process that imports it finds the old or the new text, whole.
    part = file.with_name(f".{file.name}.part")
    part.write_text(source, encoding="utf-8")
    os.replace(part, file)


def _as_shown(shell: InteractiveShell, error: SyntaxError) -> Exception:
    """The error of a cell with a syntax error, without the frames of the magic around it."""

    def render(_self: Any) -> list[str]:
        lines: list[str] = shell.SyntaxTB.structured_traceback(SyntaxError, error)
        return lines

    shown: Exception = type("SyntaxError", (Exception,), {"_render_traceback_": render})(str(error))
    return shown
