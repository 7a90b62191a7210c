"""A detector is asked about the very pictures that are shown at the seconds of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from clips import Pixels, make_clip, number_in, numbered, steady

from vidagent.agent.methods.scoring import scored
from vidagent.agent.question import understand
from vidagent.agent.tiles import CELL_WIDTH, Tile
from vidagent.agent.zoom import DetectorScorer, targets_of
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.engines import embedded
from vidagent.tools.roles import WHOLE, Detection


class NumberDetector:
    """Finds an even number "even" and an odd one "odd", the surer the larger it is; twice, as detectors do."""

    name = "numbers"

    def __init__(self) -> None:
        self.n_calls = 0

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        self.n_calls += 1
        found = []
        for image in images:
            number = number_in(image.mean(axis=2).astype(np.uint8))
            target = "odd" if number % 2 else "even"
            found.append([Detection(target, WHOLE, number / 100), Detection(target, WHOLE, number / 200)])
        return found


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Numbered pictures, the first thirty a second apart, later ones half a second late."""
    folder = tmp_path_factory.mktemp("film")
    times_s = [s if s < 30 else s + 0.5 for s in steady(50, 0.0, 1.0)]
    clip = make_clip(folder / "film.mkv", times_s, numbered())
    with Library(folder / "library.db") as library:
        yield Memory(library, ingest(library, clip, embedded(read_text=False)).video)


def test_each_second_is_scored_by_the_picture_shown_then(memory: Memory) -> None:
    detector = NumberDetector()
    scorer = DetectorScorer(memory, detector, ("even", "odd"), 1)
    scores = scored(scorer, np.array([4.0, 7.2, 30.2, 40.5]), 2)
    # At 30.2 s the picture of 29 s is still shown; the fortieth came half a second late.
    assert scores == pytest.approx(np.array([[0.04, 0], [0, 0.07], [0, 0.29], [0.40, 0]]))
    assert detector.n_calls == 1


def test_seconds_that_share_a_picture_share_its_score(memory: Memory) -> None:
    scores = DetectorScorer(memory, NumberDetector(), ("even", "odd"), 1).scores(np.array([8.0, 8.3, 8.6]))
    assert scores == pytest.approx(np.array([[0.08, 0]] * 3))


class BrightDetector:
    """Finds each cell of a tile that is bright at its lower left, as numbered pictures are, with its own number."""

    name = "bright"

    def __init__(self, n_columns: int, n_rows: int) -> None:
        self.n_columns, self.n_rows, self.shapes = n_columns, n_rows, list[tuple[int, ...]]()

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        return [self._in(image) for image in images]

    def _in(self, image: Pixels) -> list[Detection]:
        self.shapes.append(image.shape)
        height, width = image.shape[0] // self.n_rows, image.shape[1] // self.n_columns
        found = []
        for row in range(self.n_rows):
            for column in range(self.n_columns):
                cell = image[row * height : (row + 1) * height, column * width : (column + 1) * width]
                number = number_in(cell.mean(axis=2).astype(np.uint8))
                box = (
                    (column + 0.4) / self.n_columns, (row + 0.4) / self.n_rows,
                    (column + 0.6) / self.n_columns, (row + 0.6) / self.n_rows,
                )  # fmt: skip
                if number >= 0:
                    found.append(Detection("number", box, number / 100))
        return found


def test_a_tile_gives_each_second_what_lies_in_its_own_cell(memory: Memory) -> None:
    detector = BrightDetector(2, 2)
    scorer = DetectorScorer(memory, detector, ("number",), 2)
    scores = scored(scorer, np.array([3.0, 9.0, 14.0, 28.0, 41.0, 42.0, 43.0, 44.0]), 1)
    assert scores[:, 0] == pytest.approx([0.03, 0.09, 0.14, 0.28, 0.40, 0.41, 0.42, 0.43])
    assert len(detector.shapes) == 2
    assert {shape[1] for shape in detector.shapes} == {2 * CELL_WIDTH}


def test_a_tile_that_is_not_full_has_no_more_rows_than_it_needs(memory: Memory) -> None:
    detector = BrightDetector(3, 1)
    scores = DetectorScorer(memory, detector, ("number",), 4).scores(np.array([3.0, 9.0, 14.0]))
    assert scores[:, 0] == pytest.approx([0.03, 0.09, 0.14])


def test_a_box_in_an_empty_cell_is_nobodys() -> None:
    tile = Tile.of([np.zeros((90, 160, 3), np.uint8)] * 3, 2)
    assert tile.image.shape == (2 * 135, 2 * CELL_WIDTH, 3)
    boxes = [(0.1, 0.1, 0.2, 0.2), (0.6, 0.1, 1.0, 0.2), (0.1, 0.6, 0.2, 1.0), (0.6, 0.6, 1.0, 1.0)]
    assert [tile.place_of(box) for box in boxes] == [0, 1, 2, None]


def test_targets_are_what_a_question_names() -> None:
    targets = targets_of(understand("When does the dog jump over the fence?", 60.0))
    assert targets[:3] == ("dog", "jump", "fence")
    assert targets_of(understand("What happens at 0:10?", 60.0)) == ()
