"""The terminal that stdout is, if it is one: whether it takes colours, and pictures drawn in its own form."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass

from ...tools.roles import Pixels
from ..edge import is_narrow
from .asking import CELL, cell_size, device_attributes
from .capability import Form, form_of, shows_colour

N_COLUMNS = 80
"""The width of what goes elsewhere than to a terminal."""
THUMBNAIL_COLUMNS = 48
"""How wide a picture is at most that stands among lines of text."""


@dataclass(frozen=True)
class Terminal:
    """What can be written to: ``form`` is that of pictures, ``cell`` (width, height) of a character in pixels."""

    form: Form = Form.NONE
    has_colour: bool = False
    n_columns: int = N_COLUMNS
    cell: tuple[int, int] = CELL

    @classmethod
    def of_output(cls, is_plain: bool = False) -> Terminal:
        """What stdout is; where it is no terminal, or all is to be ``is_plain``, it takes text only."""
        is_terminal = sys.stdout.isatty()
        n_columns = shutil.get_terminal_size((N_COLUMNS, 24)).columns if is_terminal else N_COLUMNS
        if is_plain or not shows_colour(is_terminal, os.environ):
            return cls(n_columns=n_columns)
        form = form_of(os.environ, device_attributes, is_narrow())
        return cls(form, True, n_columns, cell_size(sys.stdout))

    @property
    def has_pictures(self) -> bool:
        """Whether pictures can be drawn at all."""
        return self.form is not Form.NONE

    def drawn(self, picture: Pixels, n_columns_max: int = THUMBNAIL_COLUMNS) -> str:
        """A picture (height, width, 3) as what to write, with the line's end; empty where none can be drawn.

        It is as wide as the terminal at most, and never enlarged beyond its own pixels.
        """
        from .blocks import half_blocks
        from .protocols import iterm2, kitty
        from .sixel import sixel

        n_columns, n_rows = self._cells(picture, n_columns_max)
        if self.form in (Form.TRUE_BLOCKS, Form.BLOCKS):
            return half_blocks(picture, n_columns, n_rows, self.form is Form.TRUE_BLOCKS)
        if self.form is Form.NONE:
            return ""
        fitted = _fitted(picture, n_columns * self.cell[0], n_rows * self.cell[1])
        if self.form is Form.SIXEL:
            return sixel(fitted)
        return (kitty if self.form is Form.KITTY else iterm2)(fitted, n_columns, n_rows)

    def _cells(self, picture: Pixels, n_columns_max: int) -> tuple[int, int]:
        """How many cells a picture fills without being distorted."""
        height, width = picture.shape[:2]
        n_columns = max(1, min(n_columns_max, self.n_columns - 1, -(-width // self.cell[0])))
        n_rows = round(n_columns * self.cell[0] * height / width / self.cell[1])
        return n_columns, max(1, min(n_rows, n_columns_max))


def _fitted(picture: Pixels, width: int, height: int) -> Pixels:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS), np.uint8)
