"""Opening media safely, and what a file says about itself before anything is decoded."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import MediaError, UnknownVideoError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Demuxers that read the named file and nothing else: playlists (hls, concat, dash, sdp) name other
# files and addresses, so they are not on the list; nor are bare streams, which have no clock.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,gif,asf,ogg,wav,mp3,flac,aac,ivf,mxf,nut"
)
MAX_PIXELS = 8192 * 8192 // 2
"""The largest picture that is decoded: 8192 by 4096."""


@dataclass(frozen=True)
class MediaInfo:
    """What the container's header claims.

    ``duration_s_from_header`` is a claim and may be None; the measured length is known after a
    decode. ``width`` and ``height`` are those of the picture as shown, 0 where there is none.
    """

    path: Path
    duration_s_from_header: float | None
    width: int
    height: int
    has_picture: bool
    has_sound: bool
    n_subtitle_tracks: int


def open_media(path: Path) -> InputContainer:
    """The file, opened by PyAV with playlists and addresses refused.

    Raises ``UnknownVideoError`` where there is no such file and ``MediaError`` where it is no media.
    """
    import av

    require_file(path)
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    try:
        # An absolute path cannot be mistaken for an address, as "http:talk.mp4" would be.
        return av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(f"{path}: not a video or sound file that can be read ({_reason(error)})") from error


def clock_zero_s(container: InputContainer) -> float:
    """Seconds to subtract from every timestamp so that 0 is where a player's clock starts."""
    import av

    return (container.start_time or 0) / av.time_base


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The default picture track; cover art is none, nor is a track in an unknown encoding."""
    import av

    cover = av.stream.Disposition.attached_pic
    tracks = [s for s in container.streams.video if s.codec_context and not s.disposition & cover]
    default = [s for s in tracks if s.disposition & av.stream.Disposition.default]
    chosen = default or tracks
    return chosen[0] if chosen else None


def probe(path: Path) -> MediaInfo:
    """What the header of a file claims; decodes at most one picture.

    Raises ``UnknownVideoError`` and ``MediaError`` like ``open_media``, and ``MediaError`` for a
    file with neither picture nor sound.
    """
    with open_media(path) as container:
        stream = picture_stream(container)
        if stream is None and not container.streams.audio:
            raise MediaError(f"{path}: has neither picture nor sound")
        width, height = _shown_size(container, stream) if stream else (0, 0)
        return MediaInfo(
            path=path,
            duration_s_from_header=container.duration / 1e6 if container.duration else None,
            width=width,
            height=height,
            has_picture=stream is not None,
            has_sound=bool(container.streams.audio),
            n_subtitle_tracks=len(container.streams.subtitles),
        )


def _shown_size(container: InputContainer, stream: VideoStream) -> tuple[int, int]:
    """Width and height after the turn that the file asks the player for, which only a picture tells."""
    import av

    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MAX_PIXELS:
        return width, height
    try:
        first = next(container.decode(stream), None)
    except av.error.FFmpegError:
        first = None
    return (height, width) if first is not None and round(first.rotation / 90) % 2 else (width, height)


def require_file(path: Path) -> None:
    """Nothing, for a regular file that holds something.

    Raises ``UnknownVideoError`` where there is no such file and ``MediaError`` for what is none, or empty.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise UnknownVideoError(f"{path}: no such file") from error
    if not stat.S_ISREG(mode):
        raise MediaError(f"{path}: not a file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
