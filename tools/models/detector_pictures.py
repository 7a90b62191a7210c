"""Pictures as a detector is shown them: of a size and a shape that it can look at, and square for OWLv2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..roles import Pixels

if TYPE_CHECKING:
    import torch

# Grounding DINO needs as many places in a picture as it gives boxes, which a very thin picture lacks.
_ASPECT_MAX = 8


def alike(images: Sequence[Pixels]) -> list[list[int]]:
    """Places of pictures by size: filled up to a common size, pictures would change each other's results."""
    shapes = dict.fromkeys(image.shape for image in images)
    return [[place for place, image in enumerate(images) if image.shape == shape] for shape in shapes]


def shrunk(image: Pixels, side_max: int) -> Pixels:
    """The picture (height, width, 3) with no side over so many pixels; never enlarged."""
    import cv2

    if (scale := side_max / max(image.shape)) >= 1:
        return image
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def filled_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of what ``filled_up`` makes of a picture of this size."""
    return max(height, -(-width // _ASPECT_MAX)), max(width, -(-height // _ASPECT_MAX))


def filled_up(image: Pixels) -> Pixels:
    """The picture with black to the right or below where it is too long and thin."""
    (height, width), size = image.shape[:2], filled_size(*image.shape[:2])
    if size == (height, width):
        return image
    return np.pad(image, ((0, size[0] - height), (0, size[1] - width), (0, 0)))


def squared(image: Pixels, side: int, scale: float) -> torch.Tensor:
    """The picture times ``scale`` in the top left corner of a black square of ``side`` pixels: (3, side, side).

    It is blurred where it is shrunk, then read off between its pixels. These are the steps of ``Owlv2ImageProcessor``,
    as scikit-image's ``resize`` has them, and the result is the same to the last digits. The blur alone goes
    another way: the processor's convolution takes most of its time, and ten times as long as OpenCV's.
    """
    import cv2
    import torch

    height, width = image.shape[:2]
    square = np.zeros((max(height, width),) * 2 + (3,), np.float32)
    np.multiply(image, np.float32(scale), out=square[:height, :width])
    # In single precision, as in the processor: the next whole number may depend on the last digit.
    sigma = (np.float32(len(square)) / np.float32(side) - np.float32(1)) / np.float32(2)
    if sigma > 0:
        n_pixels = 2 * int(np.ceil(np.float32(3) * sigma)) + 1
        square = cv2.GaussianBlur(square, (n_pixels,) * 2, float(sigma), borderType=cv2.BORDER_REFLECT_101)
    planes = torch.from_numpy(square).permute(2, 0, 1)[None]
    return torch.nn.functional.interpolate(planes, (side, side), mode="bilinear")[0]
