"""A timeline as rows for programs: JSON, CSV and WebVTT."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator, Sequence

from ..index.records import Event, Level
from ..tools.plain import plain
from .wording import cell_text

Row = dict[str, object]
COLUMNS = ("level", "start_s", "end_s", "gist", "height", "salience", "final", "duplicate_of_s")


def event_rows(events: Sequence[Event], level: Level, among: Sequence[Event]) -> list[Row]:
    """One row a stretch ``among`` those of the video; whole milliseconds, so that one ends where the next begins."""
    begins_s = {event.id: event.span.start_s for event in among if event.id}
    return [
        {
            "level": level,
            "start_s": round(event.span.start_s, 3),
            "end_s": round(event.span.end_s, 3),
            "gist": event.gist,
            "height": round(event.merge_height, 4),
            "salience": event.salience,
            "final": event.is_final,
            "duplicate_of_s": _rounded(begins_s.get(event.duplicate_of or 0)),
        }
        for event in events
    ]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def csv_text(rows: Sequence[Row]) -> str:
    """The rows as CSV (RFC 4180) with a header; no cell can be taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    return cell_text(value)


def vtt_text(rows: Sequence[Row]) -> str:
    """The rows as WebVTT cues; one that may still change says so."""
    return "\n".join(["WEBVTT", "", *_cues(rows)])


def _cues(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        mark = "" if row["final"] else "(provisional) "
        text = " ".join(plain(str(row["gist"])).split()) or "…"
        yield f"{_clock(row['start_s'])} --> {_clock(row['end_s'])}"
        # Escaped, an arrow in the text is none.
        yield f"{mark}{html.escape(text, quote=False)}"
        yield ""


def _clock(seconds: object) -> str:
    whole, thousandths = divmod(round(float(str(seconds)) * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}.{thousandths:03d}"
