"""When: the seconds of what was asked for, and no seconds for what never came."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.evidence import Evidence
from vidagent.agent.inquiry import NOT_FOUND
from vidagent.agent.reading.moment import equally_good, pick
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("moment") / "library.db")


@pytest.mark.parametrize(
    ("question", "spans", "sense"),
    [
        ("When does the ferry leave?", [(30.0, 34.0)], "speech"),
        ("At what moment are gold coins found?", [(214.0, 218.0)], "speech"),
        ("When is it said that lightning hit the tower?", [(124.0, 128.0)], "speech"),
        ("When does LIFEBOAT LAUNCH appear?", [(130.0, 136.0)], "screen"),
        ("When does 'north harbor' appear on screen?", [(62.0, 68.0), (190.0, 198.0)], "screen"),
        ("When is 'Port Ellen' on the board?", [(84.0, 94.0)], "screen"),
        ("When does the screen turn red?", [(139.75, 149.75)], "picture"),
        ("When does the longest stretch without any sound begin?", [(165.0, 172.0)], "sound"),
        ("Find the part about the ferry.", [(30.0, 34.0)], "speech"),
        ("Tell me when the screen is red.", [(139.75, 149.75)], "picture"),
    ],
)
def test_what_came_has_its_seconds(
    island: Memory, question: str, spans: list[tuple[float, float]], sense: str
) -> None:
    draft = drafted(island, question)
    assert sorted((e.span.start_s, e.span.end_s) for e in draft.support) == [pytest.approx(s) for s in spans]
    assert {e.sense for e in draft.support} == {sense}
    assert draft.text == ", ".join(str(e.span) for e in sorted(draft.support, key=lambda e: e.span))
    assert draft.confidence > 0.7


@pytest.mark.parametrize(
    "question",
    [
        "When does the helicopter land?",
        "When does 'abandon ship' appear?",
        "When does the screen turn green?",
        "When does NORTH HARBOR appear for the third time?",
        "When does LIFEBOAT LAUNCH appear after 3:00?",
        "When does the screen turn red in the first minute?",
        "When is the screen black for the third time?",
        "When is there no sound in the first 30 seconds?",
    ],
)
def test_what_never_came_has_no_seconds(island: Memory, question: str) -> None:
    assert drafted(island, question) == NOT_FOUND


@pytest.mark.parametrize(
    ("question", "start_s"),
    [
        ("When does NORTH HARBOR appear for the first time?", 62.0),
        ("When does NORTH HARBOR first appear?", 62.0),
        ("When does NORTH HARBOR appear first?", 62.0),
        ("When does NORTH HARBOR appear for the second time?", 190.0),
        ("When is the last time NORTH HARBOR appears?", 190.0),
        ("When does NORTH HARBOR appear after 1:30?", 190.0),
        ("When is the screen black for the second time?", 231.75),
        ("When is the screen black in the last 20 seconds?", 231.75),
    ],
)
def test_one_of_several_moments(island: Memory, question: str, start_s: float) -> None:
    (evidence,) = drafted(island, question).support
    assert evidence.span.start_s == start_s


def test_a_sound_track_without_a_pause_has_no_silence(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", loudness=[-20] * 600)
    assert drafted(memory, "When is it silent?") == NOT_FOUND


def test_screen_text_counts_before_speech_where_the_screen_was_named(tmp_path: Path) -> None:
    memory = memory_of(
        tmp_path / "a.db", speech=[(2.0, 4.0, "Sea Rose", 1.0)], screen=[(30.0, 34.0, "SEA ROSE", MIDDLE)]
    )
    assert drafted(memory, "When is 'sea rose' on screen?").support[0].span == Span(30.0, 34.0)
    assert drafted(memory, "When does he say 'sea rose'?").support[0].span == Span(2.0, 4.0)
    assert len(drafted(memory, "When does 'sea rose' come up?").support) == 2


def test_all_that_fit_nearly_as_well_are_equally_good() -> None:
    found = [
        Evidence(Span(n, n + 1.0), "speech", "", fit, 1.0) for n, fit in enumerate((1.0, 0.95, 0.9, 0.5))
    ]
    assert equally_good(found) == found[:2]
    assert equally_good([]) == []


@pytest.mark.parametrize(
    ("ordinal", "starts"), [(None, [8, 2, 5]), (1, [2]), (2, [5]), (3, [8]), (-1, [8]), (4, []), (-4, [])]
)
def test_an_ordinal_counts_in_time(ordinal: int | None, starts: list[int]) -> None:
    found = [Evidence(Span(start_s, start_s + 1.0), "speech", "", 1.0, 1.0) for start_s in (8, 2, 5)]
    assert [e.span.start_s for e in pick(found, ordinal)] == starts
    assert pick([], ordinal) == []
