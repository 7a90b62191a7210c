"""Decoding a picture track: what all ways share, and the quick way, which does what the packets foretell."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .clock import Span
from .container import MAX_PIXELS, Pulse, no_pulse, open_media
from .errors import MediaError
from .frame_order import BEFORE_ALL, FrameOrder, stands_alone
from .packets import PacketSource
from .picture import Picture, n_turns
from .schedule import IrregularError, Run, Schedule
from .selection import Selection
from .tracks import picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# In these, a packet that no other one refers to can be left out without a trace.
_WITH_LEAVE_TO_SKIP = {"h264", "mpeg4", "mpeg2video", "mpeg1video"}
# Here a packet may give no picture, or its time is a guess: only decoding shows what there is.
_UNFORESEEABLE = {"vp8", "theora", "rv30", "rv40", "wmv3", "vc1"}
WITH_GUESSED_TIMES = {"avi", "mpeg"}
# Decoders that crash when they are emptied while pictures of their own share out a damaged stream.
_FRAGILE = {"vp9"}


@dataclass(frozen=True)
class PictureTrack:
    """What is read: a file, one of its picture tracks (None: the one a player would take), or its keyframes."""

    path: Path
    number: int | None = None
    keyframes_only: bool = False
    pulse: Pulse = no_pulse


class Pass:
    """One way of reading a track once; the counts are those of ``PictureReader``."""

    n_threads = 0
    is_strict = True

    def __init__(self, track: PictureTrack, container: InputContainer, stream: VideoStream) -> None:
        self.path = track.path
        self.stream = stream
        self.context = stream.codec_context
        self.format, self.codec = container.format.name, stream.codec_context.codec.canonical_name
        # Where threads share a picture FFmpeg overlooks damage, and unless told to stop there, it goes on
        # as if nothing were.
        stream.thread_type = "SLICE" if self.codec in _FRAGILE else "FRAME"
        stream.codec_context.thread_count = self.n_threads
        strictness = {"err_detect": "explode"} if self.is_strict else {}
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)} | strictness
        self.source = PacketSource(container, stream, track.keyframes_only, track.pulse)
        self.n_damaged = 0
        self.lost: list[Span] = []

    @property
    def end_s(self) -> float:
        return self.source.end_s

    @property
    def n_pictures(self) -> int:
        return self.source.n_packets

    def pictures(self, selection: Selection, after_s: float) -> Iterator[Picture]:
        """The wanted pictures that begin behind ``after_s``."""
        raise NotImplementedError

    def picture(self, start_s: float, end_s: float, frame: VideoFrame) -> Picture:
        limit_size(self.path, frame.width, frame.height)
        aspect = self.stream.sample_aspect_ratio
        return Picture(start_s, end_s, frame, n_turns(frame), float(aspect) if aspect else 1.0)


Way = TypeVar("Way", bound=Pass)


@contextmanager
def opened(track: PictureTrack, way: type[Way]) -> Iterator[Way]:
    """A track, open for one way of decoding.

    Raises ``MediaError`` where the file has no picture or one over the size limit, ``UnknownVideoError``
    for a missing file and ``RequestError`` for a track that is not there.
    """
    with open_media(track.path) as container:
        stream = picture_stream(container, track.number)
        if stream is None:
            raise MediaError(f"{track.path}: has no picture that can be decoded")
        limit_size(track.path, stream.codec_context.width, stream.codec_context.height)
        yield way(track, container, stream)


class Quick(Pass):
    """Decodes what the wanted pictures need and no more, on all cores.

    Raises ``IrregularError`` as soon as anything is not as the packets foretold.
    """

    def __init__(self, track: PictureTrack, container: InputContainer, stream: VideoStream) -> None:
        super().__init__(track, container, stream)
        self._may_skip = _may_skip(self.context)
        self._forget()

    def pictures(self, selection: Selection, after_s: float) -> Iterator[Picture]:
        if self.codec in _UNFORESEEABLE or self.format in WITH_GUESSED_TIMES:
            raise IrregularError
        schedule = Schedule(self.source, selection)
        for run in schedule:
            if run.is_fresh:
                yield from self._emptied()
            self._begin(run)
            was_wanted = False
            for packet in run.packets:
                is_wanted = packet.pts in run.wanted
                # The second field of a picture can be a packet of its own, right behind the first.
                yield from self._decoded(packet, in_full=is_wanted or was_wanted)
                was_wanted = is_wanted
        yield from self._emptied()
        self.n_damaged, self.lost = schedule.n_lost, schedule.lost

    def restart(self, at_s: float) -> None:
        """Forget all that was read, and go on at a keyframe at or before ``at_s``, or at the beginning."""
        self.context.flush_buffers()
        self._forget()
        self.source.jump(at_s)

    def _forget(self) -> None:
        self._awaited: dict[int, tuple[float, float]] = {}
        self._ready: deque[tuple[Picture, float]] = deque()
        self._order = FrameOrder()
        self._first_pts = BEFORE_ALL

    def _begin(self, run: Run) -> None:
        self._awaited.update(run.wanted)
        if run.is_fresh and run.packets and run.packets[0].pts is not None:
            self._order, self._first_pts = FrameOrder(), run.packets[0].pts

    def _emptied(self) -> Iterator[Picture]:
        """What the decoder still holds; then it is as new."""
        yield from self._decoded(None, in_full=True)
        while self._ready:
            yield self._ready.popleft()[0]
        if self._awaited:
            raise IrregularError
        self.context.flush_buffers()

    def _decoded(self, packet: Packet[VideoStream] | None, in_full: bool) -> Iterator[Picture]:
        import av

        self.context.skip_frame = "DEFAULT" if in_full or not self._may_skip else "NONREF"
        if packet is not None:
            self._order.send(packet)
        try:
            frames = self.context.decode(packet)
        except av.error.FFmpegError as error:
            raise IrregularError from error
        for frame in frames:
            if frame.pts is not None:
                yield from self._settled(frame, frame.pts)

    def _settled(self, frame: VideoFrame, pts: int) -> Iterator[Picture]:
        """The pictures in which no damage can come to light any more, now that this one is out."""
        # What is shown before the picture that decoding began with may lack what it refers to.
        if frame.is_corrupt and pts >= self._first_pts:
            raise IrregularError
        if pts == self._first_pts and not stands_alone(frame):
            raise IrregularError
        place = self._order.receive(pts)
        if pts in self._awaited:
            self._ready.append((self._expected(frame, pts), place.latest_before))
        while self._ready and self._ready[0][1] <= self._order.latest_received:
            yield self._ready.popleft()[0]

    def _expected(self, frame: VideoFrame, pts: int) -> Picture:
        # Pictures come in order of time: one that is still awaited from before will not come any more.
        if min(self._awaited) < pts:
            raise IrregularError
        return self.picture(*self._awaited.pop(pts), frame)


def _may_skip(context: VideoCodecContext) -> bool:
    """Whether what the decoder takes for unreferenced is really no part of any other picture."""
    if context.name != "hevc":
        return context.name in _WITH_LEAVE_TO_SKIP
    # There the mark only speaks of one temporal layer; the header says how many there are.
    header = context.extradata or b""
    return len(header) > 22 and header[0] == 1 and header[21] >> 3 & 7 == 1


def limit_size(path: Path, width: int, height: int) -> None:
    """Nothing, for a picture within the limit; raises ``MediaError`` for one over it."""
    if width * height > MAX_PIXELS:
        raise MediaError(f"{path}: {width}x{height} pixels a picture are over the limit of {MAX_PIXELS}")
