"""Which language a question is in."""

from __future__ import annotations

import re

from ...index.stemming import words_of
from .english import ENGLISH
from .german import GERMAN
from .language import Language

PLAIN = Language("und")
"""Stands for every language without rules of its own."""

LANGUAGES = (ENGLISH, GERMAN)
"""Languages with rules; of those that fit a text equally well the first is taken."""

# Less of a text than this in words that shape questions is another language, or names alone.
_SHARE_MIN = 0.15
# So few words may be names or things alone.
_N_WORDS_FEW = 3


def language_of(text: str) -> Language:
    """The language most of whose words for asking a text holds; ``PLAIN`` where it holds too few of any.

    Languages with many words in common cannot be told apart by a text of one or two words.
    """
    words = [word for word in words_of(text) if len(word) > 1 and not word.isdigit()]
    best = max(LANGUAGES, key=lambda language: _n_shaping(words, language))
    if _n_shaping(words, best) >= max(1.0, _SHARE_MIN * len(words)) or _asks(text, best):
        return best
    return LANGUAGES[0] if len(words) <= _N_WORDS_FEW and text.isascii() else PLAIN


def by_code(code: str) -> Language:
    """The language with a code; ``PLAIN`` for one without rules."""
    return next((language for language in LANGUAGES if language.code == code), PLAIN)


def _n_shaping(words: list[str], language: Language) -> int:
    return sum(word in language.function_words or word in language.video_words for word in words)


def _asks(text: str, language: Language) -> bool:
    return any(re.search(pattern, text.strip(), re.I) for _, pattern in language.kinds)
