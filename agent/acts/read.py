"""Reading again: the words in the pictures of a stretch, at a higher resolution than when the video was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

import numpy as np

from ...index.memory import Memory
from ...index.records import Text
from ...tools.clock import Span
from ...tools.roles import READ_PIXELS, Box, Pixels, StampedFrame, TextLine, TextReader
from ..showing import frames_at, spread
from .act import Observation, Order

N_LOOKS = 6
_ENLARGED_MAX = 3.0
# Parts of a large picture overlap by this share of it, so that a line that is cut in one is whole in another.
_OVERLAP = 0.08
_TRUST = 0.9


@dataclass(frozen=True)
class Read:
    """Reads a few pictures of the stretches in full; ``reader`` makes the text reader when it is needed."""

    memory: Memory
    reader: Callable[[], TextReader]
    name: str = "read"
    about: str = (
        "reads the words in the pictures of a stretch once more, the small ones too; needs from and to"
    )
    n_looks: int = N_LOOKS

    def do(self, order: Order) -> Observation:
        """The lines that stand in the pictures, each once, as long as pictures in a row show it."""
        frames = tuple(frames_at(self.memory, spread(order.spans, self.n_looks)))
        ends_s = [frame.time_s for frame in frames[1:]] + [max((s.end_s for s in order.spans), default=0.0)]
        texts = [t for f, end_s in zip(frames, ends_s, strict=True) for t in self._texts(f, end_s)]
        return Observation(f"{len(frames)} pictures were read", texts=tuple(_joined(texts)))

    def _texts(self, frame: StampedFrame, end_s: float) -> Iterator[Text]:
        span = Span(frame.time_s, max(frame.time_s, end_s)).inside(self.memory.video.span)
        for line in read_closely(self.reader(), frame.image):
            yield Text(0, "screen", span, line.text, round(_TRUST * line.confidence, 4), line.box)


def read_closely(reader: TextReader, image: Pixels) -> list[TextLine]:
    """Lines of an RGB picture (height, width, 3), enlarged where it is small, and part by part where it is large."""
    height, width = image.shape[:2]
    scale = min(_ENLARGED_MAX, sqrt(READ_PIXELS / (height * width)))
    if scale > 1:
        return reader.read(_enlarged(image, scale))
    lines = [
        line for part in _parts(ceil(1 / scale)) for line in reader.recognize(image, reader.find(image, part))
    ]
    return list({(line.text, round(line.box[1], 2)): line for line in lines}.values())


def _enlarged(image: Pixels, scale: float) -> Pixels:
    from PIL import Image

    height, width = image.shape[:2]
    larger = Image.fromarray(image).resize(
        (round(width * scale), round(height * scale)), Image.Resampling.LANCZOS
    )
    return np.asarray(larger)


def _parts(n: int) -> Iterator[Box]:
    """``n`` rows of ``n`` parts of a picture, which overlap."""
    edges = [place / n for place in range(n + 1)]
    for top, bottom in pairwise(edges):
        for left, right in pairwise(edges):
            first, last = (
                (max(0.0, left - _OVERLAP), max(0.0, top - _OVERLAP)),
                (right + _OVERLAP, bottom + _OVERLAP),
            )
            yield (*first, min(1.0, last[0]), min(1.0, last[1]))


def _joined(texts: list[Text]) -> Iterator[Text]:
    """Lines that one picture after the other shows, as one text."""
    open_: dict[str, Text] = {}
    for text in texts:
        before = open_.get(text.body)
        if before and before.span.end_s >= text.span.start_s:
            open_[text.body] = Text(
                0, text.sense, before.span.hull(text.span), text.body, text.trust, text.box
            )
            continue
        if before:
            yield before
        open_[text.body] = text
    yield from open_.values()
