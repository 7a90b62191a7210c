"""Many pictures in one: a detector looks at a tile of them about as quickly as at one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..tools.roles import Box, Pixels

CELL_WIDTH = 240
"""Pixels of a picture in a tile; four beside each other are as wide as what detectors look at."""


@dataclass(frozen=True)
class Tile:
    """Pictures of one video in rows of ``n_columns``, the first at the top left."""

    image: Pixels
    n_pictures: int
    n_columns: int

    @classmethod
    def of(cls, pictures: Sequence[Pixels], n_columns: int) -> Tile:
        """A tile of one picture or more, each ``CELL_WIDTH`` wide in its own proportions."""
        import cv2

        height, width = pictures[0].shape[:2]
        size = (CELL_WIDTH, max(1, round(CELL_WIDTH * height / width)))
        n_columns = min(n_columns, len(pictures))
        n_rows = -(-len(pictures) // n_columns)
        image = np.zeros((n_rows * size[1], n_columns * size[0], 3), np.uint8)
        for place, picture in enumerate(pictures):
            top, left = place // n_columns * size[1], place % n_columns * size[0]
            image[top : top + size[1], left : left + size[0]] = cv2.resize(
                picture, size, interpolation=cv2.INTER_AREA
            )
        return cls(image, len(pictures), n_columns)

    def place_of(self, box: Box) -> int | None:
        """Which picture holds the middle of a box; None for a part of the tile that holds none."""
        n_rows = -(-self.n_pictures // self.n_columns)
        column = min(int((box[0] + box[2]) / 2 * self.n_columns), self.n_columns - 1)
        row = min(int((box[1] + box[3]) / 2 * n_rows), n_rows - 1)
        place = row * self.n_columns + column
        return place if place < self.n_pictures else None
