"""Things whose content is one number all over, which can be changed in place; importable by workers."""

import array

import numpy as np
import pandas as pd

from tests.faults.tasks import Buffers

#: Bytes of each: beside the pickle, and enough of them for a pipe to fill up.
SIZE = 1 << 16


class Kind:
    """One kind of such things."""

    def __init__(self, make, fill, number):
        self.make = make
        self.fill = fill
        self.number = number


def _fill_bytes(data, i):
    data[:] = bytes([i]) * len(data)


def _fill(data, i):
    data[:] = i


def _the_only(numbers):
    found = set(numbers)
    assert len(found) == 1, f"torn: {found}"
    return found.pop()


def _of_array(data):
    return int(_the_only([data.min(), data.max()]))


def _of_bytes(data):
    return _the_only([min(data), max(data)])


def _fill_words(data, i):
    data[:] = array.array("q", [i]) * len(data)


def _read_only_view():
    view = np.zeros(SIZE, np.uint8)[:]
    view.flags.writeable = False
    return view


def _fill_frame(frame, i):
    for column in frame.columns:
        frame[column].array[:] = i


def _fill_all(parts, i):
    for part in parts.values():
        part[:] = i


KINDS = {
    "numpy": Kind(lambda: np.zeros(SIZE, np.uint8), _fill, _of_array),
    "numpy in Fortran's order": Kind(lambda: np.zeros((256, SIZE // 256), np.uint8, order="F"), _fill, _of_array),
    "a view of numpy that cannot be written": Kind(_read_only_view, lambda view, i: _fill(view.base, i), _of_array),
    "numpy over a bytearray": Kind(lambda: np.frombuffer(bytearray(SIZE), np.uint8), _fill, _of_array),
    "bytearray": Kind(lambda: bytearray(SIZE), _fill_bytes, _of_bytes),
    "array.array": Kind(lambda: array.array("q", bytes(SIZE)), _fill_words, _of_bytes),
    "list": Kind(lambda: [0] * 1000, lambda data, i: _fill(data, [i] * 1000), _of_bytes),
    "list of lists": Kind(
        lambda: [[0], [0]], lambda data, i: [_fill(each, [i]) for each in data], lambda data: _of_bytes(data[0] + data[1])
    ),
    "dict": Kind(lambda: {"i": 0}, lambda data, i: data.update(i=i), lambda data: data["i"]),
    "buffers of a class": Kind(
        lambda: Buffers([bytearray(SIZE), bytearray(2 * SIZE)]),
        lambda data, i: [_fill_bytes(part, i) for part in data.parts],
        lambda data: _the_only([_of_bytes(part) for part in data.parts]),
    ),
    "a view of a bytearray that cannot be written": Kind(
        lambda: Buffers([memoryview(bytearray(SIZE)).toreadonly()]),
        lambda data, i: _fill_bytes(data.parts[0].obj, i),
        lambda data: _of_bytes(data.parts[0]),
    ),
    "pandas": Kind(
        lambda: pd.DataFrame({"a": np.zeros(8192, np.int64), "b": np.zeros(8192)}),
        _fill_frame,
        lambda frame: int(_the_only([frame.a.min(), frame.a.max(), frame.b.min(), frame.b.max()])),
    ),
    "dict of arrays": Kind(
        lambda: {"a": np.zeros(SIZE), "b": np.zeros(SIZE, np.int32)},
        _fill_all,
        lambda parts: _the_only([_of_array(part) for part in parts.values()]),
    ),
}


def number_of(kind, data):
    return KINDS[kind].number(data)


_mine = {}


def number_of_named(kind, *, data):
    return number_of(kind, data)


def give_the_same(kind, i):
    """What every call of a worker gives, filled anew by each."""
    data = _mine.setdefault(kind, KINDS[kind].make())
    KINDS[kind].fill(data, i)
    return data
