"""The wire between kernel and page: a JSON header and one binary buffer for each column, as `schema.json` lays down.

Live messages travel as header and buffers. A snapshot is the same packed into one blob:

    "POOLVIZ2" | u32, little-endian: length of the header | header | buffers

How a column is packed is said in the header (`codes`), see `packing`. One whose values all follow from its code has no buffer.
"""

import json
from array import array
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from poolviz.tracing.columns import Column
from poolviz.wire.packing import SOME, is_whole, pack_column, unpack_column

MAGIC = b"POOLVIZ2"

#: What `decode` gives for a row and for a time that is none.
NONE = 2**32 - 1
NEVER = -(2**63)

Sections = Mapping[str, Mapping[str, Column]]
"""Columns by section and name. Times are nanoseconds of the clock, rows are numbers of calls; 0 for none."""


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


@cache
def columns_of(section: str) -> list[tuple[str, str]]:
    """Name and type of each column of a section."""
    return [(name, kind) for name, kind in schema()["sections"][section]["columns"]]


def encode(header: Mapping[str, Any], sections: Sections, start: int, origin: int = 0) -> Message:
    """Make a message.

    Args:
        header: its own fields; `v`, `sections` and `codes` are added. Times in it are for the caller to convert.
        sections: the columns; empty ones are left out.
        start: the trace's time zero, in nanoseconds of the clock.
        origin: number of the call that is row 0.
    """
    present = {name: sections[name] for name in schema()["sections"] if _length(sections.get(name, {}))}
    zeros = {"time": start, "row": origin}
    codes, buffers = [], []
    for section, columns in present.items():
        neighbour = None
        for name, kind in columns_of(section):
            code, planes = pack_column(columns[name], zeros.get(kind), neighbour if kind == "time" else None)
            codes.append(code)
            if planes:
                buffers.append(planes)
            if kind == "time" and is_whole(code):
                neighbour = columns[name]
    lengths = [[name, _length(columns)] for name, columns in present.items()]
    return Message({"v": schema()["version"], **header, "sections": lengths, "codes": codes}, buffers)


def decode(message: Message) -> dict[str, dict[str, Column]]:
    """The columns of a message: times in nanoseconds since the trace's start, or `NEVER`; rows, or `NONE`.

    Raises:
        WireError: it does not follow the schema.
    """
    header, buffers = message
    left = iter(buffers)
    decoded: dict[str, dict[str, Column]] = {}
    neighbour: Column | None = None
    for section, name, kind, length, code in _layout(header):
        if section not in decoded:
            decoded[section], neighbour = {}, None
        size = length * code[1]
        planes = next(left, b"") if size else b""
        if len(planes) != size:
            raise WireError(f"column {section}.{name} has {len(planes)} bytes instead of {size}")
        column = unpack_column(code, planes, length, neighbour, NEVER if kind == "time" else NONE)
        decoded[section][name] = column
        if kind == "time" and is_whole(code):
            neighbour = column
    if next(left, None) is not None:
        raise WireError("there are more buffers than columns")
    return decoded


def pack(message: Message) -> bytes:
    """One blob of a message."""
    header = json.dumps(message.header, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join((MAGIC, len(header).to_bytes(4, "little"), header, *message.buffers))


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
    except ValueError as error:
        raise WireError(f"the header cannot be read: {error!r}") from error
    buffers, position = [], stop
    for _section, _name, _kind, length, code in _layout(header):
        if length * code[1]:
            buffers.append(blob[position : position + length * code[1]])
            position += length * code[1]
    if position != len(blob):
        raise WireError(f"{len(blob)} bytes instead of {position}")
    return Message(header, buffers)


def _layout(header: Any) -> Iterator[tuple[str, str, str, int, list[int]]]:
    """Section, name, type, length and code of each column of a message, as its header says."""
    version = header.get("v") if isinstance(header, dict) else None
    if version != schema()["version"]:
        raise WireError(f"version {version!r} of the wire cannot be read; this is version {schema()['version']}")
    try:
        sections, codes = list(header["sections"]), iter(header["codes"])
        for section, length in sections:
            if section not in schema()["sections"]:
                raise WireError(f"unknown section {section!r}")
            for name, kind in columns_of(section):
                code = list(next(codes))
                if not (_is_count(length) and all(isinstance(n, int) for n in code) and len(code) >= 3 and code[0] <= SOME):
                    raise WireError(f"column {section}.{name} has a length {length!r} and a code {code!r} that make no sense")
                if not (code[0] >= 0 and 0 <= code[1] <= 8):
                    raise WireError(f"column {section}.{name} has the unknown code {code!r}")
                yield section, name, kind, length, code
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"the header cannot be read: {error!r}") from error


def _is_count(length: object) -> bool:
    return isinstance(length, int) and length >= 0


def _length(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values()), array("q")))
