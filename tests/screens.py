"""What stands on a terminal after all that was written to it: the few movements that this program makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

N_COLUMNS = 100
_PIECE = re.compile(r"\x1b\[([?>]?)([\d;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b.|[\r\n\b]|[^\x1b\r\n\b]")


@dataclass
class Screen:
    """Lines without end, and a cursor among them."""

    rows: list[list[str]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0

    @property
    def lines(self) -> list[str]:
        """The lines as they stand, without the spaces at their ends."""
        return ["".join(row).rstrip() for row in self.rows]

    def write(self, text: str) -> None:
        """Take in text with its control sequences; what only colours, or hides the cursor, changes nothing."""
        for piece in _PIECE.finditer(text):
            if piece[3]:
                if not piece[1] and (move := _MOVES.get(piece[3])):
                    move(self, int(piece[2].split(";")[0] or -1))
            elif len(piece[0]) == 1:
                self._take(piece[0])

    def _take(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.down(1)
        elif letter == "\b":
            self.column = max(0, self.column - 1)
        elif letter >= " ":
            if self.column == N_COLUMNS:
                self.column = 0
                self.down(1)
            row = self.rows[self.row]
            row += " " * (self.column + 1 - len(row))
            row[self.column] = letter
            self.column += 1

    def down(self, n: int) -> None:
        """So many lines down; there are always more."""
        self.row = max(0, self.row + n)
        self.rows += [[] for _ in range(self.row + 1 - len(self.rows))]

    def right(self, n: int) -> None:
        """So many columns to the right, within the line."""
        self.column = min(max(0, self.column + n), N_COLUMNS - 1)

    def clear_line(self, how: int) -> None:
        """From the cursor on, or with 2 the whole line."""
        del self.rows[self.row][0 if how == 2 else self.column :]

    def clear_below(self, how: int) -> None:
        """From the cursor on, and all lines below."""
        self.clear_line(how)
        del self.rows[self.row + 1 :]


_MOVES: dict[str, Callable[[Screen, int], None]] = {
    "A": lambda screen, n: screen.down(-abs(n)),
    "B": lambda screen, n: screen.down(abs(n)),
    "C": lambda screen, n: screen.right(abs(n)),
    "D": lambda screen, n: screen.right(-abs(n)),
    "K": Screen.clear_line,
    "J": Screen.clear_below,
}
