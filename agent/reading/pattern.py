"""Values that are known by their form: dates, telephone numbers, prices, addresses, times of day."""

from __future__ import annotations

import re

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_VALUES: tuple[tuple[str, str], ...] = (
    (r"\b(?:which|what|whose)\b[^?]*\b(?:phone|telephone|fax) number|\bphone number\b", r"\+?\(?\d[\d ()/.-]{5,}\d"),
    (r"\b(?:which|what) (?:date|day)\b", rf"\b\d{{1,2}}(?:st|nd|rd|th)?\.? (?:of )?{_MONTH}(?: \d{{4}})?\b|\b{_MONTH} \d{{1,2}}\b(?:,? \d{{4}})?|\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"),
    (r"\b(?:which|what) (?:web ?site|web address|url|link|address on the web)\b", r"\b(?:https?://|www\.)\S+|\b[\w-]+\.(?:org|com|net|io|edu|gov)\b\S*"),
    (r"\b(?:which|what) e-?mail\b", r"\b[\w.+-]+@[\w-]+\.[\w.]+\b"),
)  # fmt: skip


def value_pattern(question: str) -> re.Pattern[str] | None:
    """The form of the value that a question asks for, None where it asks for no such value."""
    found = (form for asked, form in _VALUES if re.search(asked, question, re.I))
    form = next(found, None)
    return re.compile(form, re.I) if form else None
