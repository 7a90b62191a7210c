"""What the words of a question name: a remembered video, one video or several, or a question that is missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..tools.errors import RequestError, VidagentError


def is_remembered(name: str, path: Path) -> bool:
    """Whether a remembered video goes by a name, or several do; no library is made for it."""
    from ..index.library import Library

    with suppress(VidagentError):
        if name and path.exists():
            with Library(path) as library:
                titles = [video.title.casefold() for video in library.videos()]
                return any(title.startswith(name.casefold()) for title in titles) or bool(library.find(name))
    return False


def is_one_video(names: Sequence[str]) -> bool:
    """Whether names are those of a single video, whatever is in it; a folder may hold any number of them."""
    return len(names) == 1 and not os.path.isdir(names[0])


def require_question(names: Sequence[str], question: str, library: Path) -> None:
    """Raises ``RequestError`` where what stands in the place of a question is another video."""
    if _is_file(question) if names else _is_video(question, library):
        raise RequestError(f"no question about {question}: write it behind the video, in quotes")


def _is_file(word: str) -> bool:
    """Whether a word leads to a file or folder, and could hardly ask anything."""
    from ..tools.folders import is_video_name

    return os.path.exists(word) and (is_video_name(Path(word)) or os.path.basename(word) != word)


def _is_video(word: str, library: Path) -> bool:
    """Whether a word that stands alone names a video, one that is missing among them."""
    from ..tools.folders import is_video_name

    is_named_so = word.split() == [word] and is_video_name(Path(word))
    return is_named_so or os.path.exists(word) or is_remembered(word, library)
