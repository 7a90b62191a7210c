"""A picture out of half blocks: each character shows two pixels, one as its own colour and one behind it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...tools.roles import Pixels

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"
# The cube of 6 x 6 x 6 colours begins at 16; its steps lie at these values.
_CUBE_FIRST, _CUBE = 16, np.array([0, 95, 135, 175, 215, 255])


def half_blocks(picture: Pixels, n_columns: int, n_rows: int, is_true: bool) -> str:
    """A picture (height, width, 3) as lines of characters, in all colours where ``is_true``, else in 256."""
    from PIL import Image

    small = Image.fromarray(picture).resize((n_columns, 2 * n_rows), Image.Resampling.BOX)
    pixels = np.asarray(small, np.uint8).reshape(n_rows, 2, n_columns, 3)
    colours = [[_names(half, is_true) for half in pair] for pair in pixels]
    return "".join(f"{''.join(_row(upper, lower))}{_RESET}\n" for upper, lower in colours)


def _row(upper: list[str], lower: list[str]) -> Iterator[str]:
    """The characters of a line; a colour that goes on is not said again."""
    before = ("", "")
    for pair in zip(upper, lower, strict=True):
        if pair != before:
            yield f"\x1b[38;{pair[0]};48;{pair[1]}m"
        yield _UPPER_HALF
        before = pair


def _names(half: Pixels, is_true: bool) -> list[str]:
    """Colours (n, 3) as the parameters by which a terminal knows them."""
    if is_true:
        return [f"2;{red};{green};{blue}" for red, green, blue in half.tolist()]
    nearest = np.abs(half[:, :, None].astype(int) - _CUBE).argmin(axis=2)
    return [f"5;{_CUBE_FIRST + 36 * r + 6 * g + b}" for r, g, b in nearest.tolist()]
