"""What a terminal says when it is asked: its device attributes (DA1 of ECMA-48), and the size of its cells."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

ANSWER_S = 0.15
"""A terminal that has not answered by then is taken for one that does not."""
CELL = (10, 20)
"""Width and height of a character in pixels where nobody says it: those of the VT340, which sixel goes by."""

_ASK = b"\x1b[c"
_ANSWER = re.compile(rb"\x1b\[\?([0-9;]{0,64})c")
_BYTES_MAX = 256


def device_attributes(timeout_s: float = ANSWER_S) -> frozenset[int]:
    """The numbers that the controlling terminal tells of itself.

    None of them where there is no such terminal, where we run in its background, or where it stays silent.
    """
    with suppress(OSError, ImportError), _terminal() as terminal, _unbuffered(terminal):
        os.write(terminal, _ASK)
        match = _ANSWER.search(_read(terminal, timeout_s))
        if match:
            return frozenset(int(number) for number in match[1].split(b";") if number)
    return frozenset()


def cell_size(stream: IO[str]) -> tuple[int, int]:
    """Width and height of a character in pixels, as the terminal behind a stream tells; else ``CELL``."""
    try:
        import fcntl
        import struct
        import termios

        answer = fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (OSError, ImportError):
        return CELL
    n_rows, n_columns, width, height = struct.unpack("HHHH", answer)
    if not (n_rows and n_columns and width >= n_columns and height >= n_rows):
        return CELL
    return width // n_columns, height // n_rows


@contextmanager
def _terminal() -> Iterator[int]:
    """The controlling terminal, open; raises ``OSError`` where there is none, or it is not ours to ask."""
    terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    try:
        # Who changes the terminal from the background is stopped by it.
        if os.tcgetpgrp(terminal) != os.getpgrp():
            raise OSError("in the background")
        yield terminal
    finally:
        os.close(terminal)


@contextmanager
def _unbuffered(terminal: int) -> Iterator[None]:
    """The terminal gives each character at once and shows none; afterwards it is as it was."""
    import termios
    import tty

    try:
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal, termios.TCSANOW)
    except termios.error as error:
        raise OSError(str(error)) from error
    try:
        yield
    finally:
        # An answer that comes late is thrown away, or the shell would take it for typed.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _read(terminal: int, timeout_s: float) -> bytes:
    """What comes until the answer is whole or the time is over."""
    read, end_s = b"", time.monotonic() + timeout_s
    while not _ANSWER.search(read) and len(read) < _BYTES_MAX:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end_s - time.monotonic()))
        if not ready:
            break
        read += os.read(terminal, _BYTES_MAX)
    return read
