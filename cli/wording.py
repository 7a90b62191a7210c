"""How senses, and what they found, are written wherever a command writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tools.plain import plain

if TYPE_CHECKING:
    from ..index.records import Sense

SENSES = {"speech": "speech", "screen": "words on screen", "picture": "picture", "sound": "sound"}
ALL = 0.9995
"""From here on a share is all."""
# A spreadsheet takes what begins with these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def quoted(quote: str, sense: Sense) -> str:
    """What a sense found, in quotes where these are words of the video."""
    return f"“{quote}”" if sense in ("speech", "screen") else quote


def percent(share: float) -> str:
    """A share as it is read; what is nearly all is not all."""
    return f"{share:.1%}" if 0.99 <= share < ALL else f"{share:.0%}"


def cell_text(value: str) -> str:
    """What a video says as a cell of a spreadsheet, which cannot be taken for a formula."""
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
