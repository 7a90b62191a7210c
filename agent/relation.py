"""Moments that a question names by other moments: what comes before one, after it, meanwhile, or between two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .languages.english import ENGLISH
from .languages.language import NEVER, Language
from .words import content_words, masked

Side = Literal["before", "after", "during"]

# What is longer is no question but a text, in which such words say anything.
_LENGTH_MAX = 400
_QUOTED = r"[\"“”„][^\"“”„]*[\"“”]|«[^«»]*»|(?<!\w)['‘‚][^'’‘‚]*['’‘](?!\w)"


@dataclass(frozen=True)
class Relation:
    """``rest`` of a question asks for what lies on ``side`` of ``anchor``; an empty one is the last answer.

    What ``is_close`` lies right beside it. With ``until`` it lies after the anchor and before that other moment.
    """

    side: Side
    anchor: str
    rest: str
    is_close: bool = False
    until: str = ""


def relation_in(text: str, language: Language = ENGLISH) -> Relation | None:
    """The relation that a question without options states; None where it states none, or goes on for long."""
    text = " ".join(text.split())
    if len(text) > _LENGTH_MAX:
        return None
    bare = masked(language.idle_sides, masked(_QUOTED, text))
    return next(_stated(bare, text, language), None) or _followed(bare, text, language)


def _stated(bare: str, text: str, language: Language) -> Iterator[Relation]:
    """Relations to moments that the text names, the likeliest first."""
    for between in language.between:
        found = re.match(between, bare, re.I)
        if found and (relation := _between(found, text, language)):
            yield relation
    for form in _forms(language):
        found = form.match(bare)
        if found and (relation := _beside(found, text, language)):
            yield relation
            return


def _between(found: re.Match[str], text: str, language: Language) -> Relation | None:
    anchor, until, rest = (_part(found, text, name) for name in ("anchor", "until", "rest"))
    if not all(any(word.isalpha() for word in content_words(part, language)) for part in (anchor, until)):
        return None
    return Relation("after", anchor, rest, until=until)


def _beside(found: re.Match[str], text: str, language: Language) -> Relation | None:
    anchor, rest = _part(found, text, "anchor"), _part(found, text, "rest")
    sides: list[Side] = [side for side, _ in language.sides if found.groupdict().get(side)]
    side: Side = sides[0] if sides else "during"
    is_close = found.groupdict().get("closely") is not None
    if re.match(language.last_answer, anchor, re.I):
        return Relation(side, "", rest, is_close)
    return Relation(side, anchor, rest, is_close) if content_words(anchor, language) else None


def _followed(bare: str, text: str, language: Language) -> Relation | None:
    found = _beside_last(language).search(bare)
    if found is None:
        return None
    side: Side = next(side for side, _ in language.beside_last if found[side])
    rest = f"{text[: found.start()]} {text[found.end() :]}".strip()
    return Relation(side, "", rest, found["closely"] is not None)


def _part(found: re.Match[str], text: str, name: str) -> str:
    return text[slice(*found.span(name))].strip()


@cache
def _forms(language: Language) -> tuple[re.Pattern[str], ...]:
    side = (
        rf"\b(?P<closely>{language.closely})?(?:{_sides(language.sides)})\s+{language.clause}"
        if language.sides
        else NEVER
    )
    forms = (
        rf"^\W*(?:{language.openers}\s+)?{side}(?P<anchor>[^,]+),\s*(?P<rest>.+)$",
        language.leading,
        rf"^(?P<rest>.+?)\s*{side}(?P<anchor>.+?)[\s?.!]*$",
    )
    return tuple(re.compile(form, re.I | re.S) for form in forms)


@cache
def _beside_last(language: Language) -> re.Pattern[str]:
    if not language.beside_last:
        return re.compile(NEVER)
    return re.compile(rf"\b(?P<closely>{language.closely})?(?:{_sides(language.beside_last)})(?!\w)", re.I)


def _sides(patterns: tuple[tuple[Side, str], ...]) -> str:
    return "|".join(rf"(?P<{side}>{pattern})" for side, pattern in patterns)
