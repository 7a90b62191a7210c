"""Files of questions: JSON lines, CSV, or a question a line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from ...tools.errors import RequestError, first_line
from .lines import Line, lines_of
from .questions import Entry, Flaw, entries_in

Form = Literal["jsonl", "csv", "txt"]
STDIN = "-"
_FORMS: dict[str, Form] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "txt"}
_CELL_OPTIONS, _DELIMITERS = "|", ",;\t"


def form_of(name: str, given: str | None = None) -> Form:
    """The form of a file by what is ``given``, else by the ending of its name; text where it has none, as stdin.

    Raises ``RequestError`` for another one.
    """
    if given is not None:
        if f".{given}" not in _FORMS:
            raise RequestError(f"--format: jsonl, csv or txt, not {given}")
        return _FORMS[f".{given}"]
    ending = Path(name).suffix.lower()
    if ending and ending not in _FORMS:
        raise RequestError(f"{name}: questions are .jsonl, .csv or .txt; say which with --format")
    return _FORMS.get(ending, "txt")


def questions_from(name: str, form: Form, videos: Sequence[str]) -> list[Entry]:
    """What the lines of a file, or of stdin, ask; what a line does not name is asked of each of ``videos``.

    A line that cannot be read is a flaw among them. Raises ``RequestError`` for a file that cannot be read, that
    holds no question, or a table without a column of questions.
    """
    try:
        with _opened(name) as file:
            entries = list(_entries(lines_of(file), form, videos))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RequestError(f"{name}: cannot be read as questions ({reason})") from error
    except RequestError as error:
        raise RequestError(f"{name}: {error}") from None
    if not entries:
        raise RequestError(f"{name}: holds no question")
    return entries


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _entries(lines: Iterable[Line], form: Form, videos: Sequence[str]) -> Iterator[Entry]:
    if form == "csv":
        yield from _of_table(lines, videos)
        return
    if form == "txt" and not videos:
        raise RequestError("a file of plain questions names no video: name them on the command line")
    for line in lines:
        if line.fault or line.text.strip():
            yield from _of_line(line, form, videos)


def _of_line(line: Line, form: Form, videos: Sequence[str]) -> list[Entry]:
    if line.fault:
        return [Flaw(line.number, line.fault)]
    try:
        row = _object(line.text) if form == "jsonl" else {"question": line.text}
    except RequestError as error:
        return [Flaw(line.number, str(error))]
    return entries_in(line.number, row, videos)


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"not JSON ({first_line(error)})") from None
    if not isinstance(value, dict):
        raise RequestError("not a JSON object")
    return value


def _of_table(lines: Iterable[Line], videos: Sequence[str]) -> Iterator[Entry]:
    faults: list[Entry] = []
    arriving = _without_faults(lines, faults)
    head = next(arriving, "")
    delimiter = max(_DELIMITERS, key=head.count)
    columns = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
    if "question" not in columns:
        raise RequestError('has no column "question" in its first line')
    reader = csv.reader(arriving, delimiter=delimiter, strict=True)
    cells: list[str] | None = []
    while cells is not None:
        # The first line of a row that may have several.
        number = reader.line_num + 2
        try:
            cells = next(reader, None)
            entries = _of_cells(number, columns, cells or [], videos)
        except csv.Error as error:
            entries = [Flaw(number, f"not CSV ({first_line(error)})")]
        yield from (*faults, *entries)
        faults.clear()


def _without_faults(lines: Iterable[Line], faults: list[Entry]) -> Iterator[str]:
    """The texts of lines, empty for those that cannot be read, which go to ``faults``."""
    for line in lines:
        if line.fault:
            faults.append(Flaw(line.number, line.fault))
        yield line.text + "\n"


def _of_cells(number: int, columns: list[str], cells: list[str], videos: Sequence[str]) -> list[Entry]:
    if not any(cell.strip() for cell in cells):
        return []
    row: dict[str, object] = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    # A table has no lists: seconds of evidence are for JSON lines.
    row.pop("evidence_s", None)
    if "options" in row:
        row["options"] = str(row["options"]).split(_CELL_OPTIONS)
    return entries_in(number, row, videos)
