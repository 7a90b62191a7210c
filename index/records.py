"""What the memory holds, as values: videos, events, text, sounds, and what was looked at."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..tools.clock import Span
from ..tools.roles import Box

Sense = Literal["speech", "screen", "picture", "sound"]
Level = Literal["moment", "event", "chapter"]


# Words that may be believed less than this are marked wherever they are shown.
LOW_TRUST = 0.7


def to_us(seconds: float) -> int:
    """Whole microseconds, as stored."""
    return round(seconds * 1_000_000)


def to_span(start_us: object, end_us: object) -> Span:
    """A stored interval in seconds."""
    return Span(int(str(start_us)) / 1e6, int(str(end_us)) / 1e6)


def to_stored(path: Path) -> str | bytes:
    """Where a file lies, as stored: a name that is no text is kept as its bytes."""
    place = str(path.absolute())
    try:
        place.encode()
    except UnicodeEncodeError:
        return os.fsencode(place)
    return place


def to_title(path: Path) -> str:
    """The name of a file as a title, in characters that can be written."""
    return path.stem.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Video:
    """A remembered video.

    ``duration_s`` is measured, ``tracks`` are those read, empty for a player's choice, and ``notes``
    say what a reader ought to know. One that is not whole has been read up to ``duration_s`` only.
    """

    SELECT: ClassVar[str] = (
        "SELECT id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings, duration_us,"
        " width, height, notes, state FROM media"
    )

    id: int
    sha256: str
    path: Path
    title: str
    size_bytes: int
    mtime_ns: int
    sidecar_sha256: str
    tracks: str
    settings: str
    duration_s: float
    width: int
    height: int
    notes: tuple[str, ...]
    is_whole: bool = True

    @classmethod
    def from_row(cls, row: tuple[object, ...]) -> Video:
        """The video in one row of ``SELECT``."""
        number = [int(str(row[i])) for i in (0, 4, 5, 9, 10, 11)]
        words = [str(row[i]) for i in (1, 2, 3, 6, 7, 8, 12)]
        return cls(
            id=number[0],
            sha256=words[0],
            path=Path(os.fsdecode(row[2])),  # type: ignore[arg-type]
            title=words[2],
            size_bytes=number[1],
            mtime_ns=number[2],
            sidecar_sha256=words[3],
            tracks=words[4],
            settings=words[5],
            duration_s=number[3] / 1e6,
            width=number[4],
            height=number[5],
            notes=tuple(json.loads(words[6])),
            is_whole=row[13] == "whole",
        )

    @property
    def short_id(self) -> str:
        """The first eight digits of the fingerprint, by which a user may name the video."""
        return self.sha256[:8]

    @property
    def span(self) -> Span:
        """From the first second to the last."""
        return Span(0.0, self.duration_s)


@dataclass(frozen=True)
class ContentKey:
    """What makes a remembered video the same one: its content, its subtitles' content, its tracks."""

    sha256: str
    sidecar_sha256: str = ""
    tracks: str = ""


TEXT_COLUMNS = "text.id, sense, start_us, end_us, body, trust, box"
"""The columns of a row that ``Text.of`` reads."""


@dataclass(frozen=True)
class Text:
    """A stored text: a sentence that was said, or a line that stood on screen.

    ``box`` is where a line stood, as shares of the picture (left, top, right, bottom).
    """

    id: int
    sense: Sense
    span: Span
    body: str
    trust: float
    box: Box | None = None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Text:
        """The text in a row of id, sense, start_us, end_us, body, trust and box."""
        return cls(
            id=row[0],
            sense="screen" if row[1] == "screen" else "speech",
            span=to_span(row[2], row[3]),
            body=row[4],
            trust=row[5],
            box=tuple(json.loads(row[6])) if row[6] else None,
        )


@dataclass(frozen=True)
class Event:
    """A stretch that belongs together; ``merge_height`` is how much it differs from the one before.

    ``salience`` in [0, 1] is how much it stands out, ``duplicate_of`` the id of an earlier event of the
    video that looks the same. While a video is being read, an event that may still change is not final.
    """

    SELECT: ClassVar[str] = (
        "SELECT start_us, end_us, merge_height, gist, id, salience, is_final, duplicate_of FROM event"
    )

    span: Span
    merge_height: float
    gist: str
    id: int = 0
    salience: float = 0.0
    is_final: bool = True
    duplicate_of: int | None = None

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Event:
        """The event in one row of ``SELECT``."""
        start_us, end_us, merge_height, gist, id_, salience, is_final, duplicate_of = row
        span = to_span(start_us, end_us)
        return cls(span, merge_height, gist, id_, salience, bool(is_final), duplicate_of)


@dataclass(frozen=True)
class Coverage:
    """How far one sense was looked at: ``share`` of the video, by ``engine``, with ``n_looks`` looks."""

    sense: str
    engine: str
    share: float
    n_looks: int
    trust: float
