"""The names of calls, by number: a column of numbers says what a million calls are called.

    submit ---> number_of(name): the same number for the same name ---> rows, journals, traces hold numbers
                        |
                        every so many new names: sweep()
                        |
    users: stores, journals, tables that were handed out ---> the numbers that they hold; what nobody holds is forgotten

A kernel may run for weeks, and a label may be another one for each call. A name is forgotten when nobody held it in two sweeps in a row:
between them a call that is being submitted, or a table that is being read, has long been told of.
"""

import os
import threading
import weakref
from collections.abc import Iterable
from itertools import count
from typing import Protocol

#: New names after which it is looked whether old ones can be forgotten.
LEAST = 10_000

#: Stands for a name that was forgotten.
FORGOTTEN = "call"


class User(Protocol):
    """Somebody who holds numbers of names."""

    def labels(self) -> Iterable[int]:
        """The numbers that it holds."""


class _Names(dict[int, str]):
    def __missing__(self, _number: int) -> str:
        return FORGOTTEN


#: The names of calls, by their numbers.
names: dict[int, str] = _Names()

#: The numbers of names, and of what is named so: see `poolviz.observe.label_of`.
numbers: dict[str, int] = {}

_next = count()
_lock = threading.Lock()
_sweeping = threading.Lock()
_users: weakref.WeakValueDictionary[int, User] = weakref.WeakValueDictionary()
_doubtful: set[int] = set()
_enough = LEAST


def plain(text: str) -> str:
    """The text, with halves of characters (lone surrogates, as in names of files) written out: no file and no message may have them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def number_of(name: str) -> int:
    """The number of `name`."""
    found = numbers.get(name)
    if found is None:
        with _lock:
            text = plain(name)
            found = numbers.get(text)
            if found is None:
                found = next(_next)
                names[found] = text
                numbers[text] = found
            numbers[name] = found
        if len(names) >= _enough:
            sweep()
    return found


def use(user: User) -> None:
    """Ask `user`, for as long as it is there, before a name is forgotten."""
    _users[id(user)] = user


def sweep() -> None:
    """Forget names that nobody holds, and held when it was last looked."""
    global _doubtful, _enough
    if not _sweeping.acquire(blocking=False):
        return  # somebody is at it; or a user, who is asked below, has come to name something
    try:
        newest = next(_next)
        unused = set(names)
        for user in list(_users.values()):
            unused.difference_update(user.labels())
        # Those of the last moment may be on their way.
        unused = {number for number in unused if number < newest - LEAST // 2}
        gone = unused & _doubtful
        with _lock:
            for name in [name for name, number in numbers.items() if number in gone]:
                del numbers[name]
            for number in gone:
                del names[number]
        _doubtful = unused - gone
        _enough = len(names) + max(LEAST, len(names) // 2)
    finally:
        _sweeping.release()


def _after_fork_in_child() -> None:
    # The locks may have been held by threads that the child does not have.
    global _lock, _sweeping
    _lock, _sweeping = threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
