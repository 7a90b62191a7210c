"""When and where to look for text: after a cut, where something new stands still, and now and then in motion.

Decisions rest on a small brightness picture and on counted pixels alone, so that the same video is
looked at in the same places on a fast machine and on a slow one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tools.roles import Box, Pixels

Cells = npt.NDArray[np.bool_]

GLANCE_PIXELS = 288 * 512
READ_ROWS = 1080
_CELL, _N_ROWS = 8, 18
_CHANGED, _STROKE, _STANDING_MIN = 12, 20, 10
_EDGE, _EDGES_MIN = 16, 0.01
_GAP_S, _MOTION_S, _STILL_S = 0.5, 2.5, 0.75
# Samples do not come exactly on time.
_SLACK_S = 0.02
# Pixels that a second of video earns, and how many can be saved up: for glances in a quick run of
# cuts, and for full readings, of which a small video gets one every four seconds at most for long.
_GLANCE_EARNED, _GLANCE_SAVED = 0.5 * GLANCE_PIXELS, 24.0 * GLANCE_PIXELS
_READ_EARNED, _READ_EARNED_SHARE, _READ_SAVED = 200_000.0, 0.25, 8_300_000.0


@dataclass(frozen=True)
class Look:
    """A band of the picture to look at, ``top`` and ``bottom`` as shares of its height."""

    top: float
    bottom: float
    n_pixels_max: int
    is_full: bool


class LookPlanner:
    """Says at each sample of a forward pass whether, where and how closely to look for text.

    A glance follows where strokes that are new since the last one stand still for a sample, and in
    any case now and then while the picture moves; a full reading where the picture holds still.
    """

    def __init__(self) -> None:
        self._small: Pixels = np.zeros((0, 0), np.uint8)
        self._glanced = self._read = self._small
        self._changed_s: npt.NDArray[np.float64] = np.zeros((0, 0))
        self._last_s = self._glance_s = float("-inf")
        self._for_glances, self._for_readings = _GLANCE_SAVED, _READ_SAVED

    def next_look(self, pts_s: float, plane: Pixels) -> Look | None:
        """The look that the sample at ``pts_s`` deserves; ``plane`` is its brightness."""
        small = _small(plane)
        if self._small.shape != small.shape:
            self._restart(pts_s, small)
        self._earn(pts_s, plane.size)
        still = _apart(small, self._small) <= _CHANGED
        self._changed_s[~_all_in_cells(still)] = pts_s
        self._small = small
        textured = _textured(plane, self._changed_s.shape)
        look = self._glance(pts_s, plane, still, textured) or self._reading(pts_s, plane, textured)
        if look:
            self._note_look(pts_s, look)
        return look

    def note_glance(self) -> None:
        """Counts a glance at the whole picture that was not planned."""
        self._for_glances -= GLANCE_PIXELS

    def forget(self, box: Box) -> None:
        """Takes what stands inside a box as never looked at: the text that was there has gone."""
        height, width = self._small.shape
        rows = slice(max(0, int(box[1] * height)), max(0, round(box[3] * height)))
        columns = slice(max(0, int(box[0] * width)), max(0, round(box[2] * width)))
        for looked_at in (self._glanced, self._read):
            looked_at[rows, columns] = _unlike(self._small[rows, columns])

    def state(self) -> dict[str, object]:
        """All that the next decision depends on, for ``resume``."""
        return dict(vars(self))

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from the ``state`` of another planner."""
        vars(self).update(state)

    def _restart(self, pts_s: float, small: Pixels) -> None:
        self._small = small
        self._glanced, self._read = _unlike(small), _unlike(small)
        self._changed_s = np.full((small.shape[0] // _CELL, small.shape[1] // _CELL), pts_s)

    def _earn(self, pts_s: float, n_pixels: int) -> None:
        passed_s = pts_s - self._last_s if self._last_s > float("-inf") else 0.0
        self._for_glances = min(_GLANCE_SAVED, self._for_glances + _GLANCE_EARNED * passed_s)
        earned = min(_READ_EARNED, _READ_EARNED_SHARE * n_pixels) * passed_s
        self._for_readings = min(_READ_SAVED, 4 * n_pixels, self._for_readings + earned)
        self._last_s = pts_s

    def _glance(self, pts_s: float, plane: Pixels, still: Cells, textured: Cells) -> Look | None:
        waited_s = pts_s - self._glance_s + _SLACK_S
        if waited_s < _GAP_S or self._for_glances < 0:
            return None
        new = _apart(self._small, self._glanced) > _CHANGED
        standing = _count_in_cells(new & still & _strokes(self._small)) >= _STANDING_MIN
        look = _band(standing & textured, GLANCE_PIXELS, plane)
        if look or waited_s < _MOTION_S:
            return look
        return _band((_count_in_cells(new) > 0) & textured, GLANCE_PIXELS, plane)

    def _reading(self, pts_s: float, plane: Pixels, textured: Cells) -> Look | None:
        small_video = plane.size <= GLANCE_PIXELS
        if (self._for_glances if small_video else self._for_readings) < 0:
            return None
        holds = pts_s - self._changed_s + _SLACK_S >= _STILL_S
        unread = _count_in_cells(_apart(self._small, self._read) > _CHANGED) > 0
        return _band(unread & holds & textured, plane.size, plane)

    def _note_look(self, pts_s: float, look: Look) -> None:
        rows = slice(round(look.top * len(self._small)), round(look.bottom * len(self._small)))
        self._glanced[rows] = self._small[rows]
        if look.is_full:
            self._read[rows] = self._small[rows]
        if look.n_pixels_max > GLANCE_PIXELS:
            self._for_readings -= look.n_pixels_max
        else:
            self._glance_s = pts_s
            self._for_glances -= look.n_pixels_max


def _band(cells: Cells, n_pixels_max: int, plane: Pixels) -> Look | None:
    # Lines of text run across, so a band as wide as the picture cuts none of them short.
    rows = np.flatnonzero(cells.any(axis=1))
    if not rows.size:
        return None
    top, bottom = max(0, int(rows[0]) - 1), min(len(cells), int(rows[-1]) + 2)
    n_pixels = round((bottom - top) / len(cells) * plane.size)
    return Look(top / len(cells), bottom / len(cells), min(n_pixels_max, n_pixels), n_pixels <= n_pixels_max)


def _small(plane: Pixels) -> Pixels:
    import cv2

    height = _N_ROWS * _CELL
    width = max(1, round(plane.shape[1] / plane.shape[0] * _N_ROWS)) * _CELL
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _apart(small: Pixels, other: Pixels) -> Pixels:
    import cv2

    return np.asarray(cv2.absdiff(small, other), np.uint8)


def _unlike(small: Pixels) -> Pixels:
    # Far from the given brightness everywhere, so that all of it counts as not looked at.
    return np.asarray(small ^ np.uint8(128), np.uint8)


def _in_cells(pixels: Cells) -> Cells:
    return pixels.reshape(pixels.shape[0] // _CELL, _CELL, pixels.shape[1] // _CELL, _CELL)


def _all_in_cells(pixels: Cells) -> Cells:
    return np.asarray(_in_cells(pixels).all(axis=(1, 3)))


def _count_in_cells(pixels: Cells) -> npt.NDArray[np.int64]:
    return np.asarray(_in_cells(pixels).sum(axis=(1, 3)))


def _strokes(small: Pixels) -> Cells:
    steps = np.zeros(small.shape, np.bool_)
    steps[:, 1:] = _apart(small[:, 1:], small[:, :-1]) > _STROKE
    return steps


def _textured(plane: Pixels, shape: tuple[int, ...]) -> Cells:
    import cv2

    # Strokes make steep steps from left to right; a sky or a wall makes none.
    steep = (cv2.absdiff(plane[:, 2:], plane[:, :-2]) > _EDGE).astype(np.uint8) * 255
    share = cv2.resize(steep, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(share > 255 * _EDGES_MIN)
