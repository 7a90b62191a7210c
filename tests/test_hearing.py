"""A question that asks for a sound is answered by what sounds like it, and others are left to those who read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from memories import memory_of
from pitches import Pitches

from vidagent.agent.answer import Answer
from vidagent.agent.hearing import sound_asked
from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.index.memory import Memory
from vidagent.index.rows import model_row, write_samples
from vidagent.index.sound_meaning import HOP_S, WINDOW_S, SoundMeaning
from vidagent.tools.clock import Span

LENGTH_S = 120.0
NOTHING, BELL, APPLAUSE = (1.0, 0.0, 0.0), (0.2, 0.95, 0.0), (0.2, 0.0, 0.95)
SOUNDS = {30.0: BELL, 32.5: BELL, 80.0: BELL, 82.5: BELL, 95.0: APPLAUSE, 97.5: APPLAUSE, 100.0: APPLAUSE}
"""What the windows that begin at these seconds hold."""
FIRST, SECOND, CLAPPING = Span(32.5, 35.0), Span(82.5, 85.0), Span(97.5, 102.5)
SPEECH = [
    (10.0, 14.0, "The bell rings at noon, they said.", 1.0),
    (60.0, 64.0, "The ferry leaves at nine.", 1.0),
]


def listened(memory: Memory) -> SoundMeaning:
    """What a model has heard in the video."""
    meaning = SoundMeaning(memory.library, Pitches())
    times_s = np.arange(0.0, LENGTH_S - WINDOW_S, HOP_S)
    rows = [np.array(SOUNDS.get(float(t), NOTHING), np.float32) for t in times_s]
    with memory.library.transaction() as connection:
        model_id = model_row(connection, meaning.embedder)
        write_samples(connection, memory.video.id, model_id, times_s, [r / np.linalg.norm(r) for r in rows])
    return meaning


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return memory_of(tmp_path_factory.mktemp("hearing") / "library.db", speech=SPEECH, duration_s=LENGTH_S)


@pytest.fixture(scope="module")
def sounds(memory: Memory) -> SoundMeaning:
    return listened(memory)


def sources(answer: Answer) -> set[str]:
    return {moment.source for moment in answer.moments}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("When does the bell ring?", "bell ring"),
        ("At what second do we hear a dog barking?", "dog barking"),
        ("Is there applause?", "applause"),
        ("When does the music start?", "music"),
        ("How many times does the phone ring?", "phone ring"),
        ("How long is the engine audible?", "engine"),
        ("When does the ferry leave?", ""),
        ("When do we hear the words 'the bell'?", ""),
        ("When does she talk about the bell?", ""),
        ("When is there no sound?", ""),
        ("When does the word bell appear on screen?", ""),
        ("What is the bell made of?", ""),
        ("When does the screen turn red?", ""),
    ],
)
def test_only_a_question_for_a_sound_asks_for_one(text: str, words: str) -> None:
    assert sound_asked(understand(text, LENGTH_S)) == words


def test_the_sound_answers_with_its_seconds(memory: Memory, sounds: SoundMeaning) -> None:
    answer = ask(memory, "When is there applause?", sounds=sounds)
    assert not answer.abstained and sources(answer) == {"sound"}
    (moment,) = answer.moments
    assert moment.span.overlap_s(CLAPPING) == pytest.approx(CLAPPING.duration_s)
    assert moment.span.duration_s < CLAPPING.duration_s + WINDOW_S
    assert moment.quote == "it sounds like: applause" and moment.trust < 0.7


def test_without_ears_nothing_is_heard(memory: Memory) -> None:
    answer = ask(memory, "When is there applause?")
    assert answer.abstained and "sound" not in sources(answer)


def test_who_asks_to_hear_it_gets_the_sound_and_not_the_talk_of_it(
    memory: Memory, sounds: SoundMeaning
) -> None:
    assert sources(ask(memory, "When does the bell ring?")) == {"speech"}
    for text in ("When does the bell ring?", "When do we hear the bell?"):
        answer = ask(memory, text, sounds=sounds)
        first, second = sorted(moment.span for moment in answer.moments)
        assert (first.overlap_s(FIRST), second.overlap_s(SECOND)) == pytest.approx((2.5, 2.5))


def test_who_asks_to_be_told_of_it_gets_the_talk(memory: Memory, sounds: SoundMeaning) -> None:
    assert sources(ask(memory, "When do they say that the bell rings?", sounds=sounds)) == {"speech"}
    assert sources(ask(memory, "When does the ferry leave?", sounds=sounds)) == {"speech"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How many times does the bell ring?", "at least 2 times"),
        ("Is there applause?", "yes"),
        ("Which is heard first: the applause or the bell?", "the bell"),
    ],
)
def test_other_questions_are_answered_by_ear_too(
    memory: Memory, sounds: SoundMeaning, text: str, said: str
) -> None:
    answer = ask(memory, text, sounds=sounds)
    assert answer.text == said and sources(answer) == {"sound"}


def test_where_the_question_says_to_look_is_kept_to(memory: Memory, sounds: SoundMeaning) -> None:
    answer = ask(memory, "When does the bell ring?", within=Span(60.0, 120.0), sounds=sounds)
    (moment,) = answer.moments
    assert moment.span.overlap_s(SECOND) == pytest.approx(2.5)
    assert ask(memory, "When is there applause?", within=Span(0.0, 60.0), sounds=sounds).abstained


def test_a_sound_that_is_not_there_is_not_found(memory: Memory, sounds: SoundMeaning) -> None:
    answer = ask(memory, "When does the siren howl?", sounds=sounds)
    assert answer.abstained and "sound" not in sources(answer)


def test_a_video_that_was_not_listened_to_has_no_sounds(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "library.db", speech=SPEECH, duration_s=LENGTH_S)
    answer = ask(memory, "When is there applause?", sounds=SoundMeaning(memory.library, Pitches()))
    assert answer.abstained


def test_the_same_question_gets_the_same_answer(memory: Memory, sounds: SoundMeaning) -> None:
    one, other = (ask(memory, "When does the bell ring?", sounds=sounds) for _ in range(2))
    assert (one.text, one.moments, one.confidence) == (other.text, other.moments, other.confidence)
