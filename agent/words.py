"""Which words of a question carry content, and which only shape it; what it quotes."""

from __future__ import annotations

import re
from functools import lru_cache

from ..index.stemming import words_of
from .languages.english import ENGLISH
from .languages.language import Language

_QUOTED = re.compile(
    r"[\"“”„]([^\"“”„]{2,})[\"“”]|«\s?([^«»]{2,}?)\s?»|»([^«»]{2,})«|「([^「」]{2,})」"
    r"|(?:(?<=\s)|^)['‘‚]([^'’‘‚]{2,}(?:['’]\w[^'’]*)*)['’‘](?=\W|$)"
)
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9&.'-]+(?:\s+[A-Z0-9][A-Z0-9&.'-]*)*\b")


def is_light(word: str, language: Language = ENGLISH) -> bool:
    """Whether a word is a verb that evidence may lack without harm."""
    return word in language.light_verbs


def is_carrier(word: str, language: Language = ENGLISH) -> bool:
    """Whether a word names what words on screen stand on, such as a sign or a slide."""
    return word in language.carriers


def content_words(text: str, language: Language = ENGLISH) -> list[str]:
    """The words of a question that evidence should hold, in order, each once."""
    words = [w for w in words_of(text) if w not in language.function_words and w not in language.video_words]
    return list(dict.fromkeys(w for w in words if len(w) > 1 or w.isdigit()))


def phrases_in(text: str) -> tuple[str, ...]:
    """What a text quotes, else what it writes in capitals, as it stands there."""
    quoted = ["".join(groups) for groups in _QUOTED.findall(text)]
    if quoted:
        return tuple(phrase.strip() for phrase in quoted)
    if text.isupper():
        return ()
    capitals = [c for c in _CAPITALS.findall(text) if len(c) > 3 and c != text.strip(" ?.!")]
    return tuple(capitals)


@lru_cache(maxsize=64)
def without_quotes(text: str, instead: str = " ") -> str:
    """The text with something else in place of all that it quotes."""
    return _QUOTED.sub(instead, text)


def masked(pattern: str, text: str) -> str:
    """The text, as long as it was, with x's in place of what fits a pattern."""
    return re.sub(pattern, lambda found: "x" * len(found.group()), text, flags=re.I)
