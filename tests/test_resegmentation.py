"""A remembered video cut anew with other settings: from what is stored, all at once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import make_file
from memories import Findings, store

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import ContentKey
from vidagent.index.resegmentation import resegment
from vidagent.index.segmentation import (
    SegmentationSettings,
    Surprise,
    with_grain,
    with_lengths,
    with_surprise,
)
from vidagent.tools.errors import VidagentError

USUAL = SegmentationSettings()


@pytest.fixture
def film(library: Library, tmp_path: Path, findings_of: Callable[..., Findings]) -> Memory:
    """Four scenes of 40 seconds that fade over: two pairs that differ little within, and much from each other."""
    random = np.random.default_rng(1)
    first, second, shift = random.normal(size=(3, 64))
    scenes = [first, first + 0.75 * shift, second, second + 0.75 * shift]
    still = np.repeat(scenes, 40, axis=0)
    fading = np.stack([still[max(0, i - 3) : i + 4].mean(axis=0) for i in range(160)])
    rows = fading + 0.1 * random.normal(size=(160, 64))
    vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found = findings_of(vectors=vectors, duration_s=160.0, texts=[(50.0, 55.0, "Captain barks.")])
    path = make_file(tmp_path / "film.mp4")
    return Memory(library, store(library, path, ContentKey("1" * 64), "", replace(found, events=None)))


def starts_s(memory: Memory) -> list[float]:
    return [event.span.start_s for event in memory.events()]


def test_coarser_settings_give_longer_events_and_finer_ones_shorter(film: Memory) -> None:
    resegment(film.library, film.video, with_grain(USUAL, 3.0))
    coarse = starts_s(film)
    resegment(film.library, film.video, replace(with_grain(USUAL, 0.5), gamma=0.0))
    fine = starts_s(film)
    assert coarse == pytest.approx([0.0, 80.0], abs=3)
    assert fine == pytest.approx([0.0, 40.0, 80.0, 120.0], abs=3)


def test_the_levels_follow_the_settings(film: Memory) -> None:
    resegment(film.library, film.video, replace(USUAL, chapter_at=0.99))
    assert len(film.events("chapter")) < len(film.events())
    resegment(film.library, film.video, replace(USUAL, chapter_at=USUAL.event_at))
    assert [c.span for c in film.events("chapter")] == [e.span for e in film.events()]


@pytest.mark.parametrize("surprise", ["previous", "mean", "contrast"])
def test_each_surprise_finds_the_great_change(film: Memory, surprise: Surprise) -> None:
    resegment(film.library, film.video, with_surprise(with_grain(USUAL, 3.0), surprise))
    assert starts_s(film) == pytest.approx([0.0, 80.0], abs=3)


def test_lengths_are_kept_to_and_the_settings_are_stored(film: Memory) -> None:
    rules = with_lengths(USUAL, 50.0)
    resegment(film.library, film.video, rules)
    lengths_s = [event.span.duration_s for event in film.events()]
    assert len(lengths_s) > 1
    assert all(50.0 <= length_s <= 120.0 for length_s in lengths_s)
    ((stored,),) = film.library.rows("SELECT segmentation FROM media")
    assert SegmentationSettings.from_json(str(stored)) == rules


def test_what_was_cut_goes_without_a_trace(film: Memory) -> None:
    for factor in (3.0, 0.5, 3.0):
        resegment(film.library, film.video, with_grain(USUAL, factor))
    rows = film.library.rows
    assert rows("SELECT count(*) FROM event") == [(2,)]
    assert rows("SELECT count(*) FROM event_key WHERE event_id NOT IN (SELECT id FROM event)") == [(0,)]
    assert rows("SELECT count(*) FROM progress") == [(0,)]
    assert all(event.is_final for event in film.events())
    assert "“Captain barks.”" in film.events()[0].gist


def test_a_failure_leaves_the_events_as_they_were(film: Memory) -> None:
    before = film.events()
    film.library.database.conn.execute(
        "CREATE TRIGGER full AFTER INSERT ON event WHEN new.start_us > 0 BEGIN SELECT raise(ABORT, 'full'); END"
    )
    with pytest.raises(VidagentError):
        resegment(film.library, film.video, with_grain(USUAL, 0.5))
    assert film.events() == before
