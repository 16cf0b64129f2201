"""The words for what cannot be sent to another process: what it is, where it is, and what to do about it."""

from __future__ import annotations

import pickle
from types import FunctionType
from typing import Any

from poolviz.executors.serialize import trouble
from poolviz.executors.versions import Outdated
from poolviz.observe import name_of
from poolviz.tracebacks import without_ours
from poolviz.wording import MOST, cut, said, words_of

REMEDY = "Make it in each worker with initializer=, or use a ThreadPoolExecutor, whose workers share it."


class Unsendable(pickle.PicklingError, TypeError):
    """A call was not submitted because something that it needs cannot be pickled.

    The standard library raises one or the other of these two, so it is both.
    """


def type_name(obj: Any) -> str:
    """The name of an object's type as its users know it, such as ``_thread.lock``."""
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


def _what(value: Any, culprit: Any, error: BaseException) -> str:
    """What follows the name of the thing: its type, and what in it cannot be sent."""
    words = words_of(error) if not isinstance(error, Exception) else said(error).strip().partition("\n")[0].rstrip(".")
    words = cut(words, MOST) or type(error).__qualname__
    stops = f"which cannot go to another process ({words})."
    if isinstance(value, FunctionType) and culprit is not value:
        return f"which holds a `{type_name(culprit)}`, {stops}"
    inside = "" if culprit is None or type(culprit) is type(value) else f" which holds a `{type_name(culprit)}`,"
    return f"(`{type_name(value)}`),{inside} {stops}"


def of_global(path: list[str], name: str, value: Any, culprit: Any, error: BaseException) -> Unsendable:
    """The error for a global.

    Args:
        path: the functions that lead to it: the first is what the caller submitted.
        name: the global's name.
        value: what it stands for.
        culprit: what in it was looked at last.
        error: what its pickling raised.
    """
    first, *others = path
    if name == first:
        return Unsendable(f"`{first}` cannot be sent: `{name}` {_what(value, culprit, error)}\n{REMEDY}")
    uses = "".join(f" `{other}`, which uses" for other in others)
    return Unsendable(f"`{first}` uses{uses} the global `{name}` {_what(value, culprit, error)}\n{REMEDY}")


def explained(error: BaseException, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseException:
    """The error for a function or its arguments, in words that name what it was; the same error when nothing better is known.

    What would end the program of whoever asks for the result, as `sys.exit` does, never comes out as it is.

    Args:
        error: what their pickling raised.
        fn: what the caller submitted.
        args: the call's positional arguments.
        kwargs: its named arguments.
    """
    without_ours(error)
    ends = not isinstance(error, Exception)
    if isinstance(error, (Unsendable, Outdated)) or not (ends or isinstance(error, (TypeError, AttributeError, pickle.PicklingError))):
        return error
    name = name_of(fn)
    holders = [(f"`{name}` holds the variable `{variable}`", value) for variable, value in _variables(fn)]
    holders += [(f"argument {i} of `{name}`", value) for i, value in enumerate(args, 1)]
    holders += [(f"argument `{key}` of `{name}`", value) for key, value in kwargs.items()]
    for holder, value in [*holders, (f"`{name}`", fn)]:
        found = trouble(value)
        if found is not None and isinstance(found[1], type(error)):
            words = Unsendable(f"{holder} {_what(value, *found)}\n{REMEDY}")
            words.__cause__ = error
            return words
    if not ends:
        return error
    words = Unsendable(f"`{name}` or an argument of it cannot be sent: pickling raised {words_of(error)}.\n{REMEDY}")
    words.__cause__ = error
    return words


def _variables(fn: Any) -> list[tuple[str, Any]]:
    code, found = getattr(fn, "__code__", None), []
    for variable, cell in zip(getattr(code, "co_freevars", ()), getattr(fn, "__closure__", None) or (), strict=False):
        try:
            found.append((variable, cell.cell_contents))
        except ValueError:  # not set yet
            continue
    return found
