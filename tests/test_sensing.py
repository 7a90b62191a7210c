"""Colours, silence and voices are found without a word, and their ends are true."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import SAMPLE_S, levels, memory_of

from vidagent.agent.evidence import Evidence
from vidagent.agent.sensing import coloured, resembling, silent, voiced
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span

# A change is seen between two samples, so its second is known to half their distance.
NEAR_S = SAMPLE_S / 2
Rows = list[tuple[float, float, str]]


def painted(path: Path, colours: Rows, duration_s: float = 60.0) -> Memory:
    return memory_of(path / "library.db", colours=colours, duration_s=duration_s)


def spans(found: list[Evidence]) -> list[Span]:
    return sorted(e.span for e in found)


def assert_near(found: list[Evidence], *expected: tuple[float, float]) -> None:
    got = [(span.start_s, span.end_s) for span in spans(found)]
    assert got == [pytest.approx(pair, abs=NEAR_S) for pair in expected]


def test_a_colour_has_its_seconds(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 20.0, "red"), (40.0, 41.0, "red")])
    assert_near(coloured(memory, ("red",)), (10.0, 20.0), (40.0, 41.0))


def test_an_end_lies_half_way_between_the_samples(tmp_path: Path) -> None:
    (evidence,) = coloured(painted(tmp_path, [(10.0, 20.0, "red")]), ("red",))
    assert evidence.span == Span(9.75, 19.75)


@pytest.mark.parametrize(
    ("row", "span"),
    [
        ((0.0, 5.0, "red"), (0.0, 4.75)),
        ((50.0, 60.0, "red"), (49.75, 60.0)),
        ((0.0, 60.0, "red"), (0.0, 60.0)),
    ],
    ids=["start", "end", "whole"],
)
def test_a_colour_at_the_edge_stays_in_the_video(
    tmp_path: Path, row: tuple[float, float, str], span: tuple[float, float]
) -> None:
    (evidence,) = coloured(painted(tmp_path, [row]), ("red",))
    assert (evidence.span.start_s, evidence.span.end_s) == pytest.approx(span)


def test_a_colour_says_how_much_it_fills_and_is_sure(tmp_path: Path) -> None:
    (evidence,) = coloured(painted(tmp_path, [(10.0, 20.0, "red")]), ("red",))
    assert (evidence.sense, evidence.quote, evidence.fit) == ("picture", "the picture is 100% red", 1.0)


@pytest.mark.parametrize("colours", [("red",), ("black",), ("white", "gray"), ()])
def test_a_colour_that_never_fills_the_picture_is_not_found(tmp_path: Path, colours: tuple[str, ...]) -> None:
    assert coloured(painted(tmp_path, [(10.0, 20.0, "blue")]), colours) == []


def test_one_colour_is_not_another(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 20.0, "red"), (20.0, 30.0, "blue")])
    assert_near(coloured(memory, ("blue",)), (20.0, 30.0))


def test_two_colours_count_together(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 20.0, "red"), (20.0, 30.0, "black")])
    assert_near(coloured(memory, ("red", "black")), (10.0, 30.0))


def test_words_on_a_black_card_are_not_black(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 20.0, "lettered black"), (20.0, 26.0, "black"), (40.0, 44.0, "black")])
    assert_near(coloured(memory, ("black",)), (20.0, 26.0), (40.0, 44.0))


def test_a_card_is_the_best_there_is_where_nothing_is_wholly_black(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 20.0, "lettered black")])
    (evidence,) = coloured(memory, ("black",))
    assert evidence.span == Span(9.75, 19.75)
    assert "89%" in evidence.quote


def test_a_flash_of_one_picture_is_no_stretch(tmp_path: Path) -> None:
    assert coloured(painted(tmp_path, [(10.0, 10.5, "red")]), ("red",)) == []


def test_flicker_is_seen_as_it_is(tmp_path: Path) -> None:
    flicker = [(10.0 + 2 * n, 11.0 + 2 * n, "red") for n in range(4)]
    found = coloured(painted(tmp_path, flicker), ("red",))
    assert_near(found, *[(a, b) for a, b, _ in flicker])


def test_a_scratch_does_not_divide_a_stretch(tmp_path: Path) -> None:
    rows = [(10.0, 14.0, "red"), (14.0, 15.0, "noisy red"), (15.0, 20.0, "red")]
    assert_near(coloured(painted(tmp_path, rows), ("red",)), (10.0, 20.0))


def test_the_fullest_comes_first_and_the_earlier_among_equals(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(40.0, 50.0, "red"), (10.0, 20.0, "red")])
    assert [e.span.start_s for e in coloured(memory, ("red",))] == [9.75, 39.75]


def test_a_video_without_pictures_shows_nothing(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", duration_s=0.0)
    assert coloured(memory, ("red",)) == []
    assert resembling(memory, "a red car") == []


def test_what_a_text_describes_is_looked_for_by_its_colours(tmp_path: Path) -> None:
    memory = painted(tmp_path, [(10.0, 14.0, "red"), (40.0, 44.0, "blue")])
    best = resembling(memory, "the red car")[0]
    assert best.span.overlap_s(Span(10.0, 14.0)) > 3.0
    assert 0.0 < best.fit < 0.5


def test_a_text_without_a_colour_resembles_nothing(tmp_path: Path) -> None:
    assert resembling(painted(tmp_path, [(10.0, 14.0, "red")]), "a helicopter") == []


def heard(
    path: Path, quiet: list[tuple[float, float]], duration_s: float = 30.0, quiet_db: int = -90
) -> Memory:
    loudness = levels(duration_s, quiet, quiet_db=quiet_db)
    return memory_of(path / "library.db", loudness=loudness, duration_s=duration_s)


def test_silence_has_its_seconds_and_the_longest_comes_first(tmp_path: Path) -> None:
    found = silent(heard(tmp_path, [(2.0, 4.0), (10.0, 19.0), (25.0, 28.5)]))
    starts_and_lengths = [(e.span.start_s, e.span.duration_s) for e in found]
    assert starts_and_lengths == [pytest.approx(p) for p in ((10.0, 9.0), (25.0, 3.5), (2.0, 2.0))]
    assert [e.quote for e in found] == ["no sound for 9.0 s", "no sound for 3.5 s", "no sound for 2.0 s"]
    assert found[0].fit == 1.0 > found[1].fit > found[2].fit > 0.7


def test_silence_of_equal_length_keeps_its_order(tmp_path: Path) -> None:
    found = silent(heard(tmp_path, [(20.0, 22.0), (5.0, 7.0)]))
    assert [e.span.start_s for e in found] == pytest.approx([5.0, 20.0])


@pytest.mark.parametrize(
    ("quiet", "found"),
    [([], 0), ([(3.0, 3.9)], 0), ([(3.0, 4.0)], 1), ([(0.0, 30.0)], 1), ([(0.0, 2.0), (28.0, 30.0)], 2)],
    ids=["none", "too short", "a second", "all", "both ends"],
)
def test_silence_counts_from_a_second_on(
    tmp_path: Path, quiet: list[tuple[float, float]], found: int
) -> None:
    got = silent(heard(tmp_path, quiet))
    assert len(got) == found
    assert all(e.span.start_s >= 0.0 and e.span.end_s <= 30.0 + 1e-6 for e in got)


@pytest.mark.parametrize(("quiet_db", "found"), [(-56, 1), (-54, 0), (-100, 1)])
def test_a_murmur_is_no_silence(tmp_path: Path, quiet_db: int, found: int) -> None:
    assert len(silent(heard(tmp_path, [(3.0, 8.0)], quiet_db=quiet_db))) == found


def test_a_video_without_sound_has_no_silence_that_was_heard(tmp_path: Path) -> None:
    assert silent(memory_of(tmp_path / "a.db")) == []


def test_voices_follow_the_transcript(tmp_path: Path) -> None:
    speech = [(2.0, 4.0, "One.", 1.0), (5.5, 8.0, "Two.", 1.0), (20.0, 22.0, "Three.", 1.0)]
    memory = memory_of(tmp_path / "a.db", speech=speech, voice=[(40.0, 50.0)])
    assert spans(voiced(memory)) == [Span(2.0, 8.0), Span(20.0, 22.0)]
    assert voiced(memory)[0].quote == "a voice for 6.0 s"


def test_voices_without_words_are_those_that_were_heard(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", voice=[(1.0, 3.0), (4.5, 6.0), (9.0, 10.0)])
    assert spans(voiced(memory)) == [Span(1.0, 6.0), Span(9.0, 10.0)]


def test_nobody_speaks_where_no_voice_was_heard(tmp_path: Path) -> None:
    assert voiced(memory_of(tmp_path / "a.db")) == []
