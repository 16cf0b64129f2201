"""The built front end: the files that `js/` compiles into `poolviz/timeline/static`."""

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent.parent / "timeline" / "static"


class NotBuiltError(RuntimeError):
    """The front end has not been built in this checkout."""


@cache
def text(name: str) -> str:
    """One file of the front end: ``widget.js``, ``widget.css``, ``output.js`` or ``page.js``.

    Raises:
        NotBuiltError: it is not there. An installed package always has it; a checkout needs a build.
    """
    path = STATIC / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotBuiltError(f"the front end of poolviz is not built, {name} is missing: run `make build`") from None
