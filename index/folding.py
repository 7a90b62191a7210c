"""Words in a form that needs no knowledge of their language: for scripts without spaces, and foreign words."""

from __future__ import annotations

import re
import unicodedata

# Scripts whose words stand without spaces, or with endings grown on: Thai to Myanmar, Hangul, Khmer, kana, Han.
_UNSPACED = re.compile(
    "([\u0e00-\u0fff\u1000-\u11ff\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and signs that cannot be seen. Vowel
# signs of Thai or Devanagari and the marks of kana make another word, and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u00ad\u200b-\u200f\u2060\ufeff]+"
)
_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
_PLAIN_WORD = re.compile(r"[a-z0-9]+")


def folded(text: str) -> str:
    """The words of a text as they are indexed, a space between them.

    Case, accents and width are gone; a run without spaces counts as its pairs of neighbouring characters
    and its last one, so that every character begins something.

    >>> folded("Café ＡＢＣ"), folded("東京都"), folded("猫")
    ('cafe abc', '東京 京都 都', '猫')
    """
    return " ".join(part for run in runs(text) for part in _indexed(run))


def folds(text: str) -> list[str]:
    """The words of a question in the same form; a run without spaces counts as its pairs only.

    A single character of such a run is the beginning of what it is found by; see ``is_beginning``.

    >>> folds("das Café"), folds("東京都"), folds("猫")
    (['das', 'cafe'], ['東京', '京都'], ['猫'])
    """
    return [part for run in runs(text) for part in _asked(run)]


def phrase(text: str) -> str:
    """The words of a quotation, to be found beside each other in what ``folded`` made.

    >>> phrase("Gull-Island"), phrase("東京 タワー")
    ('gull island', '東京 京 タワ ワー')
    """
    whole = runs(text)
    inner = [part for run in whole[:-1] for part in _indexed(run)]
    return " ".join([*inner, *(part for run in whole[-1:] for part in _asked(run))])


def is_beginning(part: str) -> bool:
    """Whether a part of a question is a single character that any indexed pair may begin with."""
    return len(part) == 1 and _UNSPACED.fullmatch(part) is not None


def runs(text: str) -> list[str]:
    """The words of a text without case, accents and width; scripts without spaces stand by themselves."""
    if text.isascii():
        return _PLAIN_WORD.findall(text.lower())
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    bare = unicodedata.normalize("NFC", _ACCENTS.sub("", plain)).translate(_WHOLE_LETTERS)
    return _UNSPACED.sub(r" \1 ", "".join(c if _is_of_words(c) else " " for c in bare)).split()


def _is_of_words(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _indexed(run: str) -> list[str]:
    return [*_pairs(run), run[-1]] if _UNSPACED.fullmatch(run) else [run]


def _asked(run: str) -> list[str]:
    return (_pairs(run) or [run]) if _UNSPACED.fullmatch(run) else [run]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]
