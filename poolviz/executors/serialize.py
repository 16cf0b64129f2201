"""What crosses between processes: calls and results as pickles, `__main__`'s own code by value, large buffers beside the pickle.

Plain values (numbers, strings, bytes, None) take the short way, `pickle.dumps`. Everything else goes through a pickler that looks at
each function and class on its way; `rules` says how they travel. What the rules cannot take apart is left to cloudpickle, which is imported
at that moment only.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import mmap
import pickle
from collections import ChainMap
from collections.abc import Callable, Iterable
from multiprocessing.reduction import ForkingPickler
from typing import Any

from poolviz.executors.rules import OUT_OF_BAND, NeedsCloudpickle, Rules

PROTOCOL = 5
#: Types whose pickling runs no code of anybody's and cannot fail.
PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})
_HUGE = 1 << 22

#: How every pickle ends, as a number; what follows is not read. A byte more follows the pickle of what may crash when it is freed.
STOP = pickle.STOP[0]
FRAGILE = b"!"

Buffer = bytes | bytearray | memoryview
#: The pickle, followed by its out-of-band buffers.
Payload = list[Buffer]


# As multiprocessing's own pickler: connections, locks and the like say there how they travel.
_reducers = ForkingPickler._extra_reducers  # type: ignore[attr-defined]  # not in the stubs


class _Pickler(pickle.Pickler):
    dispatch_table = ChainMap(  # noqa: RUF012  # shared by all picklers, and never changed by one
        _reducers,
        copyreg.dispatch_table,  # type: ignore[arg-type]  # its stub is narrower than what ChainMap wants
    )

    def __init__(self, file: io.BytesIO, rules: Rules, keep: Callable[[Any], bool] | None) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=keep)
        self.reducer_override = rules.reduce  # type: ignore[method-assign]  # pickle looks it up in the instance


_cloud: Any = None


def _cloud_pickler(file: io.BytesIO, rules: Rules, keep: Callable[[Any], bool] | None) -> Any:
    global _cloud
    if _cloud is None:
        import cloudpickle

        class CloudPickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
            def __init__(self, file: io.BytesIO, rules: Rules, keep: Callable[[Any], bool] | None) -> None:
                super().__init__(file, PROTOCOL, keep)
                self.dispatch_table: Any = self.dispatch_table.new_child(_reducers)
                self.rules = rules

            def reducer_override(self, obj: Any) -> Any:
                try:
                    reduced = self.rules.reduce(obj)
                except NeedsCloudpickle:
                    reduced = super().reducer_override(obj)
                    return self.rules.arriving(obj, reduced) if isinstance(obj, type) else reduced
                return super().reducer_override(obj) if reduced is NotImplemented else reduced

        _cloud = CloudPickler
    return _cloud(file, rules, keep)


def _pickle(obj: Any, rules: Rules, keep: Callable[[Any], bool] | None, fresh: Callable[[], None]) -> io.BytesIO:
    file = io.BytesIO()
    try:
        _Pickler(file, rules, keep).dump(obj)
    except NeedsCloudpickle:
        fresh()
        file = io.BytesIO()
        _cloud_pickler(file, rules, keep).dump(obj)
    return file


def dump_definition(value: Any, rules: Rules) -> bytes:
    """Pickle what a name of `__main__` stands for, in one piece. cloudpickle has its try before it is given up.

    Raises:
        Exception: whatever the object's own pickling raises; `rules.last` is what it was raised for.
    """
    try:
        return _pickle(value, rules, None, lambda: None).getvalue()
    except (TypeError, AttributeError, pickle.PicklingError):
        file = io.BytesIO()
        _cloud_pickler(file, rules, None).dump(value)
        return file.getvalue()


def all_plain(values: Iterable[Any]) -> bool:
    """Whether every value is of a plain type."""
    return set(map(type, values)) <= PLAIN


def _copy(view: memoryview) -> Buffer:
    """A copy that nobody else has. It can be written to, whatever the original, as what the standard library sends can."""
    if view.nbytes < _HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return bytearray(view)
    # In pages of 2 MiB, if there are any: fresh memory costs more for each page than to fill it.
    memory = mmap.mmap(-1, view.nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without them
        memory.madvise(mmap.MADV_HUGEPAGE)
    copy = memoryview(memory)
    copy[:] = view
    return copy


def dump(obj: Any, names: set[str] | None = None) -> Payload:
    """Pickle an object.

    Args:
        obj: anything.
        names: takes the names of `__main__` that it refers to; None for a result on its way to the parent.

    Returns:
        The pickle and, after it, the large buffers that stay outside of it. All of it is a snapshot: nothing that anybody does to the
        object later shows in it. So buffers are copied, unless their memory belongs to a `bytes` object, which never changes; a view
        that cannot be written through proves nothing, as its owner may write.

    Raises:
        Exception: whatever the object's own pickling raises.
    """
    buffers: list[Buffer] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < OUT_OF_BAND:
            return True
        owner = view.obj
        while type(owner) is memoryview:
            owner = owner.obj
        if type(owner) is bytes or any(owner is copy for copy in rules.copies):
            buffers.append(view)
        else:
            buffers.append(_copy(view))
        return False

    rules = Rules(names)
    file = _pickle(obj, rules, keep, buffers.clear)
    if rules.fragile():
        file.write(FRAGILE)
    return [file.getvalue(), *buffers]


class _NotPure(Exception):
    """Raised inside a pickler when it meets an object whose pickling could run code."""


class _PurePickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        raise _NotPure


# One for all, as to make one takes three times as long as to use it. In the main thread of a worker only.
_pure_file = io.BytesIO()
_pure_pickler = _PurePickler(_pure_file, PROTOCOL)


def dump_pure(value: Any) -> bytes | None:
    """Pickle a value if neither that nor reading it back runs anybody's code or can fail: a plain value, or containers of them.

    Returns:
        The pickle; None when there is something else in it.
    """
    file, pickler = _pure_file, _pure_pickler
    file.seek(0)
    file.truncate()
    pickler.clear_memo()
    try:
        pickler.dump(value)
    except Exception:  # whatever it is, an ordinary pickler does without the limits of this one, or meets it again
        return None
    finally:
        pickler.clear_memo()
    return file.getvalue()


def dump_call(args: tuple[Any, ...], kwargs: dict[str, Any], names: set[str]) -> Payload:
    """Pickle the arguments of one call as ``(args, kwargs)``, and add the names of `__main__` that they refer to."""
    if kwargs:
        return dump((args, kwargs), names)
    types = set(map(type, args))
    if bytes in types:
        # Large bytes stay where they are and travel beside the pickle.
        args = tuple([pickle.PickleBuffer(arg) if type(arg) is bytes and len(arg) >= OUT_OF_BAND else arg for arg in args])
        types = set(map(type, args))
    return [pickle.dumps((args, kwargs), PROTOCOL)] if types <= PLAIN else dump((args, kwargs), names)


def dump_value(value: Any) -> Payload:
    """Pickle one result.

    Raises:
        BaseException: whatever its own pickling raises, SystemExit too: that is what the future gets, as in the standard library.
    """
    if type(value) is bytes and len(value) >= OUT_OF_BAND:
        return dump(pickle.PickleBuffer(value))
    return [pickle.dumps(value, PROTOCOL)] if type(value) in PLAIN else dump(value)


def is_fragile(payload: Payload) -> bool:
    """Whether what this makes may crash the process when it is freed."""
    return payload[0][-1] != STOP


def dump_whole(obj: Any, names: set[str]) -> bytes:
    """Pickle a function, or whatever else is sent once, in one piece; add the names of `__main__` that it uses.

    Raises:
        Exception: whatever the object's own pickling raises.
    """
    return _pickle(obj, Rules(names), None, lambda: None).getvalue()


def trouble(obj: Any) -> tuple[Any, BaseException] | None:
    """Find out in what the pickling of an object fails.

    Returns:
        What was looked at last, and what was raised; None when it succeeds.
    """
    rules = Rules(set())
    try:
        _pickle(obj, rules, None, lambda: None)
    except KeyboardInterrupt:
        raise  # somebody's Ctrl-C, not the pickling
    except BaseException as error:
        return (obj if rules.last is None else rules.last), error
    return None


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

    from poolviz.wording import words_of

    broken = BrokenProcessPool(f"The {what} of this call could not be unpickled: {words_of(error)}. Other calls go on.")
    broken.__cause__ = error
    return broken
