"""Questions to a video LLM whose answers are known: yes or no about the pictures of a made film."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..roles import Prompt, StampedFrame, VideoModel
from .clock_clip import ClockClip

_YES_NO = ("yes", "no")
_RULES = "You look at pictures of a video, each with the time at which it is shown, and answer yes or no."
# A clock that is wrong by so much differs in all of its digits but the first.
_CLOCK_OFF_S = 5.5
# So far from a cut that a picture belongs to the scene on its side, and none so short that it is left.
_NEAR_CUT_S, _BEFORE_CUT_S = 0.3, 1.3


@dataclass(frozen=True)
class Known:
    """A question about the pictures at ``times_s``, and whether yes is right."""

    text: str
    times_s: tuple[float, ...]
    is_so: bool


def known_questions(clip: ClockClip) -> list[Known]:
    """Questions of words, the clock, order and scenes; yes is right as often as not, but for scenes alone.

    Small words are among them, which a model can hardly read: it ought to be unsure of those.
    """
    return [*_of_pictures(clip), *_of_order(clip), *_of_scenes(clip)]


def judged(
    model: VideoModel, questions: Iterable[Known], frames: Mapping[float, StampedFrame]
) -> tuple[list[float], list[bool]]:
    """How likely the model holds a yes to each question, and whether it is right; nothing where it does not tell.

    ``frames`` are the pictures by the questions' seconds. Raises ``ModelError`` where the model fails.
    """
    chances, truths = [], []
    for known in questions:
        shown = [frames[time_s] for time_s in known.times_s]
        told = model.probabilities(Prompt((*shown, f"{known.text} Answer yes or no."), _RULES), _YES_NO)
        if told is None:
            return [], []
        chances.append(told[0])
        truths.append(known.is_so)
    return chances, truths


def _of_pictures(clip: ClockClip) -> Iterator[Known]:
    chance = random.Random(0)
    for word in clip.words:
        at = (_tenth(word.span.middle_s),)
        other = chance.choice([each.text for each in clip.words if each.text != word.text])
        yield Known(f"Is the word {word.text} to be read in this picture?", at, True)
        yield Known(f"Is the word {other} to be read in this picture?", at, False)
        yield Known(f"Does the clock in this picture show {at[0]:04.1f}?", at, True)
        yield Known(f"Does the clock in this picture show {at[0] + _CLOCK_OFF_S:04.1f}?", at, False)


def _of_order(clip: ClockClip) -> Iterator[Known]:
    for first, second in pairwise(clip.words):
        at = (_tenth(first.span.middle_s), _tenth(second.span.middle_s))
        yield Known(f"Is the word {first.text} shown before the word {second.text}?", at, True)
        yield Known(f"Is the word {second.text} shown before the word {first.text}?", at, False)


def _of_scenes(clip: ClockClip) -> Iterator[Known]:
    asked = "Do both pictures show the same background?"
    for cut_s in clip.cuts_s:
        before_s, near_s, behind_s = (_tenth(cut_s + s) for s in (-_BEFORE_CUT_S, -_NEAR_CUT_S, _NEAR_CUT_S))
        yield Known(asked, (before_s, near_s), True)
        yield Known(asked, (near_s, behind_s), False)


def _tenth(time_s: float) -> float:
    """The second as the clip has pictures, one each tenth."""
    return round(time_s, 1)
