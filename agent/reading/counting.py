"""How many, how often: a number that is stated, or moments that are counted."""

from __future__ import annotations

import re

from ...index.stemming import stems
from ...tools.clock import merge_spans
from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from .moment import equally_good
from .quantity import counted

_OCCURRENCES = re.compile(r"\bhow (?:often|many times)\b", re.I)
_THING = re.compile(r"\b(?:how many|^count(?: all)?(?: the)?) (?:different |separate )?(\w+)", re.I)
_APART_S = 1.5
# Below this share of the video looked at, or this trust, a count is only a lower bound.
_ENOUGH = 0.95


def read(inquiry: Inquiry) -> Draft:
    """The number of moments for "how many times", else the number that the video itself states."""
    if _OCCURRENCES.search(inquiry.question.text) or "picture" in inquiry.question.senses:
        return _moments(inquiry)
    return _stated(inquiry)


def _stated(inquiry: Inquiry) -> Draft:
    asked = _THING.search(inquiry.question.text)
    for evidence in inquiry.evidence():
        number = counted(evidence.quote, asked.group(1)) if asked else None
        if number:
            return Draft(number, evidence.confidence, (evidence,))
    return NOT_FOUND


def _moments(inquiry: Inquiry) -> Draft:
    found = inquiry.evidence()
    if inquiry.question.senses != {"sound"}:
        found = equally_good(found)
    if not found:
        return NOT_FOUND
    spans = merge_spans([e.span for e in found], _APART_S)
    n = sum(_spoken(inquiry, e) for e in found) if found[0].sense == "speech" else len(spans)
    sure = inquiry.share_looked_at(found[0].sense) >= _ENOUGH and found[0].trust >= 0.9
    times = "once" if n == 1 else f"{n} times"
    in_time = sorted(found, key=lambda e: e.span)
    return Draft(times if sure else f"at least {times}", found[0].confidence, tuple(in_time))


def _spoken(inquiry: Inquiry, evidence: Evidence) -> int:
    """How often the sentence says the word or phrase that was asked for."""
    question = inquiry.question
    wanted = stems(question.phrases[0]) if question.phrases else stems(" ".join(question.words))
    own = stems(evidence.quote)
    return max(1, sum(own[i : i + len(wanted)] == wanted for i in range(len(own))))
