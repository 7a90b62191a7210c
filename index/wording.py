"""What a text asks for: words that may be there and quotations that must, as a query of the full-text index."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .folding import folds, is_beginning, phrase
from .stemming import stems

_QUOTED = re.compile('"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」|『([^』]+)』')
_LATIN_MAX = "\u024f"


@dataclass(frozen=True)
class Wording:
    """``stems`` and ``parts`` of single words, as ``stemming`` and ``folding`` make them, and ``phrases``."""

    stems: tuple[str, ...]
    parts: tuple[str, ...]
    phrases: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Wording:
        """The wording of any text; quotation marks without words, or without a partner, are no quotation."""
        quotations = [next(filter(None, found)) for found in _QUOTED.findall(text)]
        phrases = tuple(filter(None, map(phrase, quotations)))
        # Another script's words have no stems in English, and marks would take them apart.
        latin = (s for s in stems(text) if max(s) <= _LATIN_MAX)
        return cls(tuple(dict.fromkeys(latin)), tuple(dict.fromkeys(folds(text))), phrases)

    def terms(self) -> list[str]:
        """One query for each word, so that they can be counted one by one."""
        return [*(f"stems : {quoted(s)}" for s in self.stems), *map(_part, self.parts)]

    def query(self, is_telling: Callable[[str], bool] = lambda term: True) -> str:
        """The FTS5 query: every quotation, and any of the telling words; empty where nothing is asked for."""
        terms = self.terms()
        words = " OR ".join([term for term in terms if is_telling(term)] or terms)
        must = " AND ".join(map(_part, self.phrases))
        return f"{must} AND ({must} OR {words})" if must else words


def quoted(words: str) -> str:
    """Words as FTS5 takes them without a second thought: colons, hyphens, NEAR and AND included."""
    return '"' + words.replace("\0", " ").replace('"', '""') + '"'


def _part(words: str) -> str:
    return f"folded : {quoted(words)}" + (" *" if is_beginning(words.split()[-1]) else "")
