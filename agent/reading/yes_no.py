"""Yes or no: yes with the words that say so, no only where enough was looked at to know."""

from __future__ import annotations

import re

from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from ..sensing import voiced
from .negation import ANY_SPEECH, denies

_MENTION = re.compile(r"\b(?:mention\w*|say|says|said|speak\w* (?:of|about)|talk\w* about|word|written|read)\b", re.I)  # fmt: skip
_HOLDS = 0.75
# A "no" is believed as far as the sense was used at all and may be trusted.
_LOOKED_AT = 0.95


def read(inquiry: Inquiry) -> Draft:
    """Yes with evidence; no by a denial that is stated, or by absence from all that was looked at."""
    question = inquiry.question
    if not question.words and not question.phrases and ANY_SPEECH.search(question.text):
        return _any_speech(inquiry)
    found = inquiry.evidence()
    if found and found[0].fit >= _HOLDS:
        return _stated(question.text, found[0])
    if "picture" in question.senses or _MENTION.search(question.text) or question.phrases:
        return _absent(inquiry)
    return NOT_FOUND


def _stated(question: str, best: Evidence) -> Draft:
    # A sentence mentions what it denies too.
    is_for_words = bool(_MENTION.search(question))
    denied = denies(question) > denies(best.quote) if is_for_words else denies(best.quote) != denies(question)
    return Draft("no" if denied else "yes", best.confidence, (best,))


def _any_speech(inquiry: Inquiry) -> Draft:
    found = [e for e in voiced(inquiry.memory) if inquiry.is_wanted(e.span)]
    if found:
        return Draft("yes", found[0].confidence, tuple(found[:5]))
    return _absent(inquiry)


def _absent(inquiry: Inquiry) -> Draft:
    senses = inquiry.question.senses or frozenset({"speech", "screen"})
    known = [inquiry.share_looked_at(s) * (0.5 + 0.5 * inquiry.trust_in(s)) for s in sorted(senses)]
    looked_at = min(inquiry.share_looked_at(s) for s in senses)
    return Draft("no", round(0.9 * min(known), 4)) if looked_at >= _LOOKED_AT else NOT_FOUND
