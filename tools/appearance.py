"""The embedded image embedder: colours, brightness and layout, with the few words it has for them.

It needs no weights. It tells scenes apart and finds "red" or "dark", but knows nothing of meaning:
for that, an image-text model takes its place behind the same protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .roles import Pixels, Vectors

Plane = npt.NDArray[Any]

COLOURS = (
    "black", "white", "gray", "red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown",
)  # fmt: skip
_SYNONYMS = {
    "grey": "gray",
    "dark": "black",
    "violet": "purple",
    "magenta": "pink",
    "turquoise": "cyan",
    "lilac": "purple",
}
_GRID = 3
_LUMA_GRID = 6
_SHORT_SIDE = 54
# Share of each block in the squared length of a vector: likeness is mostly a matter of colour.
_WEIGHTS = {"colour": 0.6, "luma": 0.2, "edge": 0.2}
# Upper hue bound in degrees of each chromatic colour, going round the circle.
_HUE_BOUNDS = (
    (15, "red"), (42, "orange"), (70, "yellow"), (165, "green"), (195, "cyan"), (258, "blue"), (292, "purple"),
    (342, "pink"), (361, "red"),
)  # fmt: skip
_N_COLOUR = _GRID * _GRID * len(COLOURS)


class AppearanceEmbedder:
    """Descriptors of what a picture looks like; implements ``ImageTextEmbedder``."""

    name = "appearance-1"
    dimension = _N_COLOUR + _LUMA_GRID * _LUMA_GRID + _GRID * _GRID * 4

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """Unit vectors, float32 (n, dimension), of RGB pictures (height, width, 3)."""
        return (
            np.stack([self._embed(image) for image in images])
            if images
            else np.zeros((0, self.dimension), np.float32)
        )

    def _embed(self, image: Pixels) -> Vectors:
        small = _shrunk(image)
        luma = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        blocks = {
            "colour": np.sqrt(_cells(_named_colours(small), _GRID, _colour_shares).ravel()),
            "luma": 0.1 + _cells(luma, _LUMA_GRID, lambda cell: np.array([cell.mean()])).ravel() / 255,
            "edge": 0.02 + _edge_shares(luma).ravel(),
        }
        return np.concatenate([np.sqrt(_WEIGHTS[k]) * _unit(v) for k, v in blocks.items()]).astype(np.float32)

    def embed_text(self, text: str) -> Vectors | None:
        """The vector of a picture filled with the colours that the text names; None where it names none."""
        named = colours_in(text)
        if not named:
            return None
        cell = np.array([float(colour in named) for colour in COLOURS])
        vector = np.zeros(self.dimension, np.float32)
        vector[:_N_COLOUR] = _unit(np.tile(np.sqrt(cell / len(named)), _GRID * _GRID))
        return vector

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        """How much of each picture the colours fill that a text names, (n,) in [0, 1]; 0 where it names none."""
        return np.asarray(np.clip(named_share(vectors, colours_in(text)), 0, 1), np.float32)


def colour_shares(vectors: Vectors) -> npt.NDArray[np.float32]:
    """Share of the picture that each of ``COLOURS`` fills, shape (n, 12), from vectors of the embedder."""
    cells = (vectors[:, :_N_COLOUR].astype(np.float32) ** 2 / _WEIGHTS["colour"]).reshape(
        len(vectors), -1, len(COLOURS)
    )
    return np.asarray(cells.sum(axis=1), np.float32)


def named_share(vectors: Vectors, colours: Sequence[str]) -> npt.NDArray[np.float32]:
    """Share of the picture that some of ``COLOURS`` fill together, (n,), from vectors of the embedder."""
    return np.asarray(colour_shares(vectors)[:, [COLOURS.index(c) for c in colours]].sum(axis=1), np.float32)


def colours_in(text: str) -> list[str]:
    """The colours that a text names, in the order of ``COLOURS``."""
    words = {_SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+", text.lower())}
    return [colour for colour in COLOURS if colour in words]


def _shrunk(image: Pixels) -> Pixels:
    if min(image.shape[:2]) < _LUMA_GRID:
        image = image.repeat(_LUMA_GRID, axis=0).repeat(_LUMA_GRID, axis=1)
    step = max(1, min(image.shape[:2]) // _SHORT_SIDE)
    return image[::step, ::step]


def _named_colours(image: Pixels) -> npt.NDArray[np.int64]:
    """Index into ``COLOURS`` of every pixel, shape (height, width)."""
    rgb = np.asarray(image, np.float32) / np.float32(255)
    value, spread = rgb.max(-1), np.ptp(rgb, axis=-1)
    saturation = spread / np.maximum(value, 1e-6)
    hue = _hue_degrees(rgb, value, np.maximum(spread, 1e-6))
    named = np.digitize(hue, [bound for bound, _ in _HUE_BOUNDS[:-1]])
    index = np.array([COLOURS.index(name) for _, name in _HUE_BOUNDS])[named]
    warm = (hue < 45) | (hue >= 342)
    index[warm & (value < 0.6) & ((saturation < 0.85) | (hue > 20) & (hue < 45)) & (hue > 8)] = COLOURS.index(
        "brown"
    )
    index[warm & (hue >= 330) & (saturation < 0.5) & (value > 0.75)] = COLOURS.index("pink")
    index[(saturation < 0.16) | (spread < 0.07)] = COLOURS.index("gray")
    index[(saturation < 0.16) & (value > 0.82)] = COLOURS.index("white")
    index[value < 0.16] = COLOURS.index("black")
    return index


def _hue_degrees(
    rgb: npt.NDArray[np.float32], value: npt.NDArray[np.float32], spread: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    sextant = np.where(
        value == red,
        (green - blue) / spread % 6,
        np.where(value == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    return np.asarray(sextant * 60, np.float32)


def _colour_shares(cell: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.bincount(cell.ravel(), minlength=len(COLOURS)) / cell.size


def _edge_shares(luma: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Strength of edges in four directions per cell, shape (9, 4)."""
    down, right = np.gradient(luma)
    strength = np.hypot(down, right) / 255
    direction = (np.arctan2(down, right) / (np.pi / 4)).round().astype(int) % 4
    planes = np.stack([np.where(direction == d, strength, 0) for d in range(4)], axis=-1)
    return _cells(planes, _GRID, lambda cell: cell.mean(axis=(0, 1)))


def _cells(plane: Plane, grid: int, measure: Callable[[Plane], Plane]) -> npt.NDArray[np.float64]:
    rows = np.array_split(plane, grid, axis=0)
    return np.array([measure(cell) for row in rows for cell in np.array_split(row, grid, axis=1)])


def _unit(vector: Plane) -> Plane:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))
