"""What a model that comes later makes of videos read before: vectors beside those that a video is cut by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import ClassVar, Generic, Literal, TypeVar

from ..tools.roles import Embedder, Vectors
from .fingerprint import is_there
from .library import Library
from .records import Video
from .rows import model_row, write_samples
from .watching import Report, silent

_BATCH = 32


Model = TypeVar("Model", bound=Embedder)
Item = TypeVar("Item")


class SampleLearning(ABC, Generic[Model, Item]):
    """Vectors of one sense of a library's videos by one model; ``learn`` makes those that a video lacks."""

    sense: ClassVar[Literal["picture", "sound"]]
    stage: ClassVar[str]

    def __init__(self, library: Library, embedder: Model) -> None:
        self._library, self.embedder = library, embedder

    def is_learnt(self, video: Video) -> bool:
        """Whether this model knows all of a video, or there is nothing for it to know."""
        return bool(
            self._library.rows(
                "SELECT 1 FROM coverage WHERE media_id = ? AND engine = ?", video.id, self.embedder.name
            )
        )

    def learn(self, video: Video, report: Report = silent) -> int:
        """Embed all that this model does not know of a video; how many samples that were.

        They are stored a batch at a time, and a call that was broken off is gone on with. Nothing is done for a
        video that is still being read, or whose file is gone or another one by now. Raises what the model raises.
        """
        if not video.is_whole or self.is_learnt(video) or not is_there(video):
            return 0
        n_learnt = 0
        for batch in self._batches(video):
            self._store(video, batch)
            n_learnt += len(batch)
            report(self.stage, self._time_s(batch[-1]), video.duration_s)
        self._close(video)
        return n_learnt

    @abstractmethod
    def _arriving(self, video: Video) -> Generator[Item, None, None]:
        """What the model does not know yet, in order of time."""

    @abstractmethod
    def _time_s(self, item: Item) -> float:
        """The second of an item."""

    @abstractmethod
    def _vectors(self, batch: list[Item]) -> Vectors:
        """Unit vectors (n, d) of items."""

    def _known_us(self, video: Video) -> tuple[int, int] | None:
        """The first and the last moment that the model knows, None where it knows none."""
        ((first_us, last_us),) = self._library.rows(
            "SELECT min(t_us), max(t_us) FROM sample JOIN model ON model.id = model_id WHERE media_id = ? AND name = ?",
            video.id,
            self.embedder.name,
        )
        return None if first_us is None else (int(str(first_us)), int(str(last_us)))

    def _batches(self, video: Video) -> Iterator[list[Item]]:
        with closing(self._arriving(video)) as arriving:
            while batch := list(islice(arriving, _BATCH)):
                yield batch

    def _store(self, video: Video, batch: list[Item]) -> None:
        vectors = self._vectors(batch)
        with self._library.transaction() as connection:
            model_id = model_row(connection, self.embedder)
            write_samples(connection, video.id, model_id, [self._time_s(item) for item in batch], vectors)

    def _close(self, video: Video) -> None:
        """Note how much the model knows: as much as the video's own reading could see or hear."""
        shares = self._library.rows(
            "SELECT coalesce(max(share), 0) FROM coverage WHERE media_id = ? AND sense = ?",
            video.id,
            self.sense,
        )
        with self._library.transaction() as connection:
            connection.execute(
                "INSERT INTO coverage(media_id, sense, engine, share, n_looks, trust) SELECT ?, ?, ?, ?,"
                " count(*), 1.0 FROM sample JOIN model ON model.id = model_id WHERE media_id = ? AND name = ?",
                (
                    video.id, self.sense, self.embedder.name, float(str(shares[0][0])),
                    video.id, self.embedder.name,
                ),
            )  # fmt: skip
