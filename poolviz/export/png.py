"""Small pictures of few colours, as PNG."""

import zlib
from base64 import b64encode
from collections.abc import Sequence

Rgba = tuple[int, int, int, int]


def png(rows: Sequence[bytes], palette: Sequence[Rgba]) -> bytes:
    """A picture.

    Args:
        rows: from top to bottom; each byte is a pixel's index in the palette.
        palette: at most 256 colours, with 255 for opaque.
    """
    size = len(rows[0]).to_bytes(4, "big") + len(rows).to_bytes(4, "big")
    indexed = bytes((8, 3, 0, 0, 0))  # bits, colours from a palette; the only compression and filter that there are; not interlaced
    pixels = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", size + indexed),
            _chunk(b"PLTE", b"".join(bytes(colour[:3]) for colour in palette)),
            _chunk(b"tRNS", bytes(colour[3] for colour in palette)),
            _chunk(b"IDAT", zlib.compress(pixels, 9)),
            _chunk(b"IEND", b""),
        )
    )


def data_url(picture: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{b64encode(picture).decode('ascii')}"


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
