"""Pictures at given moments through decord, for files in which decord is known to find the right ones.

decord counts the pictures of a file and goes by their number. Where the count is off, it gives a wrong
picture with the time of the right one, so that its answer cannot be checked afterwards: the file has to
be, before. Measured on two cores, ``PictureSeeker`` is the quicker one (see ``bench/decode.py``), and
nothing takes this one by itself. Prefer it where pictures have to be those that other programs, which read
with decord, look at, such as the ones a model was trained on.
"""

from __future__ import annotations

import importlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .clock import format_time
from .container import MAX_PIXELS, Pulse, no_pulse, open_media
from .errors import CapabilityError, MediaError, RequestError, SeekError
from .packets import LATEST_S, PacketSource
from .picture import Picture
from .seeker import PictureSeeker
from .selection import HAIR_S
from .tracks import picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CONTAINERS = ("mov,", "matroska,")
# A packet of these always gives one picture. In other codecs one may give none; AV1 decord does not have.
_CODECS = ("h264", "hevc", "vp9", "mjpeg")
# Where the header of a track marks how the lengths of units are written.
_LENGTH_MARKS = {"h264": 4, "hevc": 21}
# Containers may keep their times in milliseconds.
_ROUNDING_S = 0.001
# A share of all pictures: beyond it, decord stops giving neighbours in the place of lost pictures.
_FAULTS_MAX = 1e-9


class DecordSeeker:
    """Random access to the pictures of a file, used in a ``with`` block like ``PictureSeeker``.

    Only the track that a player would take is read; ``pulse`` is called with every packet of the one pass
    in which the file is checked. Pictures come in red, green and blue, as decord gives them. Damage inside
    a packet may go unnoticed. decord's decoder dates from 2018 and runs in this process.

    When it is entered, raises ``CapabilityError`` where decord is not installed (there is none for macOS),
    ``SeekError`` with the reason for a file of which decord may show wrong pictures, or none, and
    ``UnknownVideoError`` and ``MediaError`` like ``open_media``. ``PictureSeeker`` is for all files.
    """

    def __init__(self, path: Path, pulse: Pulse = no_pulse) -> None:
        self._path = path
        self._pulse = pulse
        self._reader: Any = None
        self._shown: Picture | None = None

    def __enter__(self) -> DecordSeeker:
        library = _library()
        self._times = _foreseen(self._path, self._pulse)
        self._aspect = _first(self._path).pixel_aspect
        self._reader = _opened(library, self._path, self._times)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader = self._shown = None

    def at(self, time_s: float) -> Picture:
        """The picture shown at a moment; raises what ``at_each`` raises."""
        return next(picture for _, picture in self.at_each([time_s]))

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Picture]]:
        """Each moment with the picture shown then, in order of time.

        Raises ``SeekError`` while iterating, at the first moment at which nothing is shown or decord fails,
        and ``RequestError`` outside of the ``with`` block.
        """
        for time_s in sorted(times_s):
            if self._reader is None:
                raise RequestError(f"{self._path}: a seeker finds pictures only inside its with block")
            yield time_s, self._picture(self._times.number_at(time_s), time_s)

    def _picture(self, number: int | None, time_s: float) -> Picture:
        if number is None:
            raise SeekError(f"{self._path}: no picture is shown at {_written(time_s)}")
        start_s, end_s = self._times.starts_s[number], self._times.ends_s[number]
        if self._shown is None or self._shown.pts_s != start_s:
            self._shown = Picture(start_s, end_s, self._frame(number), pixel_aspect=self._aspect)
        return self._shown

    def _frame(self, number: int) -> VideoFrame:
        from av.video.frame import VideoFrame

        try:
            pixels = self._reader[number].asnumpy()
        except Exception as error:  # those of decord have no base of their own
            at = _written(self._times.starts_s[number])
            raise SeekError(f"{self._path}: decord shows no picture at {at}: {_line(error)}") from error
        return VideoFrame.from_ndarray(pixels, format="rgb24")


@dataclass(frozen=True)
class _Times:
    """When each picture begins and is replaced, in order of time."""

    starts_s: Sequence[float]
    ends_s: Sequence[float]

    def number_at(self, time_s: float) -> int | None:
        """The number of the picture that is shown at a moment; None where none is."""
        number = bisect_right(self.starts_s, time_s + HAIR_S) - 1
        return number if number >= 0 and time_s + HAIR_S < self.ends_s[number] else None


def _library() -> Any:
    try:
        library = importlib.import_module("decord")
    except (ImportError, OSError) as error:
        raise CapabilityError("decord is not installed: pip install decord (not for macOS)") from error
    # Its decoder would write of every damaged packet to the terminal.
    library.logging.set_level(library.logging.QUIET)
    return library


def _foreseen(path: Path, pulse: Pulse) -> _Times:
    """When each picture is shown, as the packets say; raises ``SeekError`` where decord would lose count."""
    with open_media(path) as container:
        stream = picture_stream(container)
        if stream is None:
            raise MediaError(f"{path}: has no picture that can be decoded")
        if flaw := _flaw_of_file(container, stream):
            _refuse(path, flaw)
        source = PacketSource(container, stream, pulse=pulse)
        bounds_s = sorted(_bounds_s(path, source, stream))
        starts_s = [start_s for start_s, _ in bounds_s]
        if flaw := _flaw_of_times(source, starts_s):
            _refuse(path, flaw)
        return _Times(starts_s, [*starts_s[1:], bounds_s[-1][1]])


def _flaw_of_file(container: InputContainer, stream: VideoStream) -> str:
    codec = stream.codec_context.codec.canonical_name
    if not container.format.name.startswith(_CONTAINERS):
        return f"its container is {container.format.name}"
    if codec not in _CODECS:
        return f"its codec is {codec}"
    if len(container.streams.video) > 1:
        return "it has more than one picture track"
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        return f"its pictures are over the limit of {MAX_PIXELS} pixels"
    return ""


def _bounds_s(path: Path, source: PacketSource, stream: VideoStream) -> Iterator[tuple[float, float]]:
    """When the picture of each packet begins and, as the packet says, ends, in the order of the file."""
    key_s: float | None = None
    for packet in source:
        if packet.pts is None:
            _refuse(path, "a picture has no time")
        start_s = source.seconds(packet.pts)
        if packet.is_keyframe:
            key_s = start_s
        if flaw := _flaw_of_packet(packet, stream, start_s, key_s):
            _refuse(path, flaw)
        yield start_s, start_s + source.shown_s(packet.duration)


def _flaw_of_packet(
    packet: Packet[VideoStream], stream: VideoStream, start_s: float, key_s: float | None
) -> str:
    if packet.is_discard:
        return "an edit list leaves pictures out"
    if key_s is None:
        return "it begins between two keyframes"
    if start_s < key_s:
        return f"a picture stored behind the keyframe at {_written(key_s)} is shown before it"
    if packet.is_keyframe and not _is_fresh(packet, stream):
        return f"the keyframe at {_written(key_s)} needs pictures before it"
    return ""


def _flaw_of_times(source: PacketSource, starts_s: Sequence[float]) -> str:
    if source.is_cut_short:
        return "it cannot be read to its end"
    if not starts_s:
        return "it holds no picture"
    if abs(starts_s[0]) > _ROUNDING_S:
        return f"its first picture is shown at {starts_s[0]:.3f} s, not at 0"
    if any(before_s == after_s for before_s, after_s in pairwise(starts_s)):
        return "two pictures are shown at the same time"
    return ""


def _is_fresh(packet: Packet[VideoStream], stream: VideoStream) -> bool:
    """Whether a keyframe can be decoded without what lies before it; H.264 and HEVC mark others as well."""
    codec, header = stream.codec_context.codec.canonical_name, stream.codec_context.extradata or b""
    place = _LENGTH_MARKS.get(codec)
    if place is None:
        return True
    if header[:1] != b"\1" or len(header) <= place:
        return False
    units = _units(bytes(packet), header[place])
    return any(unit & 31 == 5 if codec == "h264" else 16 <= unit >> 1 & 63 <= 21 for unit in units)


def _units(packet: bytes, mark: int) -> Iterator[int]:
    """The first byte of each unit of a packet; the last two bits of ``mark`` tell how lengths are written."""
    n_length, at = (mark & 3) + 1, 0
    while at + n_length < len(packet):
        length = int.from_bytes(packet[at : at + n_length], "big")
        yield packet[at + n_length]
        at += n_length + length


def _first(path: Path) -> Picture:
    """The picture with which the file begins, for what only a decoded one tells."""
    with PictureSeeker(path) as seeker:
        first = seeker.at(0.0)
    if first.n_turns:
        _refuse(path, "its pictures have to be turned")
    if first.frame.interlaced_frame:
        _refuse(path, "its pictures are made of two fields each")
    return first


def _opened(library: Any, path: Path, times: _Times) -> Any:
    """The file, opened by decord, which tells the same number of pictures and the same times."""
    try:
        reader = library.VideoReader(str(path.absolute()), fault_tol=_FAULTS_MAX)
        told_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
    except Exception as error:  # those of decord have no base of their own
        _refuse(path, f"decord cannot open it: {_line(error)}", error)
    if len(told_s) != len(times.starts_s):
        _refuse(path, f"decord counts {len(told_s)} pictures where {len(times.starts_s)} are stored")
    starts_s = np.array(times.starts_s)
    if np.any(np.abs(told_s - starts_s) * 2 >= np.array(times.ends_s) - starts_s):
        _refuse(path, "decord tells other times than its packets")
    return reader


def _written(time_s: float) -> str:
    return f"{format_time(time_s)} ({time_s:.3f} s)" if abs(time_s) < LATEST_S else f"{time_s} s"


def _line(error: Exception) -> str:
    """What an error of decord says, without the time and the place in its source."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return first.partition(": ")[2] or first


def _refuse(path: Path, flaw: str, error: Exception | None = None) -> NoReturn:
    raise SeekError(f"{path}: decord may show wrong pictures or none: {flaw}") from error
