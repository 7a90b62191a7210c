"""What a video contains, as short strings: the SHA-256 of its file, and of the subtitles beside it."""

from __future__ import annotations

from pathlib import Path

from ..tools.digest import sha256_of
from ..tools.subtitles import sidecars
from .records import Video


def fingerprint(path: Path) -> str:
    """What a video's file contains: its SHA-256, hexadecimal."""
    return sha256_of(path)


def is_there(video: Video) -> bool:
    """Whether the file still lies where it was met, and holds what was remembered of it."""
    try:
        status = video.path.stat()
        if (status.st_size, status.st_mtime_ns) == (video.size_bytes, video.mtime_ns):
            return True
        return status.st_size == video.size_bytes and fingerprint(video.path) == video.sha256
    except OSError:
        return False


def sidecar_fingerprint(path: Path, language: str) -> str:
    """The fingerprint of the subtitle file that would be read with a video, empty where there is none.

    A file that vanishes meanwhile counts as none.
    """
    try:
        return next((fingerprint(file) for file in sidecars(path, language=language)), "")
    except OSError:
        return ""
