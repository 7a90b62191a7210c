"""Where lines stand on screen: rows of a table, a role beside its name, a label over its value."""

from __future__ import annotations

from ..index.records import Text
from ..tools.roles import Box


def row_of(line: Text, near: list[Text]) -> str:
    """The line with all that stands in its row, left to right; ``near`` is what is on screen with it."""
    beside = [(box, t) for box, t in _others(line, near) if line.box and _same_row(line.box, box)]
    if not line.box or not beside:
        return line.body
    row = sorted([(line.box, line), *beside], key=lambda pair: (pair[0][0], pair[1].id))
    return "  ".join(dict.fromkeys(t.body for _, t in row))


def labelled(line: Text, near: list[Text]) -> str:
    """The row of a line; for a line alone in its row, the line with the one below it."""
    row = row_of(line, near)
    below = [(box, t) for box, t in _others(line, near) if line.box and _is_below(line.box, box)]
    if row != line.body or not below:
        return row
    return f"{line.body}  {min(below, key=lambda pair: (pair[0][1], pair[1].id))[1].body}"


def _others(line: Text, near: list[Text]) -> list[tuple[Box, Text]]:
    return [(t.box, t) for t in near if t.box and t.id != line.id and t.body != line.body]


def _same_row(a: Box, b: Box) -> bool:
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared > 0.5 * min(a[3] - a[1], b[3] - b[1])


def _is_below(a: Box, b: Box) -> bool:
    """Whether b stands under a, no further than a line and a half, and shares some of its width."""
    height = a[3] - a[1]
    return 0 <= b[1] - a[3] + 0.3 * height <= 1.8 * height and min(a[2], b[2]) > max(a[0], b[0])
