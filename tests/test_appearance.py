"""Colours that a picture shows are the colours it is found by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vidagent.tools.appearance import COLOURS, AppearanceEmbedder, colour_shares, colours_in
from vidagent.tools.roles import Pixels

PAINTS = {
    "black": (8, 8, 8),
    "white": (250, 250, 250),
    "gray": (128, 128, 128),
    "red": (220, 20, 20),
    "orange": (255, 140, 0),
    "yellow": (250, 230, 20),
    "green": (20, 160, 40),
    "cyan": (0, 220, 220),
    "blue": (30, 60, 220),
    "purple": (130, 40, 200),
    "pink": (255, 105, 180),
    "brown": (120, 70, 30),
}
OTHER_SHADES = {
    "black": (0, 0, 30),
    "white": (255, 255, 245),
    "gray": (90, 92, 95),
    "red": (150, 0, 10),
    "orange": (240, 120, 40),
    "yellow": (255, 255, 0),
    "green": (120, 220, 120),
    "cyan": (60, 210, 200),
    "blue": (90, 140, 230),
    "purple": (90, 0, 130),
    "pink": (255, 192, 203),
    "brown": (139, 69, 19),
}
EMBEDDER = AppearanceEmbedder()
PICTURES = arrays(
    np.uint8, st.tuples(st.integers(1, 120), st.integers(1, 120), st.just(3)), elements=st.integers(0, 255)
)


def painted(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def strongest(picture: Pixels) -> str:
    return COLOURS[int(colour_shares(EMBEDDER.embed_images([picture]))[0].argmax())]


def likeness(picture: Pixels, text: str) -> float:
    vector = EMBEDDER.embed_text(text)
    assert vector is not None
    return float(EMBEDDER.embed_images([picture])[0] @ vector)


def test_there_is_a_paint_for_every_colour() -> None:
    assert tuple(PAINTS) == tuple(OTHER_SHADES) == COLOURS


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("paints", [PAINTS, OTHER_SHADES])
def test_a_picture_of_one_colour_is_named_by_it(paints: dict[str, tuple[int, int, int]], colour: str) -> None:
    shares = colour_shares(EMBEDDER.embed_images([painted(paints[colour])]))[0]
    assert strongest(painted(paints[colour])) == colour
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares.max() == pytest.approx(1.0, abs=1e-5)


def test_shares_tell_how_much_of_the_picture_a_colour_fills() -> None:
    picture = painted(PAINTS["blue"], 90, 90)
    picture[:30] = PAINTS["yellow"]
    shares = dict(zip(COLOURS, colour_shares(EMBEDDER.embed_images([picture]))[0], strict=True))
    assert shares["yellow"] == pytest.approx(1 / 3, abs=0.02)
    assert shares["blue"] == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_word_is_nearest_to_its_picture_and_a_picture_to_its_word(colour: str) -> None:
    assert max(COLOURS, key=lambda other: likeness(painted(PAINTS[other]), colour)) == colour
    assert max(COLOURS, key=lambda other: likeness(painted(PAINTS[colour]), other)) == colour


def test_a_picture_with_more_red_is_more_like_red() -> None:
    pictures = [painted(PAINTS["green"], 90, 90) for _ in range(4)]
    for picture, rows in zip(pictures, (0, 30, 60, 90), strict=True):
        picture[:rows] = PAINTS["red"]
    scores = [likeness(picture, "the red screen") for picture in pictures]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)


@given(PICTURES)
def test_every_picture_has_a_unit_vector(picture: Pixels) -> None:
    (vector,) = EMBEDDER.embed_images([picture])
    assert (vector.shape, vector.dtype) == ((EMBEDDER.dimension,), np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@given(st.lists(PICTURES, max_size=4))
def test_a_picture_has_the_same_vector_alone_and_in_company(pictures: list[Pixels]) -> None:
    together = EMBEDDER.embed_images(pictures)
    assert together.shape == (len(pictures), EMBEDDER.dimension)
    for picture, vector in zip(pictures, together, strict=True):
        assert np.array_equal(EMBEDDER.embed_images([picture])[0], vector)


def test_the_size_of_a_picture_hardly_matters() -> None:
    chance = np.random.default_rng(7)
    small = chance.integers(0, 256, (6, 8, 3), np.uint8)
    vectors = EMBEDDER.embed_images([np.kron(small, np.ones((n, n, 1), np.uint8)) for n in (12, 36, 90)])
    assert (vectors @ vectors.T).min() > 0.97


def test_where_a_colour_stands_is_told_apart() -> None:
    above, below = painted(PAINTS["white"], 90, 90), painted(PAINTS["white"], 90, 90)
    above[:45], below[45:] = PAINTS["blue"], PAINTS["blue"]
    one, other = EMBEDDER.embed_images([above, below])
    assert one @ other < 0.9


@pytest.mark.parametrize(
    "text", ["", "a dog on a beach", "covered", "hundred people", "the reddish one", "灰色", "blueprint"]
)
def test_a_text_without_colour_words_has_no_vector(text: str) -> None:
    assert colours_in(text) == []
    assert EMBEDDER.embed_text(text) is None


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("When does the screen turn RED?", ["red"]),
        ("a grey cat, a dark night", ["black", "gray"]),
        ("violet, lilac and magenta", ["purple", "pink"]),
        ("white on blue; blue on white", ["white", "blue"]),
        ("turquoise", ["cyan"]),
        ("red-green", ["red", "green"]),
    ],
)
def test_a_text_names_colours(text: str, colours: list[str]) -> None:
    assert colours_in(text) == colours
    vector = EMBEDDER.embed_text(text)
    assert vector is not None
    assert (vector.shape, vector.dtype) == ((EMBEDDER.dimension,), np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@given(st.text())
def test_any_text_has_a_unit_vector_or_none(text: str) -> None:
    vector = EMBEDDER.embed_text(text)
    assert (vector is None) == (not colours_in(text))


def test_likelihoods_are_how_much_the_named_colours_fill() -> None:
    embedder = AppearanceEmbedder()
    red = np.full((90, 160, 3), (220, 20, 20), np.uint8)
    half = red.copy()
    half[:, :80] = (20, 40, 220)
    vectors = embedder.embed_images([red, half])
    assert np.allclose(embedder.likelihoods(vectors, "a red picture"), [1.0, 0.5], atol=0.05)
    assert embedder.likelihoods(vectors, "red and blue")[1] > 0.95
    assert embedder.likelihoods(vectors, "a walrus").tolist() == [0.0, 0.0]
