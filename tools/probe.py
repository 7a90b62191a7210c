"""What a file says about itself before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .container import MAX_PIXELS, open_media
from .errors import MediaError
from .tracks import picture_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


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
