"""One open sound track: its decoded frames in order, each at its second, and jumps to a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from .clock import Span
from .container import Pulse, clock_zero_s
from .tracks import sound_stream

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

FILL_S = 1.0
"""Longer gaps end the window instead of being filled with silence."""

BELIEF_S = 1.0
"""A leap of the timestamps counts as real once sound of this length has followed it."""

RUN_UP_S = 0.5
"""A decoder that starts in the middle has to hear this much before what it gives is right."""

READ_ON_S = 10.0
"""Reading on over so much unwanted sound takes no longer than a jump."""

SILENT_PACKETS_MAX = 10_000
"""So many packets in a row without a sample are damage, and end the reading."""

# Containers that know where a second lies; in all others a jump lands anywhere.
_WITH_INDEX = ("mov,", "matroska,", "flac")
# How far before a wanted second a jump aims, one after the other until it lands early enough.
_LEADS_S = (1.0, 2.0, 10.0, 60.0)
# Later seconds do not fit into a timestamp.
_LATEST_S = 1e9


@dataclass(frozen=True)
class Timed:
    """One decoded frame on the player's clock, with the damaged packets that came right before it."""

    start_s: float
    frame: AudioFrame
    missed: tuple[Span, ...] = ()

    @property
    def end_s(self) -> float:
        return self.start_s + self.frame.samples / self.frame.sample_rate


class SoundTrack:
    """An open sound track, on the player's clock, with a way to jump."""

    def __init__(self, container: InputContainer, stream: AudioStream, pulse: Pulse) -> None:
        self._pulse = pulse
        self._container = container
        self._stream = stream
        self._zero_s = clock_zero_s(container)
        self._end_s: float | None = 0.0
        self._silent: list[tuple[bool, Span]] = []
        self.has_index = _has_index(container, stream)

    @classmethod
    def of(cls, container: InputContainer, number: int | None, pulse: Pulse) -> SoundTrack | None:
        """The track with a number, or the one that a player would take; None where there is no sound."""
        stream = sound_stream(container, number)
        return None if stream is None or stream.codec_context is None else cls(container, stream, pulse)

    def missed(self) -> tuple[Span, ...]:
        """The packets since the last frame that could not be decoded, with the seconds they state."""
        return tuple(span for is_damaged, span in self._silent if is_damaged)

    def frames_before(self, time_s: float) -> Iterator[Timed] | None:
        """Frames from well before a moment on, with the decoder's run-up; None where no jump leads there.

        Near the beginning, and where the file has no index, they are simply those that come next.
        """
        if time_s <= READ_ON_S or not self.has_index:
            return self.frames()
        length_s = self._container.duration / 1e6 if self._container.duration else time_s
        aim_s = min(time_s, length_s, _LATEST_S)
        for lead_s in _LEADS_S:
            # A decoder may cut the beginning off its first frame, whose time is rounded once more then.
            frames = islice(self._frames_from(aim_s - lead_s), 1, None)
            first = next(frames, None)
            if first is not None and first.start_s <= time_s - RUN_UP_S:
                return chain([first], frames)
        return None

    def frames(self) -> Iterator[Timed]:
        """All frames that come next."""
        self._silent = []
        for packet in self._packets():
            for frame in self._decoded(packet):
                yield from self._timed(frame)
            if len(self._silent) >= SILENT_PACKETS_MAX:
                self._silent = [(True, span) for _, span in self._silent]
                return

    def _frames_from(self, time_s: float) -> Iterator[Timed]:
        import av

        try:
            self._seek(time_s + self._zero_s)
        except av.error.FFmpegError:
            return iter(())
        self._end_s = None
        return self.frames()

    def _seek(self, timestamp_s: float) -> None:
        # Matroska lists where its pictures are, and would read all that lies before to find a sound.
        if self._stream.time_base and not self._container.format.name.startswith("matroska"):
            self._container.seek(round(timestamp_s / self._stream.time_base), stream=self._stream)
        else:
            self._container.seek(round(timestamp_s * 1e6))

    def _timed(self, frame: AudioFrame) -> Iterator[Timed]:
        """The frame with its second; nothing where it states none and none is known from before."""
        start_s = self._end_s if frame.time is None else frame.time - self._zero_s
        if start_s is not None:
            timed = Timed(start_s, frame, self.missed())
            self._silent, self._end_s = [], timed.end_s
            yield timed

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                here_s = self._end_s or 0.0
                self._silent.append((True, Span(here_s, here_s)))
                return
            except IndexError:
                # PyAV stumbles over a track that was not there at the start, once all has been read.
                return
            if packet is None:
                return
            self._pulse()
            yield packet

    def _decoded(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        """The frames of a packet; one without any is kept in mind, with whether it was damaged."""
        import av

        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self._silent.append((True, self._span_of(packet)))
            return []
        heard = [frame for frame in frames if frame.samples and frame.sample_rate]
        if not heard and not packet.is_discard:
            self._silent.append((False, self._span_of(packet)))
        return heard

    def _span_of(self, packet: Packet[AudioStream]) -> Span:
        """The seconds that a packet states; the end of the last frame where it states none."""
        ticks = packet.pts if packet.pts is not None else packet.dts
        length_s = max(0.0, float((packet.duration or 0) * packet.time_base))
        start_s = self._end_s if ticks is None else float(ticks * packet.time_base) - self._zero_s
        return Span(start_s or 0.0, (start_s or 0.0) + length_s)


def settled(frames: Iterable[Timed]) -> Iterator[Timed]:
    """Frames in order; those whose time leaps away and soon comes back are put in a row instead.

    One flipped bit in a timestamp would otherwise push all later sound out of the timeline, or make a
    recording longer by hours.
    """
    claimed: list[Timed] = []
    in_row: list[Timed] = []
    row_s: float | None = None
    for timed in frames:
        if row_s is None or abs(timed.start_s - row_s) <= FILL_S:
            yield from [*in_row, timed]
            row_s = timed.end_s
        else:
            claimed.append(timed)
            in_row.append(replace(timed, start_s=row_s))
            row_s = in_row[-1].end_s
            if row_s - in_row[0].start_s < BELIEF_S:
                continue
            yield from claimed
            row_s = timed.end_s
        claimed, in_row = [], []
    yield from in_row


def _has_index(container: InputContainer, stream: AudioStream) -> bool:
    # In a wav file the place tells the second, but only where every sample takes as many bytes.
    is_plain = container.format.name == "wav" and stream.codec_context.name.startswith("pcm_")
    return is_plain or container.format.name.startswith(_WITH_INDEX)
