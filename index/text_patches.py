"""What a line of text looked like, and whether it still stands in a later picture.

Everything here works on brightness planes, (height, width) of uint8. A line is remembered by its
fine detail (brightness less its surroundings), which a background that changes slowly leaves alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..tools.roles import Pixels

Detail = npt.NDArray[np.float32]

ROWS_MAX = 32
_BAND_SHARE = 0.2
_NEAR = 0.5
_FAR = 0.8


@dataclass(frozen=True)
class Match:
    """Where a patch was found, in pixels from the plane's left and top.

    ``likeness`` is a correlation in [-1, 1]; ``level`` is the contrast of what is alike and
    ``strokes`` that of whatever stands there, both 1.0 for the patch itself.
    """

    left_px: float
    top_px: float
    likeness: float
    level: float
    strokes: float


@dataclass(frozen=True)
class Patch:
    """The fine detail of one line, (rows, columns) of float32; ``step`` pixels of the plane make one."""

    detail: Detail
    step: int

    @property
    def height_px(self) -> int:
        """Rows of the plane that the line takes."""
        return int(self.detail.shape[0]) * self.step

    @property
    def width_px(self) -> int:
        """Columns of the plane that the line takes."""
        return int(self.detail.shape[1]) * self.step

    @property
    def contrast(self) -> float:
        """How strongly the detail stands out, in steps of brightness."""
        return float(self.detail.std())

    def match(self, plane: Pixels, left_px: float, top_px: float, reach: tuple[int, int]) -> Match | None:
        """The best place at most ``reach`` (columns, rows) pixels away, None if the line cannot be inside."""
        import cv2

        left, right = _reached(round(left_px), self.width_px, reach[0], plane.shape[1], self.step)
        top, bottom = _reached(round(top_px), self.height_px, reach[1], plane.shape[0], self.step)
        if right - left < self.width_px or bottom - top < self.height_px:
            return None
        around = _detail(plane, (left, top, right, bottom), self.step, self.detail.shape[0])
        scores = cv2.matchTemplate(around, self.detail, cv2.TM_CCOEFF_NORMED)
        row, column = divmod(int(np.argmax(scores)), scores.shape[1])
        rows, columns = self.detail.shape
        seen = around[row : row + rows, column : column + columns]
        level, strokes = _level(seen, self.detail), float(seen.std() / max(1e-3, self.contrast))
        x_px, y_px = float(left + column * self.step), float(top + row * self.step)
        return Match(x_px, y_px, float(scores[row, column]), level, strokes)


@dataclass(frozen=True)
class Place:
    """Where a line stands at ``pts_s`` and how it moves, in pixels and pixels a second."""

    pts_s: float
    left_px: float
    top_px: float
    speed_x: float = 0.0
    speed_y: float = 0.0

    @property
    def is_moving(self) -> bool:
        """Whether the line was seen at another place before."""
        return bool(self.speed_x or self.speed_y)

    def at(self, pts_s: float) -> Place:
        """Where the line should stand at another moment."""
        shift_s = pts_s - self.pts_s
        left, top = self.left_px + self.speed_x * shift_s, self.top_px + self.speed_y * shift_s
        return replace(self, pts_s=pts_s, left_px=left, top_px=top)


def take_patch(plane: Pixels, box_px: tuple[int, int, int, int]) -> Patch:
    """The patch inside (left, top, right, bottom), which lies inside the plane and is not empty."""
    left, top, right, bottom = box_px
    step = max(1, min(-(-(bottom - top) // ROWS_MAX), right - left))
    rows, columns = (bottom - top) // step, (right - left) // step
    return Patch(_detail(plane, (left, top, left + columns * step, top + rows * step), step, rows), step)


def follow(patch: Patch, plane: Pixels, place: Place, pts_s: float) -> tuple[Place, Match | None]:
    """The line's place in the plane of ``pts_s`` (earlier or later), and the match that says so.

    Where it does not stand at the place expected it is looked for further up and down, then left
    and right. The match is the one at the place expected where nothing better was found.
    """
    expected = place.at(pts_s)
    slack = round((1 + 0.02 * abs(place.speed_x) + 0.02 * abs(place.speed_y)) * patch.step)
    near = patch.match(plane, expected.left_px, expected.top_px, (slack, slack))
    if near and near.likeness >= _NEAR:
        return _moved(place, near, pts_s), near
    far = None if place.is_moving else _search(patch, plane, expected)
    return (_moved(place, far, pts_s), far) if far else (expected, near)


def _search(patch: Patch, plane: Pixels, place: Place) -> Match | None:
    if patch.width_px < 3 * patch.height_px:
        return None
    band = round(_BAND_SHARE * plane.shape[0])
    for reach in ((2, band), (band, 2)):
        found = patch.match(plane, place.left_px, place.top_px, reach)
        if found and found.likeness >= _FAR and 0.6 < found.level < 1.6:
            return found
    return None


def _moved(place: Place, match: Match, pts_s: float) -> Place:
    shift_s = pts_s - place.pts_s
    x_px, y_px = match.left_px - place.left_px, match.top_px - place.top_px
    if not place.is_moving and max(abs(x_px), abs(y_px)) < 3:
        return replace(place, pts_s=pts_s)
    return Place(pts_s, match.left_px, match.top_px, x_px / shift_s, y_px / shift_s)


def _reached(first: int, length: int, reach: int, limit: int, step: int) -> tuple[int, int]:
    # Whole steps either way, so that the pixels of a still picture fall into the same groups again.
    before = min(-(-reach // step), max(0, first) // step) * step
    after = min(-(-reach // step), max(0, limit - first - length) // step) * step
    return max(0, first - before), min(limit, first + length + after)


def _detail(plane: Pixels, box_px: tuple[int, int, int, int], step: int, n_rows: int) -> Detail:
    import cv2

    left, top, right, bottom = box_px
    rim = max(1, n_rows // 4)
    # The surroundings reach over the edge of the box, as far as the picture goes.
    first_x, last_x = _reached(left, right - left, rim * step, plane.shape[1], step)
    first_y, last_y = _reached(top, bottom - top, rim * step, plane.shape[0], step)
    crop = plane[first_y:last_y, first_x:last_x]
    size = (last_x - first_x) // step, (last_y - first_y) // step
    flat = cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = flat - cv2.blur(flat, (2 * rim + 1, 2 * rim + 1), borderType=cv2.BORDER_REPLICATE)
    x, y = (left - first_x) // step, (top - first_y) // step
    return np.ascontiguousarray(detail[y : y + (bottom - top) // step, x : x + (right - left) // step])


def _level(seen: Detail, kept: Detail) -> float:
    kept_0 = kept - kept.mean()
    return float(((seen - seen.mean()) * kept_0).sum() / max(1e-6, float((kept_0 * kept_0).sum())))
