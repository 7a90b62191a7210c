"""How long: the length of what was seen or read, or a length of time that is stated."""

from __future__ import annotations

import re

from ..inquiry import NOT_FOUND, Draft, Inquiry
from .favour import favoured
from .moment import equally_good, pick
from .quantity import measured


def read(inquiry: Inquiry) -> Draft:
    """The measured length where the question is about picture, screen or sound, else a stated one."""
    question = inquiry.question
    if question.senses & {"picture", "sound"} or question.phrases:
        return _measured(inquiry)
    return _stated(inquiry)


def _measured(inquiry: Inquiry) -> Draft:
    found = equally_good(inquiry.evidence())
    chosen = pick(found, inquiry.question.ordinal)
    if chosen and re.search(r"\blongest\b", inquiry.question.text, re.I):
        chosen = [max(chosen, key=lambda e: e.span.duration_s)]
    if not chosen:
        return NOT_FOUND
    lengths = [f"{e.span.duration_s:.1f} s" for e in sorted(chosen, key=lambda e: e.span)]
    total_s = sum(e.span.duration_s for e in chosen)
    text = lengths[0] if len(lengths) == 1 else f"{total_s:.1f} s in all: {', '.join(lengths)}"
    return Draft(text, chosen[0].confidence, tuple(chosen))


def _stated(inquiry: Inquiry) -> Draft:
    for evidence in favoured(inquiry.evidence(), inquiry.question.text):
        amount = measured(evidence.quote, "long")
        if amount:
            return Draft(amount, evidence.confidence, (evidence,))
    return NOT_FOUND
