"""Pictures by what they show: vectors of a model that knows words, beside those that a video is cut by."""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar, Literal

from ..tools.clock import Span
from ..tools.guarded import GuardedPictures
from ..tools.picture import Picture
from ..tools.roles import ImageTextEmbedder, Vectors
from ..tools.selection import Steps
from ..tools.tracks import Tracks
from .records import Video
from .sample_learning import SampleLearning

PICTURES_PER_S = 1.0
_FAR_S = 1e8
# More than any such model looks at, and little enough for many pictures at once.
_SHORT_SIDE = 512


class PictureMeaning(SampleLearning[ImageTextEmbedder, Picture]):
    """Vectors of the pictures of a library by one model; ``learn`` makes those that a video lacks, one a second."""

    sense: ClassVar[Literal["picture", "sound"]] = "picture"
    stage = "meaning"

    def is_learnt(self, video: Video) -> bool:
        """Whether all of a video has been looked at by this model, or there is nothing to look at."""
        return not video.width or super().is_learnt(video)

    def _arriving(self, video: Video) -> Generator[Picture, None, None]:
        track, rest = Tracks.parse(video.tracks).picture, Span(self._since_s(video), _FAR_S)
        return iter(GuardedPictures(video.path, track, (rest,), every_s=1 / PICTURES_PER_S))

    def _time_s(self, item: Picture) -> float:
        return item.pts_s

    def _vectors(self, batch: list[Picture]) -> Vectors:
        return self.embedder.embed_images([picture.rgb(_SHORT_SIDE) for picture in batch])

    def _since_s(self, video: Video) -> float:
        """The step at which the last known picture was taken, so that the same ones are taken from there on."""
        known_us = self._known_us(video)
        if known_us is None:
            return 0.0
        first_us, last_us = known_us
        return Steps(1 / PICTURES_PER_S, first_us / 1e6).last_step_s(last_us / 1e6)
