"""A model that comes later looks at the pictures of videos that were read before; once, and with true seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from clips import SIZE, make_clip, solid, steady

from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.picture_meaning import PictureMeaning
from vidagent.index.recall import search_pictures
from vidagent.index.resegmentation import resegment
from vidagent.index.segmentation import settings_for
from vidagent.index.soundness import findings
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.engines import embedded
from vidagent.tools.roles import Pixels, Vectors


class Brightness:
    """A model of two numbers: how bright and how dark a picture is; it knows the words "bright" and "dark"."""

    name, dimension = "brightness", 2

    def __init__(self) -> None:
        self.n_seen = 0

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        self.n_seen += len(images)
        light = np.array([image.mean() / 255 for image in images])
        rows = np.stack([light, 1 - light], axis=1)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def embed_text(self, text: str) -> Vectors | None:
        found = {"bright": (1.0, 0.0), "dark": (0.0, 1.0)}.get(text)
        return None if found is None else np.array(found, np.float32)

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        vector = self.embed_text(text)
        return np.zeros(len(vectors), np.float32) if vector is None else vectors @ vector


N_SECONDS = 100


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark for forty seconds, bright for ten, dark again."""
    dark, bright = solid((20, 20, 20))(0), solid((240, 240, 240))(0)
    assert dark.shape[:2] == SIZE[::-1]
    times_s = steady(2 * N_SECONDS, 0.0, 0.5)
    path = tmp_path_factory.mktemp("clip") / "flash.mkv"
    return make_clip(path, times_s, lambda i: bright if 80 <= i < 100 else dark)


@pytest.fixture
def memory(clip: Path, tmp_path: Path) -> Memory:
    library = Library(tmp_path / "library.db")
    return Memory(library, ingest(library, clip, embedded(read_text=False)).video)


def seconds(memory: Memory) -> list[float]:
    return [float(t) for t in memory.samples("brightness")[0]]


def test_every_second_is_looked_at_once_and_found_again(memory: Memory) -> None:
    meaning = PictureMeaning(memory.library, Brightness())
    assert not meaning.is_learnt(memory.video)
    assert meaning.learn(memory.video) == N_SECONDS
    assert meaning.is_learnt(memory.video) and meaning.learn(memory.video) == 0
    assert seconds(memory) == [float(i) for i in range(N_SECONDS)]
    vector = meaning.embedder.embed_text("bright")
    assert vector is not None
    hits = search_pictures(memory, "brightness", vector, 10)
    assert sorted(time_s for time_s, _ in hits) == [40.0 + i for i in range(10)]
    memory.library.close()


def test_what_was_broken_off_is_gone_on_with(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    class Weary(Brightness):
        def embed_images(self, images: Sequence[Pixels]) -> Vectors:
            if self.n_seen >= 60:
                raise KeyboardInterrupt
            return super().embed_images(images)

    with pytest.raises(KeyboardInterrupt):
        PictureMeaning(memory.library, Weary()).learn(memory.video)
    n_before = len(seconds(memory))
    assert 0 < n_before < N_SECONDS
    rested = Brightness()
    PictureMeaning(memory.library, rested).learn(memory.video)
    assert seconds(memory) == [float(i) for i in range(N_SECONDS)]
    assert rested.n_seen <= N_SECONDS - n_before + 1
    memory.library.close()


def test_the_video_is_still_cut_by_what_it_was_cut_by(memory: Memory) -> None:
    before = memory.events()
    PictureMeaning(memory.library, Brightness()).learn(memory.video)
    resegment(memory.library, memory.video, settings_for(AppearanceEmbedder.name))
    assert [e.span for e in memory.events()] == [e.span for e in before]
    assert findings(memory.library) == []
    memory.library.close()


def test_coverage_tells_of_the_second_look(memory: Memory) -> None:
    PictureMeaning(memory.library, Brightness()).learn(memory.video)
    (row,) = [c for c in memory.coverage() if c.engine == "brightness"]
    assert (row.sense, row.share, row.n_looks) == ("picture", 1.0, N_SECONDS)
    memory.library.close()


def test_a_file_that_is_gone_is_left_as_it_was(memory: Memory, tmp_path: Path) -> None:
    with memory.library.transaction() as connection:
        connection.execute("UPDATE media SET path = ?", (str(tmp_path / "gone.mkv"),))
    video = memory.library.videos()[0]
    assert PictureMeaning(memory.library, Brightness()).learn(video) == 0
    assert seconds(memory) == []
    memory.library.close()


def test_another_file_in_its_place_is_not_taken_for_it(memory: Memory, tmp_path: Path) -> None:
    other = make_clip(tmp_path / "other.mkv", steady(20, 0.0, 0.5), solid((200, 20, 20)))
    with memory.library.transaction() as connection:
        connection.execute("UPDATE media SET path = ?", (str(other),))
    assert PictureMeaning(memory.library, Brightness()).learn(memory.library.videos()[0]) == 0
    assert seconds(memory) == []
    memory.library.close()
