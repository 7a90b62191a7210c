"""Questions of a batch: what is asked of which video, and what the right answer is known to be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from ...tools.errors import RequestError
from ...tools.plain import plain

CHARACTERS_MAX = 10_000
"""What is longer is no question."""

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Known:
    """The right answer, and the seconds (start, end) where it is to be seen or heard, as far as those are known."""

    answer: str
    evidence_s: Spans = ()


@dataclass(frozen=True)
class Question:
    """A question about one video; ``is_own`` where its own line names that, and not the command line."""

    line: int
    id: str
    video: str
    is_own: bool
    text: str
    options: tuple[str, ...] = ()
    known: Known | None = None


@dataclass(frozen=True)
class Flaw:
    """A line that holds no question, and why; ``id`` is None where it does not tell its own."""

    line: int
    message: str
    id: str | None = None


Entry = Question | Flaw


def entries_in(line: int, row: Mapping[str, object], videos: Sequence[str]) -> list[Entry]:
    """What a row asks: of the video that it names, else of each of ``videos``; what else is in it is ignored.

    A row that asks nothing, or in a way that cannot be understood, is a flaw.
    """
    try:
        return list(_questions(line, row, videos))
    except RequestError as error:
        return [Flaw(line, str(error), _label(row.get("id")) or None)]


def _questions(line: int, row: Mapping[str, object], videos: Sequence[str]) -> list[Question]:
    text, own = _text(row, "question"), _text(row, "video")
    if not text:
        raise RequestError("holds no question")
    if not own and not videos:
        raise RequestError("names no video, and neither does the command line")
    options = _options(row.get("options"))
    known = _known(row, options)
    name = _label(row.get("id")) or str(line)
    named = [own] if own else videos
    return [Question(line, name, video, bool(own), text, options, known) for video in named]


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None else _sound(value, name)


def _sound(value: object, name: str) -> str:
    """The text as it is, where it is one that can be written down."""
    if not isinstance(value, str):
        raise RequestError(f"{name} has to be a text")
    if len(value) > CHARACTERS_MAX:
        raise RequestError(f"{name} is longer than {CHARACTERS_MAX:,} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RequestError(f"{name} holds half a character") from None
    return value.strip() if name != "video" else value


def _label(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return plain(str(value))[:CHARACTERS_MAX]


def _options(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RequestError("options have to be a list of texts")
    return tuple(_sound(option, "an option") for option in value)


def _known(row: Mapping[str, object], options: tuple[str, ...]) -> Known | None:
    value = row.get("answer")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        return None
    return Known(_letter(_sound(value, "answer"), options), _spans(row.get("evidence_s")))


def _letter(answer: str, options: tuple[str, ...]) -> str:
    """The letter of an option that is given by its words."""
    letters = ascii_uppercase[: len(options)]
    if len(answer) == 1 and answer.upper() in letters:
        return answer.upper()
    words = [option.casefold() for option in options]
    return letters[words.index(answer.casefold())] if answer.casefold() in words[: len(letters)] else answer


def _spans(value: object) -> Spans:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(_is_span(pair) for pair in value):
        raise RequestError("evidence_s has to be a list of [start, end] in seconds")
    return tuple((float(start_s), float(end_s)) for start_s, end_s in value)


def _is_span(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    if not all(isinstance(time_s, (int, float)) and not isinstance(time_s, bool) for time_s in value):
        return False
    return all(map(math.isfinite, value)) and 0 <= value[0] <= value[1]
