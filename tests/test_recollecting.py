"""Recall across videos: what fits, what stood beside it, and what the last questions were about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from memories import memory_of

from vidagent.agent.planner import ask
from vidagent.index.completion import Seed, complete, windows
from vidagent.index.fusion import fused, related
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recollecting import Recalled, Wanted, recall
from vidagent.index.records import Event
from vidagent.index.session import Session
from vidagent.tools.clock import Span

Remember = Callable[..., Memory]
EVENTS = [Event(Span(10.0 * i, 10.0 * i + 10.0), 1.0, "") for i in range(6)]


@pytest.fixture
def day(remember: Remember) -> Memory:
    """Six events of ten seconds, a storm in the third; pictures all different."""
    return remember(
        texts=[(22.0, 26.0, "A storm is coming."), (41.0, 44.0, "The dog barks.")],
        shown=[(24.0, 28.0, "WARNING"), (50.0, 58.0, "THE END")],
        vectors=np.eye(60, dtype=np.float32),
        events=EVENTS,
        title="day",
    )


def starts(found: list[Recalled]) -> list[tuple[float, str]]:
    return [(r.span.start_s, r.reason) for r in found]


def test_words_bring_back_their_event_and_its_neighbours(library: Library, day: Memory) -> None:
    assert starts(recall(library, Wanted("storm"), 30.0)) == [
        (10.0, "neighbour"), (20.0, "hit"), (30.0, "neighbour"),
    ]  # fmt: skip
    assert recall(library, Wanted("walrus"), 30.0) == []
    assert recall(library, Wanted("storm"), 0.0) == []


def test_a_vector_brings_back_the_event_of_its_picture(library: Library, day: Memory) -> None:
    vector = np.eye(60, dtype=np.float32)[57]
    within = Span(50.0, 60.0)
    found = recall(library, Wanted("", vector, "made-up-60", within=within), 10.0)
    assert starts(found) == [(50.0, "hit")]


def test_what_words_and_vector_agree_on_comes_first(library: Library, day: Memory) -> None:
    vector = np.eye(60, dtype=np.float32)[23]
    found = recall(library, Wanted("storm dog", vector, "made-up-60"), 10.0)
    assert starts(found) == [(20.0, "hit")]


def test_nothing_is_recalled_from_elsewhere(library: Library, day: Memory, remember: Remember) -> None:
    other = remember(texts=[(1.0, 2.0, "storm")], events=EVENTS[:1], duration_s=10.0, title="other")
    found = recall(library, Wanted("storm", videos=(other.video,)), 100.0)
    assert [(r.media_id, r.span) for r in found] == [(other.video.id, Span(0.0, 10.0))]
    limited = recall(library, Wanted("storm", videos=(day.video,), within=Span(20.0, 30.0)), 100.0)
    assert starts(limited) == [(20.0, "hit")]


def test_a_gap_in_time_parts_neighbours(library: Library, remember: Remember) -> None:
    apart = [Event(Span(0.0, 10.0), 1.0, ""), Event(Span(50.0, 60.0), 1.0, "")]
    remember(texts=[(1.0, 2.0, "storm")], events=apart)
    assert starts(recall(library, Wanted("storm"), 100.0)) == [(0.0, "hit")]


def test_a_follow_up_sees_where_the_last_question_was(library: Library, day: Memory) -> None:
    recall(library, Wanted("storm"), 10.0, Session(library, "a"))
    with Library(library.path) as other:
        found = recall(other, Wanted("dog"), 60.0, Session(other, "a"))
    assert (20.0, "carried") in starts(found)
    assert (20.0, "carried") not in starts(recall(library, Wanted("dog"), 60.0, Session(library, "b")))


def test_what_was_carried_expires_after_some_questions(library: Library, day: Memory) -> None:
    session = Session(library, "a", n_turns=3)
    recall(library, Wanted("storm"), 10.0, session)
    kept = []
    for _ in range(4):
        kept.append(bool(session.carried()))
        recall(library, Wanted("walrus"), 10.0, session)
    assert kept == [True, True, True, False]


def test_what_was_carried_goes_with_its_video(library: Library, day: Memory) -> None:
    session = Session(library, "a")
    recall(library, Wanted("storm"), 10.0, session)
    library.remove(day.video)
    assert session.carried() == []
    recall(library, Wanted("storm"), 10.0, session)
    session.forget()
    assert library.rows("SELECT * FROM session") == []


def test_windows_are_padded_once_and_joined_when_close() -> None:
    seeds = [
        Seed(Span(10, 11), "picture", 1.0),
        Seed(Span(14, 15), "picture", 0.5),
        Seed(Span(59, 61), "speech", 0.2),
    ]
    assert windows(seeds, 60.0) == [Span(9, 16), Span(57, 60)]


def test_what_was_said_around_a_picture_completes_it(day: Memory) -> None:
    seed = Seed(Span(24.0, 25.0), "picture", 0.8)
    (said,) = complete(day, [seed], "speech")
    assert (said.text.body, said.seed) == ("A storm is coming.", seed)
    assert said.score == pytest.approx(0.8 * 3.0 / 4.0)
    (shown,) = complete(day, [Seed(Span(22.0, 26.0), "speech", 1.0)], "screen")
    assert (shown.text.body, shown.score) == ("WARNING", 1.0)
    assert complete(day, [], "speech") == []


def test_what_several_ways_agree_on_scores_higher() -> None:
    scores = fused([[1, 2, 3], [3, 4]])
    assert max(scores, key=scores.__getitem__) == 3
    assert scores[1] > scores[2]


def test_before_and_after_go_by_the_best_anchor() -> None:
    found, anchor = [Span(0, 5), Span(8, 12), Span(20, 25), Span(30, 31)], [Span(10, 20), Span(0, 1)]
    assert related(found, anchor, "after") == [Span(20, 25), Span(30, 31)]
    assert related(found, anchor, "before") == [Span(0, 5)]
    assert related(found, [], "before") == []


def test_without_an_answer_what_was_said_beside_the_likest_picture_is_shown(tmp_path: Path) -> None:
    memory = memory_of(
        tmp_path / "library.db",
        speech=[(20.0, 24.0, "Nobody expected this.", 1.0), (50.0, 54.0, "Good night.", 1.0)],
        colours=[(19.0, 25.0, "red")],
    )
    answer = ask(memory, "where is the red zebra?", min_confidence=0.99)
    assert answer.abstained
    assert "Nobody expected this." in [moment.quote for moment in answer.moments]
