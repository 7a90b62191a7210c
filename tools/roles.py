"""What a model can be to vidagent: one small protocol per role, and the values that pass between.

``agent/`` and ``index/`` know these names only; the libraries behind them stay in their adapters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .clock import Span

Pixels = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
Samples = npt.NDArray[np.float32]
Quad = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
READ_PIXELS = 1920 * 1080
"""As many pixels as reading in full looks at; the text of a larger picture is large enough without."""


@dataclass(frozen=True)
class SoundWindow:
    """A stretch of mono sound.

    ``samples`` is float32 in [-1, 1], shape (n,), at ``rate_hz``; its first sample is heard at
    ``start_s`` of the container's clock.
    """

    start_s: float
    samples: Samples
    rate_hz: int

    @property
    def end_s(self) -> float:
        """The second at which the window's last sample has been heard."""
        return self.start_s + len(self.samples) / self.rate_hz


@dataclass(frozen=True)
class Utterance:
    """Words somebody said, as heard or as written down for the viewer.

    ``trust`` in [0, 1] says how far the words may be taken at their face value: 1.0 for an
    author's subtitles, low for a recogniser that often errs.
    """

    span: Span
    text: str
    trust: float


@dataclass(frozen=True)
class TextLine:
    """One line of text found in a picture.

    ``box`` is (left, top, right, bottom) as shares of the picture's width and height;
    ``confidence`` is the reader's own, in [0, 1].
    """

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class Voiced:
    """A stretch where somebody spoke, and what was made out of it, which may be nothing."""

    span: Span
    utterances: tuple[Utterance, ...]


class SpeechRecognizer(Protocol):
    """Turns sound into utterances on the container's clock."""

    @property
    def name(self) -> str:
        """The name that a user can type."""
        ...

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """Every voiced stretch that begins at ``after_s`` or later, in order of time.

        Windows arrive in order and are read once; those before ``after_s`` are heard for what they tell
        of later ones, as every run over the same sound has to give the same.
        """
        ...


class TextReader(Protocol):
    """Finds and reads text in one picture; the two steps can be asked for one at a time."""

    name: str

    def read(self, image: Pixels) -> list[TextLine]:
        """Lines of an RGB picture (height, width, 3), top to bottom."""
        ...

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Corners of lines inside ``window``, each (4, 2) in shares of the picture, clockwise from top left.

        The window is shrunk to ``n_pixels_max`` pixels first, and never enlarged.
        """
        ...

    def recognize(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        """What is written inside each of the given corners; a quad may give no line, or two."""
        ...


class ImageTextEmbedder(Protocol):
    """Puts pictures and descriptions into one space, where a dot product means likeness."""

    name: str
    dimension: int

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """Unit vectors, shape (n, dimension), of RGB pictures (height, width, 3)."""
        ...

    def embed_text(self, text: str) -> Vectors | None:
        """A unit vector (dimension,), or None where this model has no words for the text."""
        ...


class TextEmbedder(Protocol):
    """Puts sentences and questions into one space of meanings, where a dot product means likeness."""

    @property
    def name(self) -> str:
        """Another one for other weights, since their vectors cannot be compared."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), of what may be searched for."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The unit vector (dimension,) of what somebody asks."""
        ...
