"""What a detector's boxes and scores tell: each thing once, best first, where it lies in its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..roles import Detection

Shares = npt.NDArray[np.float32]

SAME_THING = 0.5
"""Two boxes of one target that share more than this part of their union are one thing, as OmDet-Turbo has it."""


def clipped(boxes: Shares, frame: tuple[int, int], size: tuple[int, int]) -> Shares:
    """Boxes given as (centre, size) in a frame, as corners in the picture in its top left corner.

    ``frame`` and ``size`` are height and width of the frame and of the picture in pixels; boxes (..., 4) are
    shares of the one, and become shares of the other.
    """
    centres, sizes = boxes[..., :2], boxes[..., 2:]
    corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)
    (frame_height, frame_width), (height, width) = frame, size
    scale = np.array([frame_width / width, frame_height / height] * 2, np.float32)
    return np.asarray(np.clip(corners * scale, 0, 1), np.float32)


def detections(boxes: Shares, scores: Shares, targets: Sequence[str], lowest: float) -> list[Detection]:
    """What is found in one picture, by its boxes (n_boxes, 4) and scores (n_boxes, n_targets).

    Boxes are corners in shares of the picture; one without a width or height shows nothing.
    """
    inside = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    found = []
    for target, column in zip(targets, scores.T, strict=True):
        places = np.flatnonzero(inside & (column >= lowest))
        if not len(places):
            continue
        ranked = places[np.lexsort([*boxes[places].T[::-1], -column[places]])]
        shown = ranked[_things(boxes[ranked], column[ranked])]
        pairs = zip(boxes[shown].tolist(), column[shown].tolist(), strict=True)
        found += [Detection(target, (box[0], box[1], box[2], box[3]), score) for box, score in pairs]
    return found


def _things(boxes: Shares, scores: Shares) -> npt.NDArray[np.intp]:
    """Places of ranked boxes, best first, without those that show a thing again."""
    import torch
    from torchvision.ops import nms  # type: ignore[import-untyped]

    # Of boxes that are equally sure it takes the first one first.
    return np.asarray(nms(torch.from_numpy(boxes), torch.from_numpy(scores), SAME_THING).numpy(), np.intp)
