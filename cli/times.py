"""Times and stretches as words of a command: read early where they could be a slip, and held inside the video."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..tools.clock import Span, format_time, parse_time
from ..tools.errors import RequestError

TIMES: dict[str, Any] = {"ignore_unknown_options": True}
"""Settings of a command that takes times without an option, so that -30s is one of them and not an option."""

# Half of the last digit that is printed of a time, and a length that no time from the end exceeds.
_PRINTED_S, _ANY_LENGTH_S = 0.05, 1e13
# The end belongs to no picture; the last moment before it, as it is stored, does.
_LAST_S = 1e-6


@dataclass(frozen=True)
class When:
    """Moments and stretches, as a command names them one after the other."""

    moments_s: tuple[float, ...] = ()
    stretches: tuple[Span, ...] = ()

    @classmethod
    def of(cls, words: Iterable[str], duration_s: float) -> When:
        """What words name in a video of this length; raises ``RequestError`` like ``moment`` and ``stretch``."""
        written = list(words)
        return cls(
            tuple(moment(word, duration_s) for word in written if not is_stretch(word)),
            tuple(stretch(word, duration_s) for word in written if is_stretch(word)),
        )


def is_stretch(word: str) -> bool:
    """Whether a word is written like ``1:00-2:00`` and not like ``1:00`` or ``-30s``."""
    return ".." in word or "–" in word or "-" in word.strip()[1:]


def check(words: Iterable[str]) -> None:
    """Nothing, for words that are times or stretches of some video: a slip is told before a long one is read.

    Raises ``RequestError``.
    """
    for word in words:
        if word.startswith("--"):
            raise RequestError(f"no such option: {word}")
        if is_stretch(word):
            Span.parse(word, _ANY_LENGTH_S)
        else:
            parse_time(word, _ANY_LENGTH_S)


def moment(word: str, duration_s: float) -> float:
    """The second that a word names; the end of the video stands for the last moment before it.

    Raises ``RequestError`` for what is no time or lies outside the video.
    """
    time_s = parse_time(word, duration_s)
    _refuse_beyond(word, time_s, duration_s)
    return max(0.0, min(time_s, duration_s - _LAST_S))


def stretch(word: str, duration_s: float) -> Span:
    """The span that a word names; raises ``RequestError`` for what is none or does not lie inside the video."""
    span = Span.parse(word, duration_s)
    _refuse_beyond(word, span.end_s, duration_s)
    if span.start_s >= duration_s:
        raise RequestError(f"{word} lies beyond the end of the video at {format_time(duration_s)}")
    return Span(span.start_s, min(span.end_s, duration_s))


def length(option: str, word: str) -> float:
    """So many seconds, written like a time; raises ``RequestError`` for what is not a length."""
    if word.strip().startswith("-") or "%" in word:
        raise RequestError(f"{option}: not a length of time: {word!r} (write 20s, 1:30 or 2m)")
    try:
        return parse_time(word)
    except RequestError as error:
        raise RequestError(f"{option}: {error}") from None


def _refuse_beyond(word: str, time_s: float, duration_s: float) -> None:
    if time_s > duration_s + _PRINTED_S:
        raise RequestError(f"{word} lies beyond the end of the video at {format_time(duration_s)}")
