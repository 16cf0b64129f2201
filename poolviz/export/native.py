"""The project's own file, ``.poolviz``: all of a trace, compact, and read back bit for bit.

    8 bytes  89 'P' 'V' 'Z' CR LF 1A LF      damaged by a transfer as text, it is no longer these
    u32      version of the format
    u32      CRC-32 of all that follows
    u64      length of the packed body
    u64      length of the body
    ...      the body, packed by zlib:
                 u32    length of the header
                 ...    the header, JSON in ASCII: all that is no column
                 ...    each column of the calls, then each of the waits

A column of 64-bit numbers is stored as the differences of neighbours, and every column with its bytes regrouped, the first byte of each
number before the second of each: times and numbers that grow evenly then pack well. All numbers are little-endian.
"""

from __future__ import annotations

import json
import os
import re
import struct
import sys
import zlib
from array import array
from itertools import accumulate, chain
from operator import sub
from pathlib import Path

from poolviz import naming, observe
from poolviz.export.checks import DamagedError, check_header, check_table, expect
from poolviz.export.versions import VERSION, codes_of, with_numbered_callers, with_what_is_newer
from poolviz.tracing.answers import Everything, Present
from poolviz.tracing.calls import COUNTS
from poolviz.tracing.columns import Column, Table
from poolviz.tracing.recording import Recording
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View

MAGIC = b"\x89PVZ\r\n\x1a\n"
_PREFIX = struct.Struct("<8sIIQQ")
_CHECKED_FROM = 16
#: zlib packs no better than this.
_MOST_PACKED = 1_032
#: Bytes of a trace that are unpacked unless the caller says more: a full store has 95 MB of columns, and then its words.
LIMIT = 256 << 20
#: Bytes that a value in the header may take when it is read, beside its text.
_OF_VALUE = 64
#: Whole strings and whatever else there is, then what stands before a value. It never goes back, so it takes a walk and no memory.
_UP_TO_A_VALUE = re.compile(rb'(?:[^",\[{]++|"(?:[^"\\]++|\\.)*+")*+[,\[{]', re.DOTALL)


class LoadError(ValueError):
    """A file that is no whole trace: foreign, damaged, cut off, of a newer version, or that unpacks to more than is allowed."""


def render(trace: Trace) -> bytes:
    """The file of a trace."""
    observe.flush_all()
    everything = trace.store.everything(trace.view)
    present, calls = everything.present, dict(everything.calls)
    used = dict.fromkeys(calls["label"])
    numbers = {label: number for number, label in enumerate(used)}
    calls["label"] = array("I", map(numbers.__getitem__, calls["label"]))
    heard = chain(everything.waits["caller"], calls["caller"])
    header = {
        "title": trace.title,
        "start": trace.start,
        "anchor": trace.store.anchor,
        "host": trace.host,
        "now": present.now,
        "closed": present.closed,
        "counts": present.counts,
        "dropped": present.dropped,
        "running": present.running,
        "pools": present.pools,
        "workers": present.workers,
        "callers": [(caller, present.callers.get(caller, "")) for caller in dict.fromkeys(heard) if caller],
        "labels": [observe.labels[label] for label in used],
        "errors": everything.errors,
        "prints": [(call, *output) for call, output in everything.prints.items()],
        "chunks": everything.chunks,
        "calls": len(calls["call"]),
        "waits": len(everything.waits["start"]),
    }
    if present.missing:  # a reader that knows nothing of it must not pass the trace for whole
        header["missing"] = present.missing
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    tables = zip((calls, everything.waits), codes_of(VERSION), strict=True)
    columns = [_pack(table[name], code) for table, codes in tables for name, code in codes.items()]
    body = b"".join((struct.pack("<I", len(text)), text, *columns))
    packed = zlib.compress(body)
    prefix = _PREFIX.pack(MAGIC, VERSION, 0, len(packed), len(body))
    checksum = zlib.crc32(packed, zlib.crc32(prefix[_CHECKED_FROM:]))
    return _PREFIX.pack(MAGIC, VERSION, checksum, len(packed), len(body)) + packed


def load(path: str | os.PathLike[str], *, limit: int = LIMIT) -> Trace:
    """Read a trace that `Trace.save` wrote to a file whose name ends with ``.poolviz``.

    Args:
        path: the file.
        limit: the most bytes that it may unpack to. A small file may unpack to a thousand times its size; loading takes up to about three
            times as much memory as what it unpacks to. What poolviz records at most, a million calls
            and what they print and raise, fits into the default of 256 MiB.

    Returns:
        The trace: it can be summarised, drawn and saved in each format, and never changes.

    Raises:
        LoadError: the file is foreign, damaged, cut off, of a newer version, or beyond the limit.
        OSError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            # Hardly anything is longer packed than unpacked.
            most, size = limit + limit // 100 + _PREFIX.size + 1024, os.fstat(file.fileno()).st_size
            if size > most:
                raise LoadError(_beyond(size, limit))
            data = file.read(most)
            if file.read(1):
                raise LoadError(_beyond(most + 1, limit))
        return parse(data, limit)
    except LoadError as error:
        raise LoadError(f"{os.fspath(path)!r}: {error}") from error.__cause__


def parse(data: bytes, limit: int = LIMIT) -> Trace:
    """The trace in a file's bytes.

    Raises:
        LoadError: see `load`.
    """
    version, body = _body_of(data, limit)
    try:
        return _trace_of(version, body, limit)
    except DamagedError as error:
        raise LoadError(f"the file is whole, but is no trace that poolviz has written: {error}") from error


def _beyond(size: int, limit: int) -> str:
    return f"the trace takes {size:,} bytes, and the limit is {limit:,}: if you trust it, poolviz.load(path, limit={size}) reads it"


class _Body:
    """What is packed, unpacked piece by piece: it is never in memory as a whole.

    Args:
        packed: the bytes.
        length: how many they unpack to.
    """

    def __init__(self, packed: bytes, length: int) -> None:
        self.left = length
        self._packed = packed
        self._unpacking = zlib.decompressobj()

    def take(self, n: int) -> bytes:
        """The next `n` bytes.

        Raises:
            LoadError: there are fewer.
        """
        found = bytearray()
        while len(found) < n:
            try:
                piece = self._unpacking.decompress(self._packed, n - len(found))
            except zlib.error as error:
                raise LoadError(f"the file is damaged: {error}") from error
            self._packed = self._unpacking.unconsumed_tail
            if not piece:
                raise LoadError("the file is damaged: it does not hold as much as it says")
            found += piece
        self.left -= n
        return bytes(found)

    def end(self) -> None:
        """See that nothing is left.

        Raises:
            LoadError: something is.
        """
        if self._unpacking.decompress(self._packed, 1) or not self._unpacking.eof:
            raise LoadError("the file is damaged: it does not hold as much as it says")


def _body_of(data: bytes, limit: int) -> tuple[int, _Body]:
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise LoadError("this is no .poolviz file")
    if len(data) < _PREFIX.size:
        raise LoadError(f"the file is cut off: it has {len(data)} bytes, and even an empty trace has more")
    _, version, checksum, packed_length, length = _PREFIX.unpack_from(data)
    if version > VERSION:
        raise LoadError(f"a newer poolviz has written the file: its format is version {version}, and this one reads up to {VERSION}")
    if len(data) < _PREFIX.size + packed_length:
        raise LoadError(f"the file is cut off, or damaged: it has {len(data)} bytes instead of {_PREFIX.size + packed_length}")
    if version < 1 or len(data) > _PREFIX.size + packed_length or zlib.crc32(data[_CHECKED_FROM:]) != checksum:
        raise LoadError("the file is damaged: its checksum is not that of its content")
    if length > _MOST_PACKED * packed_length:
        raise LoadError("the file is damaged: it cannot hold as much as it says")
    if length > limit:
        raise LoadError(_beyond(length, limit))
    return version, _Body(data[_PREFIX.size :], length)


def _trace_of(version: int, body: _Body, limit: int) -> Trace:
    expect(body.left >= 4, "no header")
    size = int(struct.unpack("<I", body.take(4))[0])
    expect(size <= body.left, "a header that does not end")
    text = body.take(size)
    if _is_more(text, limit // _OF_VALUE):
        raise LoadError(_beyond(_OF_VALUE * sum(map(text.count, (b",", b"[", b"{"))), limit))
    try:
        header = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"a header that is no JSON in ASCII: {error}") from error
    del text
    header = check_header(with_what_is_newer(header, version))
    call_codes, wait_codes = codes_of(version)
    n_calls, n_waits = header["calls"], header["waits"]
    sizes = [(name, code, n) for codes, n in ((call_codes, n_calls), (wait_codes, n_waits)) for name, code in codes.items()]
    total = sum(array(code).itemsize * n for _, code, n in sizes)
    expect(body.left == total, f"columns of {body.left} bytes instead of {total}")
    columns = []
    for _, code, n in sizes:
        columns.append(_unpack(body.take(array(code).itemsize * n), code))
    body.end()
    calls: Table = dict(zip(call_codes, columns, strict=False))
    waits: Table = dict(zip(wait_codes, columns[len(call_codes) :], strict=True))
    with_numbered_callers(header, calls, waits, version)
    present = Present(
        now=header["now"],
        counts={name: header["counts"][name] for name in COUNTS},
        dropped=header["dropped"],
        running=header["running"],
        pools=header["pools"],
        workers=header["workers"],
        callers=dict(header["callers"]),
        closed=header["closed"],
        final=True,
        missing=header["missing"],
    )
    everything = Everything(present, calls, waits, header["errors"], dict(header["prints"]), header["chunks"])
    check_table(everything, header["start"], len(header["labels"]))
    held = naming.Held()  # until the recording holds them: a file may have more names than are numbered between two sweeps
    labels = list(map(held.number_of, header["labels"]))
    calls["label"] = array("I", map(labels.__getitem__, calls["label"]))
    view = View("file", 0, start=header["start"])
    view.stop = present.now
    recording = Recording(everything, tuple(header["anchor"]), header["host"])
    del held
    return Trace(recording, view, header["title"])


def _is_more(text: bytes, values: int) -> bool:
    """Whether a text of JSON has more than so many values. What stands in strings does not count, and nothing is built up to find out."""
    if sum(map(text.count, (b",", b"[", b"{"))) <= values:
        return False
    place, found = 0, _UP_TO_A_VALUE.match(text)
    while found is not None:
        values -= 1
        if values < 0:
            return True
        place = found.end()
        found = _UP_TO_A_VALUE.match(text, place)
    return False


def _pack(column: Column, code: str) -> bytes:
    if code == "q":
        column = array(code, chain(column[:1], map(sub, column[1:], column)))
    elif column.typecode != code:
        column = array(code, column)
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    raw = column.tobytes()
    return b"".join(raw[place :: column.itemsize] for place in range(column.itemsize))


def _unpack(regrouped: bytes, code: str) -> Column:
    column = array(code)
    size, length = column.itemsize, len(regrouped) // column.itemsize
    raw = bytearray(len(regrouped))
    for place in range(size):
        raw[place::size] = regrouped[place * length : (place + 1) * length]
    column.frombytes(raw)
    if sys.byteorder == "big":
        column.byteswap()
    if code != "q":
        return column
    try:
        return array(code, accumulate(column))
    except OverflowError as error:
        raise DamagedError("numbers beyond 64 bits") from error
