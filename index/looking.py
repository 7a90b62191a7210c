"""The picture stage of ingestion: one forward pass, remembered as vectors and lines of text."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.guarded import GuardedPictures
from ..tools.picture import Picture
from ..tools.roles import ImageTextEmbedder, TextReader, Vectors
from ..tools.selection import Steps
from .text_tracks import ScreenTextWatch, TextSighting

if TYPE_CHECKING:
    from .captions import Captions

# Text on screen comes and goes within a second, so the pass looks four times as often.
PICTURES_PER_S = 4.0
_QUEUE_PICTURES = 8
# The smallest difference between two seconds that is stored.
_TICK_S = 1e-6
# A picture that stays for so long is looked at for text once more, so shortly before it goes.
_LONG_S, _SHORT_S = 1.0, 0.04
# So often a picture that stays is remembered at most.
_HELD_MAX = 240

Tell = Callable[[str, float], None]


class Stopped(Exception):  # noqa: N818  (it is an order, not a fault)
    """The ingestion was called off; its threads leave at their next step."""


@dataclass
class Looked:
    """What the picture stage found.

    ``times_s`` (n,) and ``vectors`` (n, d) are samples of it. ``end_s`` is the measured end of the
    picture track, ``lost`` what damage hid of it; ``n_damaged`` times a picture could not be decoded,
    beside the ``n_pictures`` that could.
    """

    times_s: npt.NDArray[np.float64]
    vectors: Vectors
    sightings: list[TextSighting] = field(default_factory=list)
    end_s: float = 0.0
    n_pictures: int = 0
    n_damaged: int = 0
    n_damaged_captions: int = 0
    lost: list[Span] = field(default_factory=list)
    n_text_looks: int = 0

    @property
    def damaged_share(self) -> float:
        """The share that damage hid, of the pictures or of the time, whichever is larger."""
        of_pictures = self.n_damaged / max(1, self.n_pictures + self.n_damaged)
        return max(of_pictures, lost_share(self.lost, self.end_s))

    def add(self, captions: Captions) -> None:
        """Take in what the captions of the video say."""
        self.sightings = sorted([*self.sightings, *captions.sightings], key=lambda line: line.span)
        self.n_text_looks += captions.n_pictures
        self.n_damaged_captions += captions.n_damaged


def lost_share(lost: list[Span], end_s: float) -> float:
    """The share of time until ``end_s`` that lies in stretches that damage hid."""
    until = Span(0.0, max(0.0, end_s))
    return sum(span.overlap_s(until) for span in lost) / until.duration_s if until.duration_s else 0.0


@dataclass
class PictureStage:
    """Decodes, embeds and reads side by side; ``tell`` hears the stage's name and the second reached."""

    path: Path
    embedder: ImageTextEmbedder
    reader: TextReader | None
    samples_per_s: float
    tell: Tell
    stop: threading.Event
    track: int | None = None
    _pictures: queue.Queue[Picture | None] = field(default_factory=lambda: queue.Queue(_QUEUE_PICTURES))
    _failure: list[BaseException] = field(default_factory=list)

    def run(self) -> Looked:
        """The whole pass. Raises what the decoder or the text reader raises, ``Stopped`` when called off."""
        reader = GuardedPictures(self.path, self.track, every_s=1 / PICTURES_PER_S)
        looked = Looked(np.zeros(0), np.zeros((0, self.embedder.dimension), np.float32))
        watcher = threading.Thread(target=self._watch, args=(looked,), daemon=True)
        watcher.start()
        try:
            with closing(self._shared(reader)) as pictures:
                self._embed(pictures, looked)
            looked.end_s, looked.lost = reader.end_s, reader.lost
            looked.n_pictures, looked.n_damaged = reader.n_pictures, reader.n_damaged
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

    def _shared(self, reader: GuardedPictures) -> Generator[Picture, None, None]:
        """The decoder's pictures, each also handed to the text watch."""
        with closing(iter(reader)) as pictures:
            for picture in pictures:
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
            vector = self.embedder.embed_images([picture.rgb(short_side=108)])[0]
            moments_s = self._moments_s(picture)
            times_s += moments_s
            vectors += [vector] * len(moments_s)
        if vectors:
            looked.times_s, looked.vectors = np.array(times_s), np.stack(vectors)

    def _moments_s(self, picture: Picture) -> list[float]:
        """When a picture is remembered: as it comes, and while it stays, until right before it goes.

        A picture may stay for minutes. Were it remembered only as it comes, nobody could tell when it went.
        """
        last_s = picture.end_s - _TICK_S
        n_steps = math.ceil((last_s - picture.pts_s) * self.samples_per_s)
        if n_steps < 2:
            return [picture.pts_s]
        return [float(s) for s in np.linspace(picture.pts_s, last_s, min(n_steps, _HELD_MAX))]

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
            for moment in _come_and_gone(picture):
                last_s = moment.pts_s
                looked.sightings += watch.feed(moment)
            self.tell("text", last_s)
        if watch and not self.stop.is_set():
            looked.sightings += watch.finish(max(looked.end_s, last_s))
            looked.n_text_looks = watch.n_reads + watch.n_glances


def _come_and_gone(picture: Picture) -> list[Picture]:
    """The picture as it comes, and once more right before it goes where it stays for long."""
    if picture.end_s - picture.pts_s < _LONG_S:
        return [picture]
    return [picture, replace(picture, pts_s=picture.end_s - _SHORT_S)]
