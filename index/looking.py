"""The picture stage of ingestion: one forward pass, given out batch by batch as vectors and lines of text."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..tools.clock import Span, merge_spans
from ..tools.guarded import Counts, GuardedPictures
from ..tools.picture import Picture
from ..tools.roles import ImageTextEmbedder, TextReader, Vectors
from ..tools.selection import HAIR_S, Steps
from .freezing import frozen, thawed
from .picture_batches import PictureBatch, PictureCursor, PictureTotals
from .text_tracks import ScreenTextWatch, TextSighting

# Text on screen comes and goes within a second, so the pass looks four times as often.
PICTURES_PER_S = 4.0
_QUEUE_PICTURES = 8
# The smallest difference between two seconds that is stored.
_TICK_S = 1e-6
# A picture that stays for so long is looked at for text once more, so shortly before it goes.
_LONG_S, _SHORT_S = 1.0, 0.04
BATCH_S = 60.0
"""What was found is stored whenever so many seconds of video have been looked at."""
_FAR_S = 1e8
# So often a picture that stays is remembered at most.
_HELD_MAX = 240

Tell = Callable[[str, float], None]


class Stopped(Exception):  # noqa: N818  (it is an order, not a fault)
    """The ingestion was called off; its threads leave at their next step."""


@dataclass
class _Looks:
    """Samples that were taken since the last batch, on their way past the text watch."""

    times_s: list[float] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)
    last_s: float = 0.0
    totals: PictureTotals = field(default_factory=PictureTotals)
    is_last: bool = False


@dataclass
class PictureStage:
    """Decodes, embeds and reads side by side; ``tell`` hears the stage's name and the second reached.

    ``deliver`` takes the batches in order; ``since`` is the cursor of a batch that was delivered before,
    behind which the stage goes on.
    """

    path: Path
    embedder: ImageTextEmbedder
    reader: TextReader | None
    samples_per_s: float
    tell: Tell
    stop: threading.Event
    deliver: Callable[[PictureBatch], None]
    track: int | None = None
    since: PictureCursor | None = None
    batch_s: float = BATCH_S
    _passing: queue.Queue[Picture | _Looks | None] = field(
        default_factory=lambda: queue.Queue(_QUEUE_PICTURES)
    )
    _failure: list[BaseException] = field(default_factory=list)
    _first_s: float | None = None

    def run(self) -> None:
        """The whole pass. Raises what the decoder or the text reader raises, ``Stopped`` when called off."""
        self._first_s = self.since.first_s if self.since else None
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        failures: list[BaseException] = []
        try:
            self._embed()
        except BaseException as failure:
            self.stop.set()
            failures.append(failure)
        finally:
            self._hand_over(None)
            watcher.join()
        # Whoever was told to stop says less than the one that failed.
        for first in sorted((*self._failure, *failures), key=lambda f: isinstance(f, Stopped)):
            raise first

    def _pictures(self, reader: GuardedPictures) -> Generator[Picture, None, None]:
        """The decoder's pictures behind the cursor, each also handed to the text watch."""
        with closing(iter(reader)) as pictures:
            for picture in pictures:
                if self.stop.is_set():
                    raise Stopped
                if self.since and picture.pts_s <= self.since.last_s + HAIR_S:
                    continue
                if self._first_s is None:
                    self._first_s = picture.pts_s
                self._hand_over(picture)
                self.tell("pictures", picture.pts_s)
                yield picture

    def _reader(self) -> GuardedPictures:
        if self.since is None:
            return GuardedPictures(self.path, self.track, every_s=1 / PICTURES_PER_S)
        # From a step on, the same pictures are taken as by a pass over all.
        from_s = Steps(1 / PICTURES_PER_S, self.since.first_s).last_step_s(self.since.last_s)
        return GuardedPictures(self.path, self.track, (Span(from_s, _FAR_S),), every_s=1 / PICTURES_PER_S)

    def _hand_over(self, item: Picture | _Looks | None) -> None:
        """Pass something to the watch, waiting while it is behind; None ends it."""
        while not self._failure:
            try:
                self._passing.put(item, timeout=0.2)
            except queue.Full:
                if self.stop.is_set() and item is not None:
                    return
            else:
                return

    def _embed(self) -> None:
        reader, looks, since = self._reader(), _Looks(), self.since
        samples, batches = Steps(1 / self.samples_per_s, self._first_s), Steps(self.batch_s, self._first_s)
        n_samples = since.totals.n_samples if since else 0
        for steps in (samples, batches):
            if since:
                steps.meets(since.last_s)
        with closing(self._pictures(reader)) as pictures:
            for picture in pictures:
                is_due = batches.meets(picture.pts_s) and picture.pts_s != self._first_s
                looks.last_s = picture.pts_s
                if samples.meets(picture.pts_s):
                    self._sample(picture, looks)
                if is_due:
                    n_samples += len(looks.times_s)
                    looks.totals = self._totals(reader.so_far(), n_samples, picture.end_s)
                    self._hand_over(looks)
                    looks = _Looks()
        looks.totals = self._totals(reader.so_far(), n_samples + len(looks.times_s), reader.end_s)
        looks.is_last = True
        self._hand_over(looks)

    def _sample(self, picture: Picture, looks: _Looks) -> None:
        vector = self.embedder.embed_images([picture.rgb(short_side=108)])[0]
        moments_s = self._moments_s(picture)
        looks.times_s += moments_s
        looks.vectors += [vector] * len(moments_s)

    def _totals(self, counts: Counts, n_samples: int, end_s: float) -> PictureTotals:
        before = self.since.totals if self.since else PictureTotals()
        # Where nothing can be skipped, a pass tells of all the file from its beginning.
        is_of_all = any(span.start_s < before.end_s for span in counts.lost)
        n_damaged = counts.n_damaged if is_of_all else counts.n_damaged + before.n_damaged
        lost = tuple(merge_spans([*before.lost, *counts.lost]))
        return PictureTotals(
            n_samples, 0, counts.n_pictures + before.n_pictures, n_damaged, lost, max(before.end_s, end_s)
        )

    def _moments_s(self, picture: Picture) -> list[float]:
        """When a picture is remembered: as it comes, and while it stays, until right before it goes.

        A picture may stay for minutes. Were it remembered only as it comes, nobody could tell when it went.
        """
        last_s = picture.end_s - _TICK_S
        n_steps = math.ceil((last_s - picture.pts_s) * self.samples_per_s)
        if n_steps < 2:
            return [picture.pts_s]
        return [float(s) for s in np.linspace(picture.pts_s, last_s, min(n_steps, _HELD_MAX))]

    def _watch(self) -> None:
        try:
            self._watch_text()
        except BaseException as failure:  # handed to the thread that waits, never swallowed
            self._failure.append(failure)
            self.stop.set()

    def _watch_text(self) -> None:
        watch = ScreenTextWatch(self.reader) if self.reader else None
        if watch and self.since and self.since.watch:
            watch.resume(thawed(self.since.watch))
        sightings: list[TextSighting] = []
        while (item := self._passing.get()) is not None:
            if self.stop.is_set():
                continue
            if isinstance(item, _Looks):
                self.deliver(self._batch(item, watch, sightings))
                sightings = []
            elif watch:
                for moment in _come_and_gone(item):
                    sightings += watch.feed(moment)
                self.tell("text", item.pts_s)

    def _batch(
        self, looks: _Looks, watch: ScreenTextWatch | None, sightings: list[TextSighting]
    ) -> PictureBatch:
        totals, state, novelties = looks.totals, b"", []
        if watch:
            if looks.is_last:
                sightings = sightings + watch.finish(totals.end_s)
            else:
                state = frozen(watch.state())
            totals = replace(totals, n_text_looks=watch.n_reads + watch.n_glances)
            novelties, watch.novelties = watch.novelties, []
        first_s = self._first_s or 0.0
        cursor = PictureCursor(first_s, looks.last_s, totals, state)
        return PictureBatch(looks.times_s, looks.vectors, sightings, novelties, cursor, looks.is_last)


def _come_and_gone(picture: Picture) -> list[Picture]:
    """The picture as it comes, and once more right before it goes where it stays for long."""
    if picture.end_s - picture.pts_s < _LONG_S:
        return [picture]
    return [picture, replace(picture, pts_s=picture.end_s - _SHORT_S)]
