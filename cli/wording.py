"""How senses, and what they found, are written wherever a command writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tools.plain import plain

if TYPE_CHECKING:
    from ..index.records import Sense

SENSES = {"speech": "speech", "screen": "words on screen", "picture": "picture", "sound": "sound"}
# A spreadsheet takes what begins with these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def quoted(quote: str, sense: Sense) -> str:
    """What a sense found, in quotes where these are words of the video."""
    return f"“{quote}”" if sense in ("speech", "screen") else quote


def cell_text(value: str) -> str:
    """What a video says as a cell of a spreadsheet, which cannot be taken for a formula."""
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
