"""When does it happen: the seconds of the best evidence."""

from __future__ import annotations

from ..evidence import Evidence
from ..inquiry import NOT_FOUND, Draft, Inquiry
from ..question import Question
from .favour import favoured

# Evidence this near to the best one is another moment of the same thing, not a worse guess.
_AS_GOOD = 0.85
# Where every moment is wanted, one that is half as sure is another one.
_EVERY_FROM, _EVERY_SHARE = 0.25, 0.5


def read(inquiry: Inquiry) -> Draft:
    """The moment asked for, or all that fit equally well, in order of confidence; every one where that is asked for."""
    favourites = favoured(inquiry.evidence(), inquiry.question.text)
    found = all_good(favourites) if inquiry.question.is_every else equally_good(favourites)
    if not found:
        return NOT_FOUND
    return drafted(found, inquiry.question)


def drafted(found: list[Evidence], question: Question) -> Draft:
    """The moments that a question means, of evidence that is best first; yes to one that only asks for any."""
    chosen = pick(found, question.ordinal)
    if not chosen:
        return NOT_FOUND
    text = ", ".join(str(e.span) for e in sorted(chosen, key=lambda e: e.span))
    return Draft("yes" if question.kind == "yesno" else text, chosen[0].confidence, tuple(chosen))


def equally_good(found: list[Evidence]) -> list[Evidence]:
    """The best evidence and what comes close to it, best first."""
    return [e for e in found if e.confidence >= _AS_GOOD * found[0].confidence] if found else []


def all_good(found: list[Evidence]) -> list[Evidence]:
    """All evidence that may be another moment of the same thing, best first."""
    return (
        [e for e in found if e.confidence >= max(_EVERY_FROM, _EVERY_SHARE * found[0].confidence)]
        if found
        else []
    )


def pick(found: list[Evidence], ordinal: int | None) -> list[Evidence]:
    """The one that an ordinal means (1 first, -1 last), counted in time; all where there is none."""
    if ordinal is None:
        return found
    in_time = sorted(found, key=lambda e: e.span)
    place = ordinal - 1 if ordinal > 0 else len(in_time) + ordinal
    return in_time[place : place + 1] if 0 <= place < len(in_time) else []
