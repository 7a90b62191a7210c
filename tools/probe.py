"""What a file says about itself: its container, its tracks, its chapters and its clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .clock import Span
from .colours import Colours
from .container import MAX_PIXELS, clock_zero_s, open_media
from .errors import MediaError
from .plain import plain
from .tracks import Tracks, picture_stream, picture_tracks, sound_stream, sound_tracks

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.container.core import Chapter as RawChapter
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SubtitleKind = Literal["text", "bitmap", "unknown"]
Size = tuple[int | None, int | None]

# So many packets are looked at for the first picture of each track; it may not stand at the very start.
_PACKETS_MAX = 2000
_TEXT_SUBTITLES = {"mov_text", "subrip", "ass", "ssa", "webvtt", "text"}
_TAGGED_LENGTH = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)")
_BITMAP_SUBTITLES = {"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"}


@dataclass(frozen=True)
class Track:
    """What all tracks have in common.

    ``number`` counts the tracks of its kind from 0, as a user names one; ``stream_index`` is its place
    among all streams of the file. ``is_default`` marks the one that is taken where none is named, for
    subtitles those that the file wants shown.
    """

    number: int
    stream_index: int
    codec: str | None
    language: str | None
    title: str | None
    is_default: bool


@dataclass(frozen=True)
class PictureTrack(Track):
    """A track of moving pictures; None stands for what the file does not say.

    Sizes are in pixels: stored as they lie in the file, shown after widening by
    ``sample_aspect`` (width to height of one stored pixel, as "64:45") and turning by
    ``rotation_deg`` clockwise. ``frame_rate`` is claimed, in pictures a second; ``start_s`` and
    ``end_s_from_header`` lie on the player's clock.
    """

    profile: str | None
    stored_width: int | None
    stored_height: int | None
    shown_width: int | None
    shown_height: int | None
    rotation_deg: int | None
    sample_aspect: str | None
    frame_rate: float | None
    pixel_format: str | None
    bit_depth: int | None
    colour_range: str | None
    colour_space: str | None
    colour_primaries: str | None
    colour_transfer: str | None
    is_hdr: bool
    start_s: float | None
    duration_s_from_header: float | None
    end_s_from_header: float | None


@dataclass(frozen=True)
class SoundTrack(Track):
    """A track of sound; None stands for what the file does not say."""

    profile: str | None
    rate_hz: int | None
    channels: int | None
    layout: str | None
    start_s: float | None
    duration_s_from_header: float | None
    end_s_from_header: float | None


@dataclass(frozen=True)
class SubtitleTrack(Track):
    """A track of subtitles, as words ("text") or as pictures of words ("bitmap")."""

    kind: SubtitleKind
    is_forced: bool


@dataclass(frozen=True)
class AttachedPicture:
    """A still picture that comes with the file, such as a cover; sizes in pixels, None where unknown."""

    stream_index: int
    codec: str | None
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Chapter:
    """A chapter on the player's clock; its part before the clock's zero is left out."""

    span: Span
    title: str | None


@dataclass(frozen=True)
class OtherStream:
    """A stream that is neither watched, heard nor read here: data, an attachment, an unknown encoding.

    ``codec`` names the encoding, or the kind of file for an attachment; None where nobody knows it.
    """

    stream_index: int
    kind: str
    codec: str | None


@dataclass(frozen=True)
class MediaInfo:
    """What the container claims of itself.

    ``format`` is its short name ("mp4", "mov", "matroska", which WebM is too, "mpegts", ...).
    ``start_s`` is where the file's own clock stands when the player's shows 0.
    ``duration_s_from_header`` is a claim and may be None; ``measure`` tells the truth.
    """

    path: Path
    format: str
    size_bytes: int
    start_s: float
    duration_s_from_header: float | None
    picture_tracks: tuple[PictureTrack, ...]
    sound_tracks: tuple[SoundTrack, ...]
    subtitle_tracks: tuple[SubtitleTrack, ...]
    attached_pictures: tuple[AttachedPicture, ...]
    chapters: tuple[Chapter, ...]
    other_streams: tuple[OtherStream, ...]

    @property
    def picture_track(self) -> PictureTrack | None:
        """The picture track that is looked at where none is named."""
        return next((track for track in self.picture_tracks if track.is_default), None)

    @property
    def width(self) -> int:
        """Width in pixels of that track's pictures as shown, 0 where there is none or nobody knows."""
        return (self.picture_track and self.picture_track.shown_width) or 0

    @property
    def height(self) -> int:
        """Height in pixels of that track's pictures as shown, 0 where there is none or nobody knows."""
        return (self.picture_track and self.picture_track.shown_height) or 0

    @property
    def has_picture(self) -> bool:
        """Whether there are moving pictures in a known encoding."""
        return bool(self.picture_tracks)

    @property
    def has_sound(self) -> bool:
        """Whether there is sound in a known encoding."""
        return bool(self.sound_tracks)

    @property
    def has_bitmap_subtitles(self) -> bool:
        """Whether there are subtitles that are pictures of words."""
        return any(track.kind == "bitmap" for track in self.subtitle_tracks)

    def end_s_from_header(self, tracks: Tracks) -> float | None:
        """The second at which the last of the tracks that are read claims to end, None where none does."""
        pictures = [t for t in self.picture_tracks if _is_chosen(t, tracks.picture)]
        sounds = [t for t in self.sound_tracks if _is_chosen(t, tracks.sound)]
        read: list[PictureTrack | SoundTrack] = [*pictures, *sounds]
        claims = [track.end_s_from_header for track in read if track.end_s_from_header is not None]
        if claims and len(claims) == len(read):
            return max(claims)
        # The length of the whole counts subtitles too, which may end long after all else.
        return None if self.subtitle_tracks else self.duration_s_from_header

    @property
    def n_subtitle_tracks(self) -> int:
        """How many tracks of subtitles there are, readable or not."""
        return len(self.subtitle_tracks)


def _is_chosen(track: Track, number: int | None) -> bool:
    return track.is_default if number is None else track.number == number


def probe(path: Path) -> MediaInfo:
    """What the header of a file claims; decodes at most one picture of each picture track.

    Raises ``UnknownVideoError`` and ``MediaError`` like ``open_media``, and ``MediaError`` for a
    file with neither picture nor sound in a known encoding.
    """
    with open_media(path) as container:
        info = MediaInfo(
            path=path,
            format=_format(container),
            size_bytes=container.size,
            start_s=clock_zero_s(container),
            duration_s_from_header=_positive_s(container.duration, Fraction(1, 1_000_000)),
            sound_tracks=tuple(_sound_tracks(container)),
            subtitle_tracks=tuple(_subtitle_tracks(container)),
            attached_pictures=tuple(_attached_picture(s) for s in container.streams.video if _is_attached(s)),
            chapters=tuple(_chapters(container)),
            other_streams=tuple(_other_streams(container)),
            # Last, because it reads packets: PyAV stumbles over tracks that turn up on the way.
            picture_tracks=tuple(_picture_tracks(container)),
        )
    if not info.has_picture and not info.has_sound:
        raise MediaError(f"{path}: has neither picture nor sound in an encoding that is known")
    return info


def _format(container: InputContainer) -> str:
    name = container.format.name.split(",")[0]
    brand = container.metadata.get("major_brand", "qt")
    # The same reader serves QuickTime and its descendants; only what a file calls itself tells.
    return "mp4" if name == "mov" and not brand.startswith("qt") else name


def _picture_tracks(container: InputContainer) -> Iterator[PictureTrack]:
    tracks, chosen, zero_s = picture_tracks(container), picture_stream(container), clock_zero_s(container)
    first = _first_pictures(container, tracks)
    for number, stream in enumerate(tracks):
        is_default = chosen is not None and stream.index == chosen.index
        yield _picture_track(number, stream, first.get(stream.index), is_default, zero_s)


def _picture_track(
    number: int, stream: VideoStream, first: VideoFrame | None, is_default: bool, zero_s: float
) -> PictureTrack:
    context = stream.codec_context
    rotation_deg, aspect = _rotation_deg(first), _sample_aspect(stream)
    stored = _stored_size(context, first)
    shown = _shown_size(stored, aspect, rotation_deg)
    colours = Colours.of([context, first] if first else [context])
    return PictureTrack(
        number=number,
        stream_index=stream.index,
        codec=_codec(stream),
        language=_language(stream),
        title=_title(stream.metadata),
        is_default=is_default,
        profile=stream.profile,
        stored_width=stored[0],
        stored_height=stored[1],
        shown_width=shown[0],
        shown_height=shown[1],
        rotation_deg=rotation_deg,
        sample_aspect=f"{aspect.numerator}:{aspect.denominator}" if aspect else None,
        frame_rate=float(stream.average_rate) if stream.average_rate else None,
        pixel_format=context.pix_fmt,
        bit_depth=_bit_depth(context),
        colour_range=colours.range,
        colour_space=colours.space,
        colour_primaries=colours.primaries,
        colour_transfer=colours.transfer,
        is_hdr=colours.is_hdr,
        start_s=_start_s(stream, zero_s),
        duration_s_from_header=_positive_s(stream.duration, stream.time_base),
        end_s_from_header=_end_s(stream, zero_s),
    )


def _first_pictures(container: InputContainer, tracks: Sequence[VideoStream]) -> dict[int, VideoFrame]:
    """The first picture of each track by the track's index; a track of which none can be had is left out."""
    import av

    waiting = {s.index for s in tracks if s.codec_context.width * s.codec_context.height <= MAX_PIXELS}
    first: dict[int, VideoFrame] = {}
    if not waiting:
        return first
    for stream in tracks:
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        packets: Iterator[Packet[VideoStream]] = container.demux(tuple(tracks))
        for packet in islice(packets, _PACKETS_MAX):
            if packet.stream_index in waiting and (frame := _decoded(packet)):
                first[packet.stream_index] = frame
                waiting.remove(packet.stream_index)
            if not waiting:
                break
    except (av.error.FFmpegError, IndexError):
        # A damaged file, or PyAV at the end of one where tracks began half way: what is known stays.
        pass
    return first


def _decoded(packet: Packet[VideoStream]) -> VideoFrame | None:
    import av

    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError:
        # The next packet may be whole.
        return None


def _stored_size(context: VideoCodecContext, first: VideoFrame | None) -> Size:
    if first and not (context.width and context.height):
        return first.width, first.height
    return context.width or None, context.height or None


def _rotation_deg(first: VideoFrame | None) -> int | None:
    """Degrees clockwise, which only a picture tells; the file counts them anticlockwise."""
    return round(-first.rotation) % 360 if first else None


def _sample_aspect(stream: VideoStream) -> Fraction | None:
    aspect = stream.sample_aspect_ratio
    return aspect if aspect and aspect > 0 else None


def _shown_size(stored: Size, aspect: Fraction | None, rotation_deg: int | None) -> Size:
    width, height = stored
    width = max(1, round(width * aspect)) if width and aspect else width
    return (height, width) if round((rotation_deg or 0) / 90) % 2 else (width, height)


def _bit_depth(context: VideoCodecContext) -> int | None:
    return max((part.bits for part in context.format.components), default=None) if context.format else None


def _sound_tracks(container: InputContainer) -> Iterator[SoundTrack]:
    chosen, zero_s = sound_stream(container), clock_zero_s(container)
    for number, stream in enumerate(sound_tracks(container)):
        channels = stream.codec_context.channels
        yield SoundTrack(
            number=number,
            stream_index=stream.index,
            codec=_codec(stream),
            language=_language(stream),
            title=_title(stream.metadata),
            is_default=chosen is not None and stream.index == chosen.index,
            profile=stream.profile,
            rate_hz=stream.codec_context.sample_rate or None,
            channels=channels or None,
            layout=_layout(stream.codec_context) if channels else None,
            start_s=_start_s(stream, zero_s),
            duration_s_from_header=_positive_s(stream.duration, stream.time_base),
            end_s_from_header=_end_s(stream, zero_s),
        )


def _layout(context: AudioCodecContext) -> str | None:
    # Where only the number of channels is known, FFmpeg makes a name of it.
    name = context.layout.name
    return None if name.endswith(" channels") else name


def _subtitle_tracks(container: InputContainer) -> Iterator[SubtitleTrack]:
    from av.stream import Disposition

    for number, stream in enumerate(container.streams.subtitles):
        yield SubtitleTrack(
            number=number,
            stream_index=stream.index,
            codec=_codec(stream),
            language=_language(stream),
            title=_title(stream.metadata),
            is_default=bool(stream.disposition & Disposition.default),
            kind=_subtitle_kind(_codec(stream)),
            is_forced=bool(stream.disposition & Disposition.forced),
        )


def _subtitle_kind(codec: str | None) -> SubtitleKind:
    if codec in _TEXT_SUBTITLES:
        return "text"
    return "bitmap" if codec in _BITMAP_SUBTITLES else "unknown"


def _is_attached(stream: VideoStream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _attached_picture(stream: VideoStream) -> AttachedPicture:
    context = stream.codec_context
    width, height = (context.width, context.height) if context else (0, 0)
    return AttachedPicture(stream.index, _codec(stream), width or None, height or None)


def _chapters(container: InputContainer) -> Iterator[Chapter]:
    zero_s = clock_zero_s(container)
    for raw in container.chapters():
        if raw["time_base"]:
            yield Chapter(_chapter_span(raw, raw["time_base"], zero_s), _title(raw["metadata"]))


def _chapter_span(raw: RawChapter, tick_s: Fraction, zero_s: float) -> Span:
    start_s = max(0.0, float(raw["start"] * tick_s) - zero_s)
    # A chapter whose end nobody wrote down ends long before the world began.
    return Span(start_s, max(start_s, float(raw["end"] * tick_s) - zero_s))


def _other_streams(container: InputContainer) -> Iterator[OtherStream]:
    used = {s.index for s in [*picture_tracks(container), *sound_tracks(container)]}
    used |= {s.index for s in container.streams.subtitles}
    used |= {s.index for s in container.streams.video if _is_attached(s)}
    for stream in container.streams:
        if stream.index not in used:
            yield OtherStream(stream.index, stream.type, _content(stream))


def _content(stream: Stream) -> str | None:
    """What is in a stream that has no decoder."""
    from av.stream import AttachmentStream, DataStream

    if isinstance(stream, AttachmentStream):
        return plain(stream.mimetype or "").strip() or None
    return stream.name if isinstance(stream, DataStream) else _codec(stream)


def _codec(stream: VideoStream | AudioStream | SubtitleStream | Stream) -> str | None:
    # A track in an unknown encoding has no decoder, whatever the type says.
    return stream.codec_context.codec.canonical_name if stream.codec_context else None


def _language(stream: Stream) -> str | None:
    language = plain(stream.language or "").strip()
    return None if language in {"", "und"} else language


def _title(metadata: dict[str, str]) -> str | None:
    # MP4 files keep the title of a track under another name.
    return plain(metadata.get("title") or metadata.get("name") or "").strip() or None


def _start_s(stream: Stream, zero_s: float) -> float | None:
    if stream.start_time is None or stream.time_base is None:
        return None
    return float(stream.start_time * stream.time_base) - zero_s


def _end_s(stream: Stream, zero_s: float) -> float | None:
    """Where a track claims to end, on the player's clock."""
    length_s = _positive_s(stream.duration, stream.time_base)
    if length_s is not None:
        return (_start_s(stream, zero_s) or 0.0) + length_s
    # Matroska's header has one length for all, subtitles included; its tags have one for each track.
    match = _TAGGED_LENGTH.fullmatch(stream.metadata.get("DURATION", ""))
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) - zero_s if match else None


def _positive_s(n_ticks: int | None, tick_s: Fraction | None) -> float | None:
    """A claimed length in seconds; None where nothing is claimed, or nonsense."""
    return float(n_ticks * tick_s) if n_ticks and tick_s and n_ticks > 0 else None
