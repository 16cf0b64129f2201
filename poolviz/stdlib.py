"""Code that imports `concurrent.futures` gets our pools, for as long as it is covered.

While the cover is on, the classes `ThreadPoolExecutor` and `ProcessPoolExecutor` of `concurrent.futures` and of their home modules, and
the functions `wait` and `as_completed`, are stand-ins for ours; so are the names by which a cell, or a module of the user's, had imported
them before. When it is taken off, each place holds what it held before, and names that were imported meanwhile hold the standard
library's.

A pool belongs to the code that makes it. The user's code is what is not installed: cells, scripts, modules beside them. When code of
the standard library or of an installed package calls a stand-in, or derives a class from it, it gets the standard library's own, and
nothing of it is drawn: asyncio's default executor, the kernel's own, a library's helpers. Pools that there were before are left alone in
any case, and so are classes that were derived from the standard library's before: what a class derives from cannot be exchanged.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from concurrent import futures
from concurrent.futures import process, thread
from functools import cache, wraps
from types import CodeType, FunctionType, ModuleType, new_class
from typing import Any

from poolviz import pools
from poolviz.executors import waiting


class _LooksLikeOriginal(type):
    """Of the stand-ins: an instance of the standard library's class, or of any subclass, is taken for one of the stand-in's.

    A class that installed code derives from a stand-in is derived from the standard library's, whose inner workings it may rely on.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        theirs = tuple(base.__dict__.get("_original", base) for base in bases)
        if theirs != bases and not is_users(sys._getframe(1).f_code):
            return new_class(name, theirs, kwargs, lambda empty: empty.update(namespace))
        return super().__new__(mcs, name, bases, namespace, **kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__dict__.get("_original", ())) or super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__dict__.get("_original", ())) or super().__subclasscheck__(subclass)


def _stand_in(ours: type, original: type) -> type:
    def __new__(cls: type, /, *args: Any, **kwargs: Any) -> Any:
        # It is no instance of this class, so Python does not run our constructor on it.
        if cls is standing_in and not is_users(sys._getframe(1).f_code):
            return original(*args, **kwargs)
        return object.__new__(cls)

    # What `help` shows of the constructor.
    __new__.__wrapped__ = ours.__init__  # type: ignore[attr-defined,misc]
    names = {
        "__doc__": ours.__doc__,
        # A pickle by reference means the class of that name, which in a worker is the standard library's.
        "__module__": original.__module__,
        "__qualname__": original.__qualname__,
        "__new__": __new__,
        "_original": original,
    }
    standing_in: type = _LooksLikeOriginal(original.__name__, (ours,), names)
    return standing_in


def _stand_in_function(ours: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    # A copy and not the function itself: a cell may have that one from poolviz, and keeps it when the cover is taken off.
    assert isinstance(ours, FunctionType)
    copy = FunctionType(ours.__code__, ours.__globals__, ours.__name__, ours.__defaults__, ours.__closure__)
    copied = wraps(ours)(copy)
    copied.__module__ = original.__module__
    return copied


@cache
def _folders() -> tuple[str, ...]:
    """Where installed code is."""
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*site.getsitepackages(), site.getusersitepackages(), os.path.dirname(os.__file__)]
    return tuple({os.path.join(form, "") for path in paths for form in (path, os.path.realpath(path))})


def is_users(code: CodeType) -> bool:
    """Whether code is the user's own, and not the standard library's or an installed package's."""
    return not code.co_filename.startswith(("<frozen ", *_folders()))


#: Our own folder: in a checkout it is beside what is installed, and yet none of the user's.
_OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def _namespaces() -> Iterator[dict[str, Any]]:
    """The names of each module of the user's that has been imported."""
    anything: list[object] = list(sys.modules.values())
    for module in anything:
        if not isinstance(module, ModuleType):
            continue
        # Not `vars(module)`: one that is loaded when it is first looked at would be loaded by that.
        names: dict[str, Any] = ModuleType.__getattribute__(module, "__dict__")
        file = names.get("__file__")
        if isinstance(file, str) and not os.path.abspath(file).startswith((_OURS, *_folders())):
            yield names


def _pairs() -> Iterator[tuple[Any, Any]]:
    for theirs in (thread.ThreadPoolExecutor, process.ProcessPoolExecutor):
        yield theirs, _stand_in(getattr(pools, theirs.__name__), theirs)
    for function in (futures.wait, futures.as_completed):
        yield function, _stand_in_function(getattr(waiting, function.__name__), function)


#: Each stand-in with what it stands for.
STAND_INS = [(standing_in, original) for original, standing_in in _pairs()]

_PLACES: list[tuple[ModuleType, str]] = [
    (futures, "ThreadPoolExecutor"),
    (futures, "ProcessPoolExecutor"),
    (futures, "wait"),
    (futures, "as_completed"),
    (thread, "ThreadPoolExecutor"),
    (process, "ProcessPoolExecutor"),
]
_MISSING = object()


class Cover:
    """Puts the stand-ins where the standard library's names are, and takes them away.

    Args:
        namespace: of the user's cells: names in it that were imported before are exchanged too, as those of the user's modules are.
    """

    def __init__(self, namespace: MutableMapping[str, Any] | None = None) -> None:
        self._namespace = {} if namespace is None else namespace
        self._before: dict[tuple[ModuleType, str], Any] = {}

    @property
    def is_on(self) -> bool:
        """Whether the stand-ins are in place."""
        return bool(self._before)

    def put_on(self) -> None:
        """Exchange the names; nothing happens if it is on."""
        if self._before:
            return
        for module, name in _PLACES:
            # The package finds its classes when they are first asked for: a name that was not there is taken away again.
            self._before[module, name] = vars(module).get(name, _MISSING)
            setattr(module, name, next(ours for ours, theirs in STAND_INS if theirs.__name__ == name))
        self._exchange((original, standing_in) for standing_in, original in STAND_INS)

    def take_off(self) -> None:
        """Restore the names; what somebody else has put there meanwhile is left."""
        ours = [standing_in for standing_in, _ in STAND_INS]
        for (module, name), before in self._before.items():
            if not any(vars(module).get(name) is standing_in for standing_in in ours):
                continue
            if before is _MISSING:
                delattr(module, name)
            else:
                setattr(module, name, before)
        if self._before:
            # Where another cover is still on, its stand-ins stay.
            held = {id(vars(module).get(name)) for module, name in _PLACES}
            self._exchange(pair for pair in STAND_INS if id(pair[0]) not in held)
        self._before.clear()

    def _exchange(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        new = {id(old): other for old, other in pairs}
        for names in (self._namespace, *_namespaces()):
            for name, value in list(names.items()):
                if id(value) in new:
                    names[name] = new[id(value)]
