"""Opening media safely: the named file and nothing else, within limits, on one clock."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import MediaError, UnknownVideoError

if TYPE_CHECKING:
    from av.container import InputContainer

# Demuxers that read the named file and nothing else: playlists (hls, concat, dash, sdp) name other
# files and addresses, so they are not on the list; nor are bare streams, which have no clock.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,gif,asf,ogg,wav,mp3,flac,aac,ivf,mxf,nut"
)
MAX_PIXELS = 8192 * 8192 // 2
"""The largest picture that is decoded: 8192 by 4096."""
MAX_STREAMS = 256
"""More tracks than this are not looked at; a whole broadcast multiplex has fewer."""

Pulse = Callable[[], None]
"""What a reader calls with every packet, for somebody who waits to know that it goes on."""


def no_pulse() -> None:
    """The pulse that nobody waits for."""


def open_media(path: Path) -> InputContainer:
    """The file, opened by PyAV with playlists and addresses refused.

    Raises ``UnknownVideoError`` where there is no such file and ``MediaError`` where it is no media.
    """
    import av

    require_file(path)
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": _FORMATS,
        "max_streams": str(MAX_STREAMS),
    }
    try:
        # An absolute path cannot be mistaken for an address, as "http:talk.mp4" would be.
        return av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(f"{path}: not a video or sound file that can be read ({_reason(error)})") from error


def clock_zero_s(container: InputContainer) -> float:
    """Seconds to subtract from every timestamp so that 0 is where a player's clock starts."""
    import av

    return (container.start_time or 0) / av.time_base


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
