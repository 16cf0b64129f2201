"""The wire between kernel and page: a JSON header and one binary buffer for each column, as `schema.json` lays down.

Live messages travel as header and buffers. A snapshot is the same packed into one blob:

    "POOLVIZ2" | u32, little-endian: length of the header | header | buffers

How a column is packed is said in the header (`codes`), see `packing`. One whose values all follow from its code has no buffer.

Versions differ in their sections and columns. A message says in `v` which version it is, in `needs` which one a reader must have, and how
many columns each section has, so that

    an older message     has fewer columns: the missing ones read as 0, `NEVER` or `NONE`
    a newer one          has sections and columns that are skipped, if its `needs` allows that
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
    """Data that is not of this wire: foreign, damaged or of a version that cannot be read."""


class _Place(NamedTuple):
    """Where a column of a message stands."""

    section: str
    name: str
    kind: str | None
    """The column's type; None for one that this version does not have."""
    length: int
    code: list[int]

    @property
    def size(self) -> int:
        """Bytes of its buffer; it has none when that is 0."""
        return self.length * self.code[1]


@cache
def schema() -> dict[str, Any]:
    """The definition that Python and TypeScript share."""
    loaded: dict[str, Any] = json.loads(files("poolviz.wire").joinpath("schema.json").read_bytes())
    return loaded


@cache
def columns_of(section: str) -> list[tuple[str, str]]:
    """Name and type of each column of a section. A column that came later has a third entry in the schema: the version that brought it."""
    return [(name, kind) for name, kind, *_since in schema()["sections"][section]["columns"]]


def encode(header: Mapping[str, Any], sections: Sections, start: int, origin: int = 0) -> Message:
    """Make a message.

    Args:
        header: its own fields; `v`, `needs`, `sections` and `codes` are added. Times in it are for the caller to convert.
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
    lengths = [[name, _length(columns), len(columns_of(name))] for name, columns in present.items()]
    return Message({"v": schema()["version"], "needs": schema()["needs"], **header, "sections": lengths, "codes": codes}, buffers)


def decode(message: Message) -> dict[str, dict[str, Column]]:
    """The columns of a message: times in nanoseconds since the trace's start, or `NEVER`; rows, or `NONE`.

    Raises:
        WireError: it does not follow the schema.
    """
    header, buffers = message
    left = iter(buffers)
    decoded: dict[str, dict[str, Column]] = {}
    neighbour: Column | None = None
    for place in _layout(header):
        section, name, kind, length, code = place
        if section not in decoded:
            decoded[section], neighbour = {}, None
        planes = next(left, b"") if place.size else b""
        if len(planes) != place.size:
            raise WireError(f"column {section}.{name} has {len(planes)} bytes instead of {place.size}")
        if kind is None:
            continue
        try:
            column = unpack_column(code, planes, length, neighbour, _none_of(kind))
        except (ValueError, OverflowError) as error:
            raise WireError(f"column {section}.{name} cannot be read: {error}") from error
        decoded[section][name] = column
        if kind == "time" and is_whole(code):
            neighbour = column
    if next(left, None) is not None:
        raise WireError("there are more buffers than columns")
    return {section: _with_missing(section, columns) for section, columns in decoded.items() if section in schema()["sections"]}


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
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header cannot be read: {error!r}") from error
    buffers, position = [], stop
    for place in _layout(header):
        if place.size:
            buffers.append(blob[position : position + place.size])
            position += place.size
    if position != len(blob):
        raise WireError(f"{len(blob)} bytes instead of {position}")
    return Message(header, buffers)


def _layout(header: Any) -> Iterator[_Place]:
    """Each column of a message, as its header says."""
    version = _version_of(header)
    seen: set[str] = set()
    try:
        sections, codes = list(header["sections"]), iter(header["codes"])
        for section, length, *width in sections:
            if section in seen or not (isinstance(section, str) and _is_count(length, schema()["most_records"])):
                raise WireError(f"section {section!r} comes twice, or has a length {length!r} that makes no sense")
            seen.add(section)
            known = columns_of(section) if section in schema()["sections"] else []
            for number in range(_width(section, version, width)):
                name, kind = known[number] if number < len(known) else (str(number), None)
                yield _Place(section, name, kind, length, _checked(list(next(codes)), f"{section}.{name}"))
        if next(codes, None) is not None:
            raise WireError("there are more codes than columns")
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"the header cannot be read: {error!r}") from error


def _version_of(header: Any) -> int:
    version, needs = (header.get("v"), header.get("needs", header.get("v"))) if isinstance(header, dict) else (None, None)
    mine = schema()
    if not (isinstance(version, int) and isinstance(needs, int) and version >= mine["oldest_read"] and needs <= mine["version"]):
        raise WireError(f"version {version!r} of the wire cannot be read; this is version {mine['version']}")
    return version


def _width(section: str, version: int, said: list[Any]) -> int:
    """How many columns a section has. Version 2 does not say: it has those that came with no later version."""
    if version > 2:
        [width] = said
        if not _is_count(width, 1000):
            raise WireError(f"section {section!r} has {width!r} columns")
        return int(width)
    if said or section not in schema()["sections"]:
        raise WireError(f"version 2 has no section {section!r}, or none that is described like this")
    return sum(len(column) == 2 for column in schema()["sections"][section]["columns"])


def _checked(code: list[Any], column: str) -> list[int]:
    if not (len(code) >= 3 and all(type(n) is int for n in code) and 0 <= code[0] <= SOME and 0 <= code[1] <= 8):
        raise WireError(f"column {column} has the unknown code {code!r}")
    return code


def _none_of(kind: str) -> int:
    return NEVER if kind == "time" else NONE


def _with_missing(section: str, columns: dict[str, Column]) -> dict[str, Column]:
    """Add the columns that an older message does not have."""
    length = _length(columns)
    for name, kind in columns_of(section):
        if name not in columns:
            columns[name] = array("q", [_none_of(kind) if kind in ("time", "row") else 0]) * length
    return columns


def _is_count(length: object, most: int) -> bool:
    return type(length) is int and 0 <= length <= most


def _length(columns: Mapping[str, Column]) -> int:
    return len(next(iter(columns.values()), array("q")))
