"""Words as they are compared: lemmas and stems of one language, and numbers as digits."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowballstemmer.english_stemmer import EnglishStemmer

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+", re.UNICODE)
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {word: i for i, word in enumerate(_UNITS)} | {word: 10 * (i + 2) for i, word in enumerate(_TENS)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, lower case, without apostrophes' endings."""
    return _WORD.findall(re.sub(r"[’']s?\b", " ", text.lower()))


@lru_cache(maxsize=8192)
def stems(text: str) -> tuple[str, ...]:
    """The stems of all words of a text, in order; number words become digits.

    >>> stems("She wrote forty-two letters"), stems("two letters were written in eighteen ninety")
    (('she', 'write', '42', 'letter'), ('2', 'letter', 'be', 'write', 'in', '1890'))
    """
    return tuple(stem(word) for word in fold_numbers(words_of(text)))


# Forms that simplemma takes for another word.
_IRREGULAR = {
    "gone": "go", "broke": "break", "won": "win", "felt": "feel", "thought": "think", "shook": "shake",
}  # fmt: skip


@cache
def stem(word: str) -> str:
    """The stem (Snowball English) of the lemma of one lower-case word, so that "wrote" meets "written"."""
    import simplemma

    word = _IRREGULAR.get(word, word)
    return str(_stemmer().stemWord(str(simplemma.lemmatize(word, lang="en")).lower()))


@cache
def _stemmer() -> EnglishStemmer:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def fold_numbers(words: list[str]) -> list[str]:
    """The words with every spoken number as digits: "two hundred" as 200, "eighteen ninety" as 1890."""
    folded: list[str] = []
    place = 0
    while place < len(words):
        value, used = _number_at(words, place)
        folded.append(str(value) if used else words[place])
        place += used or 1
    return folded


def _number_at(words: list[str], place: int) -> tuple[int, int]:
    """The number that begins at a place and how many words it takes, (0, 0) where none begins."""
    total, used = _below_hundred(words, place)
    if not used:
        return 0, 0
    year, more = _below_hundred(words, place + used)
    if 13 <= total <= 20 and more and year >= 10:
        return total * 100 + year, used + more
    whole = 0
    while place + used < len(words) and words[place + used] in _SCALES:
        scale, used = _SCALES[words[place + used]], used + 1
        whole, total = (whole, total * scale) if scale == 100 else (whole + total * scale, 0)
        joint = 1 if place + used < len(words) and words[place + used] == "and" else 0
        rest, more = _below_hundred(words, place + used + joint)
        if more:
            total, used = total + rest, used + joint + more
    return whole + total, used


def _below_hundred(words: list[str], place: int) -> tuple[int, int]:
    value = _VALUES.get(words[place]) if place < len(words) else None
    if value is None:
        return 0, 0
    unit = _VALUES.get(words[place + 1], 0) if place + 1 < len(words) else 0
    return (value + unit, 2) if value >= 20 and 1 <= unit <= 9 else (value, 1)
