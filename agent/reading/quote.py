"""What, who, where, why: the words of the video that say it."""

from __future__ import annotations

import re
from dataclasses import replace

from ...index.records import Sense, Text
from ...tools.clock import Span
from ..evidence import Evidence, best_first
from ..inquiry import NOT_FOUND, Draft, Inquiry
from ..layout import labelled
from .favour import favoured
from .pattern import value_pattern
from .quantity import measured, unit_family

_WORDED: frozenset[Sense] = frozenset({"speech", "screen"})
_BY_FORM_ALONE = 0.7
_WHAT_IS_ASKED = re.compile(r"^\W*what\b.*\bask(?:s|ed)?\b", re.I)
_INTERROGATIVE = re.compile(r"\?\W*$|^\W*(?:who|whom|whose|what|which|when|where|why|how)\b", re.I)


def read(inquiry: Inquiry) -> Draft:
    """The best passage or line, with the quantity picked out of it where one was asked for."""
    family, pattern = unit_family(inquiry.question.text), value_pattern(inquiry.question.text)
    if family:
        return _quantity(inquiry, family)
    if pattern:
        return _value(inquiry, pattern)
    found = favoured(inquiry.evidence() or _asked(inquiry), inquiry.question.text)
    if not found:
        return NOT_FOUND
    best = found[0]
    return Draft(_worded(inquiry, best), best.confidence, tuple(found[:3]))


def _worded(inquiry: Inquiry, evidence: Evidence) -> str:
    """The quote; a line on screen with the rest of its row, where labels and their values stand."""
    texts = inquiry.memory.texts_by_id(list(evidence.text_ids))
    if evidence.sense != "screen" or not texts:
        return evidence.quote
    near: list[Text] = inquiry.recollection.context(texts[0])
    return labelled(texts[0], near)


def _asked(inquiry: Inquiry) -> list[Evidence]:
    """What is said in the form of a question, where the question is what somebody asks."""
    if not _WHAT_IS_ASKED.search(inquiry.question.text):
        return []
    texts = inquiry.memory.texts("speech")
    asked = [t for t in texts if _INTERROGATIVE.search(t.body) and inquiry.is_wanted(t.span)]
    return [
        Evidence(t.span, t.sense, t.body, _BY_FORM_ALONE / len(asked) ** 0.5, t.trust, (t.id,)) for t in asked
    ]


def _stating(inquiry: Inquiry, evidence: Evidence, family: str) -> Span:
    """The part of the sentence that states the amount."""
    texts = inquiry.memory.texts_by_id(list(evidence.text_ids))
    parts = [span for text in texts for span, body in inquiry.memory.parts(text) if measured(body, family)]
    return parts[0] if parts else evidence.span


def _value(inquiry: Inquiry, pattern: re.Pattern[str]) -> Draft:
    """A value of the form asked for: where the question's words are found too, or on its own."""
    found = {e.text_ids[0]: _with_form(e) for e in inquiry.evidence() if pattern.search(e.quote)}
    for sense in sorted(inquiry.question.senses & _WORDED or _WORDED):
        for text in inquiry.memory.texts(sense):
            if pattern.search(text.body) and inquiry.is_wanted(text.span):
                alone = Evidence(text.span, text.sense, text.body, _BY_FORM_ALONE, text.trust, (text.id,))
                found.setdefault(text.id, alone)
    best = best_first(list(found.values()))
    if not best:
        return NOT_FOUND
    value = pattern.search(best[0].quote)
    return Draft(value.group() if value else best[0].quote, best[0].confidence, tuple(best[:3]))


def _with_form(evidence: Evidence) -> Evidence:
    """A value beside words of the question is never worth less than one that stands alone."""
    return replace(evidence, fit=round(min(1.0, max(evidence.fit, _BY_FORM_ALONE + 0.1 * evidence.fit)), 4))


def _quantity(inquiry: Inquiry, family: str) -> Draft:
    found = []
    for evidence in favoured(inquiry.evidence(), inquiry.question.text):
        amount = measured(evidence.quote, family)
        if amount:
            found.append((amount, replace(evidence, span=_stating(inquiry, evidence, family))))
    if not found:
        return NOT_FOUND
    return Draft(found[0][0], found[0][1].confidence, tuple(e for _, e in found[:3]))
