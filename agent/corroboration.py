"""Two senses that tell a moment count for more than one; words written in a picture are not what it shows.

A model that judges pictures takes the name of a thing for the thing: it finds a cash machine on a wall with
"cash machine" painted on it (typographic attack; Goh et al. 2021, Multimodal Neurons in Artificial Neural
Networks).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise, product

from ..index.memory import Memory
from ..index.records import Sense, Text
from ..index.sound_meaning import SoundMeaning
from ..index.stemming import stems, words_of
from ..tools.clock import Span
from ..tools.roles import ImageTextEmbedder
from .evidence import Evidence
from .hearing import Hearing, heard_alike, sound_asked
from .inquiry import Draft, Inquiry
from .question import Question
from .recollection import Recollection, phrase_likeness
from .sensing import resembling
from .viewing import NAMED, SHOWN

LETTERED_TRUST = 0.1
"""How far a model's picture is believed in which the words of the question stand written.

The thing and its name explain such a picture equally well, so alone it is worth less than an even chance.
"""

NEAR_S = 2.0
"""So far from each other two senses may tell the same moment."""

# Words on screen are looked for once in a while, so their ends are known to about a second.
_ENDS_S = 1.0
# What holds less of the question lacks, as a rule, the same word as the answer does.
_HOLDS, _SUPPORT_MIN = 0.75, 0.1
_SHARE_WRITTEN, _LIKE_SPELLING, _SPELLED_MIN, _ASKED_MAX = 0.5, 0.8, 6, 40
# A caption is seldom read without a wrong letter, and seldom ends where a sentence does.
_REPEATED = 0.75
# Colours are measured, and no word changes what fills a picture.
_MEASURED = re.compile(r"the picture is \d{1,3}% ")
_LABEL = re.compile(r", with the words? “[^”]*” written in the picture$")
_PRESENCE = frozenset({"when", "yesno", "count", "duration", "order"})
# Their answer is a moment, or that there is one.
_OF_MOMENTS = frozenset({"when", "yesno"})
_NO = ("no", "nein")

_Related = Callable[[Evidence, Evidence], bool]


def corroborated(draft: Draft, question: Question, found: Sequence[Evidence], texts: Sequence[Text]) -> Draft:
    """The draft, surer where another sense tells its moment, less sure where it rests on written words.

    ``found`` is all evidence for the question, of whatever seconds; ``texts`` are the lines on screen while
    it lasts. Independent senses are put together by noisy-or (Pearl 1988), and never get surer than the most
    trusted of them allows. What repeats another sense counts once: a caption that says what is said, a picture
    and the words in it, and words that a video LLM was shown.

    A model's picture in which the question's words are written says so. A draft that rests on it, or on words
    on screen where something is to be seen, stays below an even chance until it is said or heard as well.

    The support keeps its order, followed by what made the draft surer. Nothing else changes, and nothing of
    a draft without support.
    """
    if not draft.text or not draft.support:
        return draft
    relations = _Relations(question, tuple(texts))
    support = tuple(lettered(draft.support, question, texts))
    others = [e for e in lettered(found, question, texts) if _tells(e, draft, question)]
    near = [e for e in others if e.span.gap_s(support[0].span) <= NEAR_S]
    best = _surest(_raised(draft.confidence, support, near, relations.are_independent))
    if relations.rests_on_writing(draft.support):
        lifted = _surest(_lifted(draft.confidence, support[0], near, relations.are_apart))
        best = _Weighed(min(best.confidence, lifted.confidence), lifted.evidence)
    beside = tuple(e for e in best.evidence if e not in support)
    return replace(draft, confidence=round(best.confidence, 4), support=(*support, *beside))


def lettered(found: Sequence[Evidence], question: Question, texts: Sequence[Text]) -> list[Evidence]:
    """The evidence in its order; a model's picture in which the question's words are written says so.

    It is of low trust unless the question asks for words, or for what words may tell. What has said so
    already stays as it is.
    """
    relations = _Relations(question, tuple(texts))
    return [relations.labelled(evidence) for evidence in found]


def weighed(
    memory: Memory,
    question: Question,
    draft: Draft,
    pictures: ImageTextEmbedder | None = None,
    sounds: SoundMeaning | None = None,
    recollection: Recollection | None = None,
) -> Draft:
    """The draft corroborated by all that the memory holds: words, pictures by what they show, and sounds."""
    if not draft.text or not draft.support:
        return draft
    inquiry = Inquiry(memory, question, recollection=recollection)
    around = draft.support[0].span
    found = [
        e
        for e in (*inquiry.evidence(), *_sensed(memory, question, pictures, sounds))
        if e.span.gap_s(around) <= NEAR_S and inquiry.is_wanted(e.span)
    ]
    return corroborated(draft, question, found, texts_beside(memory, [*draft.support, *found]))


def _sensed(
    memory: Memory, question: Question, pictures: ImageTextEmbedder | None, sounds: SoundMeaning | None
) -> list[Evidence]:
    """What looks and sounds like it, where that can tell a moment; all pictures of a long video are many."""
    if question.options or question.kind not in _OF_MOMENTS:
        return []
    alike = resembling(memory, question.text, pictures) if pictures else []
    sure = Hearing(memory, question, sounds).evidence() if sounds and sound_asked(question) else []
    return [*alike, *sure, *heard_alike(memory, question, sounds)]


def texts_beside(memory: Memory, found: Sequence[Evidence]) -> list[Text]:
    """The lines that stood on screen while the evidence lasts, each once."""
    spans = dict.fromkeys(e.span for e in found)
    texts = {t.id: t for span in spans for t in memory.texts_near(span, "screen", _ENDS_S)}
    return list(texts.values())


@dataclass(frozen=True)
class _Weighed:
    """Evidence that was put together, and how likely it is by all of it."""

    confidence: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class _Relations:
    """What of the evidence for one question depends on what, given the lines on screen."""

    question: Question
    texts: tuple[Text, ...]

    def labelled(self, evidence: Evidence) -> Evidence:
        """The evidence, with the words that are written in its picture where a model judged it."""
        words = self._words_in(evidence)
        if not words or _LABEL.search(evidence.quote):
            return evidence
        noun = "word" if len(words) == 1 else "words"
        quote = f"{evidence.quote}, with the {noun} “{' '.join(words)}” written in the picture"
        trust = min(evidence.trust, LETTERED_TRUST) if _may_be_fooled(self.question) else evidence.trust
        return replace(evidence, quote=quote, trust=trust)

    def rests_on_writing(self, support: Sequence[Evidence]) -> bool:
        """Whether there is nothing but words on screen, and pictures with them."""
        is_for_eyes = "picture" in self.question.modalities
        is_written = all(e.sense == "screen" or self._words_in(e) for e in support)
        return is_written and _may_be_fooled(self.question) and (is_for_eyes or support[0].sense == "picture")

    def are_independent(self, one: Evidence, other: Evidence) -> bool:
        """Whether one may be right where the other is wrong."""
        # A video LLM was shown what was said and written around its pictures.
        has_read = any(e.sense == "picture" and e.quote.startswith((NAMED, SHOWN)) for e in (one, other))
        return self.are_apart(one, other) and (not has_read or "sound" in (one.sense, other.sense))

    def are_apart(self, one: Evidence, other: Evidence) -> bool:
        """Whether neither repeats the words of the other."""
        by_sense: dict[Sense, Evidence] = {one.sense: one, other.sense: other}
        if one.sense == other.sense:
            return False
        speech, screen, picture = (by_sense.get(sense) for sense in _WORDED)
        if screen and speech:
            return not self._repeats(screen.quote, screen.span, speech)
        lines = self._holding(picture) if picture else []
        if lines and speech:
            return not all(self._repeats(line.body, line.span, speech) for line in lines)
        return not (lines and screen)

    def _repeats(self, line: str, span: Span, speech: Evidence) -> bool:
        """Whether a line is a caption: the letters of what is said and, if a mere name, its seconds."""
        if phrase_likeness(line, speech.quote) < _REPEATED:
            return False
        has_more = bool(set(stems(line)) - set(stems(" ".join(_asked(self.question)))))
        said = speech.span.widened(_ENDS_S)
        return has_more or (said.start_s <= span.start_s and span.end_s <= said.end_s)

    def _words_in(self, evidence: Evidence) -> tuple[str, ...]:
        """The question's words that are written in a model's picture; none where they are too few."""
        return written(self.question, [line.body for line in self._lines_in(evidence)])

    def _holding(self, evidence: Evidence) -> list[Text]:
        lines = self._lines_in(evidence) if self._words_in(evidence) else []
        return [line for line in lines if _held(_asked(self.question), [line.body])]

    def _lines_in(self, evidence: Evidence) -> list[Text]:
        is_judged = evidence.sense == "picture" and not _MEASURED.match(evidence.quote)
        # What a model was merely shown, it names no moment in.
        if not is_judged or evidence.quote.startswith(SHOWN):
            return []
        return [t for t in self.texts if t.sense == "screen" and t.span.gap_s(evidence.span) <= _ENDS_S]


_WORDED: tuple[Sense, Sense, Sense] = ("speech", "screen", "picture")


def written(question: Question, lines: Sequence[str]) -> tuple[str, ...]:
    """The words of a question that stand in some lines, in its order; none where they are less than half.

    A wrong letter in a long word does not matter, nor do missing spaces.
    """
    asked = _asked(question)
    held = _held(asked, lines) if lines else ()
    return held if len(held) >= _SHARE_WRITTEN * len(asked) else ()


def _asked(question: Question) -> tuple[str, ...]:
    phrased = (word for phrase in question.phrases for word in words_of(phrase))
    return tuple(dict.fromkeys((*phrased, *question.words)))[:_ASKED_MAX]


def _held(asked: tuple[str, ...], lines: Sequence[str]) -> tuple[str, ...]:
    own = {stem for line in lines for stem in stems(line)}
    held = {word for word in asked if all(_is_like(stem, own) for stem in stems(word))}
    unspaced = ["".join(words_of(line)) for line in lines]
    for pair in pairwise(asked):
        if any("".join(pair) in letters for letters in unspaced):
            held |= set(pair)
    return tuple(word for word in asked if word in held)


def _is_like(word: str, own: set[str]) -> bool:
    is_long = len(word) >= _SPELLED_MIN
    return word in own or (is_long and bool(difflib.get_close_matches(word, own, 1, _LIKE_SPELLING)))


def _may_be_fooled(question: Question) -> bool:
    """Whether a question asks whether something is there, and not for words or for what they tell."""
    asks_for_words = question.phrases or "screen" in question.senses | question.modalities
    return not asks_for_words and (question.kind in _PRESENCE or "picture" in question.modalities)


def _tells(evidence: Evidence, draft: Draft, question: Question) -> bool:
    """Whether evidence at the same moment makes the answer likelier."""
    is_worded = evidence.sense in ("speech", "screen")
    is_weak = (is_worded and evidence.fit < _HOLDS) or evidence.confidence < _SUPPORT_MIN
    is_asked = not question.senses or evidence.sense in question.senses
    if is_weak or not is_asked or question.options or question.is_negated:
        return False
    if question.kind == "what":
        answer = set(stems(draft.text))
        return is_worded and bool(answer) and answer <= set(stems(evidence.quote))
    is_no = question.kind == "yesno" and words_of(draft.text)[:1] in ([no] for no in _NO)
    return question.kind in _OF_MOMENTS and not is_no


def _raised(
    confidence: float, support: Sequence[Evidence], near: Sequence[Evidence], are_independent: _Related
) -> Iterator[_Weighed]:
    """The draft by itself, and with each choice of other senses that do not depend on it or each other."""
    own = [e for e in support if e.span.gap_s(support[0].span) <= NEAR_S]
    free = [e for e in near if all(are_independent(e, mine) for mine in own)]
    for chosen in _choices(free, are_independent):
        yield _together(confidence, max(confidence, _most(own)), chosen)


def _lifted(
    confidence: float, first: Evidence, near: Sequence[Evidence], are_apart: _Related
) -> Iterator[_Weighed]:
    """A draft as sure as what is written makes it, with each choice of what is heard, or that by itself."""
    low = min(confidence, _most([replace(first, trust=min(first.trust, LETTERED_TRUST))]))
    for chosen in _choices([e for e in near if e.sense in ("speech", "sound")], are_apart):
        is_free = all(are_apart(e, first) for e in chosen)
        yield _together(low if is_free else 0.0, _most([first]), chosen)


def _choices(found: Sequence[Evidence], are_independent: _Related) -> Iterator[tuple[Evidence, ...]]:
    """Every choice of at most one piece a sense of which none depends on another; the empty one first."""
    senses = dict.fromkeys(e.sense for e in found)
    related = cache(are_independent)
    for row in product(*([None, *(e for e in dict.fromkeys(found) if e.sense == s)] for s in senses)):
        chosen = tuple(e for e in row if e is not None)
        if all(related(a, b) for a, b in combinations(chosen, 2)):
            yield chosen


def _together(confidence: float, limit: float, chosen: tuple[Evidence, ...]) -> _Weighed:
    either = 1 - (1 - confidence) * math.prod(1 - e.confidence for e in chosen)
    return _Weighed(min(either, max(limit, _most(chosen))), chosen)


def _most(found: Sequence[Evidence]) -> float:
    """How sure the most trusted of some evidence can make anything."""
    return max((replace(e, fit=1.0).confidence for e in found), default=0.0)


def _surest(weighed: Iterator[_Weighed]) -> _Weighed:
    return max(weighed, key=lambda each: each.confidence)
