"""Saving a trace in the format that the suffix of the file's name asks for, so that a file is whole or is not there."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolviz.tracing.trace import Trace

#: Suffix -> "module:function". The function takes a trace and returns the file's bytes. Named, not imported: formats know traces,
#: traces do not know formats.
FORMATS = {
    ".html": "poolviz.export.html:render",
    ".poolviz": "poolviz.export.native:render",
    ".json": "poolviz.export.chrome:render",
    ".csv": "poolviz.export.table:render",
}


def save(trace: Trace, path: str | os.PathLike[str]) -> Path:
    """Write `trace` to `path`; see `Trace.save`."""
    target = Path(path)
    entry = FORMATS.get(target.suffix.lower())
    if entry is None:
        raise ValueError(f"a trace cannot be saved as {target.name!r}: the known suffixes are {', '.join(FORMATS)}")
    module, _, function = entry.partition(":")
    data: bytes = getattr(import_module(module), function)(trace)
    write(target, data)
    return target


def write(target: Path, data: bytes) -> None:
    """Write `data` so that `target` holds either what it held before or all of it."""
    # In the same folder: a rename is atomic only within one file system.
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
