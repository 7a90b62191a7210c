"""What a Whisper wrote down of a stretch of speech, as utterances in order, each trusted as far as it deserves.

A Whisper that hears no words goes on writing all the same, and says so only by its own figures and by repeating
itself. Such text is kept, since it may be right, but at a low trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..clock import Span
from ..roles import Utterance
from ..speech import PAUSE_S, UTTERANCE_S, phrased

TRUST_MAX = 0.9
"""The trust where the model is sure of every word: below that of an author's subtitles."""

LOW_TRUST = 0.2
"""The most that doubtful text is trusted."""

NO_SPEECH, LOGPROB, COMPRESSION = 0.6, -1.0, 2.4
"""Limits of the authors (Radford and others 2022, "Robust Speech Recognition via Large-Scale Weak Supervision")."""

WORD_S = 0.02
"""The least that a word lasts, which is the step of a Whisper's clock."""

_N_PHRASE, _N_TIMES, _N_REPEATED = 8, 3, 4


@dataclass(frozen=True)
class HeardWord:
    """A word as written, with the space before it; ``probability`` in [0, 1] is the model's own belief in it."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True)
class Signs:
    """The model's figures on a piece.

    ``no_speech`` is the probability that nobody spoke, ``logprob`` the natural logarithm of that of a token, on
    average, and ``compression`` the length of the text divided by that of the same text compressed.
    """

    no_speech: float
    logprob: float
    compression: float

    @property
    def are_doubtful(self) -> bool:
        """Whether a figure is beyond its limit, or no number."""
        return not (
            self.no_speech <= NO_SPEECH and self.logprob >= LOGPROB and self.compression <= COMPRESSION
        )


@dataclass(frozen=True)
class Piece:
    """Words that the model wrote down together."""

    words: tuple[HeardWord, ...]
    signs: Signs


@dataclass(frozen=True)
class _Word:
    text: str
    span: Span
    probability: float
    n_piece: int
    is_doubtful: bool


def utterances(pieces: Sequence[Piece], speech: Sequence[Span]) -> list[list[Utterance]]:
    """What was said within each of some stretches of speech, all in order of time.

    An utterance is a piece, or a part of one where it has a pause or goes on for too long. A word belongs to the
    stretch that is nearest, though never to one before that of the word before. Within its stretch it begins where
    the word before has ended, or later, and it lies inside, whatever the model says of its time.
    """
    words: list[list[_Word]] = [[] for _ in speech]
    spoken = [(n, piece, word) for n, piece in enumerate(pieces) for word in piece.words if word.text.strip()]
    repeated = repeated_places([word.text for _, _, word in spoken])
    nearest = 0
    for place, (n_piece, piece, word) in enumerate(spoken):
        nearest = max(nearest, _nearest(speech, (word.start_s + word.end_s) / 2))
        doubtful = piece.signs.are_doubtful or place in repeated
        span = _placed(word, words[nearest], speech[nearest])
        words[nearest].append(_Word(word.text, span, word.probability, n_piece, doubtful))
    return [[_utterance(phrase) for phrase in phrased(some, _goes_on)] for some in words]


def repeated_places(texts: Sequence[str]) -> set[int]:
    """Places of words in a phrase that is said three times or more in a row, and four words or more in all."""
    plain = ["".join(filter(str.isalnum, text.casefold())) for text in texts]
    return {
        place
        for n_words in range(1, _N_PHRASE + 1)
        for run in _runs(plain, n_words)
        if len(run) >= max(_N_TIMES * n_words, _N_REPEATED)
        for place in run
    }


def _runs(words: Sequence[str], n_words: int) -> Iterator[range]:
    """Stretches that go on as they did ``n_words`` before."""
    first = 0
    for place in range(n_words, len(words) + 1):
        if place == len(words) or words[place] != words[place - n_words]:
            yield range(first, place)
            first = place - n_words + 1


def _nearest(speech: Sequence[Span], time_s: float) -> int:
    moment = Span(time_s, time_s)
    # Of two that are as near, the earlier, wherever on the clock they lie.
    return min(range(len(speech)), key=lambda n: round(speech[n].gap_s(moment), 6))


def _placed(word: HeardWord, before: Sequence[_Word], within: Span) -> Span:
    free_s = before[-1].span.end_s if before else within.start_s
    start_s = min(max(word.start_s, free_s), max(within.start_s, within.end_s - WORD_S))
    return Span(start_s, min(max(word.end_s, start_s + WORD_S), within.end_s))


def _goes_on(phrase: Sequence[_Word], word: _Word) -> bool:
    pause_s = word.span.start_s - phrase[-1].span.end_s
    length_s = word.span.end_s - phrase[0].span.start_s
    return word.n_piece == phrase[-1].n_piece and pause_s <= PAUSE_S and length_s <= UTTERANCE_S


def _utterance(phrase: Sequence[_Word]) -> Utterance:
    span = Span(phrase[0].span.start_s, phrase[-1].span.end_s)
    return Utterance(span, "".join(word.text for word in phrase).strip(), _trust(phrase))


def _trust(phrase: Sequence[_Word]) -> float:
    probability = sum(word.probability for word in phrase) / len(phrase)
    trust = TRUST_MAX * min(max(0.0, probability), 1.0)
    return min(trust, LOW_TRUST) if any(word.is_doubtful for word in phrase) else trust
