"""The wire between kernel and page: a JSON header and one binary buffer for each column, as `schema.json` lays down.

Live messages travel as header and buffers. A snapshot is the same packed into one blob:

    "POOLVIZ1" | u32 length of the header | header, padded with spaces to a multiple of 8 | buffers, each padded with zeros to 8

All numbers are little-endian. A time is an offset of 32 bits: nanoseconds since the trace's start = base + value * unit; the unit is
as fine as the span of the message's times allows.
"""

import json
import sys
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from poolviz.tracing.columns import Column
from poolviz.tracing.vector import offsets

MAGIC = b"POOLVIZ1"
NONE = 2**32 - 1
UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
TYPE_CODES = {"u8": "B", "u16": "H", "u32": "I", "i32": "i", "t32": "I"}

Sections = Mapping[str, Mapping[str, Column]]
"""Columns by section and name. Times are nanoseconds of the clock, 0 for none."""


class Message(NamedTuple):
    """What goes over the wire."""

    header: dict[str, Any]
    buffers: list[bytes]


class WireError(ValueError):
    """Data that is not of this wire: foreign, damaged or newer."""


@cache
def schema() -> dict[str, Any]:
    """The definition that Python and TypeScript share."""
    loaded: dict[str, Any] = json.loads(files("poolviz.wire").joinpath("schema.json").read_bytes())
    return loaded


def columns_of(section: str) -> list[tuple[str, str]]:
    """Name and type of each column of a section."""
    return [(name, kind) for name, kind in schema()["sections"][section]["columns"]]


def encode(header: Mapping[str, Any], sections: Sections, start: int) -> Message:
    """Make a message.

    Args:
        header: its own fields; `v`, `base`, `unit` and `sections` are added. Times in it are for the caller to convert.
        sections: the columns; empty ones are left out.
        start: the trace's time zero, in nanoseconds of the clock.
    """
    present = {name: sections[name] for name in schema()["sections"] if _length(sections.get(name, {}))}
    times = [columns[name] for section, columns in present.items() for name, kind in columns_of(section) if kind == "t32"]
    base, unit = _scale(times, start)
    buffers = []
    for section, columns in present.items():
        for name, kind in columns_of(section):
            values = _offsets(columns[name], base, unit) if kind == "t32" else columns[name]
            buffers.append(_bytes(TYPE_CODES[kind], values))
    lengths = [[name, _length(columns)] for name, columns in present.items()]
    head = {"v": schema()["version"], **header, "base": base - start, "unit": unit, "sections": lengths}
    return Message(head, buffers)


def decode(message: Message) -> dict[str, dict[str, Column]]:
    """The columns of a message, as they stand on the wire: times are offsets, not clock readings.

    Raises:
        WireError: it does not follow the schema.
    """
    header, buffers = message
    if header.get("v") != schema()["version"]:
        raise WireError(f"version {header.get('v')!r} of the wire cannot be read; this is version {schema()['version']}")
    left = iter(buffers)
    decoded: dict[str, dict[str, Column]] = {}
    for section, length in header["sections"]:
        if section not in schema()["sections"]:
            raise WireError(f"unknown section {section!r}")
        decoded[section] = {}
        for name, kind in columns_of(section):
            column = array(TYPE_CODES[kind])
            column.frombytes(next(left, b""))
            if sys.byteorder == "big":
                column.byteswap()
            if len(column) != length:
                raise WireError(f"column {section}.{name} has {len(column)} values instead of {length}")
            decoded[section][name] = column
    return decoded


def pack(message: Message) -> bytes:
    """One blob of a message."""
    header = json.dumps(message.header, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-(len(MAGIC) + 4 + len(header)) % 8)
    parts = [MAGIC, len(header).to_bytes(4, "little"), header]
    for buffer in message.buffers:
        parts += (buffer, bytes(-len(buffer) % 8))
    return b"".join(parts)


def unpack(blob: bytes) -> Message:
    """The message in a blob.

    Raises:
        WireError: it is no such blob, or not whole.
    """
    if blob[: len(MAGIC)] != MAGIC:
        raise WireError("this is no packed poolviz message")
    position = len(MAGIC) + 4
    stop = position + int.from_bytes(blob[len(MAGIC) : position], "little")
    try:
        header = json.loads(blob[position:stop])
        sections = [(columns_of(name), length) for name, length in header["sections"]]
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"the header cannot be read: {error!r}") from error
    if not all(isinstance(length, int) and length >= 0 for _, length in sections):
        raise WireError(f"lengths that are no numbers: {header['sections']}")
    sizes = [length * array(TYPE_CODES[kind]).itemsize for columns, length in sections for _, kind in columns]
    buffers, position = [], stop
    for size in sizes:
        buffers.append(blob[position : position + size])
        position += size + -size % 8
    if position != len(blob):
        raise WireError(f"{len(blob)} bytes instead of {position}")
    return Message(header, buffers)


def _length(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values()), ()))


def _scale(times: Sequence[Column], start: int) -> tuple[int, int]:
    """The earliest time, and the finest unit in which the latest still fits 32 bits."""
    happened = [column for column in times if any(column)]
    base = min((min(column) or min(filter(None, column)) for column in happened), default=start)
    span = max(map(max, happened), default=base) - base
    return base, next(unit for unit in UNITS if span // unit < NONE)


def _offsets(times: Column, base: int, unit: int) -> Column:
    if not any(times):
        return array("I", (NONE,)) * len(times)
    if 0 in times:
        return array("I", [(time - base) // unit if time else NONE for time in times])
    return offsets(times, base) if unit == 1 else array("I", [(time - base) // unit for time in times])


def _bytes(code: str, values: Sequence[int]) -> bytes:
    column = values if isinstance(values, array) and values.typecode == code else array(code, values)
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
