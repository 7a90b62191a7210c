"""The forms of an export, and which of them a file's name asks for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from ...tools.errors import RequestError


class Form(StrEnum):
    """What is written."""

    mkv = "mkv"
    mp4 = "mp4"
    vtt = "vtt"
    csv = "csv"
    m3u = "m3u"
    mpv = "mpv"
    edl = "edl"
    otio = "otio"

    @property
    def is_container(self) -> bool:
        """Whether it is a video file."""
        return self in (Form.mkv, Form.mp4)

    @property
    def needs_video(self) -> bool:
        """Whether the video file itself has to be there."""
        return self not in (Form.vtt, Form.csv)


ENDINGS: Mapping[str, Form] = MappingProxyType(
    {f".{form}": form for form in Form if form != Form.mpv} | {".m3u8": Form.m3u}
)
"""The form of each ending of a file's name; an edit list for mpv has none of its own."""


def form_of(target: Path, form: Form | None) -> Form:
    """The form that was named, or else that of the file's ending; raises ``RequestError`` for another one."""
    found = form or ENDINGS.get(target.suffix.lower())
    if found is None:
        endings = ", ".join(ENDINGS)
        raise RequestError(
            f"{target}: no form for {target.suffix or 'no ending'} (write {endings}, or give --form)"
        )
    return found
