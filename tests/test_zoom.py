"""A detector is asked about the very pictures that are shown at the seconds of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from clips import Pixels, make_clip, number_in, numbered, steady

from vidagent.agent.methods.scoring import scored
from vidagent.agent.question import understand
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
    scorer = DetectorScorer(memory, detector, ("even", "odd"))
    scores = scored(scorer, np.array([4.0, 7.2, 30.2, 40.5]), 2)
    # At 30.2 s the picture of 29 s is still shown; the fortieth came half a second late.
    assert scores == pytest.approx(np.array([[0.04, 0], [0, 0.07], [0, 0.29], [0.40, 0]]))
    assert detector.n_calls == 1


def test_seconds_that_share_a_picture_share_its_score(memory: Memory) -> None:
    scores = DetectorScorer(memory, NumberDetector(), ("even", "odd")).scores(np.array([8.0, 8.3, 8.6]))
    assert scores == pytest.approx(np.array([[0.08, 0]] * 3))


def test_targets_are_what_a_question_names() -> None:
    targets = targets_of(understand("When does the dog jump over the fence?", 60.0))
    assert targets[:3] == ("dog", "jump", "fence")
    assert targets_of(understand("What happens at 0:10?", 60.0)) == ()
