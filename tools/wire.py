"""Messages between vidagent and its decoding process: a line of JSON, then raw bytes.

Nothing of what arrives is executed: a header is data, and pixels and samples are numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from .container import MAX_PIXELS

Blob = bytes | memoryview
# A picture of 16-bit colours with an alpha channel is the largest thing that is ever sent.
_BYTES_MAX = MAX_PIXELS * 8 + (1 << 20)
_HEADER_BYTES_MAX = 1 << 20


class WireError(Exception):
    """What arrived is no message, or the other side went away in the middle of one."""


@dataclass(frozen=True)
class Message:
    """One message: what it is, and its blobs one after the other."""

    header: dict[str, Any]
    body: bytearray

    @property
    def kind(self) -> str:
        """What the message is about."""
        return str(self.header.get("kind"))


def send(stream: IO[bytes], header: dict[str, Any], blobs: Sequence[Blob] = ()) -> None:
    """Write one message; its blobs can be told apart by ``header`` only."""
    line = json.dumps(header | {"n_bytes": sum(len(blob) for blob in blobs)}).encode()
    stream.write(line + b"\n")
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """The next message, None at the end; raises ``WireError`` for anything else."""
    line = stream.readline(_HEADER_BYTES_MAX)
    if not line:
        return None
    try:
        header = json.loads(line)
        body = bytearray(_checked(header["n_bytes"]))
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(str(error)) from error
    _fill(stream, memoryview(body))
    return Message(header, body)


def _checked(n_bytes: object) -> int:
    if not isinstance(n_bytes, int) or not 0 <= n_bytes <= _BYTES_MAX:
        raise ValueError(f"{n_bytes} bytes are no length of a message")
    return n_bytes


def _fill(stream: IO[bytes], body: memoryview) -> None:
    while len(body):
        n_read = stream.readinto(body)  # type: ignore[attr-defined]
        if not n_read:
            raise WireError("the other side went away")
        body = body[n_read:]
