"""One picture of a video: when it is shown, its brightness and its colours, upright and undistorted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .roles import Pixels

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane
    from av.video.reformatter import VideoReformatter

# Formats whose first plane is the 8-bit brightness, which can then be looked at without conversion.
_PLANAR_LUMA = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
_WITH_A_PALETTE = {"pal8", "monow", "monob"}
# What a frame says of the meaning of its numbers.
_COLOUR_MARKS = ("colorspace", "color_range", "color_trc", "color_primaries")
_own = threading.local()


@dataclass(frozen=True)
class Picture:
    """One decoded picture, shown from ``pts_s`` until ``end_s``, when the next one takes its place.

    ``n_turns`` quarters of a circle anticlockwise make it stand upright; ``pixel_aspect`` is the width
    of a stored pixel as a multiple of its height.
    """

    pts_s: float
    end_s: float
    frame: VideoFrame
    n_turns: int = 0
    pixel_aspect: float = 1.0

    def luma(self) -> Pixels:
        """Brightness, shape (height, width), upright, with the pixels as stored."""
        if self.frame.format.name in _PLANAR_LUMA:
            return self._upright(_first_plane(self.frame))
        return self._converted("gray", self.frame.width, self.frame.height)

    def rgb(self, short_side: int | None = None) -> Pixels:
        """Colours, shape (height, width, 3), upright, as wide as a player shows them.

        Shrunk to ``short_side`` where given, never enlarged.
        """
        width, height = self.frame.width * self.pixel_aspect, float(self.frame.height)
        scale = min(1.0, short_side / min(width, height)) if short_side else 1.0
        return self._converted("rgb24", max(1, round(width * scale)), max(1, round(height * scale)))

    def _converted(self, form: str, width: int, height: int) -> Pixels:
        # Shrinking happens in the decoder's own colours; only what is left of them is converted.
        converted = _reformatter().reformat(self.frame, width, height, form, threads=1)
        return self._upright(np.asarray(converted.to_ndarray(), np.uint8))

    def _upright(self, pixels: Pixels) -> Pixels:
        return np.ascontiguousarray(np.rot90(pixels, self.n_turns)) if self.n_turns else pixels


def n_turns(frame: VideoFrame) -> int:
    """Quarters of a circle, anticlockwise, by which the player is asked to turn a decoded picture."""
    return round(frame.rotation / 90) % 4


def packed(picture: Picture) -> tuple[dict[str, object], list[bytes]]:
    """A picture as plain data and the bytes of its planes, as ``unpacked`` takes them."""
    frame = picture.frame
    if frame.format.name in _WITH_A_PALETTE:
        frame = _reformatter().reformat(frame, format="rgb24")
    alike = _blank(frame.width, frame.height, frame.format.name)
    pairs = zip(frame.planes, alike.planes, strict=True)
    planes = [_rows(plane, like.line_size, like.buffer_size) for plane, like in pairs]
    header = {
        "pts_s": picture.pts_s,
        "end_s": picture.end_s,
        "n_turns": picture.n_turns,
        "pixel_aspect": picture.pixel_aspect,
        "format": frame.format.name,
        "size": [frame.width, frame.height],
        "colours": [int(getattr(frame, name)) for name in _COLOUR_MARKS],
    }
    return header, planes


def unpacked(header: Mapping[str, Any], body: bytearray) -> Picture:
    """The picture that ``packed`` took apart; ``body`` holds its planes one after the other.

    Raises ``ValueError`` where header and body do not fit together.
    """
    width, height = header["size"]
    frame = _blank(width, height, header["format"])
    if sum(plane.buffer_size for plane in frame.planes) != len(body):
        raise ValueError(f"{len(body)} bytes are no picture of {header['size']} in {header['format']}")
    first = 0
    for plane in frame.planes:
        plane.update(bytes(memoryview(body)[first : first + plane.buffer_size]))
        first += plane.buffer_size
    for name, value in zip(_COLOUR_MARKS, header["colours"], strict=True):
        setattr(frame, name, value)
    return Picture(header["pts_s"], header["end_s"], frame, header["n_turns"], header["pixel_aspect"])


def _blank(width: int, height: int, form: str) -> VideoFrame:
    from av.video.frame import VideoFrame

    return VideoFrame(width, height, form)


def _rows(plane: VideoPlane, row_bytes: int, n_bytes: int) -> bytes:
    """The plane with rows of another length: decoders and we leave different room behind each row."""
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    n_rows = n_bytes // row_bytes
    cut = rows[:n_rows, :row_bytes]
    return np.pad(cut, ((0, n_rows - len(cut)), (0, row_bytes - cut.shape[1]))).tobytes()


def _reformatter() -> VideoReformatter:
    """This thread's converter: a frame's own one is shared, and two threads in it wait for each other for ever."""
    from av.video.reformatter import VideoReformatter

    if not hasattr(_own, "reformatter"):
        _own.reformatter = VideoReformatter()
    return cast("VideoReformatter", _own.reformatter)


def _first_plane(frame: VideoFrame) -> Pixels:
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    return np.asarray(rows[: frame.height, : frame.width], np.uint8)
