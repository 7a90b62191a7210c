"""How many, how often: a number that is stated, or moments that are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...index.recall import document_count
from ...index.records import Sense
from ...index.stemming import stems
from ...tools.clock import merge_spans
from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from .moment import equally_good
from .quantity import counted

_THING = re.compile(
    r"\b(?:how many|number of|^count(?: all)?(?: the)?) (?:different |separate )?(?:the )?(\w+)", re.I
)
_APART_S = 1.5
# Below this share of the video looked at, or this trust, a count is only a lower bound.
_ENOUGH, _BELIEVED = 0.95, 0.9
# Of so many texts with the same word not all are weighed.
_TEXTS_MAX = 60


def read(inquiry: Inquiry) -> Draft:
    """The number of moments for "how many times", else the number that the video itself states.

    A count of moments is a lower bound, "at least", unless enough was looked at to say that there are no more.
    """
    question = inquiry.question
    if question.counts_moments or "picture" in question.senses:
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
    times = "once" if n == 1 else f"{n} times"
    in_time = sorted(found, key=lambda e: e.span)
    text = times if _is_all(inquiry, found) else f"at least {times}"
    return Draft(text, found[0].confidence, tuple(in_time))


def _is_all(inquiry: Inquiry, found: Sequence[Evidence]) -> bool:
    """Whether the senses that would have noticed any more looked at enough, and may be believed."""
    senses = _noticing(inquiry, found)
    shares = [inquiry.share_looked_at(sense) for sense in senses]
    trusts = [found[0].trust, *(inquiry.trust_in(sense) for sense in senses)]
    is_enough = bool(senses) and min(shares) >= _ENOUGH and min(trusts) >= _BELIEVED
    return is_enough and inquiry.memory.video.is_whole and _n_texts(inquiry) < _TEXTS_MAX


def _noticing(inquiry: Inquiry, found: Sequence[Evidence]) -> set[Sense]:
    """The senses that would notice each time; none where only some times were told of in words."""
    question = inquiry.question
    if question.senses:
        has_screen = inquiry.memory.video.width > 0
        return {sense for sense in question.senses if has_screen or sense != "screen"}
    # Words that are quoted occur where they are said or shown; what else they tell of may go unmentioned.
    is_words = bool(question.phrases) and _stems(question.words) <= _stems(question.phrases)
    return {e.sense for e in found} if is_words else set()


def _stems(parts: Iterable[str]) -> set[str]:
    return set(stems(" ".join(parts)))


def _n_texts(inquiry: Inquiry) -> int:
    """How many texts may say all that is counted: no more than say the rarest of its words."""
    question = inquiry.question
    if question.senses & {"picture", "sound"}:
        return 0
    wanted = _stems((*question.phrases, *question.words))
    return min((document_count(inquiry.memory, word) for word in wanted), default=0)


def _spoken(inquiry: Inquiry, evidence: Evidence) -> int:
    """How often the sentence says the word or phrase that was asked for."""
    question = inquiry.question
    wanted = stems(question.phrases[0]) if question.phrases else stems(" ".join(question.words))
    own = stems(evidence.quote)
    return max(1, sum(own[i : i + len(wanted)] == wanted for i in range(len(own))))
