"""Pictures of a video, read forwards once, each with the second at which a player shows it."""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from .container import MAX_PIXELS, clock_zero_s, open_media
from .errors import MediaError
from .roles import Pixels
from .tracks import picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream

# Formats whose first plane is the 8-bit brightness, which can then be looked at without conversion.
_PLANAR_LUMA = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
# Far below any tick of a container's clock, far above what is lost in adding seconds.
_HAIR_S = 1e-7
# No codec shows a picture more than this many places away from where it was decoded.
_REORDERED = 16
_own = threading.local()


@dataclass(frozen=True)
class Picture:
    """One decoded picture; ``pts_s`` is the second at which a player shows it."""

    pts_s: float
    _frame: VideoFrame

    def luma(self) -> Pixels:
        """Brightness, shape (height, width), upright, at the size of the video."""
        if self._frame.format.name in _PLANAR_LUMA:
            return _upright(_first_plane(self._frame), self._frame)
        return self._converted("gray", self._frame.width, self._frame.height)

    def rgb(self, short_side: int | None = None) -> Pixels:
        """Colours, shape (height, width, 3), upright; shrunk to ``short_side`` where given, never enlarged."""
        frame = self._frame
        scale = min(1.0, short_side / min(frame.width, frame.height)) if short_side else 1.0
        return self._converted(
            "rgb24", max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        )

    def _converted(self, form: str, width: int, height: int) -> Pixels:
        converted = _reformatter().reformat(self._frame, width, height, form, threads=1)
        return _upright(np.asarray(converted.to_ndarray(), np.uint8), self._frame)


class Steps:
    """Even steps along a timeline: tells which moments are the first at or after one.

    Steps are counted from the first moment and do not drift, whatever moments come.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._first_s: float | None = None
        self._due_s = float("-inf")

    def meets(self, time_s: float) -> bool:
        """Whether a moment, given in order of time, is the first at or after a step."""
        if self._first_s is None:
            self._first_s = time_s
        if time_s < self._due_s - _HAIR_S:
            return False
        n_done = math.floor((time_s - self._first_s + _HAIR_S) / self._every_s)
        self._due_s = self._first_s + (n_done + 1) * self._every_s
        return True


@dataclass
class PictureReader:
    """A forward pass over a video's picture track.

    Iterating yields one picture per ``every_s`` seconds: the first one shown at or after each step.
    While and after reading, ``end_s`` is the second at which the last decoded picture ends,
    ``n_decoded`` counts pictures and ``n_damaged`` packets that could not be decoded.

    Raises ``MediaError`` while iterating, where the file has no picture or one over the size limit.
    """

    path: Path
    every_s: float
    end_s: float = 0.0
    n_decoded: int = 0
    n_damaged: int = 0
    _n_packets: int = field(default=0, init=False, repr=False)

    def __iter__(self) -> Iterator[Picture]:
        self.end_s, self.n_decoded, self.n_damaged, self._n_packets = 0.0, 0, 0, 0
        with open_media(self.path) as container:
            stream = picture_stream(container)
            if stream is None:
                raise MediaError(f"{self.path}: has no picture that can be decoded")
            self._limit_size(stream.codec_context.width, stream.codec_context.height)
            # FFmpeg's frame threads lose the pictures that wait behind a damaged one, without a word.
            stream.thread_type = "SLICE"
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            steps = Steps(self.every_s)
            for pts_s, frame in self._timed(container, stream):
                if steps.meets(pts_s):
                    yield Picture(pts_s, frame)
            if self.n_damaged:
                # Some damage makes no noise: the packet just gives no picture.
                self.n_damaged = max(self.n_damaged, self._n_packets - self.n_decoded)

    def _timed(self, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        """Every picture in order, with its second on the player's clock."""
        zero_s = clock_zero_s(container)
        length_s = 1 / float(stream.average_rate) if stream.average_rate else 0.0
        timed = ((f.time - zero_s, f) for f in self._decoded(container, stream) if f.time is not None)
        # AVI stores no presentation times: those that FFmpeg makes up are right, but not in their places.
        for pts_s, frame in _sorted_times(timed) if container.format.name == "avi" else timed:
            self._limit_size(frame.width, frame.height)
            self.n_decoded += 1
            shown_s = (
                float(frame.duration * frame.time_base) if frame.duration and frame.time_base else length_s
            )
            self.end_s = max(self.end_s, pts_s + (shown_s or _HAIR_S))
            yield pts_s, frame

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        for packet in self._packets(container, stream):
            yield from self._frames(packet)

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
        import av

        try:
            for packet in container.demux(stream):
                self._n_packets += bool(packet.size)
                yield packet
                if not packet.size and packet.dts is None:
                    # The last packet. Beyond it PyAV stumbles over tracks that began half way.
                    return
        except (av.error.FFmpegError, IndexError):
            self.n_damaged += 1

    def _frames(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        import av

        try:
            return list(packet.decode())
        except av.error.FFmpegError:
            self.n_damaged += 1
            return []

    def _limit_size(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise MediaError(
                f"{self.path}: {width}x{height} pixels a picture are over the limit of {MAX_PIXELS}"
            )


def _sorted_times(timed: Iterable[tuple[float, VideoFrame]]) -> Iterator[tuple[float, VideoFrame]]:
    """The same pictures in the same order, their seconds brought into order among neighbours."""
    waiting: deque[VideoFrame] = deque()
    times_s: list[float] = []
    for time_s, frame in timed:
        waiting.append(frame)
        heapq.heappush(times_s, time_s)
        if len(waiting) > _REORDERED:
            yield heapq.heappop(times_s), waiting.popleft()
    while waiting:
        yield heapq.heappop(times_s), waiting.popleft()


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


def _upright(pixels: Pixels, frame: VideoFrame) -> Pixels:
    # The display matrix says how far the player turns the picture, counted anticlockwise.
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
