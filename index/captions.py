"""Words of subtitles that are pictures, read as the text on screen that they are."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..tools.bitmap_subtitles import CaptionPicture
from ..tools.clock import Span
from ..tools.guarded import GuardedCaptions
from ..tools.plain import plain
from ..tools.roles import Box, Pixels, TextLine, TextReader
from .looking import Stopped
from .text_tracks import TextSighting

_CONFIDENCE_MIN = 0.5
# Showings that follow each other this closely are one picture to a viewer.
_TOUCHING_S = 0.05
# Letters of a larger picture are large enough without, and a reader has no use for a line that is longer.
_SIDE_MAX = 2000


@dataclass(frozen=True)
class Captions:
    """What the captions of a video say, in order of time, and how many were shown and were damaged."""

    sightings: list[TextSighting]
    n_pictures: int
    n_damaged: int


def read_captions(
    path: Path, reader: TextReader, language: str = "en", stop: threading.Event | None = None
) -> Captions:
    """The lines of a video's caption pictures; no sightings where it has none.

    A line that stays while others come and go is one sighting. Boxes are shares of the whole picture.

    Raises ``UnknownVideoError`` and ``MediaError`` like ``open_media``, ``ModelError`` and
    ``CapabilityError`` like the reader, and ``Stopped`` when called off.
    """
    pictures, lines = GuardedCaptions(path, language), _Lines()
    before: tuple[CaptionPicture, list[TextLine]] | None = None
    for picture in pictures:
        if stop and stop.is_set():
            raise Stopped
        # What is shown again, as broadcasts do every few seconds, is not read again.
        is_same = before is not None and np.array_equal(before[0].image, picture.image)
        read = before[1] if before and is_same else reader.read(_shrunk(picture.image))
        before = picture, read
        lines.take(picture.span, _placed(read, picture.box))
    return Captions(lines.finish(), pictures.n_pictures, pictures.n_damaged)


def _shrunk(image: Pixels) -> Pixels:
    import cv2

    height, width = image.shape[:2]
    scale = _SIDE_MAX / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _placed(read: Iterable[TextLine], box: Box) -> list[TextLine]:
    """The lines that are sure enough, their boxes in shares of the whole picture."""
    lines = [replace(line, text=plain(line.text).strip(), box=_within(line.box, box)) for line in read]
    return [line for line in lines if line.text and line.confidence >= _CONFIDENCE_MIN]


def _within(box: Box, outer: Box) -> Box:
    width, height = outer[2] - outer[0], outer[3] - outer[1]
    left, right = (min(1.0, max(0.0, outer[0] + share * width)) for share in (box[0], box[2]))
    top, bottom = (min(1.0, max(0.0, outer[1] + share * height)) for share in (box[1], box[3]))
    return left, top, right, bottom


@dataclass
class _Lines:
    """Lines as they come and go; those of the last showing may still go on."""

    _ended: list[TextSighting] = field(default_factory=list)
    _shown: list[TextSighting] = field(default_factory=list)

    def take(self, span: Span, lines: Iterable[TextLine]) -> None:
        """The lines of the next showing."""
        shown = [self._sighting(span, line) for line in lines]
        self._ended += self._shown
        self._shown = shown

    def _sighting(self, span: Span, line: TextLine) -> TextSighting:
        for old in self._shown:
            if old.text == line.text and span.start_s <= old.span.end_s + _TOUCHING_S:
                self._shown.remove(old)
                better = line if line.confidence > old.confidence else old
                return TextSighting(old.span.hull(span), line.text, better.box, better.confidence)
        return TextSighting(span, line.text, line.box, line.confidence)

    def finish(self) -> list[TextSighting]:
        """All sightings, in order of time."""
        return sorted([*self._ended, *self._shown], key=lambda line: (line.span, line.box[1], line.box[0]))
