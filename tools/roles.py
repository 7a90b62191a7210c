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


class Embedder(Protocol):
    """A model of any sense that makes vectors, known by its name and by how many numbers they have."""

    @property
    def name(self) -> str:
        """Another one for other weights, since their vectors cannot be compared."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...


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

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        """How likely each of the pictures with ``vectors`` (n, dimension) shows what a text says: (n,) in [0, 1].

        Calibrated for this model as far as it can be; likelihoods of two models are not to be compared.
        """
        ...


@dataclass(frozen=True)
class StampedFrame:
    """A picture for a model to look at, with its own second on the container's clock; ``image`` (height, width, 3)."""

    time_s: float
    image: Pixels


@dataclass(frozen=True)
class Prompt:
    """What is put to a video LLM: rules that stand apart, then text and pictures in the order they are shown in."""

    parts: tuple[str | StampedFrame, ...]
    system: str = ""

    @property
    def times_s(self) -> tuple[float, ...]:
        """Seconds of the pictures, in the order they are shown in."""
        return tuple(part.time_s for part in self.parts if isinstance(part, StampedFrame))


@dataclass(frozen=True)
class FrameBudget:
    """How much a video LLM can look at in one prompt: so many pictures, and so many pixels of each, at most."""

    n_frames: int
    n_pixels: int


class VideoModel(Protocol):
    """A video LLM: looks at pictures, each with its second written beside it, and answers in words.

    Both methods raise ``ModelError`` where the model or its server fails, and ``RequestError`` for a prompt
    that is larger than the model can take.
    """

    @property
    def name(self) -> str:
        """The name that a user can type."""
        ...

    @property
    def budget(self) -> FrameBudget:
        """What fits into one prompt on this machine."""
        ...

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Iterator[str]:
        """The reply in pieces as it is written, at most so many tokens; always the same for the same prompt."""
        ...

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """How likely each of some short answers is to come first, summing to 1; None where the model cannot tell."""
        ...


@dataclass(frozen=True)
class Detection:
    """Something that was found in a picture: what was asked for, where, and how surely, in [0, 1]."""

    target: str
    box: Box
    score: float


class Detector(Protocol):
    """Finds things in pictures that are named in words."""

    @property
    def name(self) -> str:
        """The name that a user can type."""
        ...

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        """What was found in each RGB picture (height, width, 3), best first."""
        ...


@dataclass(frozen=True)
class Spotted:
    """Where a phrase may have been said; ``trust`` in [0, 1] is low, so a second look has to support it."""

    phrase: str
    span: Span
    trust: float


class PhraseSpotter(Protocol):
    """Listens for given phrases without writing down what is said."""

    @property
    def name(self) -> str:
        """The name that a user can type."""
        ...

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        """Where the phrases may have been said, in order of time."""
        ...


class SoundTextEmbedder(Protocol):
    """Puts sounds and descriptions into one space, where a dot product means likeness."""

    @property
    def name(self) -> str:
        """The name that a user can type."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed_sounds(self, windows: Sequence[SoundWindow]) -> Vectors:
        """Unit vectors, shape (n, dimension), of stretches of sound."""
        ...

    def embed_text(self, text: str) -> Vectors:
        """The unit vector (dimension,) of a description."""
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
