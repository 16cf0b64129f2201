"""The names of calls, by number: a column of numbers says what a million calls are called.

    submit ---> number_of(name): the same number for the same name ---> rows, journals, traces hold numbers
                        |
                        every so many new names: sweep()
                        |
    users: stores, journals, tables that were handed out ---> the numbers that they hold; what nobody holds is forgotten

No lock: each change is one atomic step on a dictionary. A function's first call may be submitted from a finalizer of the user's.

A kernel may run for weeks, and a label may be another one for each call. A name is forgotten when nobody held it in two sweeps in a row:
between them a call that is being submitted, or a table that is being read, has long been told of.
"""

import logging
import os
import threading
from collections.abc import Iterable
from itertools import count
from typing import Any, Protocol

from poolviz import deferred
from poolviz.living import Living
from poolviz.wording import cut

logger = logging.getLogger("poolviz")

#: New names after which it is looked whether old ones can be forgotten.
LEAST = 10_000

#: Characters of a name. A label may be made of anything, and each of a million calls may have one of its own.
MOST = 200

#: Stands for a name that was forgotten.
FORGOTTEN = "call"


class User(Protocol):
    """Somebody who holds numbers of names."""

    def labels(self) -> Iterable[int]:
        """The numbers that it holds."""


class Held:
    """Holds the numbers of names while somebody makes something of them."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        use(self)

    def number_of(self, name: str) -> int:
        """The number of `name`, which is not forgotten while this object is there."""
        number = number_of(name)
        self.numbers.append(number)
        return number

    def labels(self) -> list[int]:
        """For `User`."""
        return list(self.numbers)


class _Names(dict[int, str]):
    def __missing__(self, _number: int) -> str:
        return FORGOTTEN


#: The names of calls, by their numbers.
names: dict[int, str] = _Names()

#: The numbers of names, and of what is named so: see `label_of`.
numbers: dict[str, int] = {}

_next = count()
_sweeping = threading.Lock()
_users: Living[User] = Living()
_doubtful: set[int] = set()
_enough = LEAST


def plain(text: str) -> str:
    """The text, with halves of characters (lone surrogates, as in names of files) written out: no file and no message may have them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def number_of(name: str) -> int:
    """The number of `name`."""
    found = numbers.get(name)
    if found is None:
        if len(name) > MOST:
            return number_of(cut(name, MOST))
        text = plain(name)
        new = next(_next)
        names[new] = text
        found = numbers.setdefault(text, new)
        if found != new:  # it has one by now, or its plain form has
            names.pop(new, None)
        numbers[name] = found
        if len(names) >= _enough:
            sweep()
    return found


def label_of(fn: Any) -> int:
    """The label of the calls of `fn`; the way that it is usually found takes one look into a dictionary."""
    try:
        return numbers[fn.__qualname__]
    except (AttributeError, KeyError, TypeError):
        label = number_of(name_of(fn))
        qualname = getattr(fn, "__qualname__", None)
        if isinstance(qualname, str):
            numbers[qualname] = label
        return label


def name_of(fn: object) -> str:
    """What a bar is called: the function's qualified name, without the scope that it was defined in."""
    while (inner := getattr(fn, "func", None)) is not None and callable(inner):  # functools.partial
        fn = inner
    name = getattr(fn, "__qualname__", None) or getattr(type(fn), "__qualname__", "call")
    return str(name).rpartition("<locals>.")[2]


def use(user: User) -> None:
    """Ask `user`, for as long as it is there, before a name is forgotten."""
    _users.add(user)


def sweep() -> None:
    """Forget names that nobody holds, and held when it was last looked."""
    global _enough
    # Users take locks, which a finalizer must not.
    if deferred.collecting() or not _sweeping.acquire(blocking=False):
        return  # somebody is at it; or a user, who is asked below, has come to name something
    try:
        _forget_unused()
    except Exception:
        logger.exception("poolviz: names of calls could not be forgotten")
    finally:
        _enough = len(names) + max(LEAST, len(names) // 2)
        _sweeping.release()


def _forget_unused() -> None:
    global _doubtful
    newest = next(_next)
    unused = set(names)
    for user in _users.all():
        unused.difference_update(user.labels())
    # Those of the last moment may be on their way.
    unused = {number for number in unused if number < newest - LEAST // 2}
    gone = unused & _doubtful
    # Other threads add names meanwhile: a dictionary is walked by a copy of its keys, which is made in one step.
    for name in list(numbers):
        if numbers.get(name) in gone:
            numbers.pop(name, None)
    for number in gone:
        names.pop(number, None)
    _doubtful = unused - gone


def _after_fork_in_child() -> None:
    # It may have been held by a thread that the child does not have.
    global _sweeping
    _sweeping = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
