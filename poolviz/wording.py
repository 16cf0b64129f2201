"""An exception in one line, whatever its `str` does: raise, exit, take for ever, or give a hundred megabytes.

    said(error) -- plain arguments --> str(error), here
                -- anybody's code ---> str(error), in a thread of its own that is waited for so long and no longer

A pool records what its calls raise. The thread that does so has a future to resolve, or a whole pool to serve: it must come back.
"""

import threading
import weakref
from itertools import chain
from pathlib import PosixPath, WindowsPath
from types import WrapperDescriptorType
from typing import Any

#: Characters of the one line.
MOST = 500
#: Seconds that an exception's `__str__` may take.
PATIENCE = 2.0
#: Threads that may be lost to those that take longer. While there are so many, nobody's code is asked for words.
MOST_STUCK = 8

_PLAIN = frozenset({str, bytes, int, float, complex, bool, type(None), PosixPath, WindowsPath})
#: What `str` reads besides the arguments, by the class whose `__str__` does.
_READ = {
    kind: [vars(kind)[name] for name in names]
    for kind, names in {
        OSError: ("errno", "strerror", "filename", "filename2"),
        SyntaxError: ("msg", "filename", "lineno"),
        ImportError: ("msg",),
        UnicodeEncodeError: ("encoding", "reason"),
        UnicodeDecodeError: ("encoding", "reason"),
        UnicodeTranslateError: ("reason",),
    }.items()
}
_args: Any = vars(BaseException)["args"]
_slow: "weakref.WeakSet[type]" = weakref.WeakSet()
"""Types whose `__str__` did not come back: it is not called again, and no further thread is lost to it."""
_stuck: list[threading.Thread] = []
"""The threads that did not come back."""


def cut(text: str, most: int) -> str:
    """The text, or its head and its tail with the number of characters that are missing between them; `most` characters in all."""
    if len(text) <= most:
        return text
    room = max(0, most - 48)
    head, tail = text[: room - room // 2], text[len(text) - room // 2 :]
    return f"{head} [... {len(text) - room:,} characters left out ...] {tail}"[:most]


def words_of(error: BaseException) -> str:
    """One line for an exception, such as ``ValueError: 17``, at most 500 characters; never raises."""
    kind = cut(type(error).__qualname__, MOST // 2)
    first = said(error).strip().partition("\n")[0]
    return cut(f"{kind}: {first}", MOST) if first else kind


def said(error: BaseException) -> str:
    """``str(error)``, or what went wrong with it; never raises, and takes two seconds at most."""
    kind = type(error)
    found: list[str] = []
    if _is_plain(error):
        _say(error, found)
        return found[0]
    _stuck[:] = [thread for thread in list(_stuck) if thread.is_alive()]
    if kind in _slow or len(_stuck) >= MOST_STUCK:
        return _too_slow()
    thread = threading.Thread(target=_say, args=(error, found), name="poolviz-words", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no thread can be had, as at the interpreter's end
        _say(error, found)
    else:
        thread.join(PATIENCE)
    if found:
        return found[0]
    _slow.add(kind)
    _stuck.append(thread)
    return _too_slow()


def _too_slow() -> str:
    return f"<str() of it takes longer than {PATIENCE:g} s>"


def _is_plain(error: BaseException) -> bool:
    """Whether its `str` runs C code alone: that of the class, and that of its arguments."""
    if not isinstance(getattr(type(error), "__str__", None), WrapperDescriptorType):
        return False
    if isinstance(error, BaseExceptionGroup):
        return True
    read = [slot.__get__(error) for kind, slots in _READ.items() if isinstance(error, kind) for slot in slots]
    # The arguments of a SyntaxError hold a tuple.
    parts = (value if type(value) is tuple else (value,) for value in (*_args.__get__(error), *read))
    return all(type(part) in _PLAIN for part in chain.from_iterable(parts))


def _say(error: BaseException, found: list[str]) -> None:
    try:
        found.append(str.__str__(str(error)))  # of a subclass of str, the text alone
    except BaseException as broken:  # sys.exit() in somebody's __str__
        found.append(f"<str() of it raised {type(broken).__qualname__}>")
