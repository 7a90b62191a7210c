"""What is it about: one telling sentence from each part of the video, in order."""

from __future__ import annotations

import math
from collections import Counter

from ...index.records import Sense, Text
from ...index.stemming import stems
from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from ..words import content_words

_PARTS = 6
_MIN_WORDS = 3


def read(inquiry: Inquiry) -> Draft:
    """Sentences that hold the words most typical of the video, at most one per sixth of its length.

    Speech is preferred; a silent video is told by its words on screen. Frequent words of the whole
    video weigh a sentence, as in Luhn's abstracts (1958).
    """
    texts = _sentences(inquiry, "speech") or _sentences(inquiry, "screen")
    if not texts:
        return NOT_FOUND
    counts = Counter(s for t in texts for s in set(_telling(t)))
    part_s = inquiry.memory.video.duration_s / _PARTS
    chosen = []
    for part in range(_PARTS):
        inside = [t for t in texts if part == min(int(t.span.middle_s / part_s), _PARTS - 1)]
        if inside:
            chosen.append(max(inside, key=lambda t: (_weight(t, counts), -t.span.start_s)))
    support = tuple(Evidence(t.span, t.sense, t.body, 0.8, t.trust, (t.id,)) for t in chosen)
    return Draft(" ".join(_closed(t.body) for t in chosen), min(e.confidence for e in support), support)


def _sentences(inquiry: Inquiry, sense: Sense) -> list[Text]:
    texts = [t for t in inquiry.memory.texts(sense) if inquiry.is_wanted(t.span)]
    return [t for t in texts if len(stems(t.body)) >= _MIN_WORDS]


def _telling(text: Text) -> tuple[str, ...]:
    return stems(" ".join(content_words(text.body)))


def _weight(text: Text, counts: Counter[str]) -> float:
    telling = set(_telling(text))
    return sum(math.log1p(counts[s]) for s in telling) / math.sqrt(len(telling) + 4)


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."
