"""Which comes first, in which order, before or after: the moments of each thing, put in order."""

from __future__ import annotations

import re

from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry

_LATEST = re.compile(
    r"\b(?:comes?|came|happen(?:s|ed)?|appear(?:s|ed)?|occur(?:s|red)?|is \w+|was \w+) (?:last|later)\b", re.I
)
_RELATION = re.compile(r"\b(?:before or after|after or before)\b", re.I)


def read(inquiry: Inquiry) -> Draft:
    """The things in their order; as sure as the least sure of them, and only if each was found."""
    found = [(item, inquiry.evidence_for(item)) for item in inquiry.question.items]
    if len(found) < 2 or any(not evidence for _, evidence in found):
        return NOT_FOUND
    first = {item: _first_of(evidence) for item, evidence in found}
    in_time = sorted(first, key=lambda item: (first[item].span, item))
    if len({first[item].span for item in in_time}) < len(in_time):
        return NOT_FOUND
    support = tuple(first[item] for item in in_time)
    return Draft(
        _worded(inquiry.question.text, list(first), in_time), min(e.confidence for e in support), support
    )


def _first_of(evidence: list[Evidence]) -> Evidence:
    """The earliest of the moments that fit best."""
    best = [e for e in evidence if e.confidence >= 0.95 * evidence[0].confidence]
    return min(best, key=lambda e: e.span)


def _worded(question: str, asked: list[str], in_time: list[str]) -> str:
    if _RELATION.search(question):
        return "before" if in_time[0] == asked[0] else "after"
    if len(in_time) == 2 and _LATEST.search(question):
        return in_time[-1]
    return in_time[0] if len(in_time) == 2 else ", then ".join(in_time)
