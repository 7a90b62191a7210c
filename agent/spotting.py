"""Listening once more, for words that a transcript of low trust may have missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..index.fingerprint import is_there
from ..index.memory import Memory
from ..index.records import LOW_TRUST
from ..tools.clock import Span, merge_spans
from ..tools.errors import MediaError, RequestError
from ..tools.roles import PhraseSpotter
from .evidence import Evidence, best_first
from .footage import sound_of
from .inquiry import NOT_FOUND, Draft, Inquiry
from .question import Question
from .reading.moment import drafted, equally_good
from .recollection import Cues
from .search import Search

BUDGET_S = 180.0
_KINDS = ("when", "yesno")
# Names inside a sentence; at its beginning every word is written with a capital.
_NAMES = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?:[ -][A-Z][a-z]+)*")
_FIT = 0.5
_AROUND_S = 1.0
# How far from what was said another sense may speak for it, and how surely it has to.
_NEAR_S, _SUPPORT_MIN = 5.0, 0.1


@dataclass(frozen=True)
class Spotting:
    """Phrases that may have been said, best first, and a draft by those that another sense supports."""

    found: tuple[Evidence, ...] = ()
    draft: Draft = NOT_FOUND


NOTHING_SPOTTED = Spotting()


def missed_phrases(memory: Memory, question: Question) -> list[str]:
    """What a question quotes or names that a transcript of low trust does not hold; empty where it is trusted."""
    inquiry = Inquiry(memory, question)
    is_trusted = inquiry.trust_in("speech") >= LOW_TRUST or not inquiry.share_looked_at("speech")
    is_for_eyes = bool(question.senses) and "speech" not in question.senses
    if is_trusted or is_for_eyes or question.options or question.kind not in _KINDS:
        return []
    return [phrase for phrase in dict.fromkeys(_phrases(question)) if not _is_said(inquiry, phrase)]


def spotted(
    memory: Memory, question: Question, done: Search, spotter: PhraseSpotter, others: Sequence[Evidence]
) -> Spotting:
    """What a spotter hears of a question's missed phrases where it is worth listening.

    That is around ``others``, evidence of other senses, in the events that a search recalled, and in the seconds that
    the question names, ``BUDGET_S`` in all. Most of what it hears of short phrases was not said, so nothing of it
    answers unless one of ``others`` lies nearby. Nothing is heard where the file is gone. Raises ``CapabilityError``
    and ``ModelError`` as the spotter does.
    """
    phrases = [phrase for phrase in missed_phrases(memory, question) if _can_be_heard(spotter, phrase)]
    if not phrases or not is_there(memory.video):
        return NOTHING_SPOTTED
    others = [e for e in best_first(list(others)) if e.sense != "speech" and e.confidence >= _SUPPORT_MIN]
    found = list(_heard(memory, _stretches(memory, question, done, others), spotter, phrases))
    supported = [e.supported(near) for e in found if (near := _supporting(e, others))]
    return Spotting(tuple(best_first(found)), _draft(question, best_first(supported), others))


def _phrases(question: Question) -> tuple[str, ...]:
    if question.phrases or question.beside or question.relation:
        # Where a question names two moments, a name in it may be that of the other one.
        return question.phrases
    return tuple(_NAMES.findall(question.text))


def _is_said(inquiry: Inquiry, phrase: str) -> bool:
    found = inquiry.recollection.find(Cues((), phrases=(phrase,), senses=frozenset({"speech"})))
    return any(e.sense == "speech" for e in found)


def _can_be_heard(spotter: PhraseSpotter, phrase: str) -> bool:
    try:
        # Over no sound a spotter does nothing but look at the phrase.
        return not list(spotter.spot((), [phrase]))
    except RequestError:
        return False


def _stretches(memory: Memory, question: Question, done: Search, others: Sequence[Evidence]) -> list[Span]:
    """Where to listen, in order of time; all of a short video."""
    within = question.window or memory.video.span
    if within.duration_s <= BUDGET_S:
        return [within]
    spans = [e.span.widened(_NEAR_S) for e in others] + [e.span.widened(_AROUND_S) for e in done.mind.events]
    chosen: list[Span] = []
    left_s = BUDGET_S
    for span in spans:
        start_s = max(span.start_s, within.start_s)
        end_s = min(span.end_s, within.end_s, start_s + left_s)
        if start_s < end_s:
            chosen.append(Span(start_s, end_s))
            left_s -= end_s - start_s
    return merge_spans(chosen)


def _heard(
    memory: Memory, stretches: Sequence[Span], spotter: PhraseSpotter, phrases: Sequence[str]
) -> Iterator[Evidence]:
    if not stretches:
        return
    sound = sound_of(memory, stretches)
    # The memory has an answer of its own, whatever the file has become meanwhile.
    with suppress(MediaError):
        for each in spotter.spot(sound, phrases):
            yield Evidence(each.span, "speech", f"perhaps: {each.phrase}", _FIT, each.trust)


def _supporting(evidence: Evidence, others: Sequence[Evidence]) -> list[Evidence]:
    """The surest evidence of each other sense nearby."""
    near = [other for other in others if evidence.span.gap_s(other.span) <= _NEAR_S]
    return list({other.sense: other for other in reversed(near)}.values())


def _draft(question: Question, supported: list[Evidence], others: Sequence[Evidence]) -> Draft:
    draft = drafted(equally_good(supported), question)
    if not draft.support:
        return draft
    return replace(draft, support=(*draft.support, *_supporting(draft.support[0], others)))
