"""A video's packets in another file, with other chapters; nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .chapters import written
from .clock import format_time
from .container import Pulse, clock_zero_s, no_pulse, open_media
from .errors import MediaError, VidagentError, first_line
from .media_info import Chapter
from .process import DecoderDiedError, messages

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

CONTAINERS: Mapping[str, str] = MappingProxyType({"mkv": "matroska", "mp4": "mp4"})
"""What FFmpeg calls the containers that can be written."""

CALL_S = 60.0

_KINDS = {"video": "picture track", "audio": "sound track", "subtitle": "subtitle track"}
_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
# What an mp4 file says of itself, which is not true of another one.
_OF_THE_FILE = ("major_brand", "minor_version", "compatible_brands", "encoder")
# A millisecond is what Matroska's clock is cut into; twice half of it may be lost on the way.
_DRIFT_S = 0.0011
_LOOKED_AT = 2000


def guarded_remux(
    source: Path,
    target: Path,
    form: str,
    chapters: Sequence[Chapter],
    leaves_out: bool = False,
    call_s: float = CALL_S,
) -> tuple[str, ...]:
    """``remux`` in a process of its own; raises ``MediaError`` too where that dies or stalls."""
    request = {
        "job": "remux",
        "path": str(source),
        "target": str(target),
        "form": form,
        "chapters": [(each.span.start_s, each.span.end_s, each.title) for each in chapters],
        "leaves_out": leaves_out,
    }
    try:
        with closing(messages(request, call_s)) as arriving:
            return tuple(next(arriving).header["left_out"])
    except DecoderDiedError as death:
        raise MediaError(f"{source}: cannot be read to its end (reading failed: {death})") from death


def remux(
    source: Path,
    target: Path,
    form: str,
    chapters: Sequence[Chapter],
    leaves_out: bool = False,
    pulse: Pulse = no_pulse,
) -> tuple[str, ...]:
    """Write all tracks of a file to ``target``, as they are, with these chapters instead of its own.

    ``form`` is one of ``CONTAINERS``; ``chapters`` lie on the player's clock. That clock is kept to the tick
    of the container (in mkv a millisecond), and the new file's own one begins at its 0. Tells the streams
    that were left out, which is done with ``leaves_out`` only. In mkv, sound before the clock's 0, which no
    player plays, is left out; mp4 keeps it hidden.

    Raises ``VidagentError`` for a stream that the container cannot hold, for pictures that an mp4 file hides
    before its 0 where mkv is to be written, and where writing fails; ``MediaError`` and
    ``UnknownVideoError`` where the file cannot be read.
    """
    with open_media(source) as opened, _made(source, target, form) as made:
        tracks, left_out = _tracks(source, opened, made, form)
        if left_out and not (leaves_out and tracks):
            raise VidagentError(f"{source}: {', '.join(left_out)} cannot go into {form} unaltered")
        made.metadata.update({k: v for k, v in opened.metadata.items() if k not in _OF_THE_FILE})
        made.set_chapters(written(chapters))
        made.start_encoding()
        remuxed = _Remuxed(source, opened, tracks, form)
        for packet in remuxed:
            pulse()
            made.mux(packet)
    _check(source, target, remuxed.first_s, form)
    return tuple(left_out)


@contextmanager
def _made(source: Path, target: Path, form: str) -> Iterator[OutputContainer]:
    """The new file; what FFmpeg raises meanwhile is told in one line."""
    import av

    try:
        with av.open(str(target.absolute()), "w", format=CONTAINERS[form]) as made:
            yield made
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise VidagentError(f"{source}: cannot be written as {form} ({reason})") from error


def _tracks(
    source: Path, opened: InputContainer, made: OutputContainer, form: str
) -> tuple[dict[int, Stream], list[str]]:
    """The new stream for each that is carried, by its place in the old file, and the names of all others."""
    from av.stream import Discard

    tracks: dict[int, Stream] = {}
    left_out: list[str] = []
    counts: dict[str, int] = {}
    for stream in opened.streams:
        number = counts[stream.type] = counts.get(stream.type, -1) + 1
        # The words of the old chapters are a stream of an mp4 file.
        if stream.type == "data" and stream.discard == Discard.all:
            continue
        if form == "mkv" and _is_cover(stream):
            _attach(source, stream, made)
        elif (track := _added(stream, made, form)) is not None:
            tracks[stream.index] = track
        else:
            left_out.append(_name(stream, number))
    return tracks, left_out


def _added(stream: Stream, made: OutputContainer, form: str) -> Stream | None:
    """The stream of the new file that takes in an old one; None where the container has no place for it."""
    is_attached = stream.type == "attachment" and form == "mkv"
    if not is_attached and (stream.type not in _KINDS or stream.codec_context is None):
        return None
    try:
        # The encoding is the decoder's: there need be no encoder of it.
        track = made.add_stream_from_template(stream, opaque=True)
    except ValueError:
        return None
    track.metadata.update(stream.metadata)
    track.disposition = stream.disposition
    return track


def _is_cover(stream: Stream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic) and stream.codec_context is not None


def _attach(source: Path, stream: Stream, made: OutputContainer) -> None:
    """In Matroska a cover is an attached file."""
    name, kind = _COVERS.get(stream.codec_context.name, ("cover", "application/octet-stream"))
    with open_media(source) as again:
        packet = next(again.demux(again.streams[stream.index]), None)
        if packet is not None and packet.size:
            made.add_attachment(name, kind, bytes(packet))


def _name(stream: Stream, number: int) -> str:
    encoding = stream.codec_context.name if stream.codec_context else "of unknown encoding"
    return f"{_KINDS.get(stream.type, stream.type)} {number} ({encoding})"


@dataclass
class _Remuxed:
    """The packets for the new file; ``first_s`` is when each stream of pictures or sound begins."""

    source: Path
    opened: InputContainer
    tracks: Mapping[int, Stream]
    form: str
    first_s: dict[int, float] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Packet[Any]]:
        zero_s = Fraction(self.opened.start_time or 0, 1_000_000)
        carried = [self.opened.streams[index] for index in self.tracks if self._has_packets(index)]
        for packet in self._read(carried):
            # The last ones of each stream are empty.
            if not packet.size or not self._is_shown(packet, zero_s):
                continue
            index = packet.stream.index
            self._keep_order(packet, index)
            if packet.pts is not None and packet.stream.type != "subtitle":
                self.first_s.setdefault(self.tracks[index].index, float(packet.pts * _tick_s(packet)))
            packet.stream = self.tracks[index]
            yield packet

    def _read(self, carried: Sequence[Stream]) -> Iterator[Packet[Any]]:
        import av

        packets = self.opened.demux(carried)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                reason = error.strerror or first_line(error)
                raise MediaError(f"{self.source}: cannot be read to its end ({reason})") from error
            if packet is None:
                return
            yield packet

    def _has_packets(self, index: int) -> bool:
        return self.tracks[index].type != "attachment"

    def _is_shown(self, packet: Packet[Any], zero_s: Fraction) -> bool:
        """Set a packet to the player's clock; tells whether the container can hold what lies there."""
        tick_s = _tick_s(packet)
        zero = round(zero_s / tick_s)
        packet.dts = None if packet.dts is None else packet.dts - zero
        if packet.pts is None:
            return True
        packet.pts -= zero
        if packet.pts >= 0 or self.form == "mp4":
            return True
        if packet.stream.type == "video":
            raise VidagentError(
                f"{self.source}: begins with pictures that it hides, which {self.form} cannot: write .mp4"
            )
        # What Opus needs before it is heard has a place of its own in Matroska.
        if "opus" in packet.stream.codec_context.name:
            return True
        is_over = packet.pts + (packet.duration or 0) <= 0
        packet.pts = packet.dts = 0
        return not is_over

    def _keep_order(self, packet: Packet[Any], index: int) -> None:
        """Where a damaged file's decoding times run backwards they are moved; the times shown never are."""
        if packet.dts is None:
            return
        earliest = self._last.get(index, packet.dts - 1) + 1
        if packet.dts < earliest:
            if packet.pts is not None and packet.pts < earliest:
                place = format_time(float(packet.pts * _tick_s(packet)))
                raise VidagentError(
                    f"{self.source}: its times run backwards at {place}; {self.form} cannot hold that"
                )
            packet.dts = earliest
        self._last[index] = packet.dts


def _tick_s(packet: Packet[Any]) -> Fraction:
    return packet.time_base or Fraction(1, 1_000_000)


def _check(source: Path, target: Path, first_s: Mapping[int, float], form: str) -> None:
    """Nothing, where every stream of the new file begins when it should.

    A muxer that cannot hold the first time of one stream moves all of them, and the chapters not.
    """
    with open_media(target) as made:
        zero_s, found = clock_zero_s(made), dict[int, float]()
        for count, packet in enumerate(made.demux(*[made.streams[index] for index in first_s])):
            if packet.pts is not None:
                found.setdefault(packet.stream.index, float(packet.pts * _tick_s(packet)))
            if len(found) == len(first_s) or count == _LOOKED_AT:
                break
    drifts = [abs(found[index] - first_s[index]) for index in found]
    if max([abs(zero_s), *drifts]) > _DRIFT_S:
        raise VidagentError(f"{source}: {form} cannot keep its times; write another form")
