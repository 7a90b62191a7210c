"""CMX 3600 edit decision lists, which editing programs take for a row of clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...tools.plain import plain
from .marks import Mark
from .source import Source
from .timecode import Timecode

_TITLE_MAX = 70
_NO_REEL = "AX"


def edl_text(marks: Sequence[Mark], source: Source, start: str = Timecode.start) -> str:
    """The marks as one clip after the other, from the record time 00:00:00:00 on.

    Source times count from the timecode ``start`` at 0 of the player's clock; see ``Timecode`` for how a
    second becomes one. The file is named in ``FROM CLIP NAME``, the title is a ``COMMENT``.

    Raises ``RequestError`` for a file without pictures, a wrong ``start``, and beyond 24 hours.
    """
    code = Timecode(source.frame_rate, start)
    head = [
        f"TITLE: {plain(source.title)[:_TITLE_MAX]}",
        f"FCM: {'' if code.is_drop else 'NON-'}DROP FRAME",
        "",
    ]
    return "\n".join([*head, *_events(marks, source, code)])


def _events(marks: Sequence[Mark], source: Source, code: Timecode) -> Iterator[str]:
    channels, recorded = "AA/V" if source.has_sound else "V", 0
    for number, mark in enumerate(marks, 1):
        first = code.frame(mark.span.start_s)
        length = max(1, code.frame(mark.span.end_s) - first)
        counts = (code.first + first, code.first + first + length, recorded, recorded + length)
        yield f"{number:03d}  {_NO_REEL:<8} {channels:<5} C        {' '.join(map(code.label, counts))}"
        yield f"* FROM CLIP NAME: {plain(source.path.name)}"
        yield f"* COMMENT: {mark.title}"
        yield ""
        recorded += length
