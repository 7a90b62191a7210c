"""Pictures as a chat request carries them: within the JSON, as data URLs."""

from __future__ import annotations

import base64
import math

import numpy as np

from ..roles import Pixels, StampedFrame
from .chat_prompt import Message

# Small letters stay sharp from about here on, as long as their colour is not thinned out.
_JPEG_QUALITY = 92


def image_part(frame: StampedFrame, n_pixels: int) -> Message:
    """A picture as a part of a message, of at most so many pixels."""
    return {"type": "image_url", "image_url": {"url": data_url(shrunk(frame.image, n_pixels))}}


def data_url(image: Pixels) -> str:
    """An RGB picture (height, width, 3): as PNG, which loses nothing, where that is not the larger, else as JPEG."""
    import cv2

    turned = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    jpeg = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, *sampling])[1]
    png = cv2.imencode(".png", turned)[1]
    kind, data = ("png", png) if len(png) <= len(jpeg) else ("jpeg", jpeg)
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode('ascii')}"


def shrunk(image: Pixels, n_pixels: int) -> Pixels:
    """A picture of at most so many pixels in its own proportions; a smaller one as it is."""
    import cv2

    height, width = image.shape[:2]
    if height * width <= n_pixels:
        return image
    scale = math.sqrt(n_pixels / (height * width))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
