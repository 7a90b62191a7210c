"""A picture as the bytes of a terminal's own protocol: kitty's and iTerm2's, which both carry a PNG file."""

from __future__ import annotations

import io
from base64 import standard_b64encode

from ...tools.roles import Pixels

_CHUNK = 4096


def kitty(picture: Pixels, n_columns: int, n_rows: int) -> str:
    """A picture (height, width, 3) that fills so many cells, as kitty's graphics protocol has it.

    It is sent in chunks of 4096 characters, and the terminal is told to answer nothing (``q=2``), since
    nobody would read that. Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/
    """
    text = standard_b64encode(png(picture)).decode()
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    head = f"a=T,f=100,q=2,c={n_columns},r={n_rows},"
    parts = [
        f"\x1b_G{'' if place else head}m={int(place < len(chunks) - 1)};{chunk}\x1b\\"
        for place, chunk in enumerate(chunks)
    ]
    return "".join(parts) + "\n"


def iterm2(picture: Pixels, n_columns: int, n_rows: int) -> str:
    """A picture (height, width, 3) that fills so many cells, as iTerm2's inline images have it.

    Source: https://iterm2.com/documentation-images.html
    """
    data = png(picture)
    how = f"inline=1;size={len(data)};width={n_columns};height={n_rows};preserveAspectRatio=0"
    return f"\x1b]1337;File={how}:{standard_b64encode(data).decode()}\x07\n"


def png(picture: Pixels) -> bytes:
    """A picture (height, width, 3) as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
