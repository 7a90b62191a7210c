"""Asking a file what it says about itself: its container, its tracks, its chapters and its clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .clock import Span
from .colours import Colours
from .container import MAX_PIXELS, clock_zero_s, open_media
from .errors import MediaError
from .media_info import (
    AttachedPicture,
    Chapter,
    MediaInfo,
    OtherStream,
    PictureTrack,
    SoundTrack,
    SubtitleKind,
    SubtitleTrack,
)
from .plain import plain
from .tracks import picture_stream, picture_tracks, sound_stream, sound_tracks

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

Size = tuple[int | None, int | None]

# So many packets are looked at for the first picture of each track; it may not stand at the very start.
_PACKETS_MAX = 2000
_TEXT_SUBTITLES = {"mov_text", "subrip", "ass", "ssa", "webvtt", "text"}
_TAGGED_LENGTH = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)")
_BITMAP_SUBTITLES = {"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"}


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
