"""An exception in one line, whatever its `str` does: raise, exit, take for ever, or give a hundred megabytes.

    said(error) -- plain arguments --> str(error), here
                -- anybody's code ---> str(error), in a thread of its own that is waited for so long and no longer

A pool records what its calls raise. The thread that does so has a future to resolve, or a whole pool to serve: it must come back.
"""

import threading
import weakref
from types import WrapperDescriptorType
from typing import Any

#: Characters of the one line.
MOST = 500
#: Seconds that an exception's `__str__` may take.
PATIENCE = 2.0

_PLAIN = frozenset({str, int, float, complex, bool, type(None)})
_args: Any = vars(BaseException)["args"]
_slow: "weakref.WeakSet[type]" = weakref.WeakSet()
"""Types whose `__str__` did not come back: it is not called again, and no further thread is lost to it."""


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
    if kind in _slow:
        return _too_slow()
    found: list[str] = []
    if _is_plain(error):
        _say(error, found)
        return found[0]
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
    return _too_slow()


def _too_slow() -> str:
    return f"<str() of it takes longer than {PATIENCE:g} s>"


def _is_plain(error: BaseException) -> bool:
    """Whether its `str` runs C code alone: that of the class, and that of its arguments."""
    if not isinstance(getattr(type(error), "__str__", None), WrapperDescriptorType):
        return False
    return isinstance(error, BaseExceptionGroup) or all(type(arg) in _PLAIN for arg in _args.__get__(error))


def _say(error: BaseException, found: list[str]) -> None:
    try:
        found.append(str.__str__(str(error)))  # of a subclass of str, the text alone
    except BaseException as broken:  # sys.exit() in somebody's __str__
        found.append(f"<str() of it raised {type(broken).__qualname__}>")
