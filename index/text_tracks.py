"""Text on screen through time: each line once, with the seconds at which it came and went."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tools.picture import Picture
from ..tools.roles import WHOLE, Box, Pixels, Quad, TextLine, TextReader
from ..tools.screen_text import box_of, quad_of
from .text_lines import LineTrack, TextSighting, is_part, likeness_of, open_track
from .text_looks import GLANCE_PIXELS, READ_ROWS, Look, LookPlanner

__all__ = ["ScreenTextWatch", "TextSighting"]

_N_KEPT = 12
_SAME, _ALIKE = 0.75, 0.85
_CONFIDENCE_MIN, _SUPERSEDES = 0.6, 0.8
# Shorter than half a sample: a reading that the next one replaced at once.
_LIVED_MIN_S = 0.125
_TYPING_S = 1.0
_ASKED_MAX = 3
_NEWS_MIN_LETTERS = 8


class ScreenTextWatch:
    """Finds and follows text in the pictures of one forward pass, about four a second.

    ``n_glances`` and ``n_reads`` count quick looks and readings in full; ``read_times_s`` are the
    seconds at which text was looked for. ``novelties`` are (second, share) at which lines came that are
    this share of the letters standing there, from which a change of slides is told from a ticker.
    """

    def __init__(self, reader: TextReader) -> None:
        self.n_glances = self.n_reads = 0
        self.read_times_s: list[float] = []
        self.novelties: list[tuple[float, float]] = []
        self._reader = reader
        self._planner = LookPlanner()
        self._kept: deque[tuple[float, Pixels]] = deque(maxlen=_N_KEPT)
        self._tracks: list[LineTrack] = []

    def feed(self, picture: Picture) -> list[TextSighting]:
        """Takes the next picture in order of time; the sightings that ended by then.

        Raises ``ModelError`` and ``CapabilityError`` like the reader.
        """
        plane, pts_s = _plane(picture), picture.pts_s
        ended = self._meet_size(plane, pts_s)
        for track in self._tracks:
            track.step(pts_s, plane)
        look = self._planner.next_look(pts_s, plane)
        if look:
            known = list(self._tracks)
            self._look(picture, plane, look)
            self._note_novelty(known)
        self._ask_again(picture, plane)
        self._kept.append((pts_s, plane))
        gone = [track for track in self._tracks if track.has_gone(pts_s)]
        for track in gone:
            self._planner.forget(track.box_in(plane))
        return ended + self._let_go(gone)

    def finish(self, end_s: float) -> list[TextSighting]:
        """The sightings that last until the video's end at ``end_s``."""
        for track in self._tracks:
            if track.gone_s is None:
                track.gone_s = max(end_s, track.start_s)
        return self._let_go(list(self._tracks))

    def _note_novelty(self, known: Sequence[LineTrack]) -> None:
        new = [track for track in self._tracks if track not in known]
        n_new = sum(len(track.line.text) for track in new)
        if n_new < _NEWS_MIN_LETTERS:
            return
        standing = [track for track in self._tracks if track in known and not track.is_doubtful]
        n_all = n_new + sum(len(track.line.text) for track in standing)
        self.novelties.append((min(track.start_s for track in new), n_new / n_all))

    def state(self) -> dict[str, object]:
        """All that the next sightings depend on, for ``resume``."""
        return {
            "n_glances": self.n_glances,
            "n_reads": self.n_reads,
            "planner": self._planner.state(),
            "kept": list(self._kept),
            "tracks": [track.state() for track in self._tracks],
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from the ``state`` of another watch."""
        self.n_glances, self.n_reads = state["n_glances"], state["n_reads"]
        self._planner.resume(state["planner"])
        self._kept.extend((pts_s, plane) for pts_s, plane in state["kept"])
        self._tracks = [LineTrack.resumed(each) for each in state["tracks"]]

    def _meet_size(self, plane: Pixels, pts_s: float) -> list[TextSighting]:
        if not self._kept or self._kept[-1][1].shape == plane.shape:
            return []
        self._kept.clear()
        return self.finish(pts_s)

    def _look(self, picture: Picture, plane: Pixels, look: Look) -> None:
        if look.n_pixels_max > GLANCE_PIXELS:
            self.n_reads += 1
        else:
            self.n_glances += 1
        self.read_times_s.append(picture.pts_s)
        image, pts_s = picture.rgb(READ_ROWS), picture.pts_s
        quads = self._find(image, plane, look)
        wanted = [quad for quad in quads if self._wants(box_of(quad), plane)]
        known = [track for track in self._tracks if track.ended_s is None]
        for line in self._reader.recognize(image, wanted):
            self._take(line, pts_s, plane, known)

    def _find(self, image: Pixels, plane: Pixels, look: Look) -> list[Quad]:
        found = self._reader.find(image, (0.0, look.top, 1.0, look.bottom), look.n_pixels_max)
        whole = [quad for quad in found if not _is_cut(box_of(quad), look)]
        # Something unknown that reaches out of the band is worth seeing whole.
        if any(_is_cut(box_of(quad), look) and self._wants(box_of(quad), plane) for quad in found):
            self._planner.note_glance()
            return self._reader.find(image, WHOLE, max(GLANCE_PIXELS, look.n_pixels_max))
        return whole

    def _ask_again(self, picture: Picture, plane: Pixels) -> None:
        # A slow zoom or a glow makes a line look unlike itself; reading it where it stands tells.
        asked = [track for track in self._tracks if track.may_be_asked(picture.pts_s)][:_ASKED_MAX]
        if not asked:
            return
        image = picture.rgb(READ_ROWS)
        for track in asked:
            track.asked_s = picture.pts_s
            box = track.box_in(plane)
            for line in self._reader.recognize(image, [quad_of(box)] if _inside(box) else []):
                if line.confidence > 0.8 and likeness_of(line.text, track.line.text) >= _ALIKE:
                    track.take_reading(line, picture.pts_s, plane)

    def _wants(self, box: Box, plane: Pixels) -> bool:
        owners = [(t, t.box_in(plane)) for t in self._tracks if t.ended_s is None]
        in_row = [(t, other) for t, other in owners if _shares_row(box, other) and _across(box, other) > 0]
        if any(t.wants_reading for t, _ in in_row):
            return True
        covered = sum(_across(box, other) for _, other in in_row)
        height = (box[3] - box[1]) * plane.shape[0] / plane.shape[1]
        # The parts of a rolling line are found differently each time; one that stands may be typed on.
        slack = 0.3 if any(t.place.is_moving for t, _ in in_row) else 0.04
        return bool(box[2] - box[0] - covered > max(0.8 * height, slack * (box[2] - box[0])))

    def _take(self, line: TextLine, pts_s: float, plane: Pixels, known: Sequence[LineTrack]) -> None:
        if line.confidence < 0.5:
            return
        alive = [track for track in known if track in self._tracks]
        owners = [track for track in alive if _overlap(line.box, track.box_in(plane)) >= 0.5]
        same = [track for track in owners if likeness_of(track.line.text, line.text) >= _SAME]
        if same and not _outgrows(line, same[0].line):
            same[0].take_reading(line, pts_s, plane)
        elif not any(is_part(line.text, track.line.text) and track.doubt_s is None for track in owners):
            self._open(line, pts_s, plane, owners)

    def _open(self, line: TextLine, pts_s: float, plane: Pixels, owners: Sequence[LineTrack]) -> None:
        if lost := self._lost_twin(line):
            lost.take_reading(line, pts_s, plane)
            return
        grown = [old for old in owners if is_part(old.line.text, line.text)]
        new_part = (max(old.box_in(plane)[2] for old in grown), *line.box[1:]) if grown else line.box
        track = open_track(line, pts_s, plane, reversed(self._kept), new_part)
        for old in owners:
            self._supersede(old, track)
        self._tracks.append(track)

    def _lost_twin(self, line: TextLine) -> LineTrack | None:
        lost = [track for track in self._tracks if track.gone_s is not None and track.ended_s is None]
        alike = [track for track in lost if likeness_of(track.line.text, line.text) >= _ALIKE]
        return alike[-1] if alike else None

    def _supersede(self, old: LineTrack, new: LineTrack) -> None:
        if old.line.confidence < 0.8 and new.line.confidence > old.line.confidence:
            self._tracks.remove(old)
            return
        if old.gone_s is not None:
            old.ended_s = old.gone_s
            return
        if new.line.confidence < min(_SUPERSEDES, old.line.confidence):
            return
        change_s = new.start_s if old.doubt_s is None else min(old.doubt_s, new.start_s)
        old.ended_s = max(old.start_s, change_s)
        if is_part(old.line.text, new.line.text) and old.end_s - old.start_s <= _TYPING_S:
            self._tracks.remove(old)

    def _let_go(self, tracks: Sequence[LineTrack]) -> list[TextSighting]:
        for track in tracks:
            self._tracks.remove(track)
        sightings = [track.sighting() for track in tracks if _is_text(track)]
        return sorted(sightings, key=lambda sighting: (sighting.span, sighting.box))


def _plane(picture: Picture) -> Pixels:
    import cv2

    luma = picture.luma()
    scale = READ_ROWS / min(luma.shape)
    if scale >= 1:
        return luma.copy()
    size = round(luma.shape[1] * scale), round(luma.shape[0] * scale)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _is_cut(box: Box, look: Look) -> bool:
    # A line that touches the band's edge goes on outside it, unless the picture ends there too.
    margin = 0.003
    above = look.top > 0 and box[1] <= look.top + margin
    below = look.bottom < 1 and box[3] >= look.bottom - margin
    return above or below


def _is_text(track: LineTrack) -> bool:
    n_letters = sum(char.isalnum() for char in track.line.text)
    lived_s = track.end_s - track.start_s
    if n_letters < 2:
        return track.line.text.isdigit() and track.line.confidence >= 0.97 and track.n_agreeing > 1
    floor = 0.8 if n_letters <= 3 or lived_s < 0.5 else _CONFIDENCE_MIN
    if n_letters <= 3 and lived_s < 0.5:
        floor = 0.97
    return lived_s >= _LIVED_MIN_S and track.line.confidence >= floor


def _outgrows(line: TextLine, old: TextLine) -> bool:
    return len(line.text) >= len(old.text) + 2 and is_part(old.text, line.text) and line.confidence > 0.8


def _shares_row(box: Box, other: Box) -> bool:
    shared = min(box[3], other[3]) - max(box[1], other[1])
    return shared >= 0.5 * min(box[3] - box[1], other[3] - other[1])


def _inside(box: Box) -> bool:
    return min(box) >= 0 and max(box) <= 1


def _across(box: Box, other: Box) -> float:
    return max(0.0, min(box[2], other[2]) - max(box[0], other[0]))


def _overlap(box: Box, other: Box) -> float:
    width, height = _across(box, other), max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
    smaller = min((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return width * height / smaller if smaller > 0 else 0.0
