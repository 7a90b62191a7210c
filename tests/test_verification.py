"""What a model cites is looked at once more, alone, and withdrawn where it does not hold the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from memories import island_of

from vidagent.agent.evidence import Evidence
from vidagent.agent.inquiry import NOT_FOUND, Draft
from vidagent.agent.methods.spending import Budget, Purse
from vidagent.agent.question import understand
from vidagent.agent.verification import verified
from vidagent.agent.viewing import NAMED, SHOWN
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import Prompt

QUESTION = understand("When does the ferry leave?", 240.0)
ANSWER = "At nine."


@pytest.fixture
def island(tmp_path: Path) -> Memory:
    """A film whose file is gone, so that its words alone are shown."""
    island = island_of(tmp_path / "library.db")
    island.video.path.unlink()
    return island


def cited(*starts_s: float, quote: str = NAMED) -> Draft:
    return Draft(ANSWER, 0.8, tuple(Evidence(Span(s, s + 4), "picture", quote, 0.9, 1.0) for s in starts_s))


def knowing(sure: float = 0.9) -> Callable[[Prompt, Sequence[str]], list[float]]:
    """As sure as that where the ferry is spoken of, and of the contrary elsewhere."""

    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        is_there = "ferry leaves at nine" in str(prompt.parts)
        return [sure, 1 - sure] if is_there else [1 - sure, sure]

    return chances


def test_what_does_not_hold_is_withdrawn(island: Memory) -> None:
    draft = verified(ScriptedModel(str, knowing()), QUESTION, cited(30.0, 70.0), island)
    assert [e.span.start_s for e in draft.support] == [30.0]
    assert (draft.text, draft.confidence) == (ANSWER, 0.8)


def test_where_nothing_holds_there_is_no_answer(island: Memory) -> None:
    draft = verified(ScriptedModel(str, knowing()), QUESTION, cited(70.0, 96.0), island)
    assert (draft.text, draft.support) == (NOT_FOUND.text, ())
    assert draft.confidence == pytest.approx(0.1)


def test_it_is_no_surer_than_what_holds_it(island: Memory) -> None:
    assert verified(ScriptedModel(str, knowing(0.6)), QUESTION, cited(30.0), island).confidence == 0.6


def test_each_stretch_is_shown_alone(island: Memory) -> None:
    asked: list[str] = []

    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        asked.append(str(prompt.parts))
        return [0.9, 0.1]

    verified(ScriptedModel(str, chances), QUESTION, cited(30.0, 112.0), island)
    assert ["ferry" in text.split("</words>")[0] for text in asked] == [True, False]
    assert ["storm" in text.split("</words>")[0] for text in asked] == [False, True]
    assert all(ANSWER in text for text in asked)


def test_who_names_nothing_or_cannot_tell_is_taken_at_its_word(island: Memory) -> None:
    only_shown = cited(70.0, quote=SHOWN)
    assert verified(ScriptedModel(str, knowing()), QUESTION, only_shown, island) == only_shown
    named = cited(70.0)
    assert verified(ScriptedModel(str), QUESTION, named, island) == named


def test_no_more_than_a_few_stretches_are_asked_about(island: Memory) -> None:
    asked: list[Prompt] = []

    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        asked.append(prompt)
        return [0.9, 0.1]

    many, model = cited(*range(0, 200, 10)), ScriptedModel(str, chances)
    verified(model, QUESTION, many, island)
    assert len(asked) == 4
    asked.clear()
    verified(model, QUESTION, many, island, Purse(Budget(frames=20)))
    assert len(asked) == 2
    asked.clear()
    assert verified(model, QUESTION, many, island, Purse(Budget(calls=0))) == many
    assert not asked
