"""The compressed pictures of one track in the order of the file, with their seconds and a way to jump."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .container import Pulse, clock_zero_s, no_pulse
from .selection import HAIR_S

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

# Containers with a table of where each second lies. In the others a jump lands anywhere: measured on
# MPEG-TS, most pictures that common readers give after a jump are wrong.
_WITH_TABLE = ("mov,", "matroska,")
# Later seconds do not fit into a timestamp.
LATEST_S = 1e9
# One packet that is shown so much later than all before it can have a false time; so many in a row are right.
_LEAP_S = 1.0
_N_LEAPS = 3
# A packet of MPEG-4 that is no larger says that the picture before it stays.
_NOTHING_NEW_BYTES = 16
# Where Matroska tells its length: in the head of the one segment that follows a short header.
_HEAD_BYTES = 4096
_SEGMENT = bytes.fromhex("18538067")
# How much further before a wanted second a jump aims, until a picture at or before it is met.
_BACK_OFF_S = (0.0, 2.0, 10.0, 60.0)


class PacketSource:
    """A pass over the packets of a picture track, or over its keyframes alone, the first packet among them.

    While and after reading, ``n_packets`` counts them, ``start_s`` and ``end_s`` are the seconds at which
    their first picture begins and their last one ends as far as the packets say, and ``is_cut_short``
    tells that the file could not be read to its end, as far as it ``tells_length``. A picture that comes
    more than ``leap_s`` after the one before it is odd.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        keyframes_only: bool = False,
        pulse: Pulse = no_pulse,
    ) -> None:
        self.keyframes_only = keyframes_only
        self._pulse = pulse
        self._container = container
        self._stream = stream
        self._zero_s = clock_zero_s(container)
        self._tick_s = float(stream.time_base or 1e-6)
        self._usual_s = 1 / float(stream.average_rate) if stream.average_rate else 0.0
        self._packets = self._demuxed()
        self._ahead: Packet[VideoStream] | None = None
        self._says_nothing_bytes = _NOTHING_NEW_BYTES if stream.codec_context.name == "mpeg4" else 0
        self.tells_length = self.can_jump = container.format.name.startswith(_WITH_TABLE)
        self.n_packets = 0
        self.start_s = float("inf")
        self.end_s = 0.0
        self._last_s = float("-inf")
        self._leaps: list[tuple[float, float]] = []
        self._has_jumped = False
        self.is_cut_short = False

    def seconds(self, pts: int) -> float:
        """A timestamp of this track on the player's clock."""
        return pts * self._tick_s - self._zero_s

    def shown_s(self, duration: int | None) -> float:
        """How long a picture is shown that says ``duration`` ticks of itself; the usual time where it says none."""
        return (duration or 0) * self._tick_s or self._usual_s or HAIR_S

    def says_nothing(self, packet: Packet[VideoStream]) -> bool:
        """Whether a packet only says that the picture before it stays."""
        return packet.size <= self._says_nothing_bytes

    def ticks(self, n_pictures: int) -> int:
        """About how many ticks of this track's clock so many pictures take."""
        return round(n_pictures * self._usual_s / self._tick_s)

    def __iter__(self) -> Iterator[Packet[VideoStream]]:
        while packet := self._next():
            self._note(packet)
            if packet.is_keyframe or not self.keyframes_only or self.n_packets == 1:
                yield packet
        self._believe_leaps()

    def _note(self, packet: Packet[VideoStream]) -> None:
        self.n_packets += 1
        self._pulse()
        if packet.pts is None or packet.is_discard:
            return
        start_s = self.seconds(packet.pts)
        ahead_s = start_s - self._last_s
        if ahead_s <= _LEAP_S:
            # Leaps that were taken back had false times.
            self._leaps.clear()
            self.start_s = min(self.start_s, start_s)
            if ahead_s > 0:
                # Only the last picture's duration tells: others' may hold a gap that lies elsewhere.
                self._last_s, self.end_s = start_s, start_s + self.shown_s(packet.duration)
            return
        self._leaps.append((start_s, start_s + self.shown_s(packet.duration)))
        if len(self._leaps) == _N_LEAPS or self.n_packets == 1:
            self._believe_leaps()

    def _believe_leaps(self) -> None:
        if self._leaps:
            self.start_s = min(self.start_s, self._leaps[0][0])
            self._last_s, self.end_s = max(self._leaps)
            self._leaps.clear()

    @property
    def leap_s(self) -> float:
        return _LEAP_S if self.tells_length else 1.5 * self._usual_s

    def gains(self, from_s: float, to_s: float) -> bool:
        """Whether a jump to ``to_s`` may land behind ``from_s``, as far as the file's table is known."""
        index = self._stream.index_entries
        if not len(index) or self.seconds(index[-1].timestamp) <= from_s:
            # Some files have their table at the end, where the first jump finds it.
            return not self._has_jumped
        place = index.search_timestamp(self._timestamp(to_s), backward=True)
        return place >= 0 and self.seconds(index[place].timestamp) > from_s

    def jump(self, to_s: float) -> float:
        """Go on at a keyframe that is shown at or before ``to_s``, and tell the second at which that is.

        Where none is found, reading goes on from the beginning: minus infinity. The decoder forgets what
        it holds, so it has to be emptied before.
        """
        self._has_jumped = True
        for back_s in _BACK_OFF_S:
            landed_s = self._landed_s(to_s - back_s)
            if landed_s <= to_s:
                return landed_s
        if not self._sought(0.0):
            self._packets, self.is_cut_short = iter(()), True
        return float("-inf")

    def _landed_s(self, aimed_s: float) -> float:
        if not self._sought(aimed_s):
            return float("inf")
        self._ahead = first = self._next()
        if first is None or not first.is_keyframe or first.pts is None:
            return float("inf")
        return self.seconds(first.pts)

    def _sought(self, to_s: float) -> bool:
        import av

        self._ahead, self.is_cut_short = None, False
        try:
            self._container.seek(self._timestamp(max(0.0, to_s)), stream=self._stream)
        except av.error.FFmpegError:
            return False
        self._packets = self._demuxed()
        return True

    def _timestamp(self, time_s: float) -> int:
        return round((min(time_s, LATEST_S) + self._zero_s) / self._tick_s)

    def _next(self) -> Packet[VideoStream] | None:
        packet, self._ahead = self._ahead, None
        return packet or next(self._packets, None)

    def _is_shorter_than_told(self) -> bool:
        """Whether a Matroska file lacks its end, which FFmpeg does not mind."""
        if not self._container.format.name.startswith("matroska,"):
            return False
        path = Path(self._container.name)
        with path.open("rb") as file:
            return path.stat().st_size < _end_of_segment(file.read(_HEAD_BYTES))

    def _demuxed(self) -> Iterator[Packet[VideoStream]]:
        import av

        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield packet
                elif packet.dts is None:
                    # The last packet. Beyond it PyAV stumbles over tracks that began half way.
                    self.is_cut_short = self._is_shorter_than_told()
                    return
        except (av.error.FFmpegError, IndexError):
            self.is_cut_short = True


def _end_of_segment(head: bytes) -> int:
    """How many bytes a Matroska file has by its own account; 0 where it does not tell."""
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if at < len(_SEGMENT) or at >= len(head) or not head[at]:
        return 0
    # The number of zero bits in front tells how many bytes the number has; all bits set mean: unknown.
    n_bytes = 9 - head[at].bit_length()
    all_set = (1 << 7 * n_bytes) - 1
    size = int.from_bytes(head[at : at + n_bytes], "big") & all_set
    return at + n_bytes + size if size != all_set else 0
