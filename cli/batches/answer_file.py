"""The file of answers: it grows a row at a time, and goes on from where it was broken off."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...index.turn import Turn
from ...tools.errors import LibraryError, RequestError, VidagentError
from ..edge import json_text
from ..output import new_file, refuse_existing, writing
from .questions import Entry, Question
from .rows import KEY, Row, is_current

_BEGINNING = f'{{"{KEY}": "'.encode()
_OTHER = "holds something else than answers to these questions by these options; --force begins it anew"


class AnswerFile:
    """Rows by the number of their question among all; ``kept`` are those that were there before.

    A row that tells of a failure is not kept, nor is one that was graded by another known answer.
    """

    def __init__(self, path: Path, keys: Sequence[str], entries: Sequence[Entry]) -> None:
        self.path, self._keys, self._entries = path, keys, entries
        self.kept: set[int] = set()
        # Where the row of a question stands in the file: first byte and number of bytes.
        self._spans: dict[int, tuple[int, int]] = {}
        self._n_bytes = 0

    def write(self, number: int, row: Row) -> None:
        """One more row, on its way to the disk before the next one; raises ``VidagentError`` where that fails."""
        data = f"{json_text(row)}\n".encode()
        with writing(self.path), self.path.open("ab", buffering=0) as file:
            written = 0
            while written < len(data):
                written += file.write(data[written:])
        self._spans[number] = (self._n_bytes, len(data))
        self._n_bytes += len(data)

    def take_up(self, note: Callable[[Row], None]) -> None:
        """Keep what is there already, and ``note`` each row of it.

        Raises ``RequestError`` where that is something else than such answers.
        """
        with writing(self.path), self.path.open("rb") as file:
            n_left_out = self._take_in(file, note)
        if n_left_out:
            self._write_anew()

    def finish(self) -> None:
        """Rows in the order of their questions, safe on the disk."""
        if self._is_mixed():
            self._write_anew()
        with writing(self.path), self.path.open("rb+") as file:
            os.fsync(file.fileno())

    def _is_mixed(self) -> bool:
        starts = [self._spans[number][0] for number in sorted(self._spans)]
        return starts != sorted(starts)

    def _take_in(self, file: BinaryIO, note: Callable[[Row], None]) -> int:
        """How many lines are not kept."""
        waiting: dict[str, deque[int]] = {}
        for number, key in enumerate(self._keys):
            waiting.setdefault(key, deque()).append(number)
        n_left_out = 0
        # Before a line of what may be a film is looked for.
        self._refuse_other(file.read(len(_BEGINNING)))
        file.seek(0)
        for line in file:
            start = self._n_bytes
            self._n_bytes += len(line)
            row = self._row(line)
            key = str(row[KEY]) if row else ""
            if row is None or "error" in row:
                n_left_out += 1
            elif not waiting.get(key):
                raise RequestError(f"{self.path}: {_OTHER}")
            elif self._is_current(number := waiting[key].popleft(), row):
                self.kept.add(number)
                self._spans[number] = (start, len(line))
                note(row)
            else:
                n_left_out += 1
        return n_left_out

    def _row(self, line: bytes) -> Row | None:
        """The row; None for one that was cut off."""
        self._refuse_other(line)
        if not line.endswith(b"\n"):
            return None
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not isinstance(row.get(KEY), str):
            raise RequestError(f"{self.path}: {_OTHER}")
        return row

    def _refuse_other(self, beginning: bytes) -> None:
        if beginning[: len(_BEGINNING)] != _BEGINNING[: len(beginning)]:
            raise RequestError(f"{self.path}: {_OTHER}")

    def _is_current(self, number: int, row: Row) -> bool:
        entry = self._entries[number]
        return isinstance(entry, Question) and is_current(row, entry)

    def _write_anew(self) -> None:
        """The file again, with the rows that it is to have, in their order; it takes the place of the old one."""
        spans, end = {}, 0
        with (
            writing(self.path),
            new_file(self.path, is_forced=True) as part,
            self.path.open("rb") as old,
            part.open("wb") as new,
        ):
            for number in sorted(self._spans):
                start, n_bytes = self._spans[number]
                old.seek(start)
                new.write(old.read(n_bytes))
                spans[number] = (end, n_bytes)
                end += n_bytes
            new.flush()
            os.fsync(new.fileno())
        self._spans, self._n_bytes = spans, end


@contextmanager
def answers_in(
    path: Path,
    keys: Sequence[str],
    entries: Sequence[Entry],
    note: Callable[[Row], None],
    is_forced: bool = False,
) -> Iterator[AnswerFile]:
    """The file of answers, for one process at a time; in order when the block ends well.

    ``keys`` are those of ``entries``, and ``note`` is told each row that is kept. Raises ``RequestError`` for a
    link, for a file of something else unless ``is_forced``, and while another process writes to it, and
    ``VidagentError`` where it cannot be written.
    """
    refuse_existing(path, is_forced=True)
    with _turn(path):
        if is_forced or not os.path.lexists(path):
            with new_file(path, is_forced):
                pass
        elif path.is_symlink() or not path.is_file():
            raise RequestError(f"{path}: is no file of answers; name another one")
        answers = AnswerFile(path, keys, entries)
        answers.take_up(note)
        yield answers
        answers.finish()


def _turn(path: Path) -> Turn:
    turn = Turn(path.with_name(f".{path.name}.lock"))
    try:
        is_ours = turn.taken()
    except LibraryError as error:
        reason = getattr(error.__cause__, "strerror", None) or error
        raise VidagentError(f"{path}: cannot be written ({reason})") from error
    if not is_ours:
        raise RequestError(f"{path}: another process writes answers to it")
    return turn
