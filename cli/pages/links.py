"""Links from a page to the video beside it, at a second."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...index.records import Video
from ...tools.clock import Span
from ...tools.subtitles import is_subtitle_name


@dataclass(frozen=True)
class VideoLink:
    """Where a page finds a video; ``address`` is a URL as it stands in the page, empty where there is none."""

    address: str = ""

    @classmethod
    def of(cls, video: Video, page: Path) -> VideoLink:
        """The way from the file of a page to that of a video; none to a transcript, which nothing plays."""
        if is_subtitle_name(video.path):
            return cls()
        target, folder = os.path.abspath(video.path), os.path.abspath(page.parent)
        try:
            way = os.path.relpath(target, folder)
        except ValueError:
            # Another drive: there is no way but the whole one.
            return cls(Path(target).as_uri())
        # A name may look like a scheme or a query; after a dot and encoded it is nothing but a name.
        return cls("/".join([".", *(quote(os.fsencode(part), safe="") for part in Path(way).parts)]))

    def at(self, span: Span) -> str:
        """The address that plays a stretch (W3C Media Fragments, ``#t=start,end``); empty where there is none."""
        if not self.address:
            return ""
        end = f",{_seconds(span.end_s)}" if _seconds(span.end_s) != _seconds(span.start_s) else ""
        return f"{self.address}#t={_seconds(span.start_s)}{end}"


def _seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}".rstrip("0").rstrip(".")
