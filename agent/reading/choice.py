"""Multiple choice: the option that the evidence for the question speaks of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...index.stemming import stems
from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry, cues_of
from ..layout import row_of
from ..question import split_options
from ..recollection import phrase_likeness
from ..words import content_words

_FROM_NEIGHBOURS = 0.7
_LOOKED_AT = 20
_NONE_OF_THESE = 0.2


@dataclass(frozen=True)
class _Ranked:
    letter: str
    option: str
    score: float
    support: tuple[Evidence, ...]


def read(inquiry: Inquiry) -> Draft:
    """The option best supported by one piece of evidence; its share of all support tells how sure.

    Among the options always stands one more that is not named: none of these.
    """
    ranked = [_rank(inquiry, place) for place in range(len(inquiry.question.options))]
    best = min(ranked, key=lambda r: (-r.score, r.letter))
    if best.score <= 0:
        return NOT_FOUND
    confidence = best.score / (sum(r.score for r in ranked) + _NONE_OF_THESE)
    return Draft(best.option, round(confidence, 4), best.support, best.letter)


def _rank(inquiry: Inquiry, place: int) -> _Ranked:
    """The option with the evidence that speaks of it and of the question together."""
    option = inquiry.question.options[place]
    cues = cues_of(inquiry.question)
    found = inquiry.recollection.find(replace(cues, words=(*cues.words, *content_words(option))))
    scored = [(e.confidence * _speaks_of(inquiry, e, option), e) for e in found[:_LOOKED_AT]]
    score, evidence = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return _Ranked(chr(ord("A") + place), option, score, (evidence,) if evidence else ())


def _speaks_of(inquiry: Inquiry, evidence: Evidence, option: str) -> float:
    """How much of an option a piece of evidence holds, in [0, 1]; its neighbours count for less."""
    wanted = set(stems(" ".join(content_words(option)))) - set(stems(split_options(inquiry.question.text)[0]))
    if not wanted:
        return phrase_likeness(option, evidence.quote)
    text = inquiry.memory.texts_by_id(list(evidence.text_ids))[0]
    near = inquiry.recollection.context(text)
    around = " ".join(t.body for t in near)
    return max(_share(wanted, row_of(text, near)), _FROM_NEIGHBOURS * _share(wanted, around))


def _share(wanted: set[str], text: str) -> float:
    return len(wanted & set(stems(text))) / len(wanted)
