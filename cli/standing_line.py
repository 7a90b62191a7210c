"""The first sign of life: a line that stands on a terminal until there is something else to say."""

from __future__ import annotations

import os
import sys


class _Line:
    text = ""


def is_terminal() -> bool:
    """Whether stderr is a terminal on which a line can be taken back."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def stand(text: str) -> None:
    """Show a line of plain text, in place of the one that stands; the cursor waits at its beginning."""
    clear()
    sys.stderr.write(f"{text}\r")
    sys.stderr.flush()
    _Line.text = text


def clear() -> str:
    """Take the line away, and say what it was; empty where none stands."""
    text, _Line.text = _Line.text, ""
    if text:
        sys.stderr.write(f"{' ' * len(text)}\r")
        sys.stderr.flush()
    return text
