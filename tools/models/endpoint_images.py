"""Pictures as a chat request carries them: within the JSON, as data URLs."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from ..roles import Pixels, StampedFrame
from .chat_prompt import Message, size_within

# Small letters stay sharp from about here on, as long as their colour is not thinned out.
_JPEG_QUALITY = 92


def image_part(frame: StampedFrame, n_pixels: int) -> Message:
    """A picture as a part of a message, of at most so many pixels."""
    return {"type": "image_url", "image_url": {"url": data_url(shrunk(frame.image, n_pixels))}}


def data_url(image: Pixels) -> str:
    """An RGB picture (height, width, 3): as PNG, which loses nothing, where that is not the larger, else as JPEG."""
    picture = Image.fromarray(image)
    jpeg, png = BytesIO(), BytesIO()
    picture.save(jpeg, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    picture.save(png, "PNG")
    kind, data = ("png", png) if len(png.getvalue()) <= len(jpeg.getvalue()) else ("jpeg", jpeg)
    return f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode('ascii')}"


def shrunk(image: Pixels, n_pixels: int) -> Pixels:
    """A picture of at most so many pixels in its own proportions; a smaller one as it is."""
    import cv2

    size = size_within(image, n_pixels)
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
