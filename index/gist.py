"""One line for a stretch of video, in its own words: what was said, what stood on screen, or how it looked."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..tools.appearance import COLOURS, colour_shares
from ..tools.clock import Span
from ..tools.plain import plain
from ..tools.roles import Vectors
from .headline import LEGIBLE_AREA, TITLE_AREA, TITLE_CHARACTERS, headline
from .records import Text
from .stemming import stems

GIST_CHARACTERS = 120
SPOKEN, SHOWN = "“", "["
"""How a gist begins that quotes what was said, and one that quotes what stood on screen."""

_COLOUR_SHARE, _REPEATED_SHARE = 0.15, 0.8
_SOUND = re.compile(r"(?:[\[(][^\])]*[\])]\s*)+")
_SOUND_SHARE, _PER_WORD = 0.3, 0.1
# Words that tell nothing of what a sentence is about.
_EMPTY = frozenset(
    "a about all also am an and any are as at be because been but by can could did do does for from get go"
    " going got had has have he her here him his how i if in into is it just know like me more my no not now of"
    " oh ok okay on one or our out right say see she should so some than that the their them then there these"
    " they thing this to up us very was we well were what when where which who will with would yeah yes you your"
    .split()
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What a stretch holds: texts that lie in it, in order, and the vectors (n, d) of its pictures."""

    span: Span
    said: Sequence[Text]
    shown: Sequence[Text]
    vectors: Vectors
    has_colours: bool = False

    @property
    def has_words(self) -> bool:
        """Whether anything was said or stood on screen."""
        return bool(self.said or self.shown)


GistMaker = Callable[[Content], str]
"""A model that tells in a line what a stretch is about; empty where it does not know."""


def gist_of(content: Content) -> str:
    """At most ``GIST_CHARACTERS`` of what was said and shown, or the colours of a stretch that tells nothing."""
    said = _telling(content.said)
    shown = headline(content.shown, content.span, TITLE_AREA if said else LEGIBLE_AREA)
    if not said and not shown:
        return _colours(content)
    if not said:
        return f"[{shortened(shown, GIST_CHARACTERS - 2)}]"
    title = f" [{shortened(shown, TITLE_CHARACTERS)}]" if shown else ""
    return f"“{shortened(said, GIST_CHARACTERS - 2 - len(title))}”{title}"


def shortened(text: str, n_characters: int = GIST_CHARACTERS) -> str:
    """The text on one line, cut at a word where it is longer."""
    line = " ".join(plain(text).split())
    if len(line) <= n_characters:
        return line
    return line[: n_characters - 2].rsplit(" ", 1)[0] + " …"


def n_content_words(texts: Sequence[Text]) -> int:
    """How many different words stand in texts that tell what they are about."""
    return len({word for text in texts for word in _content_words(text.body)})


def repeats_words(content: Content, other: Content) -> bool:
    """Whether nearly all that is said and shown in a stretch is said or shown in the other one as well."""
    own, others = (
        {w for text in (*c.said, *c.shown) for w in _content_words(text.body)} for c in (content, other)
    )
    return len(own & others) >= _REPEATED_SHARE * len(own)


def _telling(said: Sequence[Text]) -> str:
    """The sentence that tells most of what is spoken of, in as few words as it can: among equals the first.

    A word counts for more the more often it comes up, so that the sentence on the topic wins (as in Luhn's
    abstracts, 1958); what a recogniser was unsure of, and what stands in brackets as a sound, counts less.
    """
    often = Counter(word for text in said for word in _content_words(text.body))

    def tells(text: Text) -> float:
        weight = sum(1 + math.log(often[word]) for word in _content_words(text.body))
        # A sentence that has to be cut does not tell all of it.
        cut = min(1.0, GIST_CHARACTERS / max(1, len(text.body)))
        sound = _SOUND_SHARE if _SOUND.fullmatch(text.body.strip()) else 1.0
        return sound * text.trust * cut * weight - _PER_WORD * len(stems(text.body))

    best = max(said, key=tells, default=None)
    return best.body if best else ""


def _content_words(body: str) -> set[str]:
    return {word for word in stems(body) if word not in _EMPTY and not word.isdigit()}


def _colours(content: Content) -> str:
    words = "" if content.has_words else "no words"
    if not content.has_colours or not len(content.vectors):
        return words or "no telling words"
    shares = colour_shares(content.vectors).mean(axis=0)
    strongest = [i for i in np.argsort(-shares, kind="stable")[:2] if shares[i] >= _COLOUR_SHARE]
    seen = "mostly " + " and ".join(COLOURS[i] for i in strongest) if strongest else ""
    return ", ".join(filter(None, [words, seen])) or "no telling words"
