"""A question for what is not so is answered by what says so, or by what is left; never by what is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memories import drafted, island_of, memory_of

from vidagent.agent.inquiry import NOT_FOUND
from vidagent.agent.reading.negation import denies
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span, gaps_between


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("negation") / "library.db")


def test_when_nobody_speaks_is_what_lies_between_what_is_said(tmp_path: Path) -> None:
    said = [(5.0, 15.0, "one thing", 1.0), (20.0, 30.0, "another", 1.0)]
    memory = memory_of(tmp_path / "library.db", speech=said, duration_s=60.0)
    draft = drafted(memory, "When is nobody talking?")
    spans = [Span(30.0, 60.0), Span(0.0, 5.0), Span(15.0, 20.0)]
    assert [e.span for e in draft.support] == spans and draft.is_sure(0.5)
    # It is nothing that was said, so it stands in no quotation marks.
    assert {e.sense for e in draft.support} == {"sound"}
    assert draft.text == ", ".join(map(str, sorted(spans)))


def test_a_colour_that_is_not_there_is_the_rest_of_the_video(island: Memory) -> None:
    draft = drafted(island, "When is the screen not black?")
    assert len(draft.support) == 2
    for evidence in draft.support:
        assert evidence.span.overlap_s(Span(160.5, 163.5)) == 0 and evidence.sense == "picture"


def test_where_little_was_looked_at_nothing_is_left(tmp_path: Path) -> None:
    said = [(5.0, 15.0, "one thing", 1.0)]
    memory = memory_of(tmp_path / "library.db", speech=said, shares={"speech": 0.5})
    assert drafted(memory, "When is nobody talking?") == NOT_FOUND


@pytest.mark.parametrize("question", ["When does the ferry not leave?", "Who does not keep the lighthouse?"])
def test_what_is_so_is_no_answer(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


def test_what_says_that_it_is_not_so_is_one(tmp_path: Path) -> None:
    said = [(5.0, 9.0, "The ferry didn’t leave today.", 1.0), (20.0, 24.0, "The bus leaves at six.", 1.0)]
    memory = memory_of(tmp_path / "library.db", speech=said)
    assert drafted(memory, "When does the ferry not leave?").support[0].span.start_s == 5.0


def test_a_reason_is_given_in_any_words(tmp_path: Path) -> None:
    said = [(5.0, 9.0, "The ferry does not leave because of the storm.", 1.0)]
    memory = memory_of(tmp_path / "library.db", speech=said)
    assert "storm" in drafted(memory, "Why doesn't the ferry leave?").text


@pytest.mark.parametrize(
    ("text", "is_denial"),
    [
        ("She isn't there", True),
        ("Nobody came", True),
        ("They don’t", True),
        ("A knot in note", False),
        ("want", False),
    ],
)
def test_a_denial_is_known(text: str, is_denial: bool) -> None:
    assert denies(text) is is_denial


def test_every_moment_is_given_where_that_is_asked(tmp_path: Path) -> None:
    said = [
        (5.0, 9.0, "The green door opens.", 1.0),
        (20.0, 24.0, "The green door opens, says somebody.", 0.6),
        (40.0, 44.0, "A dog barks.", 1.0),
    ]
    memory = memory_of(tmp_path / "library.db", speech=said)
    every = [e.span.start_s for e in drafted(memory, "Find every time the green door opens.").support]
    one = [e.span.start_s for e in drafted(memory, "When does the green door open?").support]
    assert sorted(every) == [5.0, 20.0] and one == [5.0]


spans = st.lists(st.builds(lambda a, b: Span(a, a + b), st.floats(-20, 90), st.floats(0, 30)), max_size=8)


@given(spans)
def test_gaps_and_spans_share_a_stretch_without_rest(found: list[Span]) -> None:
    whole = Span(0.0, 60.0)
    gaps = gaps_between(found, whole)
    assert gaps == sorted(gaps) and all(whole.start_s <= g.start_s < g.end_s <= whole.end_s for g in gaps)
    assert all(gap.overlap_s(span) <= 1e-9 for gap in gaps for span in found)
    for second in range(0, 60, 7):
        is_in = any(s.start_s <= second < s.end_s for s in found)
        assert (
            is_in or any(g.start_s <= second < g.end_s for g in gaps) or any(s.end_s == second for s in found)
        )
