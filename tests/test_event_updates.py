"""Events while a video is being read: what is final stays, and in the end all is as if read at once."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import make_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import Findings, store

from vidagent.index.episode_writing import update_events
from vidagent.index.library import Library
from vidagent.index.listening import LoudnessRow
from vidagent.index.records import ContentKey
from vidagent.index.segmentation import SegmentationSettings
from vidagent.tools.roles import Vectors

SETTINGS = SegmentationSettings()
N_SCENES, SCENE_S = 24, 40
WHOLE_S = float(N_SCENES * SCENE_S)
FINAL_ROWS = (
    "SELECT start_us, end_us, merge_height, gist, salience, mean, duplicate_of IS NULL,"
    " (SELECT group_concat(t_us) FROM event_key JOIN sample ON sample.id = sample_id WHERE event_id = event.id)"
    " FROM event WHERE media_id = ? AND is_final ORDER BY start_us"
)


def film(seed: int) -> Vectors:
    """A vector a second of scenes that differ clearly from each other; some come back."""
    random = np.random.default_rng(seed)
    looks = random.normal(size=(N_SCENES, 32))
    looks[N_SCENES // 2 :: 3] = looks[1]
    rows = np.repeat(looks, SCENE_S, axis=0) + 0.3 * random.normal(size=(N_SCENES * SCENE_S, 32))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def watched(library: Library, tmp_path: Path, findings_of: Callable[..., Findings]) -> Callable[[int], int]:
    """Stores what is seen, heard and said in a film, cut into events at once; gives its id."""

    def watch(seed: int) -> int:
        random = np.random.default_rng(seed)
        said = [(t, t + 3.0, f"Word {seed} stands at second {t:.0f}.") for t in range(5, int(WHOLE_S), 17)]
        levels = [
            LoudnessRow(20.0 * i, random.integers(-60, -10, 200).astype(np.int8))
            for i in range(int(WHOLE_S / 20))
        ]
        found = findings_of(texts=said, vectors=film(seed), duration_s=WHOLE_S, loudness=levels)
        path = make_file(tmp_path / f"{seed}.mp4")
        key = ContentKey(f"{seed:064d}")
        return store(library, path, key, "made up", dataclasses.replace(found, events=None)).id

    return watch


def follow(
    connection: sqlite3.Connection, media_id: int, ends_s: Sequence[float]
) -> list[list[tuple[int, int]]]:
    """Cut the film anew as it grows; the ids and starts of final events after each step."""
    connection.execute("DELETE FROM event WHERE media_id = ?", (media_id,))
    connection.execute("DELETE FROM boundary WHERE media_id = ?", (media_id,))
    connection.execute("DELETE FROM progress WHERE media_id = ?", (media_id,))
    ((model_id,),) = connection.execute(
        "SELECT DISTINCT model_id FROM sample WHERE media_id = ?", (media_id,)
    )
    finals = []
    for end_s in ends_s:
        update_events(connection, media_id, model_id, end_s, end_s == WHOLE_S, SETTINGS)
        finals.append(
            connection.execute(
                "SELECT id, start_us FROM event WHERE media_id = ? AND is_final ORDER BY start_us",
                (media_id,),
            ).fetchall()
        )
    return finals


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.lists(st.floats(1.0, WHOLE_S - 1.0), max_size=12))
def test_events_are_the_same_however_the_film_arrives(
    library: Library, watched: Callable[[int], int], seed: int, ends_s: list[float]
) -> None:
    media_id = watched(seed)
    at_once = library.rows(FINAL_ROWS, media_id), _boundaries(library, media_id)
    with library.transaction() as connection:
        follow(connection, media_id, [*sorted(ends_s), WHOLE_S])
    assert (library.rows(FINAL_ROWS, media_id), _boundaries(library, media_id)) == at_once
    assert len(at_once[0]) >= N_SCENES - 2
    library.remove(library.video(media_id))


def _boundaries(library: Library, media_id: int) -> list[tuple[object, ...]]:
    return library.rows("SELECT * FROM boundary WHERE media_id = ? ORDER BY t_us", media_id)


def test_a_final_event_keeps_its_id_and_all_before_it_is_final(
    library: Library, watched: Callable[[int], int]
) -> None:
    media_id = watched(1)
    with library.transaction() as connection:
        finals = follow(connection, media_id, [*np.arange(60.0, WHOLE_S, 60.0), WHOLE_S])
    assert len({len(step) for step in finals}) > 5
    for before, after in pairwise(finals):
        assert after[: len(before)] == before
    starts = [
        row[0] for row in library.rows("SELECT start_us FROM event WHERE media_id = ? ORDER BY 1", media_id)
    ]
    assert [start for _, start in finals[-1]] == starts


def test_events_tile_what_was_read_at_every_step(library: Library, watched: Callable[[int], int]) -> None:
    media_id = watched(2)
    for end_s in (30.0, 200.0, 555.5, 900.0):
        with library.transaction() as connection:
            follow(connection, media_id, [end_s / 2, end_s])
        rows = library.rows("SELECT start_us, end_us FROM event WHERE media_id = ? ORDER BY 1", media_id)
        edges = [edge for row in rows for edge in row]
        assert (edges[0], edges[-1]) == (0, round(end_s * 1e6))
        assert edges[1:-1:2] == edges[2::2]


def test_nothing_that_lies_long_before_is_read_again(library: Library, watched: Callable[[int], int]) -> None:
    media_id = watched(3)
    with library.transaction() as connection:
        follow(connection, media_id, np.arange(60.0, WHOLE_S, 60.0).tolist())
        before = connection.execute(FINAL_ROWS, (media_id,)).fetchall()
        # What is gone cannot be read: events that end where it ended have to stay as they are.
        first_us = round((WHOLE_S - 120 - SETTINGS.lookback_s - 200) * 1e6)
        connection.execute("DELETE FROM sample WHERE media_id = ? AND t_us < ?", (media_id, first_us))
        ((model_id,),) = connection.execute(
            "SELECT DISTINCT model_id FROM sample WHERE media_id = ?", (media_id,)
        )
        update_events(connection, media_id, model_id, WHOLE_S, True, SETTINGS)
    after = library.rows(FINAL_ROWS, media_id)
    assert [row[:3] for row in after[: len(before)]] == [row[:3] for row in before]
    assert len(after) >= N_SCENES - 2


def test_keys_are_pictures_of_their_event(library: Library, watched: Callable[[int], int]) -> None:
    media_id = watched(4)
    rows = library.rows(
        "SELECT start_us, end_us, t_us FROM event JOIN event_key ON event_id = event.id"
        " JOIN sample ON sample.id = sample_id WHERE event.media_id = ?",
        media_id,
    )
    assert len(rows) >= N_SCENES - 2
    assert all(row[0] <= row[2] < row[1] for row in rows)  # type: ignore[operator]


def test_a_model_makes_the_gist_where_there_is_one(library: Library, watched: Callable[[int], int]) -> None:
    media_id = watched(5)
    ((model_id,),) = library.rows("SELECT DISTINCT model_id FROM sample WHERE media_id = ?", media_id)
    with library.transaction() as connection:
        connection.execute("DELETE FROM event WHERE media_id = ?", (media_id,))
        connection.execute("DELETE FROM boundary WHERE media_id = ?", (media_id,))
        update_events(
            connection, media_id, int(str(model_id)), WHOLE_S, True, SETTINGS,
            lambda content: f"seen {content.span}",
        )  # fmt: skip
    rows = library.rows("SELECT gist FROM event WHERE media_id = ? AND duplicate_of IS NULL", media_id)
    assert rows and all(str(gist).startswith("seen ") for (gist,) in rows)
