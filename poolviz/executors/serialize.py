"""What crosses between processes: calls and results as pickles, `__main__`'s own code by value, large buffers beside the pickle.

Plain values (numbers, strings, bytes, None) take the short way, `pickle.dumps`. Everything else goes through a pickler that looks at
each function and class on its way: what belongs to `__main__` cannot be imported by a spawned worker, so the whole object is then
pickled anew with cloudpickle, which is imported at that moment only.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections import ChainMap
from collections.abc import Callable, Iterable
from multiprocessing.reduction import ForkingPickler
from types import FunctionType
from typing import Any

PROTOCOL = 5
#: Types whose pickling runs no code of anybody's and cannot fail.
PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})
#: Buffers below this many bytes stay in the pickle.
OUT_OF_BAND = 32_768

Buffer = bytes | bytearray | memoryview
#: The pickle, followed by its out-of-band buffers.
Payload = list[Buffer]


class _NeedsValue(Exception):
    """Raised inside the first pickler when it meets something of `__main__`."""


def _is_local(obj: Any) -> bool:
    """Whether a worker could not import this function or class."""
    return getattr(obj, "__module__", None) == "__main__"


class _Pickler(pickle.Pickler):
    # As multiprocessing's own pickler: connections, locks and the like say there how they travel.
    dispatch_table = ChainMap(  # noqa: RUF012  # shared by all picklers, and never changed by one
        ForkingPickler._extra_reducers,  # type: ignore[attr-defined]  # not in the stubs
        copyreg.dispatch_table,  # type: ignore[arg-type]  # its stub is narrower than what ChainMap wants
    )

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (FunctionType, type)) and (_is_local(obj) or "<locals>" in obj.__qualname__ or "<lambda>" in obj.__qualname__):
            raise _NeedsValue
        return NotImplemented


def _by_value(obj: Any, buffer_callback: Callable[[Any], bool]) -> bytes:
    import cloudpickle

    file = io.BytesIO()
    pickler = cloudpickle.Pickler(file, PROTOCOL, buffer_callback)
    pickler.dispatch_table = pickler.dispatch_table.new_child(ForkingPickler._extra_reducers)  # type: ignore[attr-defined]
    pickler.dump(obj)
    return file.getvalue()


def all_plain(values: Iterable[Any]) -> bool:
    """Whether every value is of a plain type."""
    return set(map(type, values)) <= PLAIN


def dump(obj: Any) -> Payload:
    """Pickle an object.

    Returns:
        The pickle and, after it, the buffers that stay outside of it, not copied.

    Raises:
        Exception: whatever the object's own pickling raises.
    """
    buffers: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < OUT_OF_BAND:
            return True
        buffers.append(view)
        return False

    file = io.BytesIO()
    try:
        _Pickler(file, PROTOCOL, buffer_callback=keep).dump(obj)
        data = file.getvalue()
    except _NeedsValue:
        buffers.clear()
        data = _by_value(obj, keep)
    return [data, *buffers]


class _NotPure(Exception):
    """Raised inside a pickler when it meets an object whose pickling could run code."""


class _PurePickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        raise _NotPure


def dump_many(values: list[Any]) -> bytes | None:
    """Pickle several values as one list, if reading it back cannot fail: plain values, and containers of them.

    Returns:
        The pickle; None when a value holds something else.
    """
    if all_plain(values):
        return pickle.dumps(values, PROTOCOL)
    file = io.BytesIO()
    try:
        _PurePickler(file, PROTOCOL).dump(values)
    except (_NotPure, RecursionError):
        return None
    return file.getvalue()


def dump_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Payload:
    """Pickle the arguments of one call as ``(args, kwargs)``."""
    if kwargs:
        return dump((args, kwargs))
    types = set(map(type, args))
    if bytes in types:
        # Large bytes stay where they are and travel beside the pickle.
        args = tuple([pickle.PickleBuffer(arg) if type(arg) is bytes and len(arg) > OUT_OF_BAND else arg for arg in args])
        types = set(map(type, args))
    return [pickle.dumps((args, kwargs), PROTOCOL)] if types <= PLAIN else dump((args, kwargs))


def dump_value(value: Any) -> Payload:
    """Pickle one result."""
    if type(value) is bytes and len(value) > OUT_OF_BAND:
        return dump(pickle.PickleBuffer(value))
    return [pickle.dumps(value, PROTOCOL)] if type(value) in PLAIN else dump(value)


def dump_function(fn: Callable[..., Any]) -> bytes:
    """Pickle a function: by reference when workers can import it, else with its code and the globals it uses.

    Raises:
        Exception: it cannot be sent; the message is that of its pickling.
    """
    payload = dump(fn)
    if len(payload) > 1:
        # A function is kept in one piece: it is sent once to each worker.
        return pickle.dumps(fn, PROTOCOL) if not _is_local(fn) else _by_value(fn, lambda _: True)
    return bytes(payload[0])


def load(payload: list[Buffer]) -> Any:
    """Undo `dump`."""
    return pickle.loads(payload[0], buffers=payload[1:])


def unreadable(what: str, error: BaseException) -> BaseException:
    """The error of a call of which something could not be unpickled.

    The standard library's pool breaks in this case. Here the call alone fails, with the exception that its caller is prepared for.

    Args:
        what: ``function``, ``arguments`` or ``result``.
        error: what was raised; maybe a SystemExit, which must not end the program of whoever asks for the result.
    """
    # Slow to import, and hardly ever needed in a worker.
    from concurrent.futures.process import BrokenProcessPool

    from poolviz.observe import words_of

    broken = BrokenProcessPool(f"The {what} of this call could not be unpickled: {words_of(error)}. Other calls go on.")
    broken.__cause__ = error
    return broken


class ByValue:
    """Carries an object through multiprocessing's own pickling of a new process's arguments in our way."""

    def __init__(self, obj: Any) -> None:
        self.obj = obj

    def __reduce__(self) -> tuple[Any, ...]:
        return _carry, (dump_function(self.obj),)


def _carry(data: bytes) -> ByValue:
    return ByValue(pickle.loads(data))
