"""DATE's timestamp injection: positions of Qwen2.5-VL that tell the time by the words between the pictures.

Source: DATE, arXiv 2509.09263. Its rules, for text and blocks of pictures where each is followed by its stamp:

- a token of text goes on by one in all three rows;
- a picture has one temporal position, which goes on by one from the token before it, while its height and
  width are counted from where its block began, so the grid never drifts;
- the tokens of a stamp go on from the picture's temporal position, in all three rows; only after a block's last
  picture they go on from the largest position in it, and so does what follows.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Positions = npt.NDArray[np.int64]
_MODEL_TYPE = "qwen2_5_vl"
_VERSIONS = (5,)
"""Major versions of transformers whose order of rows is known."""
_NAMES = ("input_ids", "mm_token_type_ids", "image_grid_thw")


@dataclass(frozen=True)
class Shown:
    """A picture as tokens: the rows and columns of its merged grid, then how many tokens its stamp takes."""

    n_rows: int
    n_columns: int
    n_stamp_tokens: int


Layout = Sequence[int | tuple[Shown, ...]]
"""A prompt in order: so many tokens of text, or a block of pictures."""


def time_positions(layout: Layout) -> tuple[Positions, int]:
    """Rows T, H and W, shape (3, n_tokens), and by how much the next position differs from the number of tokens."""
    pieces: list[Positions] = [np.zeros((3, 0), np.int64)]
    start = 0
    for part in layout:
        pieces += [_line(start, part)] if isinstance(part, int) else _block(start, part)
        start = int(max(piece.max(initial=start - 1) for piece in pieces[-2:])) + 1
    rows = np.concatenate(pieces, axis=1)
    return rows, start - rows.shape[1]


def layout_of(ids: Sequence[int], grids: Sequence[tuple[int, int]], image_id: int, end_id: int) -> Layout:
    """What a sequence of token ids holds, given the merged grid (rows, columns) of each picture in order.

    A block ends at ``end_id``; stamps stand after their pictures. Raises ``ValueError`` where pictures are
    missing or left over.
    """
    layout: list[int | tuple[Shown, ...]] = []
    block: list[Shown] = []
    at = text_from = 0
    waiting = list(grids)
    while image_id in ids[at:]:
        start = ids.index(image_id, at)
        n_rows, n_columns = waiting.pop(0) if waiting else (0, 0)
        after = start + n_rows * n_columns
        if after == start or any(token != image_id for token in ids[start:after]):
            raise ValueError("the pictures are not where their grids say")
        layout += [] if block else [start - text_from]
        at = text_from = _end_of_stamp(ids, after, image_id, end_id)
        block.append(Shown(n_rows, n_columns, at - after))
        if ids[at] == end_id:
            layout.append(tuple(block))
            block = []
    if waiting or block:
        raise ValueError("the pictures are not where their grids say")
    return [*layout, len(ids) - text_from]


def unfit(model: Any) -> str:
    """Why positions cannot be given to a loaded model, in words; empty where they can."""
    if model.config.model_type != _MODEL_TYPE:
        return f"times in positions are for {_MODEL_TYPE}, and this is {model.config.model_type}"
    found = version("transformers")
    if int(found.split(".")[0]) not in _VERSIONS:
        return f"times in positions are not known to work with transformers {found}"
    counted = inspect.signature(model.model.get_rope_index).parameters
    if not set(_NAMES) <= set(counted) or "position_ids" not in inspect.signature(model.forward).parameters:
        return f"transformers {found} counts the positions of {_MODEL_TYPE} in another way"
    return ""


def position_ids(model: Any, inputs: dict[str, Any], end_id: int) -> torch.Tensor:
    """Positions, shape (4, 1, n_tokens), for the inputs of one prompt: those of plain text, then T, H and W.

    ``end_id`` is the token that ends a block of pictures.
    """
    import torch

    merge = model.config.vision_config.spatial_merge_size
    grids = [(int(h) // merge, int(w) // merge) for _, h, w in inputs.get("image_grid_thw", [])]
    ids = inputs["input_ids"][0].tolist()
    rows, _ = time_positions(layout_of(ids, grids, model.config.image_token_id, end_id))
    every = np.concatenate([np.arange(len(ids))[None], rows])
    return torch.from_numpy(every)[:, None].to(inputs["input_ids"].device)


def _line(start: int, n_tokens: int) -> Positions:
    return np.broadcast_to(np.arange(start, start + n_tokens, dtype=np.int64), (3, n_tokens))


def _block(start: int, frames: Sequence[Shown]) -> list[Positions]:
    pieces: list[Positions] = []
    time = start
    for number, frame in enumerate(frames, 1):
        grid = _grid(time, start, frame)
        after = int(grid.max()) + 1 if number == len(frames) else time + 1
        pieces += [grid, _line(after, frame.n_stamp_tokens)]
        time = after + frame.n_stamp_tokens
    return pieces


def _grid(time: int, start: int, frame: Shown) -> Positions:
    rows, columns = np.indices((frame.n_rows, frame.n_columns), np.int64).reshape(2, -1)
    return np.stack([np.full_like(rows, time), start + rows, start + columns])


def _end_of_stamp(ids: Sequence[int], start: int, image_id: int, end_id: int) -> int:
    for at in range(start, len(ids)):
        if ids[at] in (image_id, end_id):
            return at
    raise ValueError("a block of pictures does not end")
