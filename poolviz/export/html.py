"""A run as one page: code, style and data in it, no request to anywhere, opens from disk."""

import hashlib
from base64 import b64encode
from html import escape

from poolviz import observe
from poolviz.export import bundle
from poolviz.tracing.trace import Trace, one_line
from poolviz.wire.codec import Message, pack
from poolviz.wire.feed import Feed

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<div id="poolviz"></div>
<noscript>{line}</noscript>
<script type="application/x-poolviz" id="poolviz-snapshot">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def render(trace: Trace) -> bytes:
    """The page of a trace, as UTF-8.

    Raises:
        bundle.NotBuiltError: the front end has not been built.
    """
    observe.flush_all()
    feed = Feed(trace)
    snapshot = feed.snapshot()
    feed.close()
    return page_of(snapshot)


def page_of(snapshot: Message) -> bytes:
    """The page of a trace's snapshot, as UTF-8.

    Raises:
        bundle.NotBuiltError: the front end has not been built.
    """
    script, style = bundle.text("page.js"), bundle.text("widget.css")
    check_inlinable(script, style)
    snapshot.header["state"] = "static"
    title = snapshot.header["title"]
    page = _PAGE.format(
        policy=_policy(script),
        title=escape(f"{title} - poolviz"),
        style=style,
        line=escape(one_line(title, snapshot.header["counts"])),
        data=b64encode(pack(snapshot)).decode("ascii"),
        script=script,
    )
    return page.encode()


def _policy(script: str) -> str:
    # The hash lets this script run and no other, should text of the user's ever get into the page as markup.
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data: blob:"


def check_inlinable(script: str, style: str) -> None:
    """Make sure that neither can end its own element, or begin a comment that would swallow the end.

    Raises:
        ValueError: it could.
    """
    for name, text, forbidden in (("page.js", script, ("</script", "<!--")), ("widget.css", style, ("</style",))):
        for sequence in forbidden:
            if sequence in text.lower():
                raise ValueError(f"{name} contains {sequence!r} and cannot be put into a page")
