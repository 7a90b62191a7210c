"""Pictures by what they show: vectors of a model that knows words, beside those that a video is cut by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice

from ..tools.clock import Span
from ..tools.guarded import GuardedPictures
from ..tools.picture import Picture
from ..tools.roles import ImageTextEmbedder
from ..tools.selection import Steps
from ..tools.tracks import Tracks
from .fingerprint import is_there
from .library import Library
from .records import Video
from .rows import model_row, write_samples

Report = Callable[[str, float, float | None], None]
PICTURES_PER_S = 1.0
_BATCH = 32
_FAR_S = 1e8
# More than any such model looks at, and little enough for many pictures at once.
_SHORT_SIDE = 512


def _silent(stage: str, done_s: float, total_s: float | None) -> None:
    """The report that tells nobody."""


class PictureMeaning:
    """Vectors of the pictures of a library by one model; ``learn`` makes those that a video lacks."""

    def __init__(self, library: Library, embedder: ImageTextEmbedder) -> None:
        self._library, self.embedder = library, embedder

    def is_learnt(self, video: Video) -> bool:
        """Whether all of a video has been looked at by this model, or there is nothing to look at."""
        return not video.width or bool(
            self._library.rows(
                "SELECT 1 FROM coverage WHERE media_id = ? AND engine = ?", video.id, self.embedder.name
            )
        )

    def learn(self, video: Video, report: Report = _silent) -> int:
        """Look at all pictures that this model has not seen, one a second; how many that were.

        They are stored a batch at a time, and a call that was broken off is gone on with. Nothing is done for a
        video that is still being read, or whose file is gone or another one by now. Raises what the model raises.
        """
        if not video.is_whole or self.is_learnt(video) or not is_there(video):
            return 0
        n_learnt = 0
        pictures = GuardedPictures(
            video.path,
            Tracks.parse(video.tracks).picture,
            (Span(self._since_s(video), _FAR_S),),
            every_s=1 / PICTURES_PER_S,
        )
        with closing(iter(pictures)) as arriving:
            for batch in _batches(arriving):
                self._store(video, batch)
                n_learnt += len(batch)
                report("meaning", batch[-1].pts_s, video.duration_s)
        self._close(video)
        return n_learnt

    def _store(self, video: Video, batch: list[Picture]) -> None:
        vectors = self.embedder.embed_images([picture.rgb(_SHORT_SIDE) for picture in batch])
        with self._library.transaction() as connection:
            model_id = model_row(connection, self.embedder)
            write_samples(connection, video.id, model_id, [picture.pts_s for picture in batch], vectors)

    def _since_s(self, video: Video) -> float:
        """The step at which the last known picture was taken, so that the same ones are taken from there on."""
        ((first_us, last_us),) = self._library.rows(
            "SELECT min(t_us), max(t_us) FROM sample JOIN model ON model.id = model_id WHERE media_id = ? AND name = ?",
            video.id,
            self.embedder.name,
        )
        if first_us is None:
            return 0.0
        return Steps(1 / PICTURES_PER_S, int(str(first_us)) / 1e6).last_step_s(int(str(last_us)) / 1e6)

    def _close(self, video: Video) -> None:
        share = max(
            (
                float(str(row[0]))
                for row in self._library.rows(
                    "SELECT share FROM coverage WHERE media_id = ? AND sense = 'picture'", video.id
                )
            ),
            default=0.0,
        )
        with self._library.transaction() as connection:
            connection.execute(
                "INSERT INTO coverage(media_id, sense, engine, share, n_looks, trust) SELECT ?, 'picture', ?, ?,"
                " count(*), 1.0 FROM sample JOIN model ON model.id = model_id WHERE media_id = ? AND name = ?",
                (video.id, self.embedder.name, share, video.id, self.embedder.name),
            )


def _batches(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    arriving = iter(pictures)
    while batch := list(islice(arriving, _BATCH)):
        yield batch
