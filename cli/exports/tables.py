"""Marks as rows of CSV and cues of WebVTT."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ..timelines import vtt_text as cues_text
from ..wording import cell_text
from .marks import Mark

COLUMNS = ("start_s", "end_s", "time", "title", "source")


def csv_text(marks: Sequence[Mark]) -> str:
    """The marks as CSV (RFC 4180) with a header; no cell can be taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for mark in marks:
        seconds = (f"{mark.span.start_s:.3f}", f"{mark.span.end_s:.3f}")
        writer.writerow([*seconds, str(mark.span), cell_text(mark.title), cell_text(mark.source)])
    return text.getvalue()


def vtt_text(marks: Sequence[Mark]) -> str:
    """The marks as WebVTT cues."""
    return cues_text(
        [
            {"start_s": mark.span.start_s, "end_s": mark.span.end_s, "gist": mark.title, "final": True}
            for mark in marks
        ]
    )
