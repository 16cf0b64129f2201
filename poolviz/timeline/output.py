"""What a timeline is in a notebook: an output of plain HTML, that any host keeps and any reader can open.

    where nothing may run            the picture (`export.still`): GitHub, mail, a notebook that is not trusted
    where scripts may                the timeline in the picture's place: of the model that the page has from its kernel,
                                     else of the snapshot that the output carries (`js/src/output.ts`, `js/src/places/`)

A widget's view is no such output: without its kernel it is an error message. Where a page learns of models only by their views it is
needed all the same, until the run is over.
"""

from __future__ import annotations

import os
import sys
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache
from html import escape

from poolviz.export import bundle, still
from poolviz.export.html import check_inlinable
from poolviz.wire.codec import Message, pack

_PART = '<script type="application/x-poolviz.{name}">{data}</script>'

#: For those that typeset mathematics: not here, names may hold dollars.
_CLASSES = "poolviz-output tex2jax_ignore mathjax_ignore"


@dataclass(frozen=True)
class Place:
    """An output that a timeline has been displayed in."""

    model: str
    """What the page knows the model by."""
    output: str
    """The output's display id."""
    height: int
    theme: str
    replaces_view: bool = False
    """Whether a widget's view stood there."""


def needs_view() -> bool:
    """Whether the host's pages learn of a model only by a view of it: Visual Studio Code and Colab."""
    return "google.colab" in sys.modules or any(name.startswith("VSCODE_") for name in os.environ)


def live(place: Place, line: str) -> str:
    """The HTML of an output while nothing has been kept yet.

    Args:
        place: the output.
        line: what is said where nothing may run.
    """
    return _output(place, f'<div class="poolviz-still">{escape(line)}</div>')


def contents(snapshot: Message, *, explorable: bool) -> str:
    """What an output that outlives its kernel holds, the same in each place.

    Args:
        snapshot: what it shows.
        explorable: whether the calls go into it, or the picture alone.
    """
    picture = still.draw(snapshot, errors=explorable)
    if not explorable:
        return picture
    trace = _deflated(pack(snapshot), 6)
    return picture + _PART.format(name="front", data=_front()) + _PART.format(name="trace", data=trace)


def kept(place: Place, inside: str) -> str:
    """The HTML of an output that outlives its kernel.

    Args:
        place: the output.
        inside: its `contents`.
    """
    return _output(place, inside)


def version() -> str:
    """What a page finds the front end of an output by: the version of the package that was built, and of its wire."""
    return bundle.text("output.js").partition("/*poolviz ")[2].partition("*/")[0]


def read(html: str) -> bytes | None:
    """The packed snapshot that an output carries, None when it has none."""
    opening, closing = _PART.format(name="trace", data="\0").split("\0")
    _, found, rest = html.partition(opening)
    return zlib.decompress(b64decode(rest.partition(closing)[0])) if found else None


def _output(place: Place, inside: str) -> str:
    data = {"version": version(), "model": place.model, "output": place.output, "height": str(place.height), "theme": place.theme}
    if place.replaces_view:
        data["replaces"] = "view"
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    return f'<div class="{_CLASSES}" {attributes}>{inside}<script>{_loader()}</script></div>'


def _loader() -> str:
    script = bundle.text("output.js").strip()
    check_inlinable(script, "")
    return script


def _front() -> str:
    return _deflated_front(bundle.text("widget.css"), bundle.text("widget.js"))


@cache
def _deflated_front(style: str, script: str) -> str:
    return _deflated(f"{style}\0{script}".encode(), 9)


def _deflated(data: bytes, level: int) -> str:
    return b64encode(zlib.compress(data, level)).decode("ascii")
