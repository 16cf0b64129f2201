"""Whether an object is still what it was, found out without pickling it.

A fingerprint is a list of objects that are compared by identity. It is given only for what cannot change while all of them stay the
same: numbers and strings, modules, functions with their defaults and closures, classes with their methods. For anything that might be
changed in place (a list, an array, an instance) there is none, and the bytes of its pickle must be compared.
"""

from __future__ import annotations

import enum
from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from poolviz.executors.arrivals import main_names
from poolviz.executors.byvalue import Cached, is_main
from poolviz.executors.serialize import PLAIN

_ATOMIC = PLAIN | {ModuleType, BuiltinFunctionType, range, GetSetDescriptorType, MemberDescriptorType, type(Ellipsis)}
_MOST = 400


class _Changeable(Exception):
    """Something in it can be changed in place."""


def fingerprint(obj: Any) -> list[Any] | None:
    """What an object consists of, None when that is no proof that it has not changed."""
    found: list[Any] = []
    try:
        _take(obj, found, {id(obj)})
    except _Changeable:
        return None
    return found


def same(old: list[Any], new: list[Any]) -> bool:
    """Whether two fingerprints are of the same, unchanged object."""
    return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))


def _take(obj: Any, found: list[Any], seen: set[int]) -> None:
    kind = type(obj)
    if len(found) > _MOST:
        raise _Changeable
    found.append(obj)
    if kind in _ATOMIC:
        return
    if kind is FunctionType:
        _take_function(obj, found, seen)
    elif kind is tuple or kind is frozenset:
        if not _is_fixed(obj):
            for each in obj:
                _take_inner(each, found, seen)
    elif kind is Cached:
        _take_inner(obj.__wrapped__, found, seen)
    elif isinstance(obj, type):
        _take_class(obj, found, seen)
    elif kind is property:
        for each in (obj.fget, obj.fset, obj.fdel):
            _take_inner(each, found, seen)
    elif kind is staticmethod or kind is classmethod:
        _take_inner(obj.__func__, found, seen)
    else:
        raise _Changeable


def _is_fixed(obj: tuple[Any, ...] | frozenset[Any]) -> bool:
    """Whether there are only plain values in it, however deep: then it is the same as long as it is the same object."""
    todo, seen = [obj], {id(obj)}
    while todo:
        inside = todo.pop()
        kinds = set(map(type, inside)) - PLAIN
        if not kinds <= {tuple, frozenset}:
            return False
        for each in inside if kinds else ():
            if type(each) not in PLAIN and id(each) not in seen:
                seen.add(id(each))
                todo.append(each)
    return True


def _take_inner(obj: Any, found: list[Any], seen: set[int]) -> None:
    """An object inside another; whether `__main__` has it under its name decides how it travels."""
    if type(obj) in _ATOMIC:
        found.append(obj)
    elif id(obj) not in seen:
        seen.add(id(obj))
        if isinstance(obj, (FunctionType, type, Cached)):
            found.append(main_names().get(obj.__qualname__))
        _take(obj, found, seen)


def _take_function(fn: FunctionType, found: list[Any], seen: set[int]) -> None:
    if not is_main(fn):
        return
    found.append(fn.__code__)
    if fn.__closure__:
        for cell in fn.__closure__:
            try:
                content = cell.cell_contents
            except ValueError:
                found.append(cell)
                continue
            _take_inner(content, found, seen)
    for each in fn.__defaults__ or ():
        _take_inner(each, found, seen)
    for mapping in (fn.__kwdefaults__, fn.__annotations__, fn.__dict__):
        for key in mapping or ():
            found.append(key)
            _take_inner(mapping[key], found, seen)  # type: ignore[index]  # a mapping of None has no keys


def _take_class(cls: type, found: list[Any], seen: set[int]) -> None:
    if not is_main(cls):
        return
    for base in cls.__bases__:
        _take_inner(base, found, seen)
    for name, value in cls.__dict__.items():
        # What the class machinery keeps is made from the rest; to change it in place is not a thing that users do.
        machinery = (name.startswith("__") and name.endswith("__")) or name.startswith("_abc_") or issubclass(cls, enum.Enum)
        if machinery and (_is_made(value) or not isinstance(value, (FunctionType, staticmethod, classmethod, property))):
            found.append(value)
        else:
            found.append(name)
            _take_inner(value, found, seen)


def _is_made(value: Any) -> bool:
    """Whether a method was made by code, as `dataclass` makes them: nobody changes what such a function holds."""
    return isinstance(value, FunctionType) and (value.__code__.co_filename == "<string>" or value.__globals__ is not main_names())
