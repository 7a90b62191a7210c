"""Evidence that is worded as an answer: a reason for "why", a name for "called", an amount for "how tall"."""

from __future__ import annotations

import re
from dataclasses import replace

from ..evidence import Evidence, best_first
from .quantity import measured, unit_family

_REASON = re.compile(r"\b(?:because|since|so that|due to|in order to|therefore|that is why)\b", re.I)
_NAMING = re.compile(r"\b(?:called|named|names? (?:is|was|of)|known as|it's an?|it is an?)\b", re.I)
_ASKS_NAME = re.compile(r"\b(?:called|names?|named|call)\b", re.I)
_BONUS = 0.2
_UNSTATED = 0.75
_HALF = 0.5


def favoured(found: list[Evidence], question: str) -> list[Evidence]:
    """The evidence, best first, where that which is worded as an answer counts for more.

    Where a name or an amount is asked for and some evidence states one, the rest counts for less.
    """
    worded = {e for e in found if _is_worded_for(question, e.quote)}
    is_stated = any(e.fit >= _HALF for e in worded) and bool(
        _ASKS_NAME.search(question) or unit_family(question)
    )
    return best_first([_raised(e) if e in worded else _lowered(e) if is_stated else e for e in found])


def _raised(evidence: Evidence) -> Evidence:
    return replace(evidence, fit=round(min(1.0, evidence.fit + _BONUS), 4))


def _lowered(evidence: Evidence) -> Evidence:
    return replace(evidence, fit=round(evidence.fit * _UNSTATED, 4))


def _is_worded_for(question: str, quote: str) -> bool:
    if re.match(r"\W*why\b", question, re.I) and _REASON.search(quote):
        return True
    if _ASKS_NAME.search(question) and _NAMING.search(quote):
        return True
    family = unit_family(question)
    return bool(family and measured(quote, family))
