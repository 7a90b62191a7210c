"""Small pictures of a video, each with its own second, as data URLs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from ...agent.footage import Shot, each_shown, seeker_of
from ...index.fingerprint import is_there
from ...index.memory import Memory
from ...tools.errors import RequestError, UnknownVideoError
from ...tools.roles import Pixels

_SIZE_MAX = (320, 240)
_JPEG_QUALITY = 74
# Each failure costs a process; a video with more of them than this is not worth the wait.
_FAILURES_MAX = 8


@dataclass(frozen=True)
class Thumbnail:
    """A picture of ``width`` times ``height`` pixels that a player shows from ``pts_s`` on."""

    address: str
    width: int
    height: int
    pts_s: float


@dataclass(frozen=True)
class Thumbnails:
    """Pictures by the second that each was asked for; ``note`` says why some or all are missing."""

    by_time_s: dict[float, Thumbnail] = field(default_factory=dict)
    note: str = ""

    def at(self, time_s: float) -> Thumbnail | None:
        """The picture that was asked for at a second."""
        return self.by_time_s.get(time_s)


def thumbnails_at(memory: Memory, times_s: Sequence[float]) -> Thumbnails:
    """The pictures shown at some seconds, read from the video's file; a second without one has none.

    Nothing is read from a file that is not the one that was remembered.
    """
    if not memory.video.width or not times_s:
        return Thumbnails()
    if not is_there(memory.video):
        return Thumbnails(
            note="There are no pictures here: the video's file is gone, or is another one by now."
        )
    found: dict[float, Thumbnail] = {}
    try:
        for time_s, shot in each_shown(seeker_of(memory), tuple(set(times_s)), _FAILURES_MAX):
            found[time_s] = _thumbnail(shot)
    except (RequestError, UnknownVideoError):
        pass
    n_missing = len(set(times_s)) - len(found)
    return Thumbnails(
        found, f"Pictures missing because they cannot be read: {n_missing}." if n_missing else ""
    )


def _thumbnail(shot: Shot) -> Thumbnail:
    data, width, height = _jpeg(shot.rgb())
    address = f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
    return Thumbnail(address, width, height, shot.pts_s)


def _jpeg(image: Pixels) -> tuple[bytes, int, int]:
    from PIL import Image

    picture, file = Image.fromarray(image), BytesIO()
    picture.thumbnail(_SIZE_MAX, Image.Resampling.LANCZOS)
    picture.save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return file.getvalue(), picture.width, picture.height
