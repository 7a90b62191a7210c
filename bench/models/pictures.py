"""The same pictures of a video in two ways: in batches as an ingestion reads them, and one by one from PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vidagent.tools.clock import Span
from vidagent.tools.guarded import GuardedPictures

if TYPE_CHECKING:
    from PIL.Image import Image

    from vidagent.tools.roles import Pixels

Item = TypeVar("Item")
EVERY_S = 1.0
SHORT_SIDE = 512
"""As many pixels of the shorter side as learning what pictures mean asks for."""
_HAIR_S = 1e-6


def guarded(video: Path, length_s: float, short_side: int | None = None) -> Iterator[Pixels]:
    """RGB pictures (height, width, 3), one a second, decoded in a process of its own; in full size if none is given."""
    reader = GuardedPictures(video, spans=(Span(0.0, length_s),), every_s=EVERY_S)
    return (picture.rgb(short_side) for picture in reader)


def batches(items: Iterable[Item], n: int) -> Iterator[list[Item]]:
    """Lists of ``n``, the last one shorter."""
    arriving = iter(items)
    return iter(lambda: list(islice(arriving, n)), [])


def plain(video: Path, length_s: float) -> Iterator[Image]:
    """The first picture of every second, in full size, decoded by as many threads as PyAV likes."""
    import av

    first_s, due_s = None, float("-inf")
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        frame: Any
        for frame in container.decode(container.streams.video[0]):
            if frame.time >= length_s:
                return
            first_s = frame.time if first_s is None else first_s
            if frame.time >= due_s - _HAIR_S:
                due_s = first_s + EVERY_S * (int((frame.time - first_s + _HAIR_S) / EVERY_S) + 1)
                yield frame.to_image()
