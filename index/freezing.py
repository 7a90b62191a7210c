"""The state of a stage as bytes: plain values and arrays, from which it goes on exactly where it was."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np

_VERSION = 1
_HEAD = struct.Struct("<BI")


class FrozenStateError(ValueError):
    """The bytes are no state, are damaged, or come from another version."""


def frozen(state: Any) -> bytes:
    """A value made of None, numbers, words, lists, dicts with word keys, and arrays; tuples become lists."""
    arrays: list[np.ndarray[Any, Any]] = []
    plain = json.dumps(state, default=lambda value: _placeholder(value, arrays)).encode()
    body = b"".join([struct.pack("<I", len(plain)), plain, *(array.tobytes() for array in arrays)])
    # The quickest level: what is frozen is thawed once at most.
    return _HEAD.pack(_VERSION, zlib.crc32(body)) + zlib.compress(body, 1)


def thawed(data: bytes) -> Any:
    """The value that ``frozen`` was given. Raises ``FrozenStateError`` for anything else."""
    try:
        version, checksum = _HEAD.unpack_from(data)
        body = zlib.decompress(data[_HEAD.size :])
    except (struct.error, zlib.error) as error:
        raise FrozenStateError(f"not a frozen state ({error})") from error
    if version != _VERSION or zlib.crc32(body) != checksum:
        raise FrozenStateError("a frozen state of another version, or a damaged one")
    (n_plain,) = struct.unpack_from("<I", body)
    reader = _Arrays(body, 4 + n_plain)
    return json.loads(body[4 : 4 + n_plain], object_hook=reader.revived)


def _placeholder(value: object, arrays: list[np.ndarray[Any, Any]]) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} cannot be frozen")
    arrays.append(np.ascontiguousarray(value))
    return {"__array__": value.dtype.str, "shape": value.shape}


class _Arrays:
    """Arrays in the order in which they were frozen, which is that of the text."""

    def __init__(self, body: bytes, first: int) -> None:
        self._body, self._place = body, first

    def revived(self, value: dict[str, Any]) -> object:
        if "__array__" not in value:
            return value
        dtype, shape = np.dtype(value["__array__"]), tuple(value["shape"])
        count = int(np.prod(shape))
        array = np.frombuffer(self._body, dtype, count, self._place).reshape(shape).copy()
        self._place += array.nbytes
        return array
