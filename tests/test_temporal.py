"""Moments in order of time and sequences of them: what touches is one, what follows is joined, what is between bars."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Sequence
from itertools import islice, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memories import MIDDLE, island_of, memory_of
from pitches import Pitches

from vidagent.agent.evidence import Evidence
from vidagent.agent.finder import TEXTS_MAX, Finder
from vidagent.agent.temporal import Occurrence, chains, occurrences
from vidagent.index.meaning import Meaning
from vidagent.index.memory import Memory
from vidagent.index.records import Sense
from vidagent.index.rows import model_row, write_samples
from vidagent.index.sound_meaning import HOP_S, WINDOW_S, SoundMeaning
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.roles import Vectors


def evidence(
    start_s: float, end_s: float, fit: float = 0.9, sense: Sense = "speech", quote: str = "goal"
) -> Evidence:
    return Evidence(Span(start_s, end_s), sense, quote, fit, 1.0)


def occurrence(start_s: float, end_s: float, confidence: float = 0.5) -> Occurrence:
    span = Span(start_s, end_s)
    return Occurrence(span, (Evidence(span, "speech", "goal", 0.7, 1.0),), confidence)


def spans_of(found: Sequence[Occurrence]) -> list[Span]:
    return [each.span for each in found]


def joined(
    parts: Sequence[Sequence[Occurrence]], within_s: float, without: Sequence[Span], least: float
) -> list[tuple[Span, ...]]:
    """All sequences, by trying every one."""
    in_time = [sorted(part, key=lambda o: o.span) for part in parts]
    return [
        tuple(o.span for o in row)
        for row in product(*in_time)
        if all(is_next(a.span, b.span, within_s, without) for a, b in pairwise(row))
        and round(math.prod(o.confidence for o in row), 4) >= least
    ]


def is_next(one: Span, other: Span, within_s: float, without: Sequence[Span]) -> bool:
    is_barred = any(x.start_s < other.start_s and x.end_s > one.end_s for x in without)
    is_apart = other.start_s > one.end_s
    return (
        other.start_s > one.start_s
        and round((other.start_s - one.end_s - within_s) * 1e6) <= 0
        and not (is_apart and is_barred)
    )


TENTHS = st.integers(0, 60)
SPANS = st.builds(lambda start, n: Span(start / 10, (start + n) / 10), TENTHS, st.integers(0, 12))
PART = st.lists(
    st.builds(
        lambda span, percent: occurrence(span.start_s, span.end_s, percent / 100), SPANS, st.integers(0, 97)
    ),
    max_size=7,
    unique_by=lambda o: o.span,
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(PART, min_size=1, max_size=4),
    st.integers(0, 30),
    st.lists(SPANS.filter(lambda span: span.duration_s > 0), max_size=4),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_the_join_finds_what_trying_every_sequence_finds(
    parts: list[list[Occurrence]], tenths: int, without: list[Span], least: float
) -> None:
    found = [tuple(spans_of(chain.parts)) for chain in chains(parts, tenths / 10, without, least)]
    assert found == joined(parts, tenths / 10, without, least)


@settings(deadline=None)
@given(PART.filter(bool), PART)
def test_order_of_what_is_given_changes_nothing(one: list[Occurrence], other: list[Occurrence]) -> None:
    assert list(chains([one, other], 1.0)) == list(chains([one[::-1], other[::-1]], 1.0))


@pytest.mark.parametrize(
    ("start_s", "follows"),
    [(10.0, False), (10.1, True), (12.0, True), (14.0, True), (32.0, True), (32.001, False), (5.0, False)],
)
def test_one_follows_that_begins_later_and_soon_enough(start_s: float, follows: bool) -> None:
    found = list(chains([[occurrence(10.0, 12.0)], [occurrence(start_s, start_s + 9.0)]], 20.0))
    assert [spans_of(chain.parts) for chain in found] == (
        [[Span(10.0, 12.0), Span(start_s, start_s + 9.0)]] if follows else []
    )


def test_seconds_that_no_binary_fraction_is_are_compared_exactly() -> None:
    assert 0.1 + 0.2 > 0.3
    assert list(chains([[occurrence(0.0, 0.1)], [occurrence(0.3, 1.0)]], 0.2))
    assert list(chains([[occurrence(0.0, 10.1)], [occurrence(10.3, 11.0)]], 0.2))


def test_a_chain_lasts_from_its_first_second_to_its_last_and_is_as_likely_as_all_of_it() -> None:
    (chain,) = chains(
        [[occurrence(1.0, 9.0, 0.8)], [occurrence(2.0, 3.0, 0.5)], [occurrence(4.0, 5.0, 0.9)]], 2
    )
    assert chain.span == Span(1.0, 9.0)
    assert chain.confidence == pytest.approx(0.36)
    assert chain.gaps == [Span(3.0, 4.0)]


def test_what_begins_before_the_gap_or_ends_behind_it_lies_between_too() -> None:
    parts = [[occurrence(0.0, 10.0)], [occurrence(20.0, 21.0)]]
    for start_s, end_s, is_barred in (
        (5, 11, True),
        (19, 25, True),
        (12, 13, True),
        (5, 10, False),
        (20, 22, False),
    ):
        found = list(chains(parts, 30.0, [Span(start_s, end_s)]))
        assert bool(found) is not is_barred


def test_no_part_and_an_empty_part_make_no_sequence() -> None:
    assert list(chains([], 5.0)) == []
    assert list(chains([[occurrence(0.0, 1.0)], [], [occurrence(2.0, 3.0)]], 5.0)) == []


def test_ten_thousand_moments_a_part_are_joined_in_seconds() -> None:
    parts = [
        [occurrence(5.0 * i + shift, 5.0 * i + shift + 1.0) for i in range(10_000)] for shift in (0, 1, 2)
    ]
    begun_s = time.perf_counter()
    assert sum(1 for _ in chains(parts, 4.0)) == 10_000
    # Every moment is followed by thousands, and still nothing but the first rows is made.
    first = list(islice(chains(parts, 25_000.0), 10))
    # Thousands of beginnings lead on, and none of them to an end.
    assert list(chains([*parts, [occurrence(1e6, 1e6 + 1.0)]], 4.0)) == []
    assert len(first) == 10 and time.perf_counter() - begun_s < 20.0


def test_evidence_that_touches_is_one_occurrence() -> None:
    found = occurrences([evidence(6, 8), evidence(2, 4), evidence(4, 5), evidence(3, 3.5)])
    assert spans_of(found) == [Span(2, 5), Span(6, 8)]


def test_another_sense_makes_it_likelier_and_the_same_sense_does_not() -> None:
    alone = occurrences([evidence(2, 4, 0.6)])[0].confidence
    twice = occurrences([evidence(2, 4, 0.6), evidence(4, 6, 0.6)])[0].confidence
    seen = occurrences([evidence(2, 4, 0.6), evidence(3, 6, 0.6, "screen", "GOAL")])[0]
    assert twice == alone < seen.confidence
    assert seen.confidence == pytest.approx(1 - (1 - alone) ** 2, abs=0.001)
    assert (seen.senses, seen.quotes) == (("speech", "screen"), ("goal", "GOAL"))


def test_faint_evidence_supports_what_it_touches_and_does_not_draw_it_out() -> None:
    faint = evidence(3, 30, 0.4, "picture", "it looks like it")
    found = occurrences([evidence(2, 4), faint, evidence(20, 21)], 0.25)
    assert spans_of(found) == [Span(2, 4), Span(20, 21)]
    assert all("picture" in each.senses for each in found)
    assert occurrences([faint], 0.25) == []
    assert len(occurrences([faint], 0.1)) == 1


def test_two_faint_senses_together_may_be_enough() -> None:
    one, other = evidence(3, 5, 0.45), evidence(4, 6, 0.45, "screen")
    assert spans_of(occurrences([one, other], 0.25)) == [Span(3, 6)]


@settings(deadline=None)
@given(st.lists(st.builds(lambda s, f: evidence(s.start_s, s.end_s, f / 100), SPANS, st.integers(0, 100))))
def test_occurrences_are_apart_in_order_and_sure_enough(found: list[Evidence]) -> None:
    made = occurrences(found, 0.25)
    assert all(a.span.end_s < b.span.start_s for a, b in pairwise(made))
    assert all(each.confidence >= 0.25 for each in made)
    firm = [e for e in found if e.confidence >= 0.25]
    assert all(any(e in each.evidence for each in made) for e in firm)


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("temporal") / "library.db")


@pytest.mark.parametrize(
    ("words", "spans"),
    [
        ("NORTH HARBOR", [Span(62.0, 68.0), Span(190.0, 198.0)]),
        ("silence", [Span(165.0, 172.0), Span(200.0, 203.0)]),
        ("the last time NORTH HARBOR appears", [Span(190.0, 198.0)]),
        ("a helicopter", []),
    ],
)
def test_every_moment_of_a_description_is_found_in_order_of_time(
    island: Memory, words: str, spans: list[Span]
) -> None:
    assert spans_of(Finder(island).find(words, 0.25).occurrences) == spans


def test_colours_are_found_and_limits_are_kept(island: Memory) -> None:
    assert len(Finder(island).find("the screen is black", 0.25).occurrences) == 2
    (black,) = Finder(island, Span(200.0, 240.0)).find("the screen is black", 0.25).occurrences
    assert black.span.overlap_s(Span(232.0, 240.0)) == pytest.approx(8.0, abs=0.5)


def many(n: int) -> list[tuple[float, float, str, float]]:
    return [(10.0 * i, 10.0 * i + 3.0, f"the captain waits, {i}", 1.0) for i in range(n)]


def test_of_more_than_a_few_dozen_moments_none_is_missing(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=many(150), duration_s=1500.0)
    found = Finder(memory).find("the captain is mentioned", 0.25)
    assert [each.span.start_s for each in found.occurrences] == [10.0 * i for i in range(150)]
    assert found.is_all


def test_where_more_texts_hold_the_words_than_are_weighed_it_is_said(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=many(TEXTS_MAX + 1), duration_s=2010.0)
    found = Finder(memory).find("the captain is mentioned", 0.25)
    assert not found.is_all and not found.is_absent_from([Span(2009.0, 2010.0)])
    assert len(found.occurrences) == TEXTS_MAX


def test_what_lies_outside_the_video_is_cut_off(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(58.0, 66.0, "the captain comes", 1.0)], duration_s=60.0)
    assert spans_of(Finder(memory).find("captain").occurrences) == [Span(58.0, 60.0)]


@pytest.mark.parametrize(
    ("words", "shares", "trust", "is_known"),
    [
        ("he says 'stop'", {}, 1.0, True),
        ("he says 'stop'", {"speech": 0.5}, 1.0, False),
        ("he says 'stop'", {}, 0.3, False),
        ("he says 'stop'", {"screen": 0.0}, 1.0, True),
        ("the storm", {"screen": 0.0}, 1.0, False),
        ("the screen is red", {"speech": 0.0}, 1.0, True),
        ("the screen is red", {"picture": 0.9}, 1.0, False),
        ("silence", {}, 1.0, True),
        ("somebody walks by", {}, 1.0, False),
        ("applause", {}, 1.0, False),
    ],
)
def test_it_is_absent_only_where_a_sense_that_would_tell_looked_at_enough(
    tmp_path: Path, words: str, shares: dict[str, float], trust: float, is_known: bool
) -> None:
    memory = memory_of(
        tmp_path / "a.db",
        screen=[(2.0, 4.0, "SEA ROSE", MIDDLE)],
        shares=shares,
        trust=trust,
        loudness=[-20] * 600,
    )
    found = Finder(memory).find(words, 0.25)
    assert found.is_absent_from([Span(10.0, 20.0)]) is is_known


def test_it_is_not_known_to_be_absent_from_what_damage_hid(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(2.0, 4.0, "the captain comes", 1.0)])
    with memory.library.transaction() as connection:
        connection.execute(
            "INSERT INTO lost(media_id, sense, start_us, end_us) VALUES (?, 'sound', 12000000, 13000000)",
            (memory.video.id,),
        )
    found = Finder(memory).find("he says 'stop'")
    assert not found.is_absent_from([Span(10.0, 20.0)])
    assert found.is_absent_from([Span(20.0, 30.0)])


def test_pictures_that_look_like_it_are_faint_and_make_words_likelier(tmp_path: Path) -> None:
    speech = [(10.0, 12.0, "the red car stops", 1.0)]
    colours = [(9.0, 12.0, "red"), (30.0, 32.0, "red")]
    memory = memory_of(tmp_path / "a.db", speech=speech, colours=colours)
    seeing = Finder(memory, pictures=AppearanceEmbedder())
    words = "a red car stops at the church"
    (told,) = Finder(memory).find(words, 0.25).occurrences
    (both,) = seeing.find(words, 0.25).occurrences
    assert (told.span, both.span) == (Span(10.0, 12.0), Span(10.0, 12.0))
    assert both.confidence > told.confidence and both.senses == ("speech", "picture")
    assert seeing.find(words, 0.25).n_faint > 0 and len(seeing.find(words).occurrences) == 2
    assert seeing.find("he says red car", 0.0).n_faint == 0


def test_what_was_listened_to_is_found_by_its_sound(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", duration_s=120.0)
    sounds = SoundMeaning(memory.library, Pitches())
    times_s = np.arange(0.0, 120.0 - WINDOW_S, HOP_S)
    bell, nothing = np.array([0.2, 0.98, 0.0]), np.array([1.0, 0.0, 0.0])
    rows = [(bell if 30.0 <= t < 35.0 else nothing).astype(np.float32) for t in times_s]
    with memory.library.transaction() as connection:
        write_samples(connection, memory.video.id, model_row(connection, sounds.embedder), times_s, rows)
    (found,) = Finder(memory, sounds=sounds).find("the bell rings", 0.25).occurrences
    assert found.senses == ("sound",) and found.span.overlap_s(Span(32.5, 35.0)) == pytest.approx(2.5)
    assert Finder(memory).find("the bell rings").occurrences == []


class Topics:
    """A model to which all texts are unlike each other, apart from those about ships."""

    name, dimension = "topics", 64

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        topic = "ship" if {"ship", "ferry"} & set(text.split()) else text
        row = np.random.default_rng(zlib.crc32(topic.encode())).normal(size=self.dimension)
        return np.asarray(row / np.linalg.norm(row), np.float32)


def test_what_means_the_same_is_a_faint_sign(tmp_path: Path) -> None:
    speech = [(10.0 * i, 10.0 * i + 4.0, f"lamps, lots of {i}", 1.0) for i in range(12)]
    memory = memory_of(
        tmp_path / "a.db", speech=[*speech, (130.0, 134.0, "our ferry is gone", 1.0)], duration_s=140.0
    )
    meaning = Meaning(memory.library, Topics())
    meaning.learn()
    (found,) = Finder(memory, meaning=meaning).find("a ship sets off").occurrences
    assert found.span == Span(130.0, 134.0) and found.confidence < 0.25
    assert Finder(memory).find("a ship sets off").occurrences == []


def test_a_german_description_is_read_as_german(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(10.0, 12.0, "Ein Hund bellt laut im Hof.", 1.0)])
    (found,) = Finder(memory).find("der Hund bellt", 0.9).occurrences
    assert found.span == Span(10.0, 12.0)
