"""Stretches of time in a model's reply, which may be JSON, JSON with words around it, or words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json import JSONDecoder
from math import isfinite

from ...tools.clock import Span, parse_time
from ...tools.errors import RequestError

_N_CHARACTERS_MAX = 4000
# Whole numbers are read as floats, as one of ten thousand digits would be an error.
_DECODER = JSONDecoder(parse_int=float)
_OPENING = re.compile(r"[\[{]")
_STARTS = ("start", "start_s", "start_time", "begin", "from")
_ENDS = ("end", "end_s", "end_time", "stop", "to")
_CLOCK = r"(?:\d{1,4}:)?\d{1,4}:\d{2}(?:[.,]\d{1,6})?"
_TIME = rf"({_CLOCK}|\d{{1,9}}(?:\.\d{{1,6}})?)"
_UNIT = r"\s*(?:s|sec|seconds)?"
_BETWEEN = (
    r"[\s\"'\])]*(?:,|-|–|—|\.\.|\bto\b|\buntil\b|\band\b)[\s\"'\[(]*(?:[a-z]\w{0,20}[\"']?\s*[:=]\s*[\"']?)?"
)
_PAIR = re.compile(rf"(?<![\w.:]){_TIME}{_UNIT}{_BETWEEN}{_TIME}(?![\d:])", re.I | re.A)
_MOMENT = re.compile(rf"(?<![\w.:])({_CLOCK})(?![\w:])", re.A)


def windows_in(reply: str) -> list[Span]:
    """The stretches that a reply names, in its order, each once; none where it names none.

    Times are seconds or ``mm:ss``; ends that stand the wrong way round are turned. In what is no JSON, pairs of
    times count, and where there are none, single times as ``mm:ss``, of no length. They may lie anywhere.
    """
    text = reply[:_N_CHARACTERS_MAX]
    found = [span for value in _values(text) for span in _spans(value)]
    return list(dict.fromkeys(found or _written(text)))


def _values(text: str) -> Iterator[object]:
    """The arrays and objects of JSON that stand in a text."""
    place = 0
    while (match := _OPENING.search(text, place)) is not None:
        try:
            value, place = _DECODER.raw_decode(text, match.start())
        except ValueError:
            place = match.end()
        except RecursionError:
            # So deep is no window, and to begin again at every bracket of it would take long.
            return
        else:
            yield value


def _spans(value: object) -> Iterable[Span]:
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, dict):
        span = _span(_named(value, _STARTS), _named(value, _ENDS))
        return [span] if span else _inner(value.values())
    if isinstance(value, list):
        span = _span(*map(_seconds, value)) if len(value) == 2 else None
        return [span] if span else _inner(value)
    return ()


def _inner(values: Iterable[object]) -> Iterator[Span]:
    return (span for value in values for span in _spans(value))


def _written(text: str) -> list[Span]:
    """Stretches that stand in words: pairs of times, or single ones where there is no pair."""
    pairs = _PAIR.findall(text) or [(moment, moment) for moment in _MOMENT.findall(text)]
    spans = (_span(_seconds(start), _seconds(end)) for start, end in pairs)
    return [span for span in spans if span is not None]


def _named(value: dict[str, object], names: tuple[str, ...]) -> float | None:
    return next((_seconds(value[name]) for name in names if name in value), None)


def _span(one_s: float | None, other_s: float | None) -> Span | None:
    if one_s is None or other_s is None:
        return None
    return Span(min(one_s, other_s), max(one_s, other_s))


def _seconds(value: object) -> float | None:
    """The seconds that a value means, None where it is no time."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value.strip("[] \n").replace(",", ".").replace(" ", ""))
    except RequestError:
        return None
