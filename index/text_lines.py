"""One line of text while it stands on screen: its readings, its place, and when it came and went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from ..tools.clock import Span
from ..tools.roles import Box, Pixels, TextLine
from .text_patches import Match, Patch, Place, follow, take_patch

Sample = tuple[float, float]

_LIKE, _DOUBT, _DIM = 0.5, 0.72, 0.35
_SIMILAR = 0.45
# Strokes that move by parts of a pixel never match as well as standing ones.
_DOUBT_MOVING = 0.55
_RISE_S = 3.0
# A passing bird may hide a line this long without ending it.
HIDDEN_S = 1.5
_MISSES_MAX = 2
_READINGS_MAX = 3
# Less than this share of the line's height is no letter.
_PART_MIN = 0.3
_ASK_S, _STROKES_LEFT = 0.7, 0.3
_FAINT = 1.2


@dataclass(frozen=True)
class TextSighting:
    """One line of text on screen during ``span``.

    ``box`` is (left, top, right, bottom) as shares of the picture at the moment of the best reading;
    ``confidence`` is the reader's, in [0, 1].
    """

    span: Span
    text: str
    box: Box
    confidence: float


@dataclass(eq=False)
class LineTrack:
    """A line that was read, followed from sample to sample until it has gone.

    Its ``levels`` are (second, contrast) from before it came until it was there for a while.
    """

    line: TextLine
    patch: Patch
    place: Place
    levels: list[Sample]
    n_readings: int = 0
    n_agreeing: int = 1
    gone_s: float | None = None
    doubt_s: float | None = None
    ended_s: float | None = None
    asked_s: float = float("-inf")
    _last: Sample = field(default=(0.0, 1.0), repr=False)
    _read_contrast: float = field(default=0.0, repr=False)
    _strokes_left: float = field(default=0.0, repr=False)
    # Contrast summed over the samples that showed the line, and their number.
    _seen: tuple[float, int] = field(default=(0.0, 0), repr=False)

    def state(self) -> dict[str, object]:
        """All that is known of the line, for ``resumed``."""
        return vars(self) | {"line": vars(self.line), "patch": vars(self.patch), "place": vars(self.place)}

    @classmethod
    def resumed(cls, state: dict[str, Any]) -> LineTrack:
        """The track of which this was the ``state``."""
        track = cls.__new__(cls)
        vars(track).update(state)
        track.line = TextLine(**state["line"] | {"box": tuple(state["line"]["box"])})
        track.patch, track.place = Patch(**state["patch"]), Place(**state["place"])
        track.levels = [(pts_s, level) for pts_s, level in state["levels"]]
        return track

    @property
    def start_s(self) -> float:
        """The second at which the line reached its share of its usual contrast."""
        floor = min(self._floor, max(level for _, level in self.levels))
        before: Sample | None = None
        for sample in self.levels:
            if sample[1] >= floor:
                return _crossing_s(before, sample, floor) if before else sample[0]
            before = sample
        raise AssertionError("no level reaches the highest")

    @property
    def end_s(self) -> float:
        """The second at which the line had gone, as far as is known."""
        known = [s for s in (self.ended_s, self.gone_s) if s is not None]
        return max(self.start_s, min(known)) if known else self._last[0]

    @property
    def is_doubtful(self) -> bool:
        """Whether what stands there now looks unlike the line that was read."""
        return self.doubt_s is not None or self.gone_s is not None

    @property
    def wants_reading(self) -> bool:
        """Whether another reading would help: it may have changed, or was read badly or while faint."""
        if self.is_doubtful:
            return True
        unsure = self.line.confidence < 0.9 or len(self.line.text) < 3 or self._is_clearer
        return unsure and self.n_readings < _READINGS_MAX

    def may_be_asked(self, pts_s: float) -> bool:
        """Whether reading the line where it stands would settle a doubt: once when it fades from sight."""
        if not self.is_doubtful or self.ended_s is not None or self._last[0] < self.asked_s:
            return False
        return pts_s - self.asked_s >= _ASK_S and self._strokes_left >= _STROKES_LEFT

    def box_in(self, plane: Pixels) -> Box:
        """Where the line stands now, as shares of the picture."""
        height, width = plane.shape[:2]
        left, top = self.place.left_px, self.place.top_px
        right, bottom = left + self.patch.width_px, top + self.patch.height_px
        return (left / width, top / height, right / width, bottom / height)

    def step(self, pts_s: float, plane: Pixels) -> None:
        """Follows the line into the sample at ``pts_s``."""
        place, match = follow(self.patch, plane, self.place, pts_s)
        contrast = _seen_level(match) * self.patch.contrast
        self._strokes_left = match.strokes if match else 0.0
        if match and match.likeness >= _LIKE and contrast >= self._floor:
            self._note_seen(place, match, (pts_s, contrast))
        elif self.gone_s is None:
            self.gone_s = _crossing_s(self._last, (pts_s, contrast), self._floor)
        if pts_s - self.levels[0][0] <= _RISE_S:
            self.levels.append((pts_s, contrast))

    def has_gone(self, pts_s: float) -> bool:
        """Whether the line has ended for good by ``pts_s``."""
        return self.ended_s is not None or (self.gone_s is not None and pts_s - self.gone_s > HIDDEN_S)

    def take_reading(self, line: TextLine, pts_s: float, plane: Pixels) -> None:
        """Keeps the better of two readings, and how the line looks now if it was in doubt or lost."""
        self.n_agreeing += line.text == self.line.text
        if self.is_doubtful:
            self.patch = take_patch(plane, pixel_box(line.box, plane))
            self.place = _place(line.box, plane, pts_s)
            self.doubt_s = self.gone_s = None
            self._last = (pts_s, self.patch.contrast)
        if _worth(line) + (0.1 if self._is_clearer else 0.0) > _worth(self.line):
            self.line = line
        self.note_reading(pts_s)

    def note_reading(self, pts_s: float) -> None:
        """Counts a reading, made at the contrast that the line has now."""
        self.n_readings += 1
        if not self._seen[1]:
            self._last = (pts_s, self.patch.contrast)
            self._seen = (self.patch.contrast, 1)
        self._read_contrast = max(self._read_contrast, self._last[1])

    def sighting(self, end_s: float | None = None) -> TextSighting:
        """What is remembered of the line."""
        end_s = max(self.start_s, self.end_s if end_s is None else end_s)
        return TextSighting(Span(self.start_s, end_s), self.line.text, self.line.box, self.line.confidence)

    @property
    def _is_clearer(self) -> bool:
        return self._last[1] > _FAINT * self._read_contrast

    @property
    def _floor(self) -> float:
        total, count = self._seen
        return _DIM * total / count

    def _note_seen(self, place: Place, match: Match, sample: Sample) -> None:
        self.place, self.gone_s, self._last = place, None, sample
        self._seen = (self._seen[0] + sample[1], self._seen[1] + 1)
        if match.likeness >= (_DOUBT_MOVING if place.is_moving else _DOUBT):
            self.doubt_s = None
        elif self.doubt_s is None:
            self.doubt_s = sample[0]


def open_track(
    line: TextLine, pts_s: float, plane: Pixels, past: Iterable[tuple[float, Pixels]], new_part: Box
) -> LineTrack:
    """A track of a line read at ``pts_s``, followed back through the samples ``past``, latest first.

    ``new_part`` is the part of the line's box that was not there before: the whole, or what was typed.
    """
    place = _place(line.box, plane, pts_s)
    track = LineTrack(line, take_patch(plane, pixel_box(line.box, plane)), place, [])
    part = new_part if new_part[2] - new_part[0] > _PART_MIN * (line.box[3] - line.box[1]) else line.box
    levels, back = _levels_before(take_patch(plane, pixel_box(part, plane)), _place(part, plane, pts_s), past)
    contrast = track.patch.contrast
    track.levels = [(s, level * contrast) for s, level in [*levels, (pts_s, 1.0)]]
    track.note_reading(pts_s)
    if back.is_moving:
        track.place = replace(place, speed_x=back.speed_x, speed_y=back.speed_y)
    return track


def _levels_before(
    patch: Patch, place: Place, past: Iterable[tuple[float, Pixels]]
) -> tuple[list[Sample], Place]:
    levels: list[Sample] = []
    back, n_misses = place, 0
    for pts_s, plane in past:
        back, match = follow(patch, plane, back, pts_s)
        levels.append((pts_s, _seen_level(match)))
        n_misses = n_misses + 1 if levels[-1][1] < 0.2 else 0
        if n_misses == _MISSES_MAX:
            break
    return levels[::-1], back


def likeness_of(text: str, other: str) -> float:
    """How alike two texts are, in [0, 1], whatever their case and spaces."""
    return SequenceMatcher(None, _bare(text), _bare(other), autojunk=False).ratio()


def is_part(text: str, whole: str) -> bool:
    """Whether nearly all of a text stands, in order, in a longer one."""
    text, whole = _bare(text), _bare(whole)
    blocks = SequenceMatcher(None, text, whole, autojunk=False).get_matching_blocks()
    return len(whole) > len(text) and sum(block.size for block in blocks) >= 0.8 * len(text)


def pixel_box(box: Box, plane: Pixels) -> tuple[int, int, int, int]:
    """A box of shares in pixels of a plane, never empty and never outside."""
    height, width = plane.shape[:2]
    left, top = min(width - 2, max(0, int(box[0] * width))), min(height - 2, max(0, int(box[1] * height)))
    right, bottom = min(width, round(box[2] * width)), min(height, round(box[3] * height))
    return left, top, max(left + 2, right), max(top + 2, bottom)


def _place(box: Box, plane: Pixels, pts_s: float) -> Place:
    left, top, _, _ = pixel_box(box, plane)
    return Place(pts_s, float(left), float(top))


def _seen_level(match: Match | None) -> float:
    return max(0.0, match.level) if match and match.likeness >= _SIMILAR else 0.0


def _crossing_s(before: Sample, after: Sample, level: float) -> float:
    (start_s, start), (end_s, end) = before, after
    share = (level - start) / (end - start) if end != start else 0.5
    return start_s + min(1.0, max(0.0, share)) * (end_s - start_s)


def _worth(line: TextLine) -> float:
    # A little more text at nearly the same confidence is the better reading, and so is one whose
    # words stand apart.
    return line.confidence + 0.01 * min(10, len(line.text)) + 0.05 * min(3, line.text.count(" "))


def _bare(text: str) -> str:
    return "".join(text.casefold().split())
