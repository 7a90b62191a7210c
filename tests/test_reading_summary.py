"""What is it about: one telling sentence from each part, in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.index.memory import Memory

BODIES = (
    "Well now.",
    "The honey bees build combs.",
    "Hm.",
    "Honey bees dance to tell the way.",
    "Yes, so it is.",
    "The bees sleep in winter",
)
TALK = [(10.0 * n, 10.0 * n + 4.0, body, 1.0) for n, body in enumerate(BODIES)]


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("summary") / "library.db")


@pytest.mark.parametrize(
    "question", ["What is the video about?", "Summarize the film.", "What happens in the video?"]
)
def test_a_summary_tells_every_part_once(island: Memory, question: str) -> None:
    draft = drafted(island, question)
    parts = [int(e.span.middle_s // 40) for e in draft.support]
    assert parts == sorted(set(parts)) == list(range(6))
    assert draft.text == " ".join(e.quote for e in draft.support)


def test_telling_sentences_are_chosen(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=TALK, duration_s=60.0)
    assert drafted(memory, "What is the talk about?").text == (
        "The honey bees build combs. Honey bees dance to tell the way. Yes, so it is. The bees sleep in winter."
    )


def test_of_two_sentences_in_a_part_the_more_typical_one(tmp_path: Path) -> None:
    speech = [*TALK, (14.0, 18.0, "My uncle bought another hat.", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech, duration_s=60.0)
    assert "uncle" not in drafted(memory, "Summarize the video.").text


def test_a_silent_video_is_told_by_its_words_on_screen(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", screen=[(5.0, 9.0, "HOW TO BUILD A KITE", MIDDLE)])
    draft = drafted(memory, "What is the video about?")
    assert (draft.text, draft.support[0].sense) == ("HOW TO BUILD A KITE.", "screen")


def test_nothing_to_tell(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(1.0, 2.0, "Oh no.", 1.0)], colours=[(0.0, 9.0, "red")])
    assert drafted(memory, "What is the video about?") == NOT_FOUND


def test_a_sentence_at_the_very_end_is_not_lost(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(59.0, 61.0, "The bees sleep all winter.", 1.0)])
    assert drafted(memory, "What is the video about?").text == "The bees sleep all winter."


def test_low_trust_makes_less_sure(tmp_path: Path) -> None:
    sure, unsure = (
        drafted(
            memory_of(tmp_path / f"{trust}.db", speech=[(*row[:3], trust) for row in TALK]),
            "Summarize the video.",
        ).confidence
        for trust in (1.0, 0.4)
    )
    assert sure > 0.5 > unsure > 0


@pytest.mark.parametrize(
    "question", ["Summarize the video in the first 60 seconds.", "What is the video about before 1:00?"]
)
def test_only_the_seconds_that_are_named_are_summed_up(island: Memory, question: str) -> None:
    draft = drafted(island, question)
    assert draft.support
    assert all(e.span.start_s < 60.0 for e in draft.support)
