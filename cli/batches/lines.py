"""Lines of a file that anybody may have written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ...tools.errors import RequestError

BYTES_MAX = 1 << 20
"""A longer line is no question, and is not held in memory."""

_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Line:
    """A line without its end, counted from 1; empty where ``fault`` says why it cannot be read."""

    number: int
    text: str
    fault: str = ""


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """All lines, ended in whatever way, without the mark that some programs put before the first.

    Raises ``RequestError`` for a file of another encoding than UTF-8, as far as it says so, and ``OSError``.
    """
    number = 0
    while piece := file.readline(BYTES_MAX + 1):
        number += 1
        if number == 1:
            if piece.startswith(_OTHER_MARKS):
                raise RequestError("is UTF-16; save it as UTF-8")
            piece = piece.removeprefix(codecs.BOM_UTF8)
        is_long = len(piece) > BYTES_MAX
        while is_long and piece and not piece.endswith(b"\n"):
            piece = file.readline(BYTES_MAX)
        yield Line(number, "", f"longer than {BYTES_MAX:,} bytes") if is_long else _read(number, piece)


def _read(number: int, piece: bytes) -> Line:
    try:
        return Line(number, piece.rstrip(b"\r\n").decode())
    except UnicodeDecodeError as error:
        return Line(number, "", f"not UTF-8 (byte {error.start + 1})")
