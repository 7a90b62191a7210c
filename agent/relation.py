"""Moments that a question names by another moment: what comes before it, after it, or meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .words import content_words

Side = Literal["before", "after", "during"]

_SIDES: dict[str, Side] = {
    "before": "before", "until": "before", "till": "before", "preceding": "before", "prior to": "before",
    "after": "after", "following": "after",
    "while": "during", "during": "during", "as long as": "during",
}  # fmt: skip
# What is longer is no question but a text, in which such words say anything.
_LENGTH_MAX = 400
_CLOSELY = r"(?P<closely>(?:just|right|shortly|immediately|directly|straight)\s+)?"
_SIDE = rf"\b{_CLOSELY}(?P<side>{'|'.join(_SIDES)})\s+(?:when\s+)?"
_LEADING = re.compile(rf"^\W*(?:and\s+|so\s+)?{_SIDE}(?P<anchor>[^,]+),\s*(?P<rest>.+)$", re.I | re.S)
_TRAILING = re.compile(rf"^(?P<rest>.+?)\s*{_SIDE}(?P<anchor>.+?)[\s?.!]*$", re.I | re.S)
_THAT = re.compile(r"^(?:that|this|it|then|these|those)$", re.I)
_THAT_AT_END = r"(?: that| this| it)?(?=\s*(?:[?.!]|$))"
_NEXT = re.compile(
    r"\b(?P<closely>right |just |immediately )?"
    rf"(?:(?P<before>previously|before{_THAT_AT_END})"
    rf"|(?P<after>next|then|afterwards?|thereafter|after{_THAT_AT_END})"
    r"|(?P<during>at that (?:moment|point|time)|meanwhile|there))\b",
    re.I,
)
# Words in front of which "then" and "there" say nothing about time.
_IDLE = re.compile(
    r"\b(?:is|are|was|were) there\b|\bthere (?:is|are|was|were)\b|^\W*(?:so|and)? ?then,", re.I
)
_QUOTED = re.compile(r"[\"“”][^\"“”]*[\"“”]|(?<!\w)['‘][^'’]*['’](?!\w)")


@dataclass(frozen=True)
class Relation:
    """``rest`` of a question asks for what lies on ``side`` of ``anchor``; an empty one is the last answer.

    What is asked for ``closely`` lies right beside it.
    """

    side: Side
    anchor: str
    rest: str
    is_close: bool = False


def relation_in(text: str) -> Relation | None:
    """The relation that a question without options states; None where it states none, or goes on for long."""
    text = " ".join(text.split())
    if len(text) > _LENGTH_MAX:
        return None
    bare = _QUOTED.sub(lambda found: "x" * len(found.group()), text)
    found = _LEADING.match(bare) or _TRAILING.match(bare)
    if found and (relation := _stated(found, text)):
        return relation
    return _followed(bare, text)


def _stated(found: re.Match[str], text: str) -> Relation | None:
    anchor, rest = (text[slice(*found.span(part))].strip() for part in ("anchor", "rest"))
    side = _SIDES[" ".join(found["side"].lower().split())]
    if _THAT.match(anchor):
        return Relation(side, "", rest, bool(found["closely"]))
    return Relation(side, anchor, rest, bool(found["closely"])) if content_words(anchor) else None


def _followed(bare: str, text: str) -> Relation | None:
    found = _NEXT.search(_IDLE.sub(lambda idle: "x" * len(idle.group()), bare))
    if found is None:
        return None
    side: Side = "before" if found["before"] else "after" if found["after"] else "during"
    rest = f"{text[: found.start()]} {text[found.end() :]}".strip()
    return Relation(side, "", rest, bool(found["closely"]))
