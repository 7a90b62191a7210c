"""What can be said of a video as far as it was read: its length, what was looked at, what to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..tools.clock import Span, format_time
from ..tools.engines import Engines
from ..tools.errors import MediaError
from ..tools.media_info import MediaInfo
from ..tools.subtitles import Subtitles
from ..tools.tracks import Tracks
from .extent import Extent
from .records import LOW_TRUST, Coverage
from .unfinished import Account, Progress, UnfinishedVideo

DAMAGED_SHARE_MAX = 0.1
"""A video with a larger share of damage is refused unless the user says otherwise."""
LENGTH_S_MAX = 31 * 86400.0
"""A file that is longer than this by its own clock has a false clock."""
_SPANS_NAMED = 5


@dataclass(frozen=True)
class Accountant:
    """Knows what a file claims and by which engines it is read, and so what was left out."""

    info: MediaInfo
    tracks: Tracks
    engines: Engines
    subtitles: Subtitles | None

    def account(self, video: UnfinishedVideo, is_over: bool) -> Account:
        """The account of a video, ``is_over`` when all of it has been read."""
        progress = video.progress
        extent = Extent.of(self.info, self.tracks, progress.end_s)
        coverage = [*self._seen(progress, extent), *self._heard(video, extent)]
        notes = _notes(progress, coverage)
        if is_over:
            return Account(progress.end_s, coverage, [*notes, *_damage(progress), *_missing(extent)])
        whole = f" of {format_time(extent.total_s)}" if extent.missing_s else ""
        reached = f"still being read: this is known of the first {format_time(progress.end_s)}{whole}"
        return Account(progress.end_s, coverage, [reached, *_damage(progress)])

    def _seen(self, progress: Progress, extent: Extent) -> list[Coverage]:
        totals = progress.pictures.totals if progress.pictures else None
        share = extent.share(totals.end_s, totals.lost) if totals else 0.0
        n_samples = totals.n_samples if totals else 0
        rows = [Coverage("picture", self.engines.embedder.name, share, n_samples, 1.0)]
        if totals and self.engines.reader:
            n_looks = totals.n_text_looks + progress.n_captions
            rows.append(Coverage("screen", self.engines.reader.name, share, n_looks, 1.0))
        return rows

    def _heard(self, video: UnfinishedVideo, extent: Extent) -> list[Coverage]:
        sound = video.progress.sound
        rows = []
        n_passages, trust = video.speech()
        if self.subtitles:
            n_cues = len(self.subtitles.utterances)
            rows.append(Coverage("speech", self.subtitles.origin, 1.0, n_cues, trust))
        elif sound and self.engines.recognizer:
            end_s = sound.totals.end_s if "sound" in video.progress.done else max(0.0, sound.heard_s)
            share = extent.share(end_s, sound.totals.lost)
            rows.append(Coverage("speech", self.engines.recognizer.name, share, n_passages, trust))
        if sound:
            share = extent.share(sound.totals.end_s, sound.totals.lost)
            n_rows = sound.totals.n_levels
            rows.append(Coverage("sound", "loudness", share, n_rows, 1.0))
        return rows


def refuse_unread(path: Path, progress: Progress) -> None:
    """Nothing, for a file of which something was read; raises ``MediaError`` for another one."""
    if progress.end_s <= 0:
        raise MediaError(f"{path}: no picture and no sound could be decoded")


def refuse_unbelievable(path: Path, progress: Progress) -> None:
    """Nothing, for a length that can be believed, as far as was read; raises ``MediaError`` for another one."""
    if progress.end_s > LENGTH_S_MAX:
        days = progress.end_s / 86400
        raise MediaError(f"{path}: its clock cannot be believed: it tells of {days:.0f} days")


def refuse_damaged(path: Path, progress: Progress) -> None:
    """Nothing, for a video that is healthy enough; raises ``MediaError`` for another one."""
    stage = progress.pictures or progress.sound
    share = stage.totals.damaged_share if stage else 0.0
    if share > DAMAGED_SHARE_MAX:
        what = "pictures are" if progress.pictures else "sound is"
        raise MediaError(f"{path}: {share:.0%} of its {what} damaged; --accept-damage remembers the rest")


def _notes(progress: Progress, coverage: list[Coverage]) -> list[str]:
    notes = []
    if not progress.pictures or not progress.pictures.totals.n_samples:
        notes.append("no picture: only the sound was remembered")
    speech = next((row for row in coverage if row.sense == "speech"), None)
    if not progress.sound and not speech:
        notes.append("no sound: nothing could be heard")
    if speech and not speech.n_looks:
        notes.append(f"no speech was heard ({speech.engine} listened)")
    if speech and speech.trust < LOW_TRUST:
        notes.append(
            f"speech was recognised by {speech.engine}: low trust; a subtitle file beside it is better"
        )
    return notes


def _damage(progress: Progress) -> list[str]:
    notes, n_damaged = [], progress.n_damaged_captions
    for stage, verb in ((progress.pictures, "seen"), (progress.sound, "heard")):
        if stage:
            n_damaged += stage.totals.n_damaged
            if stage.totals.lost:
                notes.append(f"damaged: {_listed(stage.totals.lost)} could not be {verb}")
    if n_damaged:
        often = "once" if n_damaged == 1 else f"{n_damaged} times"
        notes.append(f"decoding failed {often}: what is damaged, or rests on it, was left out")
    return notes


def _missing(extent: Extent) -> list[str]:
    if not extent.missing_s:
        return []
    return [
        f"only {extent.measured_s:.1f} s of the {extent.total_s:.1f} s that the file claims could be read"
    ]


def _listed(spans: Sequence[Span]) -> str:
    more = f" and {len(spans) - _SPANS_NAMED} more" if len(spans) > _SPANS_NAMED else ""
    return ", ".join(str(span) for span in spans[:_SPANS_NAMED]) + more
