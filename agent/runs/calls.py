"""Calls of models as a trace holds them: what was asked, as a short string, and what was given, exactly."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...tools.roles import Prompt
from ..trace import prompt_row

CALLED = "called"
"""The step of a trace that holds a call."""
AS_BEFORE = {"as_before": True}
"""What stands for numbers that were given to the same question before."""
# What a model may have given: half, single and double floats, little end first.
_KINDS = ("<f2", "<f4", "<f8")
_DIGITS = 16


def digest(asked: object) -> str:
    """What was asked as a few digits, the same for the same words and the same seconds and sizes of pictures."""
    text = json.dumps(asked, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _plain(value: object) -> object:
    if isinstance(value, Prompt):
        return prompt_row(value)
    if isinstance(value, np.ndarray):
        return list(value.shape)
    raise TypeError(f"{type(value).__name__}: cannot be told in JSON")


def seconds(times_s: Sequence[float]) -> list[float]:
    """Seconds as they are told apart: to the microsecond, as the memory keeps them."""
    return [round(float(time_s), 6) for time_s in times_s]


def packed(numbers: npt.NDArray[Any] | None) -> dict[str, object] | None:
    """Numbers as plain values, to the last bit; those of other kinds than floats as doubles."""
    if numbers is None:
        return None
    kind = numbers.dtype.newbyteorder("<").str
    exact = np.ascontiguousarray(numbers, kind if kind in _KINDS else "<f8")
    return {
        "kind": exact.dtype.str,
        "shape": list(exact.shape),
        "base64": base64.b64encode(exact.tobytes()).decode(),
    }


def unpacked(value: object, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The numbers that ``packed`` made plain. Raises ``ValueError`` for anything else, and for another shape."""
    if not isinstance(value, dict) or value.get("kind") not in _KINDS or value.get("shape") != list(shape):
        raise ValueError(f"no numbers of shape {shape}")
    try:
        data = base64.b64decode(str(value.get("base64")), validate=True)
    except binascii.Error as error:
        raise ValueError("numbers that are not base64") from error
    found = np.frombuffer(data, value["kind"]).reshape(shape)
    if not np.isfinite(found).all():
        raise ValueError("numbers that are not finite")
    # As a model gives them: of this machine's own order, and writable.
    return found.astype(found.dtype.newbyteorder("="))
