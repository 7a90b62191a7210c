"""What a video LLM can do on this machine, measured on a clip whose every second is known."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..clock import parse_time
from ..errors import ModelError, RequestError
from ..guarded import GuardedSeeker
from ..roles import FrameBudget, Prompt, StampedFrame, VideoModel
from .clock_clip import ClockClip
from .known_answers import judged, known_questions
from .shelf import put_json
from .temperature import AS_TOLD, fitted_temperature

RECORDS = "measured.json"
_N_TOKENS_TIMED = 64
_N_TOKENS_SHORT = 16
# What is as large as this is readable at any size that a picture is shown in.
_LARGE_PX = 32
_HALF = 0.5
_TIME = re.compile(r"\d+(?::\d+){0,2}(?:\.\d+)?")
_RULES = "You look at pictures of a video, each with the time at which it is shown, and answer in one word."


@dataclass(frozen=True)
class Measured:
    """``time_error_s`` is by how much the model misses the second at which a word comes, in the median, and
    ``text_height_px`` how high the smallest capitals are that it reads; each is None where it does not at all.
    ``n_frames`` of ``n_pixels`` fit into one prompt. Of ``n_judged`` questions with known answers it held ``n_right``
    more likely than not; at ``temperature`` its confidences tell best how often it was right.
    """

    time_error_s: float | None
    text_height_px: int | None
    n_frames: int
    n_pixels: int
    tokens_per_s: float
    n_judged: int = 0
    n_right: int = 0
    temperature: float = AS_TOLD


def measure(model: VideoModel, clip: ClockClip) -> Measured:
    """Put a model to the test; raises ``ModelError`` where it fails at a prompt of one picture."""
    budget = model.budget
    n_frames = _n_frames(model, clip, budget.n_frames)
    chances, truths = _judged(model, clip, n_frames)
    return Measured(
        time_error_s=_time_error_s(model, clip, n_frames),
        text_height_px=_text_height_px(model, clip),
        n_frames=n_frames,
        n_pixels=budget.n_pixels,
        tokens_per_s=_tokens_per_s(model, clip),
        n_judged=len(truths),
        n_right=sum((chance > _HALF) == is_so for chance, is_so in zip(chances, truths, strict=True)),
        temperature=round(fitted_temperature(chances, truths), 3),
    )


def _n_frames(model: VideoModel, clip: ClockClip, n_frames: int) -> int:
    """As many pictures as are told to fit, or half as many as often as it takes."""
    frame = _frames(clip, [0.0])[0]
    while True:
        frames = [StampedFrame(float(i), frame.image) for i in range(n_frames)]
        try:
            _reply(model, Prompt((*frames, "Answer with yes."), _RULES), 1)
        except (ModelError, RequestError):
            if n_frames == 1:
                raise
            n_frames //= 2
        else:
            return n_frames


def _time_error_s(model: VideoModel, clip: ClockClip, n_frames: int) -> float | None:
    """The pictures of the clip, one a second or fewer, and for each large word the question when it comes."""
    every_s = max(1.0, clip.duration_s / n_frames)
    times_s = [i * every_s for i in range(int(clip.duration_s / every_s))]
    frames = _frames(clip, times_s)
    errors_s = []
    for word, height_px, span in clip.words:
        if height_px >= _LARGE_PX:
            asked = (
                f"At which time does the word {word} come up for the first time? Answer with the time alone."
            )
            found = _TIME.search(_reply(model, Prompt((*frames, asked), _RULES), _N_TOKENS_SHORT))
            # It cannot be seen before the first picture that shows it.
            first_s = next((t for t in times_s if span.start_s <= t < span.end_s), None)
            if found and first_s is not None:
                errors_s.append(abs(_seconds(found[0]) - first_s))
    return round(statistics.median(errors_s), 3) if errors_s else None


def _text_height_px(model: VideoModel, clip: ClockClip) -> int | None:
    asked = "Which word of capital letters do you read? Answer with it alone."
    read = []
    frames = _frames(clip, [word.span.middle_s for word in clip.words])
    for (word, height_px, _), frame in zip(clip.words, frames, strict=True):
        prompt = Prompt((frame, asked), _RULES)
        if word.lower() in _reply(model, prompt, _N_TOKENS_SHORT).lower():
            read.append(height_px)
    return min(read, default=None)


def _judged(model: VideoModel, clip: ClockClip, n_frames: int) -> tuple[list[float], list[bool]]:
    """What it holds of all questions that do not take more pictures than it can be shown, and what is right."""
    questions = [known for known in known_questions(clip) if len(known.times_s) <= n_frames]
    times_s = sorted({time_s for known in questions for time_s in known.times_s})
    return judged(model, questions, dict(zip(times_s, _frames(clip, times_s), strict=True)))


def _tokens_per_s(model: VideoModel, clip: ClockClip) -> float:
    """Pieces of a long reply in each second, from the first to the last."""
    prompt = Prompt((*_frames(clip, [1.0, 2.0]), "Describe everything that you see, at length."))
    arrived_s = [time.perf_counter() for _ in model.stream(prompt, _N_TOKENS_TIMED)]
    if len(arrived_s) < 2:
        return 0.0
    return round((len(arrived_s) - 1) / max(arrived_s[-1] - arrived_s[0], 1e-6), 2)


def _frames(clip: ClockClip, times_s: Sequence[float]) -> list[StampedFrame]:
    found = GuardedSeeker(clip.path).at_each(times_s)
    return [StampedFrame(picture.pts_s, picture.rgb()) for _, picture in found]


def _reply(model: VideoModel, prompt: Prompt, n_tokens_max: int) -> str:
    return "".join(model.stream(prompt, n_tokens_max))


def _seconds(word: str) -> float:
    try:
        return parse_time(word)
    except RequestError:
        return float("inf")


def remember(folder: Path, model: str, device: str, measured: Measured) -> None:
    """Keep what was measured beside the models, whole or not at all."""
    _keep(folder, f"{model} on {device}", asdict(measured))


def remembered(folder: Path, model: str, device: str) -> Measured | None:
    """What was measured of a model on a device; None where it was not, or the record cannot be read."""
    try:
        return Measured(**_records(folder)[f"{model} on {device}"])  # type: ignore[arg-type]
    except (KeyError, TypeError):
        return None


def remember_trial(folder: Path, model: str, device: str, state: str, is_untrained: bool) -> None:
    """Keep whether a model with its files in some ``state`` is untrained, in place of what was known of it."""
    _keep(folder, _trial_of(model, device), {"state": state, "is_untrained": is_untrained})


def remembered_trial(folder: Path, model: str, device: str, state: str) -> bool | None:
    """Whether a model is untrained; None where that is not known of it with its files in this ``state``."""
    found = _records(folder).get(_trial_of(model, device))
    if not isinstance(found, dict) or found.get("state") != state:
        return None
    told = found.get("is_untrained")
    return told if isinstance(told, bool) else None


def budget_of(model: VideoModel, measured: Measured | None) -> FrameBudget:
    """What fits into one prompt: as measured, and never more than the model tells now."""
    told = model.budget
    if measured is None:
        return told
    return FrameBudget(min(told.n_frames, measured.n_frames), min(told.n_pixels, measured.n_pixels))


def _trial_of(model: str, device: str) -> str:
    return f"trial of {model} on {device}"


def _keep(folder: Path, key: str, record: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    put_json(folder / RECORDS, _records(folder) | {key: record})


def _records(folder: Path) -> dict[str, dict[str, object]]:
    try:
        found = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
