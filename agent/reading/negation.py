"""Questions for what is not so: what says so itself answers them, or what is left between the moments of what is."""

from __future__ import annotations

import re

from ...index.records import Sense
from ...index.stemming import words_of
from ...tools.appearance import colours_in
from ...tools.clock import Span, gaps_between
from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from ..question import Question
from ..sensing import coloured, voiced

ANY_SPEECH = re.compile(
    r"\b(?:speaks?|speaking|talks?|talking|speech|dialogue|narration|says? anything|spoken)\b", re.I
)
_DENIAL = frozenset("no not never nobody none nothing neither nor without cannot".split())
_CONTRACTED = re.compile(r"n['’]t\b", re.I)
_REASON = re.compile(r"^\W*why\b", re.I)
_KINDS = ("when", "what")
# What is left between two moments has to last so long to be a moment of its own.
_LEFT_S = 1.0
_LOOKED_AT = 0.95


def denies(text: str) -> bool:
    """Whether a text says of something that it is not so."""
    return bool(_DENIAL & set(words_of(text))) or bool(_CONTRACTED.search(text))


def is_for_what_is_not(question: Question) -> bool:
    """Whether evidence that something is so would answer the opposite; a reason may be given either way."""
    is_asked = question.is_negated and question.kind in _KINDS
    return is_asked and not question.options and not _REASON.match(question.text)


def read(inquiry: Inquiry, draft: Draft) -> Draft:
    """The draft where its best evidence is a denial too; else, of speech and colours, the moments without them.

    Those are known only where nearly all of the video was looked at.
    """
    if draft.support and denies(draft.support[0].quote):
        return draft
    question = inquiry.question
    if question.kind != "when":
        return NOT_FOUND
    if colours := _colours(question):
        found = coloured(inquiry.memory, colours)
        return _left(inquiry, [e.span for e in found], "picture", f"it is not {' and '.join(colours)}")
    if ANY_SPEECH.search(question.text):
        return _left(inquiry, [e.span for e in voiced(inquiry.memory)], "speech", "nobody speaks")
    return NOT_FOUND


def _colours(question: Question) -> tuple[str, ...]:
    """The colours that the picture is not to have, where nothing but colours is asked for."""
    named = tuple(colours_in(" ".join(question.words)))
    return question.colours or (named if set(question.words) <= set(named) else ())


def _left(inquiry: Inquiry, spans: list[Span], sense: Sense, quote: str) -> Draft:
    """What a sense that looked at nearly everything leaves between what it found, the longest stretch first."""
    if inquiry.share_looked_at(sense) < _LOOKED_AT:
        return NOT_FOUND
    whole = inquiry.question.window or inquiry.memory.video.span
    left = [span for span in gaps_between(spans, whole) if span.duration_s >= _LEFT_S]
    longest = sorted(left, key=lambda span: (-span.duration_s, span))
    trust = inquiry.trust_in(sense)
    # That nobody speaks is heard, and is nothing that was said.
    shown_by: Sense = "sound" if sense == "speech" else sense
    found = tuple(Evidence(span, shown_by, quote, 1.0, trust) for span in longest)
    return Draft(", ".join(map(str, left)), found[0].confidence, found) if found else NOT_FOUND
