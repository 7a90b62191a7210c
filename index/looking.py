"""The picture stage of ingestion: one forward pass, remembered as vectors and lines of text."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..tools.picture import Picture
from ..tools.pictures import PictureReader
from ..tools.roles import ImageTextEmbedder, TextReader, Vectors
from ..tools.selection import Steps
from .text_tracks import ScreenTextWatch, TextSighting

# Text on screen comes and goes within a second, so the pass looks four times as often.
PICTURES_PER_S = 4.0
_QUEUE_PICTURES = 8

Tell = Callable[[str, float], None]


class Stopped(Exception):  # noqa: N818  (it is an order, not a fault)
    """The ingestion was called off; its threads leave at their next step."""


@dataclass
class Looked:
    """What the picture stage found; ``end_s`` is the measured end of the picture track."""

    times_s: npt.NDArray[np.float64]
    vectors: Vectors
    sightings: list[TextSighting] = field(default_factory=list)
    end_s: float = 0.0
    n_damaged: int = 0
    n_text_looks: int = 0


@dataclass
class PictureStage:
    """Decodes, embeds and reads side by side; ``tell`` hears the stage's name and the second reached."""

    path: Path
    embedder: ImageTextEmbedder
    reader: TextReader | None
    samples_per_s: float
    tell: Tell
    stop: threading.Event
    _pictures: queue.Queue[Picture | None] = field(default_factory=lambda: queue.Queue(_QUEUE_PICTURES))
    _failure: list[BaseException] = field(default_factory=list)

    def run(self) -> Looked:
        """The whole pass. Raises what the decoder or the text reader raises, ``Stopped`` when called off."""
        reader = PictureReader(self.path, 1 / PICTURES_PER_S)
        looked = Looked(np.zeros(0), np.zeros((0, self.embedder.dimension), np.float32))
        watcher = threading.Thread(target=self._watch, args=(looked,), daemon=True)
        watcher.start()
        try:
            self._embed(self._shared(reader), looked)
            looked.end_s, looked.n_damaged = reader.end_s, reader.n_damaged
        except BaseException:
            self.stop.set()
            raise
        finally:
            self._hand_over(None)
            watcher.join()
            if self._failure:
                # Says more than the order to stop that it gave to this thread.
                raise self._failure[0]
        return looked

    def _shared(self, reader: PictureReader) -> Iterator[Picture]:
        """The decoder's pictures, each also handed to the text watch."""
        for picture in reader:
            if self.reader:
                self._hand_over(picture)
            if self.stop.is_set():
                raise Stopped
            self.tell("pictures", picture.pts_s)
            yield picture

    def _hand_over(self, picture: Picture | None) -> None:
        """Pass a picture to the watch, waiting while it is behind; None ends it."""
        while not self._failure:
            try:
                self._pictures.put(picture, timeout=0.2)
            except queue.Full:
                if self.stop.is_set() and picture is not None:
                    return
            else:
                return

    def _embed(self, pictures: Iterator[Picture], looked: Looked) -> None:
        times_s, vectors, steps = [], [], Steps(1 / self.samples_per_s)
        for picture in pictures:
            if not steps.meets(picture.pts_s):
                continue
            times_s.append(picture.pts_s)
            vectors.append(self.embedder.embed_images([picture.rgb(short_side=108)])[0])
        if vectors:
            looked.times_s, looked.vectors = np.array(times_s), np.stack(vectors)

    def _watch(self, looked: Looked) -> None:
        try:
            self._watch_text(looked)
        except BaseException as failure:  # handed to the thread that waits, never swallowed
            self._failure.append(failure)
            self.stop.set()

    def _watch_text(self, looked: Looked) -> None:
        watch = ScreenTextWatch(self.reader) if self.reader else None
        last_s = 0.0
        while (picture := self._pictures.get()) is not None:
            if self.stop.is_set() or watch is None:
                continue
            last_s = picture.pts_s
            looked.sightings += watch.feed(picture)
            self.tell("text", last_s)
        if watch and not self.stop.is_set():
            looked.sightings += watch.finish(last_s + 1 / PICTURES_PER_S)
            looked.n_text_looks = watch.n_reads + watch.n_glances
