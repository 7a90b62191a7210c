"""Folders in place of videos: which of the files in one are videos."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .errors import MediaError
from .subtitles import is_subtitle_name, sidecars

MEDIA_ENDINGS = frozenset(
    ".mp4 .m4v .mov .mkv .webm .ts .m2ts .mts .mpg .mpeg .vob .avi .flv .gif .wmv .asf .ogg .ogv .mxf .3gp"
    " .mp3 .m4a .wav .flac .opus .oga .aac .wma".split()
)
"""How names of videos end that can be read, and of recordings without a picture; no page or program is named so."""


def is_video_name(path: Path) -> bool:
    """Whether a name is that of a video, or of a subtitle file, which may stand for itself."""
    return path.suffix.lower() in MEDIA_ENDINGS or is_subtitle_name(path)


def files_of(names: Iterable[str]) -> list[str]:
    """The names as they are, and in place of each folder those of the videos in it; see ``videos_in``."""
    found: list[str] = []
    for name in names:
        found += map(str, videos_in(Path(name))) if os.path.isdir(name) else [name]
    return found


def videos_in(folder: Path) -> list[Path]:
    """The files in a folder that are videos by their names, in the order of these; its own folders are left alone.

    A subtitle file that belongs to one of the videos is no video by itself, and hidden files are none. Raises
    ``MediaError`` where there is none, and for a folder that cannot be listed.
    """
    try:
        files = sorted(path for path in folder.iterdir() if _is_shown(path) and is_video_name(path))
    except OSError as error:
        raise MediaError(f"{folder}: cannot be listed ({error.strerror or error})") from error
    texts = {path.name for path in files if is_subtitle_name(path)}
    for video in files if texts else ():
        if not is_subtitle_name(video):
            texts -= {file.name for file in sidecars(video)}
    found = [path for path in files if not is_subtitle_name(path) or path.name in texts]
    if not found:
        raise MediaError(f"{folder}: not a file, and as a folder it holds no video")
    return found


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()
