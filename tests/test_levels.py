"""A timeline finer or coarser: moments in events in chapters, each with its own line, and who stands beside whom."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from conftest import Rememberer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import Event, Level
from vidagent.index.segmentation import SegmentationSettings
from vidagent.tools.clock import Span

SETTINGS = SegmentationSettings()
MOMENT, EVENT, CHAPTER = SETTINGS.event_at / 2, SETTINGS.event_at, SETTINGS.chapter_at
Cut = tuple[int, float]
Marks = Sequence[tuple[float, float, str]]
SPEECH = [
    (2.0, 6.0, "Mary keeps the lighthouse."),
    (12.0, 16.0, "The dog is called Captain."),
    (22.0, 26.0, "The ferry leaves at nine."),
    (42.0, 46.0, "A storm comes from the north."),
]


@pytest.fixture
def cut(library: Library, remember: Rememberer) -> Callable[..., Memory]:
    """A minute of video with these cuts, (second, height); events have their number for a line."""

    def make(cuts: Sequence[Cut], marks: Marks = (), provisional_from_s: float = 60.0) -> Memory:
        standing = [(0, 1.0), *((t, h) for t, h in cuts if h >= EVENT)]
        ends = [t for t, _ in standing[1:]] + [60]
        events = [
            Event(Span(t, end), h, f"event {i}")
            for i, ((t, h), end) in enumerate(zip(standing, ends, strict=True))
        ]
        memory = remember(texts=SPEECH, events=events, title=f"film {len(library.videos())}")
        media_id = memory.video.id
        with library.transaction() as connection:
            connection.execute("DELETE FROM boundary WHERE media_id = ?", (media_id,))
            connection.executemany(
                "INSERT INTO boundary VALUES (?, ?, ?, 'picture', 1)",
                [(media_id, t * 1_000_000, h) for t, h in cuts],
            )
            connection.executemany(
                "INSERT INTO mark VALUES (?, ?, ?, ?)",
                [(media_id, int(a * 1e6), int(b * 1e6), title) for a, b, title in marks],
            )
            connection.execute("UPDATE media SET segmentation = ?", (SETTINGS.to_json(),))
            connection.execute(
                "UPDATE event SET is_final = 0 WHERE media_id = ? AND end_us > ?",
                (media_id, int(provisional_from_s * 1e6)),
            )
        return memory

    return make


def spans(events: Sequence[Event]) -> list[tuple[float, float]]:
    return [(event.span.start_s, event.span.end_s) for event in events]


CUTS: list[Cut] = [(10, MOMENT), (20, EVENT), (30, MOMENT), (40, CHAPTER), (50, EVENT)]


def test_each_level_has_the_boundaries_of_its_height(cut: Callable[..., Memory]) -> None:
    memory = cut(CUTS)
    assert spans(memory.events("chapter")) == [(0, 40), (40, 60)]
    assert spans(memory.events("event")) == spans(memory.events()) == [(0, 20), (20, 40), (40, 50), (50, 60)]
    assert spans(memory.events("moment")) == [(0, 10), (10, 20), (20, 30), (30, 40), (40, 50), (50, 60)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.integers(1, 59), st.sampled_from([MOMENT, EVENT, CHAPTER]), max_size=8),
)
def test_levels_tile_the_video_and_lie_within_each_other(
    cut: Callable[..., Memory], heights: dict[int, float]
) -> None:
    memory = cut(sorted(heights.items()))
    levels: list[Level] = ["chapter", "event", "moment"]
    starts: set[float] = set()
    for level in levels:
        found = spans(memory.events(level))
        assert (found[0][0], found[-1][1]) == (0, 60)
        assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
        assert starts <= {start for start, _ in found}
        starts = {start for start, _ in found}


def test_a_moment_is_told_by_its_own_words_or_as_its_event_is(cut: Callable[..., Memory]) -> None:
    gists = [moment.gist for moment in cut(CUTS).events("moment")]
    assert gists[:4] == [
        "“Mary keeps the lighthouse.”", "“The dog is called Captain.”", "“The ferry leaves at nine.”", "event 1",
    ]  # fmt: skip
    assert gists[4:] == ["event 2", "event 3"]


def test_an_author_names_a_chapter(cut: Callable[..., Memory]) -> None:
    memory = cut(CUTS, marks=[(0.0, 40.0, "The island"), (40.0, 60.0, "")])
    assert [chapter.gist for chapter in memory.events("chapter")] == ["The island", "event 2"]


def test_a_chapter_without_a_name_is_told_by_what_stands_out_and_is_there_for_the_first_time(
    library: Library, cut: Callable[..., Memory]
) -> None:
    memory = cut(CUTS)
    first, second, third, fourth = memory.events()
    with library.transaction() as connection:
        for event, salience, twin in ((first, 0.2, None), (second, 0.6, None), (third, 0.3, None)):
            connection.execute(
                "UPDATE event SET salience = ?, duplicate_of = ? WHERE id = ?", (salience, twin, event.id)
            )
        connection.execute(
            "UPDATE event SET salience = 0.9, duplicate_of = ? WHERE id = ?", (first.id, fourth.id)
        )
    assert [(c.gist, c.salience) for c in memory.events("chapter")] == [("event 1", 0.6), ("event 2", 0.9)]


@pytest.mark.parametrize(
    ("gists", "told"),
    [
        (["no words", "“Captain barks.”", "[THE END]"], "“Captain barks.”"),
        (["no words", "[Gull Island]", "[THE END]"], "[Gull Island]"),
        (["no words", "mostly green", "[THE END]"], "mostly green"),
    ],
    ids=["some speech", "mostly titles", "mostly wordless"],
)
def test_a_chapter_is_told_by_what_most_of_it_is_like(
    library: Library, cut: Callable[..., Memory], gists: list[str], told: str
) -> None:
    memory = cut([(20, EVENT), (45, EVENT)])
    with library.transaction() as connection:
        for event, gist, salience in zip(memory.events(), gists, (0.1, 0.25, 0.3), strict=True):
            connection.execute(
                "UPDATE event SET gist = ?, salience = ? WHERE id = ?", (gist, salience, event.id)
            )
    assert [chapter.gist for chapter in memory.events("chapter")] == [told]


def test_a_chapter_is_final_when_all_of_it_is(cut: Callable[..., Memory]) -> None:
    memory = cut(CUTS, provisional_from_s=50.0)
    assert [event.is_final for event in memory.events()] == [True, True, True, False]
    assert [chapter.is_final for chapter in memory.events("chapter")] == [True, False]
    assert [moment.is_final for moment in memory.events("moment")] == [True] * 5 + [False]


def test_neighbours_come_from_order(cut: Callable[..., Memory]) -> None:
    memory = cut(CUTS)
    events = memory.events()
    cut([(30, EVENT)])
    assert [memory.event_after(event) for event in events] == [*events[1:], None]
    assert [memory.event_before(event) for event in events] == [None, *events[:-1]]


@pytest.mark.parametrize(
    ("time_s", "place"), [(0.0, 0), (19.999999, 0), (20.0, 1), (59.9, 3), (60.0, None), (-1.0, None)]
)
def test_a_moment_lies_in_the_event_that_begins_at_or_before_it(
    cut: Callable[..., Memory], time_s: float, place: int | None
) -> None:
    memory = cut(CUTS)
    assert memory.event_at(time_s) == (None if place is None else memory.events()[place])


def test_a_video_whose_settings_are_not_known_has_levels_all_the_same(
    library: Library, cut: Callable[..., Memory]
) -> None:
    memory = cut(CUTS)
    with library.transaction() as connection:
        connection.execute("UPDATE media SET segmentation = ?", (json.dumps({}),))
    assert spans(memory.events("chapter")) == [(0, 40), (40, 60)]
