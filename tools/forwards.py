"""Decoding a picture track plainly: all of it, as it comes, without a belief in what the file says of it."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .clock import Span
from .decoding import WITH_GUESSED_TIMES, Pass, PictureTrack, limit_size
from .frame_order import BEFORE_ALL, FrameOrder, Place, stands_alone
from .picture import Picture
from .schedule import IrregularError
from .selection import HAIR_S, Selection

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# No codec shows a picture more than this many places away from where it was decoded.
_REORDERED = 16
# In these each packet gives a picture, unless it is damaged.
_ONE_EACH = {"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"}
# A picture that comes so much later than its neighbours on both sides has a false time.
_LEAP_S = 1.0
N_EMPTY_MAX = 10_000
"""So many packets in a row without a picture end the reading."""


@dataclass
class _Decoded:
    """A decoded picture that waits for those to come out that it may refer to; without a frame, mere damage."""

    pts: int = 0
    frame: VideoFrame | None = None
    place: Place = field(default_factory=Place)
    is_believed: bool = False
    is_spared: bool = False


@dataclass(frozen=True)
class _Timed:
    """A picture that can be shown, with its second and whether damage lies before it."""

    start_s: float
    length_s: float
    frame: VideoFrame
    is_behind_damage: bool


class _Belief:
    """What to believe of a decoder's pictures: nothing between damage and the next marked keyframe.

    ``since_pts`` is the timestamp of the keyframe that the present belief began with.
    """

    def __init__(self, is_strict: bool) -> None:
        self._is_strict = is_strict
        self._distrusted_until: float | None = BEFORE_ALL if is_strict else None
        self._marked: set[int | None] = set()
        self._spared: set[int] = set()
        self._is_refreshing = False
        self.since_pts = BEFORE_ALL

    @property
    def is_lost(self) -> bool:
        """Whether the next picture that is decoded will not be believed."""
        return self._distrusted_until is not None

    def spares(self, pts: int) -> bool:
        """Whether a picture was decoded before the damage that has come to light."""
        return pts in self._spared

    def mark(self, pts: int | None) -> None:
        """Take note of a packet that the file calls a keyframe."""
        self._marked.add(pts)

    def lose(self, until: float, spared: set[int]) -> None:
        """Damage came to light: only what ``spared`` holds, decoded before it, is still believed."""
        self._spared = self._spared & spared if self.is_lost else spared
        before = BEFORE_ALL if self._distrusted_until is None else self._distrusted_until
        self._distrusted_until = max(until, before)
        self._is_refreshing = False

    def holds(self, frame: VideoFrame, pts: int) -> bool:
        """Whether a picture that comes out may be believed."""
        # Damage can look like a keyframe, and a keyframe that is shown once more is no new one.
        is_marked = pts in self._marked or not self._is_strict
        self._marked.discard(pts)
        if (
            self._distrusted_until is not None
            and pts > self._distrusted_until
            and frame.key_frame
            and is_marked
        ):
            self._begin_again(frame, pts)
        is_spared = pts in self._spared
        self._spared.discard(pts)
        return is_spared or self._distrusted_until is None

    def _begin_again(self, frame: VideoFrame, pts: int) -> None:
        # Some streams have no whole pictures, but are refreshed bit by bit from one such point to the next.
        if stands_alone(frame) or self._is_refreshing:
            self._distrusted_until, self.since_pts = None, pts
        self._is_refreshing = True


class Plain(Pass):
    """Decodes everything and believes what comes out, but nothing between damage and the next keyframe.

    Raises ``IrregularError`` where that leaves nothing.
    """

    # With more, FFmpeg loses the pictures that wait behind a damaged one, without a word.
    n_threads = 1

    def __init__(self, track: PictureTrack, container: InputContainer, stream: VideoStream) -> None:
        super().__init__(track, container, stream)
        self._is_avi = self.format == "avi"
        self._keyframes_only = track.keyframes_only
        self._end_s = 0.0
        self._n_pictures = 0
        self._n_sent = 0
        self._n_empty = 0
        self._order = FrameOrder()
        self._belief = _Belief(self.is_strict)
        self._waiting: deque[_Decoded] = deque()
        self._labels: list[int] = []
        self._received_s = 0.0
        self._is_behind_damage = False

    @property
    def end_s(self) -> float:
        return self._end_s

    @property
    def n_pictures(self) -> int:
        return self._n_pictures

    def pictures(self, selection: Selection, after_s: float) -> Iterator[Picture]:
        before_s = float("-inf")
        for timed, end_s in self._shown():
            if selection.wants(before_s, timed.start_s, end_s) and timed.start_s > after_s:
                yield self.picture(timed.start_s, end_s, timed.frame)
            if selection.next_s(timed.start_s, end_s) == float("inf"):
                return
            before_s = timed.start_s
        if self.is_strict and self._n_sent and not self._n_pictures:
            raise IrregularError

    def _shown(self) -> Iterator[tuple[_Timed, float]]:
        """Pictures with the second at which each is replaced; holes behind damage are noted as lost."""
        held: _Timed | None = None
        for timed in self._ascending():
            if held is not None:
                yield held, self._replaced_s(held, timed)
            elif not self._keyframes_only:
                self._note_lost(self.source.start_s, timed.start_s)
            held = timed
        if held is not None:
            self._end_s = self._last_end_s(held)
            yield held, self._end_s
        self._note_rest()

    def _ascending(self) -> Iterator[_Timed]:
        """Pictures in order of time, without those whose time is false: far ahead of, or behind, all others'."""
        before_s, held = float("-inf"), None
        for timed in self._timed():
            if held is not None and timed.start_s <= held.start_s:
                held = self._truthful(before_s, held, timed)
                continue
            if held is not None:
                yield held
                before_s = held.start_s
            held = timed
        if held is not None:
            yield held

    def _truthful(self, before_s: float, held: _Timed, late: _Timed) -> _Timed:
        """Which of two pictures to believe, the second of which claims to be the earlier one."""
        self.n_damaged += 1
        if held.start_s - before_s > _LEAP_S and late.start_s > before_s:
            return replace(late, is_behind_damage=True)
        self._is_behind_damage |= late.is_behind_damage
        return held

    def _replaced_s(self, held: _Timed, by: _Timed) -> float:
        end_s = min(by.start_s, held.start_s + held.length_s) if by.is_behind_damage else by.start_s
        self._note_lost(end_s, by.start_s)
        self._end_s = by.start_s
        return end_s

    def _last_end_s(self, held: _Timed) -> float:
        end_s = held.start_s + held.length_s
        return max(end_s, self.source.end_s) if self._keyframes_only else end_s

    def _note_rest(self) -> None:
        if self._is_behind_damage or self.source.is_cut_short:
            self._note_lost(self._end_s if self._n_pictures else self.source.start_s, self.source.end_s)
        if self.n_damaged or self.lost:
            # Some damage makes no noise: the packet just gives no picture.
            self.n_damaged = max(self.n_damaged, self._n_sent - self._n_pictures)
        self.n_damaged += self.source.is_cut_short

    def _note_lost(self, from_s: float, to_s: float) -> None:
        # Nothing is shown before the clock starts.
        if HAIR_S < to_s - max(from_s, 0.0) < float("inf"):
            self.lost.append(Span(max(from_s, 0.0), to_s))

    def _timed(self) -> Iterator[_Timed]:
        """Pictures that may be believed, in the order in which the decoder gives them."""
        for decoded in self._settled():
            pts, frame = decoded.pts, decoded.frame
            if self._is_avi and frame is not None:
                # AVI stores no presentation times: FFmpeg's are right, but not always in their places.
                pts = heapq.heappop(self._labels)
            if frame is None or not decoded.is_believed:
                self._is_behind_damage = True
                continue
            self._n_pictures += 1
            # Where the file breaks off, pictures are missing between the last ones.
            is_behind_damage = self._is_behind_damage or self.source.is_cut_short
            self._is_behind_damage &= decoded.is_spared
            length_s = self.source.shown_s(frame.duration)
            yield _Timed(self.source.seconds(pts), length_s, frame, is_behind_damage)

    def _settled(self) -> Iterator[_Decoded]:
        """What was decoded, as soon as no damage can come to light in it any more."""
        for frame in self._frames():
            self._receive(frame)
            while self._waiting and self._is_settled(self._waiting[0]):
                yield self._waiting.popleft()
        yield from self._waiting

    def _is_settled(self, decoded: _Decoded) -> bool:
        is_all_out = decoded.place.latest_before <= self._order.latest_received
        return len(self._waiting) > _REORDERED or (is_all_out and not self._is_avi)

    def _receive(self, frame: VideoFrame) -> None:
        limit_size(self.path, frame.width, frame.height)
        if frame.pts is None:
            self._note_damage(None, set())
            return
        place = self._order.receive(frame.pts)
        if self._keyframes_only and not stands_alone(frame):
            self._n_sent -= 1
            return
        # A place of its own is missing where the packet's failure was noted already.
        is_news = frame.is_corrupt and (place.number >= 0 or not self._belief.is_lost)
        harmed = {frame.pts: place} if is_news else {}
        for pts, harmed_place in (harmed | self._missing(frame, frame.pts)).items():
            self._note_damage(pts, self._order.expected_before(harmed_place.number))
            self._doubt(harmed_place.number)
        if self._is_avi:
            heapq.heappush(self._labels, frame.pts)
        is_believed = self._belief.holds(frame, frame.pts) and not frame.is_corrupt
        is_spared = is_believed and self._belief.is_lost
        self._waiting.append(_Decoded(frame.pts, frame, place, is_believed, is_spared))

    def _missing(self, frame: VideoFrame, pts: int) -> dict[int, Place]:
        """Packets that gave no picture and no error either, as far as that is a fault."""
        has_leapt = self.source.seconds(pts) - self._received_s > _LEAP_S
        self._received_s = self.source.seconds(pts)
        if has_leapt:
            # It may have a false time, and not have passed over anything.
            return {}
        missing = self._order.missing(pts)
        # Each field can be a packet; in AVI nothing comes in its place.
        if self._is_avi or frame.interlaced_frame or self.codec not in _ONE_EACH:
            return {}
        # A failure behind it costs a picture that waits in the decoder, and nothing more.
        self._waiting.extend(_Decoded() for missed in missing if self._belief.spares(missed))
        return {
            missed: place
            for missed, place in missing.items()
            if missed > self._belief.since_pts and not self._belief.spares(missed)
        }

    def _note_damage(self, pts: int | None, spared: set[int]) -> None:
        self.n_damaged += 1
        self._waiting.append(_Decoded())
        until = BEFORE_ALL if pts is None else pts
        if self.format in WITH_GUESSED_TIMES and self.context.has_b_frames:
            # The times of its neighbours were guessed from what it seemed to be.
            until, spared = until + self.source.ticks(_REORDERED), set()
            self._doubt(-1)
        self._belief.lose(until, spared)

    def _doubt(self, number: int) -> None:
        """No longer believe what waits, and was decoded behind a certain place."""
        for decoded in self._waiting:
            if decoded.place.number > number and not (decoded.frame and stands_alone(decoded.frame)):
                decoded.is_believed = False

    def _frames(self) -> Iterator[VideoFrame]:
        was_corrupt = False
        for packet in self.source:
            if packet.is_keyframe or not self._n_sent:
                self._belief.mark(packet.pts)
            if not self.source.says_nothing(packet):
                self._order.send(packet)
            # In MPEG-TS a hole can reach into the next packet, and only the first is marked.
            if packet.is_corrupt or (was_corrupt and self.format == "mpegts"):
                self._note_failure(packet.pts)
            was_corrupt = packet.is_corrupt
            self._n_sent += 1
            yield from self._decoded(packet)
            if self._n_empty > N_EMPTY_MAX:
                self.source.is_cut_short = True
                break
        yield from self._decoded(None)

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        import av

        try:
            frames = self.context.decode(packet)
        except av.error.FFmpegError:
            frames = []
            self._note_failure(packet.pts if packet else None)
        self._n_empty = 0 if frames else self._n_empty + 1
        return frames

    def _note_failure(self, pts: int | None) -> None:
        """A packet is damaged; as damage rarely keeps to one, so may be the end of the one before it."""
        self._order.forget(pts)
        suspect = self._order.n_sent - 2
        self._note_damage(pts, self._order.expected_before(suspect))
        self._doubt(suspect - 1)


class Lenient(Plain):
    """Like ``Plain``, and overlooks faults from which the decoder recovers: the last resort."""

    is_strict = False
