"""Seconds of the video that a question names: "at 12:30", "in the first ten minutes", "in the second half"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from ..tools.clock import Span, parse_time
from ..tools.errors import RequestError
from .languages.language import NEVER, Bounds, Language

_NEAR_S = 5.0
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
# Times of day are no times of the video.
_OF_DAY = r"(?!\s*(?:[ap]\.?\s?m\b|o['’]clock|uhr\b))"
_CLOCK = rf"(?:(?<![\d:])(?:\d{{1,4}}:)?\d{{1,4}}:\d{{2}}(?:\.\d{{1,9}})?(?![:.]?\d){_OF_DAY})"
# Two times in a language without rules are taken for a stretch, one for a moment.
_PLAIN_WINDOWS: tuple[tuple[Bounds, str], ...] = (
    ("between", r"<clock>\D{1,12}<clock>"),
    ("near", r"<clock>"),
)

_BOUNDS: dict[Bounds, Callable[[list[float], float], tuple[float, float]]] = {
    "between": lambda times_s, duration_s: (times_s[0], times_s[1]),
    "first": lambda times_s, duration_s: (0.0, times_s[0]),
    "last": lambda times_s, duration_s: (duration_s - times_s[0], duration_s),
    "after": lambda times_s, duration_s: (times_s[0], duration_s),
    "before": lambda times_s, duration_s: (0.0, times_s[0]),
    "near": lambda times_s, duration_s: (times_s[0] - _NEAR_S, times_s[0] + _NEAR_S),
    "minute": lambda times_s, duration_s: (times_s[0] * 60, times_s[0] * 60 + 60),
}


def window_in(text: str, duration_s: float, language: Language) -> tuple[Span | None, str]:
    """The stretch of the video that a question names, and the question without those words.

    The stretch lies in [0, ``duration_s``], and has no length where what is named lies outside.
    """
    for bounds, pattern in _rules(language):
        found = pattern.search(text)
        times_s = _times_s(found.groups(), language) if found else []
        if found and times_s:
            return _clamped(*_BOUNDS[bounds](times_s, duration_s), duration_s), _without(found, text)
    for start, end, share in language.shares:
        found = re.search(share, text, re.I)
        if found:
            return _clamped(start * duration_s, end * duration_s, duration_s), _without(found, text)
    return None, text


@cache
def _rules(language: Language) -> tuple[tuple[Bounds, re.Pattern[str]], ...]:
    time = _time_pattern(language)
    parts = {
        "<time>": f"({time})",
        "<clock>": f"({_CLOCK})",
        "<stretch>": f"(?:({time})|({language.single}))",
        "<number>": r"(\d{1,4})",
    }
    # Digits and letters of other scripts are no times.
    return tuple(
        (bounds, re.compile(_filled(template, parts), re.I | re.A))
        for bounds, template in language.windows or _PLAIN_WINDOWS
    )


def _filled(template: str, parts: dict[str, str]) -> str:
    for name, pattern in parts.items():
        template = template.replace(name, pattern)
    return template


def _time_pattern(language: Language) -> str:
    word = "|".join(map(re.escape, _longest_first(language.numbers))) or NEVER
    hours, minutes, seconds = (
        rf"(?:{_NUMBER}{digits}|(?:{word}){words})(?![a-z])"
        for digits, words in (language.hours, language.minutes, language.seconds)
    )
    join = language.joins
    units = (
        rf"(?:{hours}(?:{join}{minutes})?(?:{join}{seconds})?|{minutes}(?:{join}{seconds})?|{seconds})(?!\d)"
    )
    amounts = "|".join(rf"{re.escape(amount)}\b" for amount in language.amounts) or NEVER
    return rf"(?:{_CLOCK}|{amounts}|{units})"


def _times_s(words: tuple[str | None, ...], language: Language) -> list[float]:
    """The seconds that are named, none where one of the words only looks like a time, as 9:99 does."""
    try:
        return [_seconds(word.lower(), language) for word in words if word]
    except RequestError:
        return []


def _seconds(text: str, language: Language) -> float:
    if text.isdigit():
        return float(text)
    if ":" in text:
        return parse_time(text)
    if text in language.amounts:
        return language.amounts[text]
    amounts = [
        language.numbers.get(number, number) + language.units[unit]
        for number, unit in _amount(language).findall(text)
    ]
    if amounts:
        return parse_time("".join(amounts))
    # What is left is a unit by itself.
    return parse_time(
        f"1{next(language.units[u] for u in _longest_first(language.units) if text.startswith(u))}"
    )


@cache
def _amount(language: Language) -> re.Pattern[str]:
    numbers = "|".join([_NUMBER, *map(re.escape, _longest_first(language.numbers))])
    return re.compile(rf"({numbers})[ -]?({'|'.join(_longest_first(language.units))})", re.A)


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _clamped(start_s: float, end_s: float, duration_s: float) -> Span:
    start_s, end_s = max(0.0, start_s), min(duration_s, end_s)
    return Span(start_s, end_s) if start_s < end_s else Span(duration_s, duration_s)


def _without(found: re.Match[str], text: str) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
