"""A video LLM's confidences are made true by a temperature, which is measured by questions with known answers."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.tools.guarded import GuardedSeeker
from vidagent.tools.models.clock_clip import ClockClip, make_clock_clip
from vidagent.tools.models.known_answers import known_questions
from vidagent.tools.models.making import Models
from vidagent.tools.models.measuring import Measured, measure, remember
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.models.temperature import TemperedModel, fitted_temperature, tempered
from vidagent.tools.roles import FrameBudget, Prompt, StampedFrame
from vidagent.tools.settings import settled

CHANCES = st.floats(0, 1)
INNER = st.floats(0.02, 0.98)
TEMPERATURES = st.floats(0.2, 8)
YES_NO = ("yes", "no")


def cooled(chance: float, temperature: float) -> float:
    """A chance of yes at a temperature."""
    return tempered([chance, 1 - chance], temperature)[0]


def test_a_temperature_brings_shares_together_and_keeps_their_order() -> None:
    assert tempered([0.9, 0.1], 1.0) == pytest.approx([0.9, 0.1])
    assert tempered([0.9, 0.1], 2.0) == pytest.approx([0.75, 0.25])
    assert tempered([0.25, 0.75], 0.5) == pytest.approx([0.1, 0.9])
    assert tempered([1.0, 0.0], 0.01) == [1.0, 0.0]
    assert sum(tempered([1e-300, 1e-299], 0.1)) == pytest.approx(1.0)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
def test_what_is_no_temperature_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        tempered([0.5, 0.5], wrong)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found(temperature: float) -> None:
    chance = random.Random(7)
    true = [chance.uniform(0.03, 0.97) for _ in range(4000)]
    # What a model tells that is too sure by this temperature, or not sure enough.
    told = [cooled(p, 1 / temperature) for p in true]
    found = fitted_temperature(told, [chance.random() < p for p in true])
    assert found == pytest.approx(temperature, rel=0.15)


@given(INNER, INNER, TEMPERATURES)
def test_a_temperature_never_changes_the_order_nor_the_side_of_a_half(
    one: float, other: float, temperature: float
) -> None:
    less, more = (cooled(p, temperature) for p in sorted((one, other)))
    assert 0 <= less <= more <= 1
    assert (cooled(one, temperature) - 0.5) * (one - 0.5) >= 0


@given(st.lists(st.tuples(INNER, st.booleans()), max_size=30))
def test_a_fitted_temperature_is_bounded_and_loses_no_more_than_none(pairs: list[tuple[float, bool]]) -> None:
    told, truths = [p for p, _ in pairs], [truth for _, truth in pairs]
    temperature = fitted_temperature(told, truths)
    assert 0.1 <= temperature <= 10
    assert _loss(told, truths, temperature) <= _loss(told, truths, 1.0) + 1e-6


@given(st.lists(st.tuples(CHANCES, st.booleans()), max_size=10))
def test_a_model_may_be_as_certain_as_it_likes(pairs: list[tuple[float, bool]]) -> None:
    assert 0.1 <= fitted_temperature([p for p, _ in pairs], [truth for _, truth in pairs]) <= 10


def test_a_model_that_is_always_right_on_a_few_questions_is_not_believed_in_all() -> None:
    told, truths = [0.9, 0.1] * 4, [True, False] * 4
    assert 0.8 < cooled(0.9, fitted_temperature(told, truths)) < 0.95


def test_one_that_is_as_often_wrong_as_right_ends_near_a_half() -> None:
    told = [0.95] * 20 + [0.05] * 20
    assert cooled(0.95, fitted_temperature(told, [True, False] * 20)) < 0.6


def test_chances_without_truths_are_refused() -> None:
    with pytest.raises(ValueError):
        fitted_temperature([0.5, 0.7], [True])
    assert fitted_temperature([], []) == 1.0


def test_a_tempered_model_is_the_same_but_for_its_chances() -> None:
    asked: list[bool] = []

    def temperature() -> float:
        asked.append(True)
        return 2.0

    model = ScriptedModel(lambda prompt: "A ship.", lambda prompt, answers: [0.9, 0.1], FrameBudget(3, 99))
    cool = TemperedModel(model, temperature)
    assert (cool.name, cool.budget, asked) == ("scripted", FrameBudget(3, 99), [])
    assert "".join(cool.stream(Prompt(("What is it?",)), 9)) == "A ship."
    for _ in range(2):
        assert cool.probabilities(Prompt(("Is it?",)), YES_NO) == pytest.approx([0.75, 0.25])
    assert asked == [True]
    assert TemperedModel(ScriptedModel(str), temperature).probabilities(Prompt(("Is it?",)), YES_NO) is None


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClockClip:
    return make_clock_clip(tmp_path_factory.mktemp("clip"))


def knower(clip: ClockClip) -> Callable[[Prompt], bool]:
    """Knows what is right by the seconds that it is shown, and looks a word up that it is asked for."""
    spans = {word.text: word.span for word in clip.words}

    def is_so(prompt: Prompt) -> bool:
        times_s = [part.time_s for part in prompt.parts if isinstance(part, StampedFrame)]
        asked = str(prompt.parts[-1])
        if clock := re.search(r"show (\d+\.\d)", asked):
            return abs(float(clock[1]) - times_s[0]) < 0.05
        if "background" in asked:
            return not any(times_s[0] < cut_s <= times_s[1] for cut_s in clip.cuts_s)
        first, *others = (spans[word] for word in re.findall(r"the word ([A-Z]+)", asked))
        if others:
            return first.start_s < others[0].start_s
        return first.start_s <= times_s[0] < first.end_s

    return is_so


def telling(clip: ClockClip, surely: float, lies_every: int) -> ScriptedModel:
    """Tells yes and no as ``surely`` each time, and is wrong each time after so many."""
    is_so, asked = knower(clip), list[Prompt]()

    def chances(prompt: Prompt, answers: tuple[str, ...]) -> list[float]:
        asked.append(prompt)
        says_so = is_so(prompt) != (lies_every > 0 and len(asked) % lies_every == 0)
        return [surely, 1 - surely] if says_so else [1 - surely, surely]

    return ScriptedModel(lambda prompt: "who knows", chances)


def test_the_questions_have_the_answers_that_the_clip_gives(clip: ClockClip) -> None:
    questions = known_questions(clip)
    assert len(questions) >= 40
    assert len({(known.text, known.times_s) for known in questions}) == len(questions)
    assert 0.45 <= sum(known.is_so for known in questions) / len(questions) <= 0.55
    is_so = knower(clip)
    times_s = sorted({time_s for known in questions for time_s in known.times_s})
    found = [picture.pts_s for _, picture in GuardedSeeker(clip.path).at_each(times_s)]
    # The pictures are those of the very seconds, so that what is right of them is.
    assert found == pytest.approx(times_s, abs=1e-6)
    for known in questions:
        frames = [StampedFrame(time_s, None) for time_s in known.times_s]  # type: ignore[arg-type]
        assert is_so(Prompt((*frames, known.text))) == known.is_so


@pytest.mark.parametrize(
    ("surely", "lies_every", "right", "coolest", "hottest"),
    [(0.97, 4, 0.75, 2.0, 10.0), (0.6, 0, 1.0, 0.1, 0.3), (0.75, 4, 0.75, 0.9, 1.1)],
)
def test_a_model_is_measured_by_how_often_it_was_right(
    clip: ClockClip, surely: float, lies_every: int, right: float, coolest: float, hottest: float
) -> None:
    measured = measure(telling(clip, surely, lies_every), clip)
    assert measured.n_judged == len(known_questions(clip))
    assert measured.n_right == pytest.approx(right * measured.n_judged, abs=1)
    assert coolest <= measured.temperature <= hottest


def test_one_that_does_not_tell_is_not_judged_and_one_picture_is_enough(clip: ClockClip) -> None:
    silent = measure(ScriptedModel(lambda prompt: "who knows"), clip)
    assert (silent.n_judged, silent.n_right, silent.temperature) == (0, 0, 1.0)
    narrow = telling(clip, 0.9, 0)
    narrow.budget = FrameBudget(1, 1 << 20)
    assert measure(narrow, clip).n_judged == sum(len(k.times_s) == 1 for k in known_questions(clip))


def test_what_was_measured_here_is_what_is_asked_with(tmp_path: Path) -> None:
    models = Models(settled({"models": tmp_path, "device": "cpu"}).settings)
    model = ScriptedModel(str)
    assert models.temperature(model) == 1.0
    of = partial(Measured, 0.5, 16, 24, 500_000, 12.5, 48, 40)
    remember(tmp_path, "scripted", "cuda:0", of(3.0))
    assert models.temperature(model) == 1.0
    remember(tmp_path, "scripted", "cpu", of(2.0))
    assert models.temperature(model) == 2.0


def _loss(told: list[float], truths: list[bool], temperature: float) -> float:
    """Log loss against truths that are a little less than certain."""
    n_true = sum(truths)
    targets = [(n_true + 1) / (n_true + 2) if t else 1 / (len(truths) - n_true + 2) for t in truths]
    chances = [min(max(cooled(p, temperature), 1e-12), 1 - 1e-12) for p in told]
    return -sum(y * math.log(p) + (1 - y) * math.log(1 - p) for p, y in zip(chances, targets, strict=True))
