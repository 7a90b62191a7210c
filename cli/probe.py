"""``vidagent probe``: what a file holds, as it claims and as it is measured."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..tools.clock import format_time
from ..tools.errors import UnknownVideoError
from .edge import JsonOption, LibraryOption, VideoArgument, library_path, say, say_json

if TYPE_CHECKING:
    from ..tools.measure import Measurement, TrackMeasure
    from ..tools.media_info import MediaInfo, PictureTrack, SoundTrack, SubtitleTrack, Track

_CHAPTERS_MAX = 20
_TITLE_MAX = 60
# A claimed length that is wrong by less than this, or than one picture, is rounding.
_DIFFERENCE_S = 0.1


def probe(
    video: VideoArgument,
    quick: Annotated[
        bool, typer.Option("--quick", help="Read the header only, and measure nothing.")
    ] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Print what a file holds: its tracks, its true length, its chapters and subtitles."""
    from ..tools.measure import measure
    from ..tools.probe import probe as probe_file
    from ..tools.subtitles import sidecars

    path = _path_of(video, library)
    info = probe_file(path)
    measured = None if quick else measure(path)
    if as_json:
        say_json(_as_json(info, measured, sidecars(path)))
        return
    for line in _aligned(list(_rows(info, measured, sidecars(path)))):
        say(line)


def _path_of(video: str, library: Path | None) -> Path:
    """Where the video lies; a library is looked into for what is no file, and never made for it."""
    if os.path.exists(video):
        return Path(video)
    from ..index.library import Library

    place = library_path(library)
    if not place.exists():
        raise UnknownVideoError(f"{video}: no such file, and no remembered video by this name")
    with Library(place) as opened:
        return opened.find(video).path


def _as_json(info: MediaInfo, measured: Measurement | None, beside: Iterable[Path]) -> object:
    chapters = [{"start_s": c.span.start_s, "end_s": c.span.end_s, "title": c.title} for c in info.chapters]
    fields = asdict(info) | {"path": str(info.path), "chapters": chapters}
    fields["sidecars"] = [str(file) for file in beside]
    fields["measured"] = {"duration_s": measured.duration_s, **asdict(measured)} if measured else None
    return _rounded(fields)


def _rounded(value: Any) -> object:
    """The same value with its seconds in whole microseconds, free of what adding them left behind."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value


@dataclass(frozen=True)
class _Row:
    """One line: what it is about and what is said; lines about tracks have two more columns."""

    label: str
    text: str
    mark: str | None = None
    span: str = ""


def _aligned(rows: Sequence[_Row]) -> Iterator[str]:
    label_width = max(len(row.label) for row in rows)
    mark_width = max(len(row.mark or "") for row in rows)
    span_width = max(len(row.span) for row in rows)
    for row in rows:
        columns = [row.label.ljust(label_width)]
        if row.mark is not None:
            columns += [row.mark.ljust(mark_width)] if mark_width else []
            columns += [row.span.ljust(span_width)] if span_width else []
        yield "  ".join([*columns, row.text])


def _rows(info: MediaInfo, measured: Measurement | None, beside: Iterable[Path]) -> Iterator[_Row]:
    yield _Row("file", str(info.path))
    yield _Row("container", f"{info.format}, {info.size_bytes:,} bytes")
    yield _Row("clock", f"starts at {info.start_s:.3f} s of the file's own clock")
    yield _Row("length", _length(info, measured))
    if measured and measured.n_damaged:
        yield _Row("damage", _damage(measured))
    yield from _track_rows(info, measured)
    for file in beside:
        yield _Row("sidecar", file.name)
    for cover in info.attached_pictures:
        yield _Row("cover", f"{cover.codec or 'unknown encoding'}, {_size(cover.width, cover.height)}")
    yield from _chapter_rows(info)
    for other in info.other_streams:
        yield _Row(
            f"stream {other.stream_index}", f"{other.kind}, {other.codec or 'unknown encoding'}, not used"
        )


def _length(info: MediaInfo, measured: Measurement | None) -> str:
    claimed_s = info.duration_s_from_header
    claimed = "none claimed" if claimed_s is None else f"{_seconds(claimed_s)} claimed"
    if measured is None:
        return f"{claimed}, not measured"
    true_s = measured.duration_s
    if true_s is None:
        return f"{claimed}, no packet tells a time"
    if claimed_s is None or abs(true_s - claimed_s) <= _bearable_s(info):
        return f"{claimed}, {true_s:.3f} s measured"
    how = "before" if true_s < claimed_s else "after"
    return (
        f"{claimed}, but picture and sound end at {true_s:.3f} s, {abs(true_s - claimed_s):.3f} s {how} that"
    )


def _seconds(time_s: float) -> str:
    return f"{format_time(time_s)} ({time_s:.3f} s)" if time_s >= 60 else f"{time_s:.3f} s"


def _bearable_s(info: MediaInfo) -> float:
    rate = info.picture_track.frame_rate if info.picture_track else None
    return max(_DIFFERENCE_S, 1 / rate if rate else 0.0)


def _damage(measured: Measurement) -> str:
    packets = _counted(measured.n_damaged, "damaged packet")
    return f"{packets}; the file could not be read to its end" if measured.ended_early else packets


def _counted(n: int | None, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}" if n else ""


def _track_rows(info: MediaInfo, measured: Measurement | None) -> Iterator[_Row]:
    for picture in info.picture_tracks:
        found = measured.track("picture", picture.number) if measured else None
        yield _track_row("picture", picture, found, _picture_phrases(picture, found))
    for sound in info.sound_tracks:
        found = measured.track("sound", sound.number) if measured else None
        yield _track_row("sound", sound, found, _sound_phrases(sound, found))
    for subtitle in info.subtitle_tracks:
        yield _track_row("subtitle", subtitle, None, _subtitle_phrases(subtitle))


def _track_row(kind: str, track: Track, found: TrackMeasure | None, phrases: Iterable[str]) -> _Row:
    words = [*phrases, track.language or "", f"“{_short(track.title)}”" if track.title else ""]
    mark = "default" if track.is_default else ""
    return _Row(f"{kind} {track.number}", ", ".join(filter(None, words)), mark, _span(found))


def _span(found: TrackMeasure | None) -> str:
    if found is None:
        return ""
    if found.start_s is None or found.end_s is None:
        return "never"
    return f"{format_time(found.start_s)}–{format_time(found.end_s)}"


def _picture_phrases(track: PictureTrack, found: TrackMeasure | None) -> Iterator[str]:
    yield _encoding(track.codec, track.profile)
    yield from _size_phrases(track)
    if track.is_hdr:
        yield f"HDR ({track.colour_transfer})"
    if (track.bit_depth or 8) != 8:
        yield f"{track.bit_depth} bit"
    if track.colour_range == "pc":
        yield "full colour range"
    yield _rate(track, found)
    if found and found.keyframe_gap_s is not None:
        yield f"keyframes up to {found.keyframe_gap_s:.2f} s apart"


def _size_phrases(track: PictureTrack) -> Iterator[str]:
    stored = _size(track.stored_width, track.stored_height)
    shown = _size(track.shown_width, track.shown_height)
    yield stored if stored == shown else f"{stored}, shown as {shown}"
    if track.sample_aspect not in {None, "1:1"}:
        yield f"pixels {track.sample_aspect}"
    if track.rotation_deg:
        yield f"turned {track.rotation_deg}° clockwise"


def _size(width: int | None, height: int | None) -> str:
    return f"{width}x{height}" if width and height else "unknown size"


def _rate(track: PictureTrack, found: TrackMeasure | None) -> str:
    is_irregular = found.is_irregular if found else None
    spacing = "" if is_irregular is None else " (variable)" if is_irregular else " (constant)"
    rate = f"{track.frame_rate:.3f}".rstrip("0").rstrip(".") if track.frame_rate else "unknown"
    return f"{rate} pictures/s{spacing}"


def _sound_phrases(track: SoundTrack, found: TrackMeasure | None) -> Iterator[str]:
    yield _encoding(track.codec, track.profile)
    yield f"{track.rate_hz} Hz" if track.rate_hz else ""
    yield track.layout or _counted(track.channels, "channel")
    if found and found.is_irregular:
        yield "with gaps"


def _subtitle_phrases(track: SubtitleTrack) -> Iterator[str]:
    yield f"{track.codec or 'unknown encoding'} ({track.kind})" if track.codec else "unknown encoding"
    if track.is_forced:
        yield "forced"


def _encoding(codec: str | None, profile: str | None) -> str:
    return f"{codec} {profile}" if profile else codec or "unknown encoding"


def _chapter_rows(info: MediaInfo) -> Iterator[_Row]:
    for number, chapter in enumerate(info.chapters[:_CHAPTERS_MAX], 1):
        title = f"  {_short(chapter.title)}" if chapter.title else ""
        yield _Row(f"chapter {number}", f"{chapter.span}{title}")
    n_more = len(info.chapters) - _CHAPTERS_MAX
    if n_more > 0:
        yield _Row("", f"and {n_more} more")


def _short(title: str) -> str:
    return title if len(title) <= _TITLE_MAX else f"{title[: _TITLE_MAX - 1]}…"
