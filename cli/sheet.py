"""A contact sheet: thumbnails in rows, each with its own second under it, as one PNG file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..tools.clock import Span, format_time
from ..tools.errors import RequestError
from .output import new_file, refuse_existing
from .stills import Still, leniently

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..index.memory import Memory

N_MAX = 400
"""More pictures than this are no sheet that anybody looks at."""

_WIDTH, _GAP, _LABEL_HEIGHT, _FONT_SIZE = 320, 8, 26, 16
_COLUMNS_MAX = 6
_PAPER, _INK = (24, 24, 24), (235, 235, 235)


def sheet(memory: Memory, spans: Sequence[Span], path: Path, is_forced: bool = False) -> list[float]:
    """Write a sheet of what a video shows in the middle of each span; the seconds of its pictures, in order.

    A span without a picture is left out. Raises ``RequestError`` where nothing can be shown, or a file is
    there already and not ``is_forced``, and ``VidagentError`` where it cannot be written.
    """
    from ..agent.footage import seeker_of

    refuse_existing(path, is_forced)
    stills = leniently(seeker_of(memory), [span.middle_s for span in spans])
    return write_sheet(stills, path, is_forced)


def write_sheet(stills: Iterable[Still], path: Path, is_forced: bool = False) -> list[float]:
    """Write a sheet of pictures in the order given; their seconds. Raises what ``sheet`` raises."""
    tiles: list[tuple[float, Image]] = []
    for still in stills:
        if len(tiles) == N_MAX:
            raise RequestError(f"a sheet holds at most {N_MAX} pictures: ask for fewer")
        tiles.append((still.pts_s, _thumbnail(still)))
    if not tiles:
        raise RequestError(f"{path}: there is no picture to put on a sheet")
    with new_file(path, is_forced) as part:
        drawn(tiles).save(part, "PNG")
    return [pts_s for pts_s, _ in tiles]


def drawn(tiles: Sequence[tuple[float, Image]]) -> Image:
    """The sheet: pictures row by row, as many in a row as make it about square, each over its second."""
    from PIL import Image, ImageDraw, ImageFont

    n_columns = min(_COLUMNS_MAX, max(1, round(len(tiles) ** 0.5)))
    row_height = max(image.height for _, image in tiles) + _LABEL_HEIGHT + _GAP
    n_rows = -(-len(tiles) // n_columns)
    size = (n_columns * (_WIDTH + _GAP) + _GAP, n_rows * row_height + _GAP)
    paper, font = Image.new("RGB", size, _PAPER), ImageFont.load_default(_FONT_SIZE)
    pen = ImageDraw.Draw(paper)
    for place, (pts_s, image) in enumerate(tiles):
        row, column = divmod(place, n_columns)
        left, top = _GAP + column * (_WIDTH + _GAP), _GAP + row * row_height
        paper.paste(image, (left + (_WIDTH - image.width) // 2, top))
        bottom = top + row_height - _LABEL_HEIGHT - _GAP
        pen.text((left + _WIDTH // 2, bottom + 4), format_time(pts_s, 3), _INK, font, anchor="ma")
    return paper


def _thumbnail(still: Still) -> Image:
    from PIL import Image

    image = Image.fromarray(still.pixels)
    # Upright pictures are as high as wide at most, so that rows stay alike.
    image.thumbnail((_WIDTH, _WIDTH), Image.Resampling.LANCZOS)
    return image
