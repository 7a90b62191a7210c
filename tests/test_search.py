"""Words are found in every script and in every video; no text is a command, and better lines come first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vidagent.index.excerpt import excerpt
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.search import search_library
from vidagent.index.wording import Wording
from vidagent.tools.clock import Span

Remember = Callable[..., Memory]

LINES = (
    "Houston, we've had a problem here.",
    "我们在东京塔附近等你。",
    "東京タワーの近くで猫を見た",
    "ผมชอบกินข้าวผัด",
    "مرحبا بالعالم في المدينة",
    "नमस्ते दुनिया, किताब पढ़ो",
    "Привет, мир! Ёлка горит.",
    "Über die Straße nach Köln",
    "서울에서 만나요",
    "The gull-island ferry leaves at 12:30 for 1,000 guilders.",
    "NEAR(the AND OR NOT crane*) col:stems",
)
SIGNS = "\"'*:-^(){}+[]„“”«»「」 NEAR AND OR NOT \0\n☎🎬éß東京กาकि,."


@pytest.fixture
def tongues(remember: Remember) -> Memory:
    return remember(texts=[(2.0 * i, 2.0 * i + 2.0, line) for i, line in enumerate(LINES)], title="tongues")


def found(library: Library, query: str) -> list[str]:
    return [hit.text.body for hit in search_library(library, query)]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("problem houston", 0), ("problems", 0), ("东京塔", 1), ("等你", 1), ("猫", 2), ("タワー", 2), ("塔", 1),
        ("ข้าวผัด", 3), ("مَرحبا", 4), ("العالم بالعالم", 4), ("दुनिया", 5), ("किताब", 5), ("ПРИВЕТ", 6), ("елка", 6),
        ("strasse", 7), ("KOLN", 7), ("über", 7), ("서울", 8), ("gull-island", 9), ("12:30", 9), ("1,000", 9),
        ("leaving ferries", 9), ("crane*", 10), ("col:", 10), ("NOT", 10),
    ],
)  # fmt: skip
def test_a_word_finds_its_line_in_any_script(
    library: Library, tongues: Memory, query: str, place: int
) -> None:
    assert found(library, query)[0] == LINES[place]


@pytest.mark.parametrize("query", ["ガ", "किताबघर", "猫猫", "walrus", "", "???", "\0", '""', "☎"])
def test_what_nobody_said_is_not_found(library: Library, tongues: Memory, query: str) -> None:
    assert found(library, query) == []


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ('"had a problem"', [0]), ('"a had problem"', []), ("„die Straße“", [7]), ("「東京タワー」", [2]),
        ('"island ferry" walrus', [9]), ('"walrus" ferry', []), ('"GULL ISLAND"', [9]), ('"東京の"', []),
    ],
)  # fmt: skip
def test_what_stands_in_quotes_has_to_stand_so(
    library: Library, tongues: Memory, query: str, places: list[int]
) -> None:
    assert found(library, query) == [LINES[i] for i in places]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(st.sampled_from(SIGNS), max_size=25))
def test_any_text_may_be_searched_for(library: Library, tongues: Memory, query: str) -> None:
    hits = search_library(library, query)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.text.body for hit in hits} <= set(LINES)
    assert hits == search_library(library, query)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LINES))
def test_every_line_is_found_by_itself(library: Library, tongues: Memory, line: str) -> None:
    assert found(library, line)[0] == line


def test_more_and_rarer_words_come_first(library: Library, remember: Remember) -> None:
    remember(texts=[(i, i + 1, "the harbour is calm") for i in range(30)], title="one")
    remember(texts=[(0, 1, "the harbour light"), (1, 2, "a lighthouse in the harbour, a light")], title="two")
    hits = search_library(library, "harbour light")
    assert [hit.text.body for hit in hits[:2]] == [
        "the harbour light",
        "a lighthouse in the harbour, a light",
    ]
    assert hits[0].video.title == "two"
    assert len(hits) == 20


def test_a_search_keeps_within_its_limits(library: Library, remember: Remember) -> None:
    one = remember(texts=[(0, 2, "storm"), (50, 52, "storm")], shown=[(3, 4, "STORM")], title="one")
    remember(texts=[(0, 2, "storm")], title="two")
    assert len(search_library(library, "storm")) == 4
    assert len(search_library(library, "storm", videos=[one.video])) == 3
    assert search_library(library, "storm", videos=[]) == []
    assert [hit.text.body for hit in search_library(library, "storm", sense="screen")] == ["STORM"]
    within = search_library(library, "storm", videos=[one.video], within=Span(2.0, 50.0))
    assert [hit.text.body for hit in within] == ["STORM"]
    assert len(search_library(library, "storm", 3)) == 3
    assert search_library(library, "storm", 0) == []


def test_a_forgotten_video_is_not_searched(library: Library, tongues: Memory) -> None:
    library.remove(tongues.video)
    assert found(library, "houston 東京") == []


def test_an_excerpt_is_one_line_around_the_word(library: Library, remember: Remember) -> None:
    body = "first of all " * 40 + "comes\nthe lighthouse" + " and then the rest" * 40
    remember(texts=[(0, 2, body)])
    (hit,) = search_library(library, "lighthouses")
    assert "comes the lighthouse and" in hit.excerpt
    assert len(hit.excerpt) <= 164
    assert hit.excerpt.startswith("… ") and hit.excerpt.endswith(" …")


@given(st.text(max_size=400), st.text(max_size=20), st.integers(10, 200))
def test_an_excerpt_is_part_of_its_text(body: str, query: str, width: int) -> None:
    line = excerpt(body, Wording.of(query), width)
    assert len(line) <= width + 4
    assert line.removeprefix("… ").removesuffix(" …").strip() in " ".join(body.split())
