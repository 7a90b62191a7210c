"""Recalling what was said and what stood on screen: how much of a question each text holds."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..index.memory import Memory
from ..index.recall import document_count, search_texts
from ..index.records import Sense, Text
from ..index.stemming import stems
from ..tools.clock import Span
from .evidence import Evidence, best_first
from .layout import row_of

# How far around a sentence its neighbours still tell what it is about.
CONTEXT_S = 8.0
_CONTEXTS_S: dict[Sense, float] = {"speech": CONTEXT_S, "screen": 0.0}
_FROM_CONTEXT = {"speech": 0.6, "screen": 0.7}
_OTHER_SENSE = 0.7
_WITHOUT_ASIDES = 0.1
_LIKE_SPELLING = 0.8
_PHRASE_FLOOR = 0.7
_FROM_CARD, _BESIDES = 0.99, 0.08
_SHORT_PHRASE, _SHORT_FLOOR = 6, 0.9
_CANDIDATES_MAX = 60


@dataclass(frozen=True)
class Cues:
    """What to look for in texts: whole phrases, single words, and the senses that were asked for.

    ``asides`` are words that speak for a text that holds them, and not against one that does not.
    ``wants_moment`` limits a sentence to the part that says the words; otherwise it is taken whole,
    since the answer may stand in another part.
    """

    words: tuple[str, ...]
    asides: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    senses: frozenset[Sense] = frozenset()
    window: Span | None = None
    wants_moment: bool = True


class Recollection:
    """Texts of one video weighed against cues.

    A word counts for as much as it is rare in the video; one that never occurs counts most, so a
    question about something absent finds little (inverse document frequency, Spärck Jones 1972).
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._found: dict[Cues, list[Evidence]] = {}
        self._texts: dict[tuple[str, ...], list[Text]] = {}
        self._contexts: dict[int, list[Text]] = {}

    def find(self, cues: Cues) -> list[Evidence]:
        """Evidence for the cues, best first; empty where no text holds any of them."""
        if cues not in self._found:
            self._found[cues] = self._weighed(cues)
        return list(self._found[cues])

    def _weighed(self, cues: Cues) -> list[Evidence]:
        weights, wanted = self._weights(_words(cues)), _stems(cues)
        texts = [text for text in self.texts(cues) if _is_wanted(text, cues)]
        self._recall_contexts(texts)
        weighed = [self._weigh(text, cues, weights) for text in texts]
        fitting = sorted((pair for pair in weighed if pair[1].fit > 0), key=lambda pair: -pair[1].confidence)
        best = fitting[:_CANDIDATES_MAX]
        parts = self._memory.parts_each([text.id for text, _ in best])
        return _joined([self._narrowed(t, e, wanted, cues, p) for (t, e), p in zip(best, parts, strict=True)])

    def texts(self, cues: Cues) -> list[Text]:
        """Texts of the video that hold any of the words, phrases and asides, the best first (BM25)."""
        wanted = tuple(sorted(_stems(cues)))
        if wanted not in self._texts:
            self._texts[wanted] = search_texts(self._memory, list(wanted))
        return list(self._texts[wanted])

    def context(self, text: Text) -> list[Text]:
        """The text with its neighbours of the same sense, in order."""
        if text.id not in self._contexts:
            self._recall_contexts([text])
        return self._contexts[text.id]

    def _recall_contexts(self, texts: Sequence[Text]) -> None:
        """Find the neighbours of all of them at once, which takes a query for each sense and not for each text."""
        for sense, within_s in _CONTEXTS_S.items():
            new = [text for text in texts if text.sense == sense and text.id not in self._contexts]
            found = self._memory.texts_near_each([text.span for text in new], sense, within_s)
            for text, near in zip(new, found, strict=True):
                self._contexts[text.id] = near if sense == "speech" else _together(text, near)

    def _weights(self, words: tuple[str, ...]) -> dict[str, float]:
        n = self._memory.n_texts()
        return {w: math.log((n + 2) / (document_count(self._memory, w) + 0.5)) for w in words}

    def _weigh(self, text: Text, cues: Cues, weights: dict[str, float]) -> tuple[Text, Evidence]:
        near = self.context(text)
        phrased = {s for phrase in cues.phrases for s in stems(phrase)}
        fit = _share_held({t: w for t, w in weights.items() if t not in phrased}, text, near)
        if cues.phrases:
            fit = _phrase_fit(cues.phrases, text, near, fit)
        asides = [_held(t, text, near) for t in stems(" ".join(cues.asides))]
        if asides:
            fit *= 1 - _WITHOUT_ASIDES * (1 - sum(asides) / len(asides))
        if cues.senses and text.sense not in cues.senses:
            fit *= _OTHER_SENSE
        # The order of equal fits follows how closely the words stand together.
        near_words = 1.0 if cues.phrases else _closeness(text, list(weights))
        fit = min(1.0, fit * (0.97 + 0.03 * near_words))
        return text, Evidence(text.span, text.sense, text.body, round(fit, 4), text.trust, (text.id,))

    def _narrowed(
        self, text: Text, found: Evidence, wanted: set[str], cues: Cues, parts: list[tuple[Span, str]]
    ) -> Evidence:
        """The evidence limited to where the wanted words are said, or stand on screen together."""
        if text.sense == "screen":
            near = self.context(text)
            quote = _phrase_lines(text, near, cues.phrases) if cues.phrases else found.quote
            return replace(found, span=_shown_together(text, near, wanted), quote=quote)
        if not cues.wants_moment:
            return found
        holding = [span for span, body in parts if wanted & set(stems(body))]
        return replace(found, span=holding[0].hull(holding[-1])) if holding else found


def _words(cues: Cues) -> tuple[str, ...]:
    """Stems that a text is weighed by; with nothing but asides they are all there is to go by."""
    return stems(" ".join(cues.words or cues.asides))


def _stems(cues: Cues) -> set[str]:
    return {*_words(cues), *(s for part in (*cues.phrases, *cues.asides) for s in stems(part))}


def _together(text: Text, near: Sequence[Text]) -> list[Text]:
    """What stands on screen with a line for a good part of its time or of their own."""
    return [
        t for t in near if t.span.overlap_s(text.span) >= 0.3 * min(t.span.duration_s, text.span.duration_s)
    ]


def _is_wanted(text: Text, cues: Cues) -> bool:
    return cues.window is None or text.span.overlap_s(cues.window) > 0


def _share_held(weights: dict[str, float], text: Text, near: list[Text]) -> float:
    """How much of the words' weight a text holds, in [0, 1]; all of it where no words are asked for."""
    total = sum(weights.values())
    return sum(w * _held(t, text, near) for t, w in weights.items()) / total if total else 1.0


def _held(word: str, text: Text, near: list[Text]) -> float:
    own = stems(row_of(text, near) if text.sense == "screen" else text.body)
    if word in own:
        return 1.0
    if any(word in stems(t.body) for t in near):
        return _FROM_CONTEXT[text.sense]
    if (text.sense == "screen" or text.trust < 0.9) and len(word) >= 4:
        return _LIKE_SPELLING if difflib.get_close_matches(word, own, 1, _LIKE_SPELLING) else 0.0
    return 0.0


def _phrase_fit(phrases: tuple[str, ...], text: Text, near: list[Text], fit: float) -> float:
    """A phrase is there or not: what is spelled too differently does not count at all."""
    whole = " ".join(t.body for t in sorted(near, key=_reading_order))
    likeness = [max(_filled(phrase, text.body), _FROM_CARD * _filled(phrase, whole)) for phrase in phrases]
    all_there = all(like >= _floor(phrase) for like, phrase in zip(likeness, phrases, strict=True))
    some_here = any(_shares_words(phrase, text.body) for phrase in phrases)
    return min(likeness) * (0.85 + 0.15 * fit) if all_there and some_here else 0.0


def phrase_likeness(phrase: str, text: str) -> float:
    """How nearly a text holds a phrase, letter by letter, in [0, 1]; case and punctuation do not count."""
    wanted, letters = _letters(phrase), _letters(text)
    if not wanted:
        return 0.0
    if wanted in letters:
        return 1.0
    n = len(wanted)
    starts = {
        m.b - m.a
        for m in difflib.SequenceMatcher(None, wanted, letters, autojunk=False).get_matching_blocks()
    }
    windows = [letters[max(0, start) : max(0, start) + n] for start in starts]
    return max(
        (difflib.SequenceMatcher(None, wanted, w, autojunk=False).ratio() for w in windows), default=0.0
    )


def _reading_order(text: Text) -> tuple[float, float, float]:
    """By time for what was said, from top to bottom and left to right for what stands on screen."""
    return (0.0, round(text.box[1], 2), text.box[0]) if text.box else (text.span.start_s, 0.0, 0.0)


def _filled(phrase: str, text: str) -> float:
    """The likeness of a phrase, a little less where the text says much besides: a title is not its web address."""
    share = min(1.0, len(_letters(phrase)) / max(1, len(_letters(text))))
    return phrase_likeness(phrase, text) * (1 - _BESIDES + _BESIDES * share)


def _floor(phrase: str) -> float:
    """How like a phrase a text must be: a letter's difference makes another word of a short one."""
    return _PHRASE_FLOOR if len(_letters(phrase)) > _SHORT_PHRASE else _SHORT_FLOOR


def _shares_words(phrase: str, body: str) -> bool:
    own = stems(body)
    return any(difflib.get_close_matches(word, own, 1, 0.7) for word in stems(phrase))


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def _closeness(text: Text, wanted: list[str]) -> float:
    """Share of neighbouring pairs of wanted words that stand next to each other in the text."""
    own = stems(text.body)
    pairs = set(pairwise(own))
    asked = list(pairwise(wanted))
    return sum(pair in pairs for pair in asked) / len(asked) if asked else 0.0


def _phrase_lines(text: Text, near: list[Text], phrases: tuple[str, ...]) -> str:
    """The lines that a phrase is spread over, as they are read."""
    letters = [_letters(phrase) for phrase in phrases]
    lines = [t for t in near if t.id == text.id or any(_letters(t.body) in whole for whole in letters)]
    return " ".join(dict.fromkeys(t.body for t in sorted(lines, key=_reading_order)))


def _shown_together(text: Text, near: list[Text], wanted: set[str]) -> Span:
    own = set(stems(text.body))
    missing = wanted - own
    start_s, end_s = text.span.start_s, text.span.end_s
    for other in near:
        if missing & set(stems(other.body)):
            start_s, end_s = max(start_s, other.span.start_s), min(end_s, other.span.end_s)
    return Span(start_s, end_s) if start_s < end_s else text.span


def _joined(found: list[Evidence]) -> list[Evidence]:
    """Lines of one card that were found for the same reason count once, as the best of them."""
    kept: list[Evidence] = []
    for evidence in best_first(found):
        twin = any(
            evidence.sense == "screen" == k.sense
            and evidence.span.overlap_s(k.span) > 0.5 * evidence.span.duration_s
            for k in kept
        )
        if not twin:
            kept.append(evidence)
    return kept
