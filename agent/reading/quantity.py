"""Quantities that are said or shown: a number with its unit, or with the thing that is counted."""

from __future__ import annotations

import re

from ...index.stemming import fold_numbers, stems, words_of

# What a question asks for by an adjective, as the stems of the units that answer it.
_UNITS: dict[str, tuple[str, ...]] = {
    "heavy": ("kilogram", "kilo", "kg", "gram", "ton", "tonne", "pound", "lb", "ounce", "milligram"),
    "tall": ("meter", "metre", "m", "cm", "centimeter", "centimetre", "foot", "inch", "kilometer", "mile", "yard"),
    "far": ("meter", "metre", "m", "km", "kilometer", "kilometre", "mile", "foot", "yard", "light-year"),
    "fast": ("kmh", "mph", "knot", "kilometer", "mile", "meter"),
    "old": ("year", "month", "week", "day", "century"),
    "hot": ("degree", "celsius", "fahrenheit", "kelvin"),
    "much": ("dollar", "euro", "pound", "cent", "usd", "eur", "percent", "yen", "franc"),
    "long": ("second", "minute", "hour", "day", "week", "month", "year", "century"),
}  # fmt: skip
_SAME = {
    "high": "tall", "deep": "tall", "wide": "tall", "large": "tall", "big": "tall", "cold": "hot", "warm": "hot",
    "expensive": "much", "quick": "fast", "quickly": "fast", "late": "old", "young": "old",
}  # fmt: skip
_CURRENCY = re.compile(r"[$€£¥]\s?\d+(?:[.,]\d+)*(?: (?:thousand|million|billion))?")


def unit_family(question: str) -> str | None:
    """The kind of quantity that "how heavy", "how tall" and their like ask for; None where none is."""
    found = re.search(r"\bhow (\w+)", question.lower())
    word = _SAME.get(found.group(1), found.group(1)) if found else ""
    return word if word in _UNITS else None


def measured(text: str, family: str) -> str | None:
    """The quantity of a family that a text states, as it says it: "15 kilograms"; None where it states none."""
    if family == "much" and (price := _CURRENCY.search(text)):
        return price.group()
    units = {stem for unit in _UNITS[family] for stem in stems(unit)}
    words = fold_numbers(words_of(text))
    for place, word in enumerate(words):
        following = words[place + 1 : place + 3]
        for n_between, unit in enumerate(following):
            if unit[0].isdigit():
                break
            if word[0].isdigit() and stems(unit)[:1] and stems(unit)[0] in units:
                sign = ["minus"] if words[place - 1 : place] == ["minus"] else []
                return " ".join([*sign, word, *following[: n_between + 1]])
    return None


def counted(text: str, thing: str) -> str | None:
    """The number that a text gives of a thing, at most three words before it; None where it gives none."""
    wanted = stems(thing)
    own = stems(text)
    for place in range(len(own) if wanted else 0):
        if own[place : place + len(wanted)] == wanted:
            before = own[max(0, place - 3) : place]
            numbers = [w for w in before if w[0].isdigit() and "the" not in before[before.index(w) :]]
            if numbers:
                return numbers[-1]
    return None
