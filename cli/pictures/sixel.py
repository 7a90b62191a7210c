"""A picture as sixel, the graphics of the VT340 that many terminals take: bands of six rows, colour by colour."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ...tools.roles import Pixels

_N_COLOURS = 256
_BAND = 6
_REPEAT_MIN = 4


def sixel(picture: Pixels) -> str:
    """A picture (height, width, 3), pixel for pixel, in at most 256 colours.

    Source: chapter 14 of the VT330/VT340 Programmer Reference Manual (EK-VT3XX-TP).
    """
    from PIL import Image

    height, width = picture.shape[:2]
    reduced = Image.fromarray(picture).quantize(_N_COLOURS)
    palette = np.array(reduced.getpalette()).reshape(-1, 3)
    numbers = np.asarray(reduced)
    used = np.unique(numbers)
    colours = "".join(f"#{n};2;{';'.join(str(round(v / 2.55)) for v in palette[n])}" for n in used)
    bands = (_band(numbers[top : top + _BAND]) for top in range(0, height, _BAND))
    # Pixels are square (1;1), and what has no colour stays as it is.
    return f'\x1bP0;1q"1;1;{width};{height}{colours}{"-".join(bands)}\x1b\\\n'


def _band(numbers: npt.NDArray[np.uint8]) -> str:
    """Up to six rows of colour numbers (n, width): each colour is drawn over the whole width by itself."""
    bits = (1 << np.arange(len(numbers)))[:, None]
    drawn = (((numbers == n) * bits).sum(axis=0) for n in np.unique(numbers))
    return "$".join(f"#{n}{''.join(_runs(row))}" for n, row in zip(np.unique(numbers), drawn, strict=True))


def _runs(row: npt.NDArray[np.int64]) -> Iterator[str]:
    for value, same in groupby(row.tolist()):
        n, character = len(list(same)), chr(63 + value)
        yield f"!{n}{character}" if n >= _REPEAT_MIN else character * n
