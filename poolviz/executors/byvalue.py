"""How what is defined in `__main__` crosses by value: how it is taken apart, and what puts it together at the other end.

    parent                                             worker
    main.f, main.C   -- by name, `named("f")` -->      its own __main__, which has been sent the definition of that name before
    a lambda, an old C  -- by value, `function`, `arrive` -->   its code, with the worker's __main__ as its globals
    the parent's C   <-- by token, `own_class` --      an instance of what arrived as C

A worker has one `__main__`. No function brings globals of its own along, so what one call sets there the next one sees. What a name of
`__main__` stands for travels as a *definition*; see `definitions` for the parent's side, `arrivals` for the worker's.
"""

from __future__ import annotations

import functools
import importlib
import marshal
import os
import pickle
import sys
import weakref
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from poolviz.executors.arrivals import arrivals, main_names

#: A function that `functools.lru_cache` made: it pickles by name alone, with nothing of the function in it.
Cached = type(functools.lru_cache(lambda: None))
_GLOBAL_OPS = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
#: Each process has these of its own.
NOT_SENT = frozenset({"__builtins__", "__name__", "__qualname__", "__module__", "__spec__", "__loader__", "__package__"})
_CODES = 4096


class CodeFacts:
    """What is known of a code object: the globals it uses, all names in it, and its bytes."""

    __slots__ = ("code", "data", "globals", "names")

    def __init__(self, code: CodeType) -> None:
        from dis import get_instructions  # workers hardly ever need it

        self.code = code
        self.data = marshal.dumps(code)
        found: set[str] = set()
        names: set[str] = set()
        todo = [code]
        while todo:
            each = todo.pop()
            names.update(each.co_names)
            # A class body looks its own names up before the globals; that it may name too much does no harm.
            found.update(op.argval for op in get_instructions(each) if op.opname in _GLOBAL_OPS)
            todo += [const for const in each.co_consts if isinstance(const, CodeType)]
        self.globals = frozenset(found - NOT_SENT)
        self.names = frozenset(names)


_codes: dict[int, CodeFacts] = {}


def code_facts(code: CodeType) -> CodeFacts:
    """The facts of a code object, found once; by identity, as equal code may have other line numbers."""
    facts = _codes.get(id(code))
    if facts is None:
        if len(_codes) >= _CODES:
            _codes.clear()
        facts = _codes[id(code)] = CodeFacts(code)
    return facts


def is_main(obj: Any) -> bool:
    """Whether a function or class was defined in `__main__`."""
    return getattr(obj, "__module__", None) == "__main__" or getattr(obj, "__globals__", None) is main_names()


def is_nested(obj: Any) -> bool:
    """Whether a function or class has no name that it can be found by."""
    return "<locals>" in obj.__qualname__ or "<lambda>" in obj.__qualname__


def has_its_name(obj: Any) -> bool:
    """Whether `__main__` holds this very object under its own name."""
    return main_names().get(obj.__qualname__) is obj


# Functions


def reduce_function(fn: FunctionType, born: str = "") -> tuple[Any, ...]:
    """A function as its code and what is its own; its globals are those of `__main__`, wherever it arrives.

    Args:
        fn: a function whose globals are those of `__main__`.
        born: the name whose definition it is, if any.
    """
    facts = code_facts(fn.__code__)
    cells: list[tuple[Any, ...]] = []
    for cell in fn.__closure__ or ():
        try:
            cells.append((cell.cell_contents,))
        except ValueError:  # not set yet
            cells.append(())
    try:
        annotations = fn.__annotations__
    except NameError:  # evaluated late, and not defined yet
        annotations = {}
    state = (
        (fn.__qualname__, fn.__module__, fn.__doc__),
        (fn.__defaults__, fn.__kwdefaults__),
        annotations,
        fn.__dict__,
        cells,
        _submodules(facts),
    )
    return function, (facts.data, fn.__name__, len(cells), born), state, None, None, fill_function


def _submodules(facts: CodeFacts) -> tuple[str, ...]:
    """Modules such as ``xml.etree`` in a function that says ``xml.etree``: to import ``xml`` is not enough."""
    found = []
    main = main_names()
    todo = [value.__name__ for name in sorted(facts.globals) if isinstance(value := main.get(name), ModuleType)]
    while todo:
        module = todo.pop()
        for name in sorted(facts.names):
            inner = f"{module}.{name}"
            if inner in sys.modules:
                found.append(inner)
                todo.append(inner)
    return tuple(found)


def function(data: bytes, name: str, cells: int, born: str) -> FunctionType:
    """Begin to make a function; what it refers to may refer to it."""
    closure = tuple([CellType() for _ in range(cells)]) if cells else None
    fn = FunctionType(marshal.loads(data), main_names(), name, None, closure)
    if born:
        arrivals().born[born] = fn
    return fn


def fill_function(fn: FunctionType, state: tuple[Any, ...]) -> None:
    """Finish a function."""
    (fn.__qualname__, fn.__module__, fn.__doc__), (fn.__defaults__, fn.__kwdefaults__), annotations, attributes, cells, modules = state
    fn.__annotations__ = annotations
    fn.__dict__.update(attributes)
    for cell, content in zip(fn.__closure__ or (), cells, strict=True):
        if content:
            cell.cell_contents = content[0]
    for module in modules:
        importlib.import_module(module)


def bound(fn: Callable[..., Any], instance: Any) -> MethodType:
    """A method of an instance."""
    return MethodType(fn, instance)


def reduce_cached(fn: Any) -> tuple[Any, ...]:
    """A function of `functools.lru_cache`, without what it has cached."""
    parameters = fn.cache_parameters()
    return make_cached, (parameters["maxsize"], parameters["typed"], fn.__wrapped__)


def make_cached(maxsize: int | None, typed: bool, fn: Callable[..., Any]) -> Any:
    """Undo `reduce_cached`."""
    return functools.lru_cache(maxsize, typed)(fn)


# Classes

_tokens: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
_classes: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()
_arrived: weakref.WeakSet[type] = weakref.WeakSet()


def token_of(cls: type) -> str:
    """What a class is known by in all processes that have it."""
    token = _tokens.get(cls)
    if token is None:
        token = os.urandom(12).hex()
        _tokens[cls] = token
        _classes[token] = cls
    return token


def has_arrived(cls: type) -> bool:
    """Whether the parent sent this class, so that the parent has it."""
    return cls in _arrived


def arrive(token: str, born: str, make: Callable[..., type], *args: Any) -> type:
    """Make a class that the parent sent, or find it again when the parent sends what has changed of it."""
    cls = make(*args)
    if cls in _arrived:
        _clear(cls)
    _tokens[cls] = token
    _classes[token] = cls
    _arrived.add(cls)
    if born:
        arrivals().born[born] = cls
    return cls


def _clear(cls: type) -> None:
    """Take off what the parent set on a class, which is about to be set anew: what it has deleted must not stay."""
    if hasattr(cls, "__members__"):  # an enum forbids it, and keeps its members
        return
    for name, value in list(cls.__dict__.items()):
        special = name in ("__module__", "__doc__", "__dict__", "__weakref__", "__slots__", "_abc_impl", "__abstractmethods__")
        if not special and not isinstance(value, (GetSetDescriptorType, MemberDescriptorType)):
            delattr(cls, name)


def own_class(token: str, name: str) -> type:
    """The class of this process that a worker's class was made from."""
    cls = _classes.get(token)
    if cls is None:
        raise pickle.UnpicklingError(
            f"the class {name} of this result is gone: it was defined anew, or deleted, after the call was submitted"
        )
    return cls


def own_module(name: str) -> ModuleType:
    """The module of that name."""
    return importlib.import_module(name)
