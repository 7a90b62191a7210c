"""Yes with the words that say so; no only where enough was looked at to know."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.index.memory import Memory


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("yes_no") / "library.db")


@pytest.mark.parametrize(
    ("question", "start_s"),
    [
        ("Does she live with a dog?", 10.0),
        ("Is the tower thirty meters tall?", 78.0),
        ("Does anybody mention gold coins?", 214.0),
        ("Is 'Old Town' on the board?", 84.0),
        ("Does the screen turn red?", 139.75),
        ("Does anybody speak?", 2.0),
        ("Was nobody hurt?", 152.0),
    ],
)
def test_yes_with_its_proof(island: Memory, question: str, start_s: float) -> None:
    draft = drafted(island, question)
    assert draft.text == "yes"
    assert draft.support[0].span.start_s == start_s
    assert draft.confidence > 0.5


def test_no_by_a_denial_that_was_stated(island: Memory) -> None:
    draft = drafted(island, "Was anybody hurt?")
    assert (draft.text, draft.support[0].quote) == ("no", "Nobody was hurt, and two sailors were saved.")


@pytest.mark.parametrize(
    "question",
    [
        "Does anybody mention a whale?",
        "Does the narrator say 'helicopter'?",
        "Is the word 'whale' on screen?",
        "Is 'abandon ship' written anywhere?",
        "Does the screen turn green?",
        "Is the ferry mentioned after 3:00?",
        "Does the screen turn red in the last 30 seconds?",
    ],
)
def test_no_by_absence_from_all_that_was_looked_at(island: Memory, question: str) -> None:
    draft = drafted(island, question)
    assert (draft.text, draft.support) == ("no", ())
    assert 0.5 < draft.confidence <= 0.9


@pytest.mark.parametrize(
    "question",
    [
        "Did a helicopter land?",
        "Is the keeper married?",
        "Was the ferry late?",
        "Does a helicopter appear?",
        "Is a helicopter shown in the video?",
        "Is there a cat on screen?",
    ],
)
def test_neither_yes_nor_no_where_eyes_would_be_needed(island: Memory, question: str) -> None:
    draft = drafted(island, question)
    assert draft.text != "yes"
    assert draft == NOT_FOUND


def partly(path: Path, trust: float = 1.0, **shares: float) -> Memory:
    return memory_of(path / "a.db", speech=[(2.0, 4.0, "a boat", trust)], shares=shares)


@pytest.mark.parametrize(
    ("question", "shares"),
    [
        ("Does anybody mention a whale?", {"speech": 0.5}),
        ("Does anybody mention a whale?", {"speech": 0.0}),
        ("Is the word 'whale' written on screen?", {"screen": 0.9}),
        ("Does the screen turn green?", {"picture": 0.6}),
    ],
)
def test_no_needs_all_that_could_have_shown_it(
    tmp_path: Path, question: str, shares: dict[str, float]
) -> None:
    assert drafted(partly(tmp_path, **shares), question) == NOT_FOUND


def test_no_is_less_sure_where_the_transcript_is(tmp_path: Path) -> None:
    (tmp_path / "low").mkdir()
    sure = drafted(partly(tmp_path), "Does anybody mention a whale?")
    unsure = drafted(partly(tmp_path / "low", trust=0.4), "Does anybody mention a whale?")
    assert (sure.text, unsure.text) == ("no", "no")
    assert sure.confidence == pytest.approx(0.9)
    assert unsure.confidence == pytest.approx(0.9 * 0.7)


def test_nobody_speaks_where_no_voice_was_heard(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db")
    assert drafted(memory, "Does anybody speak?").text == "no"


def test_a_voice_without_words_is_somebody_who_speaks(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", voice=[(3.0, 8.0)])
    draft = drafted(memory, "Does anybody speak?")
    assert (draft.text, draft.support[0].span.start_s) == ("yes", 3.0)


def test_somebody_who_speaks_at_another_time_is_no_proof(island: Memory) -> None:
    draft = drafted(island, "Does anybody speak in the last 10 seconds?")
    assert draft.text in {"no", ""}
    assert draft.support == ()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Does anybody mention the harbour?", "yes"),
        ("Does she say that the harbour isn't open?", "yes"),
        ("Is the harbour open?", "no"),
    ],
)
def test_what_a_sentence_denies_it_mentions_too(tmp_path: Path, question: str, answer: str) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(5.0, 9.0, "The harbour isn’t open today.", 1.0)])
    assert drafted(memory, question).text == answer
