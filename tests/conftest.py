"""Fixtures that several test files share: an open library, and videos remembered without any decoding."""

from __future__ import annotations

import hashlib
import os

# As many processes run tests as there are cores. Threads beyond that wait for each other, busily, and a forked
# child waits for threads that it does not have.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from memories import Findings, Heard, Looked, store

from vidagent.index.library import Library
from vidagent.index.listening import LoudnessRow
from vidagent.index.memory import Memory
from vidagent.index.records import ContentKey, Coverage, Event
from vidagent.index.text_tracks import TextSighting
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.passages import Passage
from vidagent.tools.roles import Utterance, Vectors

Lines = Sequence[tuple[float, float, str]]

# How long an example takes says more of the machine than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


class SizedEmbedder(AppearanceEmbedder):
    """An embedder known by name and dimension, for vectors that a test makes up itself."""

    def __init__(self, dimension: int) -> None:
        self.name = f"made-up-{dimension}"
        self.dimension = dimension


def make_findings(
    texts: Lines = (),
    shown: Lines = (),
    vectors: Vectors | None = None,
    times_s: Sequence[float] | None = None,
    duration_s: float = 60.0,
    trust: float = 1.0,
    events: Sequence[Event] | None = None,
    voice: Sequence[Span] = (),
    loudness: Sequence[LoudnessRow] = (),
    notes: Sequence[str] = (),
) -> Findings:
    """What an ingestion would have found: (start, end, text) said and shown, vectors (n, d) of pictures.

    Pictures are one second apart where no ``times_s`` are given; without ``events`` all is one event.
    """
    usual = np.zeros((0, AppearanceEmbedder.dimension), np.float32)
    pictures = usual if vectors is None else np.asarray(vectors, np.float32)
    seconds = np.arange(len(pictures), dtype=float) if times_s is None else np.asarray(times_s, float)
    looked = Looked(seconds, pictures, [_sighting(*line) for line in shown])
    return Findings(
        duration_s=duration_s,
        size=(640, 360),
        embedder=AppearanceEmbedder() if vectors is None else SizedEmbedder(pictures.shape[1]),
        looked=looked,
        heard=Heard(list(voice), list(loudness)),
        passages=[_passage(*line, trust) for line in texts],
        events=[Event(Span(0.0, duration_s), 1.0, "all of it")] if events is None else list(events),
        coverage=[Coverage(sense, "made up", 1.0, 1, trust) for sense in ("picture", "screen", "speech")],
        notes=list(notes),
    )


def _passage(start_s: float, end_s: float, text: str, trust: float) -> Passage:
    span = Span(start_s, end_s)
    return Passage(span, text, trust, (Utterance(span, text, trust),))


def _sighting(start_s: float, end_s: float, text: str) -> TextSighting:
    return TextSighting(Span(start_s, end_s), text, (0.1, 0.1, 0.9, 0.2), 0.99)


def make_file(path: Path, content: str | None = None) -> Path:
    """A file to be remembered; its bytes are its own name unless given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name if content is None else content)
    return path


@dataclass(frozen=True)
class Rememberer:
    """Stores findings as a video: ``remember(texts=..., title=...)`` takes what ``make_findings`` takes."""

    library: Library
    folder: Path

    def __call__(
        self,
        *,
        title: str = "talk",
        path: Path | None = None,
        sidecar: str = "",
        tracks: str = "",
        **findings: object,
    ) -> Memory:
        file = path or make_file(self.folder / f"{title}.mp4")
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        found = make_findings(**findings)  # type: ignore[arg-type]
        return Memory(
            self.library, store(self.library, file, ContentKey(sha256, sidecar, tracks), "made up", found)
        )


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library, open during the test."""
    with Library(tmp_path / "library.sqlite") as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def _apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings, models and traces of whoever runs the tests are left alone, by child processes too."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("config.toml", "models", "runs"):
        os.environ[f"VIDAGENT_{name.split('.')[0].upper()}"] = str(folder / name)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Tiny models on one thread, which is quicker than to divide their work."""
    import torch

    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_before)


@pytest.fixture
def remember(library: Library, tmp_path: Path) -> Rememberer:
    """Remembers made-up findings in ``library`` and gives the memory of the video."""
    return Rememberer(library, tmp_path / "videos")


@pytest.fixture
def findings_of() -> Callable[..., Findings]:
    """Makes findings without storing them."""
    return make_findings
