"""What stands for an event, and how much it stands out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.episodes import episode_of
from vidagent.index.gist import GIST_CHARACTERS, Content
from vidagent.index.records import Text
from vidagent.index.representatives import KEY_COSINE_MAX, KEYS_MAX, keys_of, mean_of
from vidagent.tools.clock import Span
from vidagent.tools.roles import Vectors

SPAN = Span(0.0, 60.0)
NOTHING: Vectors = np.zeros((0, 4), np.float32)
QUIET = np.full(100, -40.0, np.float32)


def unit(*rows: list[float]) -> Vectors:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def said(*bodies: str) -> list[Text]:
    return [Text(i, "speech", Span(5.0 * i, 5.0 * i + 4), body, 1.0) for i, body in enumerate(bodies)]


def shown(body: str, height: float, start_s: float = 0.0, end_s: float = 10.0) -> Text:
    return Text(99, "screen", Span(start_s, end_s), body, 1.0, (0.1, 0.2, 0.9, 0.2 + height))


def content(texts: list[Text] | None = None, lines: list[Text] | None = None) -> Content:
    return Content(SPAN, texts or [], lines or [], NOTHING)


def random_units(seed: int, n: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_keys_are_few_and_no_two_are_much_alike(seed: int, n: int) -> None:
    vectors = random_units(seed, n)
    keys = keys_of(vectors)
    assert 1 <= len(keys) <= KEYS_MAX
    assert keys[0] == int(np.argmax(vectors @ mean_of(vectors)))
    likeness = vectors[keys] @ vectors[keys].T
    assert (likeness[~np.eye(len(keys), dtype=bool)] <= KEY_COSINE_MAX + 1e-6).all()


def test_what_was_seen_only_briefly_is_a_key() -> None:
    vectors = unit(*[[1, 0.01 * i, 0, 0] for i in range(50)], [0, 0, 1, 0])
    assert 50 in keys_of(vectors)


def test_pictures_that_are_all_alike_have_one_key() -> None:
    assert keys_of(unit(*[[1, 0, 0, 0]] * 20)) == [0]
    assert keys_of(NOTHING) == []


def test_the_mean_has_unit_length_unless_all_cancels_out() -> None:
    assert np.linalg.norm(mean_of(random_units(1, 9))) == pytest.approx(1.0, abs=1e-6)
    assert mean_of(unit([1, 0, 0, 0], [-1, 0, 0, 0])).tolist() == [0, 0, 0, 0]


def test_a_model_may_tell_what_an_event_is_about() -> None:
    told = episode_of(
        content(said("Hello there.")), QUIET, 0.5, lambda _: "Two people\n greet " + "long " * 60
    )
    assert told.gist.startswith("Two people greet long")
    assert len(told.gist) <= GIST_CHARACTERS
    assert episode_of(content(said("Hello there.")), QUIET, 0.5, lambda _: "").gist == "“Hello there.”"


def test_what_is_unlike_its_neighbour_wordy_and_lively_stands_out() -> None:
    lively = np.tile([-60.0, -10.0], 50).astype(np.float32)
    plain = episode_of(content(), QUIET, 0.1).salience
    assert plain < episode_of(content(), QUIET, 0.9).salience <= 1
    assert plain < episode_of(content(said("Copper lamps repair lighthouses.")), QUIET, 0.1).salience
    assert plain < episode_of(content(), lively, 0.1).salience
    assert episode_of(content(), np.zeros(0, np.float32), 0.0).salience == 0.0
