"""Subtitles that are pictures: PGS, DVD and DVB tracks, each showing flattened so that it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .clock import Span
from .container import MAX_PIXELS, clock_zero_s, open_media
from .roles import Box, Pixels
from .subtitles import track_codec, track_preference
from .tracks import picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.subtitles.codeccontext import SubtitleCodecContext
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import BitmapSubtitle, SubtitleSet

PICTURES_MAX = 100_000
"""More showings than this are not read, nor more packets in a row that show nothing."""

Size = tuple[int, int]
Palette = npt.NDArray[np.float32]

_PGS, _DVD, _DVB = "pgssub", "dvdsub", "dvbsub"
_PGS_COMPOSITION = 0x16
_DVB_REGION, _DVB_COLOURS, _DVB_DISPLAY = 0x11, 0x12, 0x14
_BROADCAST_SIZE: Size = (720, 576)
_DVD_SIZE = re.compile(rb"size:[ \t]{0,20}([1-9][0-9]{1,3})x([1-9][0-9]{1,3})")
# What FFmpeg writes where a showing has no end of its own, and how long the last one of a track stays then.
_OPEN_MS, _LAST_S = 2**32 - 1, 10.0
_TRACKS_MAX = 4
# Each step of a fade is a showing; the faintest would be read wrongly.
_CONTRAST_MIN = 32
_MARGIN_PX = 8


@dataclass(frozen=True)
class CaptionPicture:
    """One showing of a subtitle.

    ``image`` is RGB, shape (height, width, 3): the lines on a plain ground, with a narrow margin. ``box``
    is where it lies, (left, top, right, bottom) in shares of the picture; the margin may reach over the edge.
    """

    span: Span
    image: Pixels
    box: Box


@dataclass
class BitmapReader:
    """A forward pass over the preferred one of a file's tracks whose subtitles are pictures.

    Iterating yields what is shown, in order of time on the player's clock; nothing where there is no
    such track. Tracks that show nothing are passed over. While and after reading, ``n_pictures`` counts
    what was given, and ``n_damaged`` packets that could not be decoded or are over the limits.

    Raises, while iterating, ``UnknownVideoError`` and ``MediaError`` like ``open_media``.
    """

    path: Path
    language: str = "en"
    n_pictures: int = 0
    n_damaged: int = 0

    def __iter__(self) -> Iterator[CaptionPicture]:
        self.n_pictures = self.n_damaged = 0
        for number in self._tracks()[:_TRACKS_MAX]:
            yield from self._read(number)
            if self.n_pictures:
                return

    def _tracks(self) -> list[int]:
        with open_media(self.path) as container:
            known = [s for s in container.streams.subtitles if track_codec(s) in {_PGS, _DVD, _DVB}]
            return [s.index for s in sorted(known, key=lambda s: track_preference(s, self.language))]

    def _read(self, number: int) -> Iterator[CaptionPicture]:
        with open_media(self.path) as container:
            stream = next(s for s in container.streams.subtitles if s.index == number)
            for picture in _timed(self._showings(container, stream)):
                self.n_pictures += 1
                yield picture
                if self.n_pictures >= PICTURES_MAX:
                    return

    def _showings(self, container: InputContainer, stream: SubtitleStream) -> Iterator[_Showing]:
        decoder, n_idle = _Decoder(stream, _layout(container, stream), clock_zero_s(container)), 0
        for packet in self._packets(container, stream):
            n_idle += 1
            for showing in decoder.take(packet):
                n_idle = 0 if showing.drawn else n_idle
                self.n_damaged += showing.is_damaged
                yield showing
            if n_idle > PICTURES_MAX:
                return
        self.n_damaged += decoder.is_waiting

    def _packets(self, container: InputContainer, stream: SubtitleStream) -> Iterator[Packet[SubtitleStream]]:
        import av

        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
        except (av.error.FFmpegError, IndexError):
            # A damaged file ends here; PyAV also stumbles over tracks that began half way.
            self.n_damaged += 1


def read_bitmaps(path: Path, *, language: str = "en") -> Iterator[CaptionPicture]:
    """The showings of ``BitmapReader``, for callers who need no count of damage."""
    return iter(BitmapReader(path, language))


@dataclass(frozen=True)
class _Showing:
    """What stands on the screen from ``at_s`` on; nothing where none is ``drawn``.

    ``until_s`` is when it goes by itself, and ``claimed_s`` when the container says that it does.
    """

    at_s: float
    until_s: float = inf
    claimed_s: float = inf
    drawn: tuple[Pixels, Box] | None = None
    is_damaged: bool = False

    def picture(self, after: _Showing | None) -> CaptionPicture | None:
        """What a player shows of it before the next one, and after its clock's zero; None for no time."""
        start_s, end_s = max(0.0, self.at_s), self._end_s(after)
        return CaptionPicture(Span(start_s, end_s), *self.drawn) if self.drawn and start_s < end_s else None

    def _end_s(self, after: _Showing | None) -> float:
        # Claims are often wrong, so one that clears the screen is believed before them.
        known_s = self.until_s if isfinite(self.until_s) else self.claimed_s
        if after is None:
            return known_s if isfinite(known_s) else self.at_s + _LAST_S
        return min(known_s if after.drawn else self.until_s, after.at_s)


def _timed(showings: Iterable[_Showing]) -> Iterator[CaptionPicture]:
    """Each showing until the next one takes its place."""
    before: _Showing | None = None
    for showing in showings:
        if before and (picture := before.picture(showing)):
            yield picture
        before = showing
    if before and (picture := before.picture(None)):
        yield picture


def _colour_writer() -> SubtitleCodecContext:
    from av.codec import CodecContext

    return CodecContext.create("dvbsub", "w")


@dataclass
class _Decoder:
    """One track's decoder: turns its packets into showings."""

    stream: SubtitleStream
    layout: _Layout
    zero_s: float
    _colours: SubtitleCodecContext = field(default_factory=_colour_writer)
    _now_s: float = 0.0
    # When the showing began whose packets are being taken.
    _began_s: float | None = None

    def __post_init__(self) -> None:
        self.stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}

    @property
    def is_waiting(self) -> bool:
        """Whether the end of a showing is still to come."""
        return self._began_s is not None

    def take(self, packet: Packet[SubtitleStream]) -> Iterator[_Showing]:
        """What the packet shows or clears; a damaged one at least ends what was shown before."""
        data = bytes(packet)
        if packet.pts is not None and packet.time_base is not None:
            self._now_s = float(packet.pts * packet.time_base) - self.zero_s
        if self.layout.begins(data):
            if self._began_s is not None:
                yield _Showing(self._began_s, is_damaged=True)
            self._began_s = self._now_s
        at_s = self._now_s if self._began_s is None else self._began_s
        is_welcome = self.layout.accepts(data)
        showing = self._decoded(packet, at_s) if is_welcome else _Showing(at_s, is_damaged=True)
        if showing:
            self._began_s = None
            yield showing

    def _decoded(self, packet: Packet[SubtitleStream], at_s: float) -> _Showing | None:
        import av

        try:
            found = self.stream.codec_context.decode2(packet)
            return None if found is None else self._showing(found, packet, at_s)
        except (av.error.FFmpegError, ValueError):
            return _Showing(at_s, is_damaged=True)

    def _showing(self, found: SubtitleSet, packet: Packet[SubtitleStream], at_s: float) -> _Showing:
        start_ms, end_ms = found.start_display_time, found.end_display_time
        until_s = at_s + end_ms / 1000 if start_ms < end_ms < _OPEN_MS else inf
        length_s = float((packet.duration or 0) * (packet.time_base or 0))
        claimed_s = at_s + length_s if length_s > 0 else inf
        bitmaps = _bitmaps(found, self._colours)
        is_damaged = len(found) > 0 and not 0 < _n_pixels(bitmaps) <= MAX_PIXELS
        drawn = _flattened(bitmaps, self.layout.size) if bitmaps and not is_damaged else None
        return _Showing(at_s + start_ms / 1000, until_s, claimed_s, drawn, is_damaged)


@dataclass
class _Layout:
    """What a track says about sizes, which PyAV does not pass on: that of the screen, and of DVB regions."""

    codec: str
    size: Size
    regions: dict[int, int] = field(default_factory=dict)

    def begins(self, data: bytes) -> bool:
        """Whether a showing begins with this packet; never known of DVB, whose packets are whole."""
        return self.codec == _DVD or (self.codec == _PGS and data[0] == _PGS_COMPOSITION)

    def accepts(self, data: bytes) -> bool:
        """Whether a packet keeps to the limits, those before it being remembered."""
        size, regions = self.size, dict(self.regions)
        for kind, body in _segments(data, self.codec):
            if self.codec == _PGS and kind == _PGS_COMPOSITION:
                size = _pair(body, 0)
            elif self.codec == _DVB and kind == _DVB_DISPLAY:
                width, height = _pair(body, 1)
                size = (width + 1, height + 1)
            elif self.codec == _DVB and kind == _DVB_REGION:
                width, height = _pair(body, 2)
                regions[int.from_bytes(body[:1], "big")] = width * height
        if max(size[0] * size[1], sum(regions.values())) > MAX_PIXELS or 0 in size:
            return False
        self.size, self.regions = size, regions
        return True


def _layout(container: InputContainer, stream: SubtitleStream) -> _Layout:
    codec, picture = track_codec(stream), picture_stream(container)
    written = _DVD_SIZE.search(stream.codec_context.extradata or b"") if codec == _DVD else None
    if written:
        return _Layout(codec, (int(written[1]), int(written[2])))
    if codec == _DVD and picture and picture.width and picture.height:
        return _Layout(codec, (picture.width, picture.height))
    return _Layout(codec, _BROADCAST_SIZE)


def _segments(data: bytes, codec: str) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each segment; nothing from the first one that is cut, and none of a DVD's."""
    # PGS: kind and length. DVB: a mark, kind, page and length.
    kind_at, header = {_PGS: (0, 3), _DVB: (1, 6)}.get(codec, (0, len(data) + 1))
    at = 0
    while at + header <= len(data):
        end = at + header + int.from_bytes(data[at + header - 2 : at + header], "big")
        if end > len(data):
            return
        yield data[at + kind_at], data[at + header : end]
        at = end


def _pair(body: bytes, at: int) -> Size:
    return int.from_bytes(body[at : at + 2], "big"), int.from_bytes(body[at + 2 : at + 4], "big")


@dataclass(frozen=True)
class _Bitmap:
    """A bitmap of one showing in grey, shape (height, width), on a black and on a white ground."""

    left: int
    top: int
    on_black: Pixels
    on_white: Pixels


def _bitmaps(found: SubtitleSet, colours: SubtitleCodecContext) -> list[_Bitmap]:
    from av.subtitles.subtitle import BitmapSubtitle

    if not len(found):
        return []
    return [
        _bitmap(bitmap, palette)
        for bitmap, palette in zip(found, _palettes(found, colours), strict=True)
        if isinstance(bitmap, BitmapSubtitle) and bitmap.planes and bitmap.width * bitmap.height
    ]


def _bitmap(bitmap: BitmapSubtitle, palette: Palette) -> _Bitmap:
    numbers = np.frombuffer(bitmap.planes[0], np.uint8).reshape(bitmap.height, bitmap.width)  # type: ignore[call-overload]
    grey, opacity = palette.T
    on_black = np.round(grey * opacity * 255).astype(np.uint8)
    on_white = np.round(255 - (1 - grey) * opacity * 255).astype(np.uint8)
    return _Bitmap(bitmap.x, bitmap.y, on_black[numbers], on_white[numbers])


def _palettes(found: SubtitleSet, colours: SubtitleCodecContext) -> list[Palette]:
    """Grey and opacity in [0, 1] of the colours of each bitmap, shape (256, 2)."""
    # PyAV passes on the numbers of colours but not the colours. An encoder sees both: the packet that it
    # makes of any showing tells every colour as number, flags, luma, two chromas and transparency.
    found.start_display_time = 0
    packet = bytes(colours.encode_subtitle(found))
    palettes = []
    for kind, body in _segments(packet, _DVB):
        if kind == _DVB_COLOURS:
            entries = np.frombuffer(body[2:], np.uint8).reshape(-1, 6)
            palette = np.zeros((256, 2), np.float32)
            palette[entries[:, 0], 0] = np.clip((entries[:, 2] - 16.0) / 219, 0, 1)
            palette[entries[:, 0], 1] = 1 - entries[:, 5] / 255
            palettes.append(palette)
        elif kind == _DVB_REGION:
            # Behind the colours come the bitmaps, whose lengths may not fit into their fields.
            break
    return palettes


def _n_pixels(bitmaps: list[_Bitmap]) -> int:
    """How large a picture all of them make, with its margin."""
    left, top, right, bottom = _hull(bitmaps)
    return (bottom - top + 2 * _MARGIN_PX) * (right - left + 2 * _MARGIN_PX) if bitmaps else 0


def _hull(bitmaps: list[_Bitmap]) -> tuple[int, int, int, int]:
    corners = [(b.left, b.top, b.left + b.on_black.shape[1], b.top + b.on_black.shape[0]) for b in bitmaps]
    lefts, tops, rights, bottoms = zip(*corners or [(0, 0, 0, 0)], strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _flattened(bitmaps: list[_Bitmap], size: Size) -> tuple[Pixels, Box] | None:
    """The picture that all of them make, and its box on a screen of a size; None where nothing is seen."""
    left, top, right, bottom = _hull(bitmaps)
    on_black = np.zeros((bottom - top, right - left), np.uint8)
    on_white = np.full_like(on_black, 255)
    for bitmap in bitmaps:
        height, width = bitmap.on_black.shape
        across = slice(bitmap.left - left, bitmap.left - left + width)
        down = slice(bitmap.top - top, bitmap.top - top + height)
        on_black[down, across], on_white[down, across] = bitmap.on_black, bitmap.on_white
    seen = on_white - on_black < 255
    if not seen.any():
        return None
    down, across = _extent(seen, axis=1), _extent(seen, axis=0)
    # Most letters are light; dark ones without an outline are seen on white only.
    grounds = [
        np.pad(on_black[down, across], _MARGIN_PX),
        np.pad(on_white[down, across], _MARGIN_PX, constant_values=255),
    ]
    grey = max(grounds, key=np.ptp)
    if np.ptp(grey) < _CONTRAST_MIN:
        return None
    columns = left + across.start - _MARGIN_PX, left + across.stop + _MARGIN_PX
    rows = top + down.start - _MARGIN_PX, top + down.stop + _MARGIN_PX
    box = (columns[0] / size[0], rows[0] / size[1], columns[1] / size[0], rows[1] / size[1])
    return np.repeat(grey[..., None], 3, axis=2), box


def _extent(seen: npt.NDArray[np.bool_], axis: int) -> slice:
    places = np.flatnonzero(seen.any(axis=axis))
    return slice(int(places[0]), int(places[-1]) + 1)
