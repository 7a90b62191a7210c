"""Words that a transcript missed are listened for once more; what is heard answers only where another sense agrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from conftest import Rememberer

from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.agent.spotting import BUDGET_S, missed_phrases
from vidagent.index.memory import Memory
from vidagent.index.records import Event
from vidagent.tools.clock import Span
from vidagent.tools.phrases import KeyphraseSpotter
from vidagent.tools.roles import SoundWindow, Spotted

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
LENGTH_S = 420.0
SAID = Span(342.9, 344.1)
"""Where the sample says "copper wire"."""
TRUST = 0.3
MISHEARD = [(340.0, 346.0, "she repairs the lamp with popcorn"), (60.0, 64.0, "the ferry leaves")]
SHOWN = [(341.0, 347.0, "A wire for the lamp")]
QUESTION = 'When does she say "copper wire" for the lamp?'
YES_NO = 'Is "copper wire" mentioned for the lamp?'


class Listener(KeyphraseSpotter):
    """The real spotter, which notes how much it was given to hear."""

    heard: ClassVar[list[Span]] = []

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        return super().spot(self._noted(sound), phrases)

    def _noted(self, sound: Iterable[SoundWindow]) -> Iterator[SoundWindow]:
        for window in sound:
            self.heard.append(Span(window.start_s, window.end_s))
            yield window


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    Listener.heard.clear()


def island(remember: Rememberer, **findings: object) -> Memory:
    """The sample, of which a recogniser wrote down little that is right."""
    events = [Event(Span(a, b), 1.0, "") for a, b in ((0.0, 330.0), (330.0, 360.0), (360.0, LENGTH_S))]
    made_of = {"texts": MISHEARD, "shown": SHOWN, "trust": TRUST, "events": events, "duration_s": LENGTH_S}
    return remember(path=SAMPLE, **(made_of | findings))


def test_what_was_missed_is_found_where_the_screen_agrees(remember: Rememberer) -> None:
    memory = island(remember)
    assert ask(memory, QUESTION).abstained
    answer = ask(memory, QUESTION, spotter=Listener())
    assert not answer.abstained
    moment, reason = answer.moments
    assert (reason.source, reason.quote) == ("screen", SHOWN[0][2])
    assert moment.span.overlap_s(SAID) > 0.9 and moment.quote == "perhaps: copper wire"
    assert moment.source == "speech" and moment.trust < 0.4 and answer.confidence < 0.7
    assert ask(memory, YES_NO, spotter=Listener()).text == "yes"


def test_it_answers_nothing_alone(remember: Rememberer) -> None:
    memory = island(remember, shown=[])
    question = f"{QUESTION[:-1]} between 5:30 and 6:00?"
    answer = ask(memory, question, spotter=Listener(), min_confidence=0.01)
    assert Listener.heard and answer.abstained
    assert "perhaps: copper wire" in [moment.quote for moment in answer.moments]


def test_support_from_far_away_is_none(remember: Rememberer) -> None:
    memory = island(remember, shown=[(352.0, 355.0, "A wire for the lamp")])
    assert ask(memory, f"{QUESTION[:-1]} between 5:30 and 6:00?", spotter=Listener()).abstained
    assert Listener.heard


def test_a_no_is_taken_back_where_the_words_may_have_been_said(remember: Rememberer) -> None:
    memory = island(remember, shown=[])
    question = f"{YES_NO[:-1]} between 5:30 and 6:00?"
    assert ask(memory, question).text == "no"
    assert ask(memory, question, spotter=Listener()).abstained
    elsewhere = 'Is "space telescope" mentioned between 5:30 and 6:00?'
    assert ask(memory, elsewhere, spotter=Listener()).text == "no"


def test_only_what_may_matter_is_listened_to(remember: Rememberer) -> None:
    ask(island(remember), QUESTION, spotter=Listener())
    assert Listener.heard
    assert all(span.start_s >= 330.0 and span.end_s <= 360.0 for span in Listener.heard)
    assert sum(span.duration_s for span in Listener.heard) < BUDGET_S


@pytest.mark.parametrize(
    ("question", "findings"),
    [
        (QUESTION, {"trust": 1.0}),
        (QUESTION, {"texts": [(340.0, 346.0, "she takes some copper wire")]}),
        ("When does COPPER WIRE appear on screen?", {}),
        ("When does she repair the lamp?", {}),
        ('When does she say "xyzzy qwrts"?', {}),
        ('What is "copper wire"?', {}),
    ],
    ids=["trusted", "found", "on screen", "no phrase", "not sayable", "another kind"],
)
def test_nobody_listens_in_vain(remember: Rememberer, question: str, findings: dict[str, object]) -> None:
    ask(island(remember, **findings), question, spotter=Listener())
    assert not Listener.heard


def test_a_file_that_is_gone_is_not_listened_to(remember: Rememberer, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(SAMPLE.read_bytes())
    memory = remember(path=copy, texts=MISHEARD, shown=SHOWN, trust=TRUST, duration_s=LENGTH_S)
    copy.unlink()
    assert ask(memory, QUESTION, spotter=Listener()).abstained
    assert not Listener.heard


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("When is Mary Baker mentioned?", ["Mary Baker"]),
        ('When is "kinetic energy" mentioned?', ["kinetic energy"]),
        ("When does the ferry leave?", []),
        ("When does she speak after Mary Baker leaves?", []),
    ],
)
def test_names_are_listened_for_like_what_is_quoted(
    remember: Rememberer, text: str, phrases: list[str]
) -> None:
    assert missed_phrases(island(remember), understand(text, LENGTH_S)) == phrases
