"""The embedded extractive reader: one module per kind of question, each turns evidence into a draft."""

from __future__ import annotations

from collections.abc import Callable

from ..inquiry import Draft, Inquiry
from . import choice, counting, duration, moment, negation, order, quote, summary, yes_no

NAME = "extractive"

_READERS: dict[str, Callable[[Inquiry], Draft]] = {
    "when": moment.read,
    "what": quote.read,
    "count": counting.read,
    "duration": duration.read,
    "order": order.read,
    "yesno": yes_no.read,
    "summary": summary.read,
}


def read(inquiry: Inquiry) -> Draft:
    """The draft of an answer; multiple choice wins over the kind of the question, and what is not so over what is."""
    if inquiry.question.options:
        return choice.read(inquiry)
    draft = _READERS[inquiry.question.kind](inquiry)
    return negation.read(inquiry, draft) if negation.is_for_what_is_not(inquiry.question) else draft
