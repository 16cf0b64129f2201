"""Which functions, classes and modules travel by name, and which by value.

    of an importable module      by its name, as pickle has it
    __main__.f, __main__.C       by its name there; the name is collected, and its definition is sent first (`definitions`)
    a lambda, an old C           by value (`byvalue`)
    a class's own code, and functions without a name in other modules: cloudpickle's work

A spawned worker cannot import `__main__`, so what a pickle names of it must have been sent to the worker's own.
"""

from __future__ import annotations

import enum
import sys
from types import FunctionType, MethodType, ModuleType
from typing import Any

from poolviz.executors import byvalue, versions
from poolviz.executors.arrivals import arrivals, main_names, named
from poolviz.executors.byvalue import Cached

#: Buffers of fewer bytes stay in the pickle.
OUT_OF_BAND = 32_768

#: Whose objects run none of the user's code when they are freed.
_TRUSTED = frozenset({"builtins", "collections", "datetime", "decimal", "fractions", "functools", "numpy", "pandas", "pathlib", "uuid"})


def may_crash(kind: type) -> bool:
    """Whether to free what an object of this type becomes at the other end may run code that takes the process with it.

    Its `__del__` may; and what its own way to be unpickled makes of it may be anything.
    """
    if str(kind.__module__).partition(".")[0] in _TRUSTED or issubclass(kind, enum.Enum):
        return False
    usual = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    return not usual or hasattr(kind, "__del__") or hasattr(kind, "__setstate__")


def _is_read_only_array(obj: Any) -> bool:
    """Whether it is a NumPy array that would arrive read-only. In the standard library, which uses an older protocol, none does."""
    numpy = sys.modules.get("numpy")
    array = getattr(numpy, "ndarray", None)
    return (
        array is not None
        and isinstance(obj, array)
        and not obj.flags.writeable
        and type(obj).__reduce__ is array.__reduce__
        and type(obj).__reduce_ex__ is array.__reduce_ex__
    )


class NeedsCloudpickle(Exception):
    """Raised inside a pickler when it meets something that it cannot take apart."""


class Rules:
    """How functions, classes and modules of one pickle travel.

    Args:
        names: takes the names of `__main__` that the pickle refers to; None when it is a result on its way to the parent.
        born: the name whose definition is pickled: that object itself goes by value.
    """

    def __init__(self, names: set[str] | None, born: str = "") -> None:
        self.names = names
        self.born = born
        self.changing = False
        """Whether something was met that belongs to a module with versions."""
        self._modules = versions.current()
        self.last: Any = None
        """What was looked at last: when pickling fails, this is the culprit."""
        self.copies: list[Any] = []
        """Arrays that were copied on the way: nobody else has them."""
        self.kinds: set[type] = set()
        """The types of all that was looked at."""

    def reduce(self, obj: Any) -> Any:
        """How an object travels. NotImplemented: as pickle has it.

        Raises:
            NeedsCloudpickle: its code must travel, and is not that of `__main__`, or it is a class.
        """
        self.last = obj
        self.kinds.add(type(obj))
        if type(obj) is FunctionType:
            if obj.__module__ in self._modules:
                return self._of_module(obj)
            if not byvalue.is_main(obj):
                if byvalue.is_nested(obj):
                    raise NeedsCloudpickle
                return NotImplemented
            if self._by_name(obj):
                return named, (obj.__qualname__,)
            if obj.__globals__ is not main_names():
                raise NeedsCloudpickle
            if self.names is not None:
                self.names |= byvalue.code_facts(obj.__code__).globals
            return byvalue.reduce_function(obj, self._born(obj))
        if isinstance(obj, type):
            if obj.__module__ in self._modules:
                return self._of_module(obj)
            if self.names is None and byvalue.has_arrived(obj):
                return byvalue.own_class, (byvalue.token_of(obj), obj.__qualname__)
            if not byvalue.is_main(obj) and not byvalue.is_nested(obj):
                return NotImplemented
            if self.names is not None and self._by_name(obj):
                return named, (obj.__qualname__,)
            raise NeedsCloudpickle
        if type(obj) is Cached and byvalue.is_main(obj):
            return (named, (obj.__qualname__,)) if self._by_name(obj) else byvalue.reduce_cached(obj)
        if type(obj) is MethodType and byvalue.is_nested(obj.__func__):
            # pickle would look for its name in the instance, and a lambda has none.
            return byvalue.bound, (obj.__func__, obj.__self__)
        if type(obj) is ModuleType:
            if obj.__spec__ is None:
                raise NeedsCloudpickle
            self.changing |= obj.__name__ in self._modules
            return byvalue.own_module, (obj.__name__,)
        if _is_read_only_array(obj):
            if obj.nbytes < OUT_OF_BAND:
                return obj.__reduce__()
            copy = obj.copy(order="K")
            self.copies.append(copy)
            return copy.__reduce_ex__(5)
        return NotImplemented

    def fragile(self) -> bool:
        """Whether to free what was pickled may end the process that unpickles it."""
        return any(map(may_crash, self.kinds))

    def _of_module(self, obj: Any) -> Any:
        """By its name, as all that can be imported. A result says of which version it is: the parent may have a newer one."""
        if self.names is None:
            reference = versions.reference(obj)
            return NotImplemented if reference is None else (versions.found, reference)
        self.changing = True
        versions.check(obj)
        if byvalue.is_nested(obj):
            raise NeedsCloudpickle
        return NotImplemented

    def _by_name(self, obj: Any) -> bool:
        name = obj.__qualname__
        if name == self.born or not byvalue.has_its_name(obj):
            return False
        if self.names is None:
            return name in arrivals().names
        self.names.add(name)
        return True

    def _born(self, obj: Any) -> str:
        return self.born if self.born and obj is main_names().get(self.born) else ""

    def arriving(self, cls: type, reduced: Any) -> Any:
        """What cloudpickle makes of a class, with our token: so that instances come back as instances of this very class."""
        if self.names is None or not isinstance(reduced, tuple):
            return reduced
        make, args, *rest = reduced
        return byvalue.arrive, (byvalue.token_of(cls), self._born(cls), make, *args), *rest
