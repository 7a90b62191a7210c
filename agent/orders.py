"""Orders in a model's reply: one object of JSON that names an act, with words and times, all of it checked."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

from ..tools.clock import Span
from .acts.act import Order
from .methods.replied_objects import objects_in
from .methods.replied_windows import windows_in

ANSWER = "answer"
"""The act that ends a search: there is enough to answer from, or nothing else to do."""
N_WORDS_MAX, N_SPANS_MAX = 4, 3
_WORD_CHARACTERS_MAX = 120
# An act in a moment looks a little before and behind it.
_AROUND_S = 1.0


def order_in(reply: str, acts: Collection[str], within: Span) -> Order | None:
    """The first order in a reply that names one of ``acts``, its times clipped to ``within``; None where there is none.

    Whatever else the reply holds is of no consequence: other acts, paths, limits, times outside the video.
    """
    known = {*acts, ANSWER}
    values = (each for each in objects_in(reply) if isinstance(each.get("act"), str) and each["act"] in known)
    value = next(values, None)
    return None if value is None else Order(str(value["act"]), _words(value), _spans(value, within))


def _words(value: Mapping[str, object]) -> tuple[str, ...]:
    """Descriptions that hold a word, each on one line and of a bounded length."""
    given = value.get("words")
    texts = given if isinstance(given, list) else [given]
    words = (" ".join(text.split())[:_WORD_CHARACTERS_MAX] for text in texts if isinstance(text, str))
    return tuple(dict.fromkeys(word for word in words if re.search(r"\w", word)))[:N_WORDS_MAX]


def _spans(value: Mapping[str, object], within: Span) -> tuple[Span, ...]:
    """The stretches that lie in the video, or as much of them as does."""
    places = {name: each for name, each in value.items() if name not in ("act", "words")}
    found = windows_in(json.dumps(places)) if places else []
    spans = [each.widened(_AROUND_S) if each.duration_s == 0 else each for each in found]
    inside = [each.inside(within) for each in spans if each.overlap_s(within) > 0]
    return tuple(dict.fromkeys(inside))[:N_SPANS_MAX]
