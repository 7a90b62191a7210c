"""What a video contains, as short strings: the SHA-256 of its file, and of the subtitles beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..tools.subtitles import sidecars
from .records import Video


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, hexadecimal; the file is streamed, never held whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
