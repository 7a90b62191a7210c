"""What a file says about itself, as values: its container, its tracks, its chapters and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from .clock import Span
from .tracks import Tracks

SubtitleKind = Literal["text", "bitmap", "unknown"]


@dataclass(frozen=True)
class Track:
    """What all tracks have in common.

    ``number`` counts the tracks of its kind from 0, as a user names one; ``stream_index`` is its place
    among all streams of the file. ``is_default`` marks the one that is taken where none is named, for
    subtitles those that the file wants shown.
    """

    number: int
    stream_index: int
    codec: str | None
    language: str | None
    title: str | None
    is_default: bool


@dataclass(frozen=True)
class PictureTrack(Track):
    """A track of moving pictures; None stands for what the file does not say.

    Sizes are in pixels: stored as they lie in the file, shown after widening by
    ``sample_aspect`` (width to height of one stored pixel, as "64:45") and turning by
    ``rotation_deg`` clockwise. ``frame_rate`` is claimed, in pictures a second; ``start_s`` and
    ``end_s_from_header`` lie on the player's clock.
    """

    profile: str | None
    stored_width: int | None
    stored_height: int | None
    shown_width: int | None
    shown_height: int | None
    rotation_deg: int | None
    sample_aspect: str | None
    frame_rate: float | None
    pixel_format: str | None
    bit_depth: int | None
    colour_range: str | None
    colour_space: str | None
    colour_primaries: str | None
    colour_transfer: str | None
    is_hdr: bool
    start_s: float | None
    duration_s_from_header: float | None
    end_s_from_header: float | None


@dataclass(frozen=True)
class SoundTrack(Track):
    """A track of sound; None stands for what the file does not say."""

    profile: str | None
    rate_hz: int | None
    channels: int | None
    layout: str | None
    start_s: float | None
    duration_s_from_header: float | None
    end_s_from_header: float | None


@dataclass(frozen=True)
class SubtitleTrack(Track):
    """A track of subtitles, as words ("text") or as pictures of words ("bitmap")."""

    kind: SubtitleKind
    is_forced: bool


@dataclass(frozen=True)
class AttachedPicture:
    """A still picture that comes with the file, such as a cover; sizes in pixels, None where unknown."""

    stream_index: int
    codec: str | None
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Chapter:
    """A chapter on the player's clock; its part before the clock's zero is left out."""

    span: Span
    title: str | None


@dataclass(frozen=True)
class OtherStream:
    """A stream that is neither watched, heard nor read here: data, an attachment, an unknown encoding.

    ``codec`` names the encoding, or the kind of file for an attachment; None where nobody knows it.
    """

    stream_index: int
    kind: str
    codec: str | None


@dataclass(frozen=True)
class MediaInfo:
    """What the container claims of itself.

    ``format`` is its short name ("mp4", "mov", "matroska", which WebM is too, "mpegts", ...).
    ``start_s`` is where the file's own clock stands when the player's shows 0.
    ``duration_s_from_header`` is a claim and may be None; ``measure`` tells the truth.
    """

    path: Path
    format: str
    size_bytes: int
    start_s: float
    duration_s_from_header: float | None
    picture_tracks: tuple[PictureTrack, ...]
    sound_tracks: tuple[SoundTrack, ...]
    subtitle_tracks: tuple[SubtitleTrack, ...]
    attached_pictures: tuple[AttachedPicture, ...]
    chapters: tuple[Chapter, ...]
    other_streams: tuple[OtherStream, ...]

    @property
    def picture_track(self) -> PictureTrack | None:
        """The picture track that is looked at where none is named."""
        return next((track for track in self.picture_tracks if track.is_default), None)

    @property
    def width(self) -> int:
        """Width in pixels of that track's pictures as shown, 0 where there is none or nobody knows."""
        return (self.picture_track and self.picture_track.shown_width) or 0

    @property
    def height(self) -> int:
        """Height in pixels of that track's pictures as shown, 0 where there is none or nobody knows."""
        return (self.picture_track and self.picture_track.shown_height) or 0

    @property
    def has_picture(self) -> bool:
        """Whether there are moving pictures in a known encoding."""
        return bool(self.picture_tracks)

    @property
    def has_sound(self) -> bool:
        """Whether there is sound in a known encoding."""
        return bool(self.sound_tracks)

    @property
    def has_bitmap_subtitles(self) -> bool:
        """Whether there are subtitles that are pictures of words."""
        return any(track.kind == "bitmap" for track in self.subtitle_tracks)

    def end_s_from_header(self, tracks: Tracks) -> float | None:
        """The second at which the last of the tracks that are read claims to end, None where none does."""
        pictures = [t for t in self.picture_tracks if _is_chosen(t, tracks.picture)]
        sounds = [t for t in self.sound_tracks if _is_chosen(t, tracks.sound)]
        read: list[PictureTrack | SoundTrack] = [*pictures, *sounds]
        claims = [track.end_s_from_header for track in read if track.end_s_from_header is not None]
        if claims and len(claims) == len(read):
            return max(claims)
        # The length of the whole counts subtitles too, which may end long after all else.
        return None if self.subtitle_tracks else self.duration_s_from_header

    @property
    def n_subtitle_tracks(self) -> int:
        """How many tracks of subtitles there are, readable or not."""
        return len(self.subtitle_tracks)


def to_plain(info: MediaInfo) -> dict[str, Any]:
    """The same as values that JSON knows."""
    return asdict(info) | {"path": str(info.path)}


def from_plain(found: Mapping[str, Any]) -> MediaInfo:
    """What ``to_plain`` took apart."""
    parts = {
        "picture_tracks": PictureTrack,
        "sound_tracks": SoundTrack,
        "subtitle_tracks": SubtitleTrack,
        "attached_pictures": AttachedPicture,
        "other_streams": OtherStream,
    }
    made = {name: tuple(kind(**part) for part in found[name]) for name, kind in parts.items()}
    chapters = tuple(Chapter(Span(**chapter["span"]), chapter["title"]) for chapter in found["chapters"])
    return MediaInfo(**{**found, **made, "chapters": chapters, "path": Path(found["path"])})


def _is_chosen(track: Track, number: int | None) -> bool:
    return track.is_default if number is None else track.number == number
