"""Stand-ins for models, the file and the session of a run: each gives again what the trace says was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from ...index.library import Library
from ...index.memory import Memory
from ...index.records import Coverage, Video
from ...index.session import Session
from ...tools.clock import Span
from ...tools.roles import (
    READ_PIXELS,
    WHOLE,
    Box,
    Detection,
    FrameBudget,
    Pixels,
    Prompt,
    Quad,
    SoundWindow,
    Spotted,
    TextLine,
    Utterance,
    Vectors,
    Voiced,
)
from ..footage import FilmedMemory
from .calls import seconds, unpacked
from .script import ReplayError, Script

_SIDE_MAX = 1 << 16
_FRAMES_MAX = 1 << 16
_PIXELS_MAX = 1 << 32
# Shares are sums of rounded numbers.
_SHARE_MAX = 1.001


class ReplayedReader:
    """A ``VideoModel`` that replies as in the run."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @cached_property
    def name(self) -> str:
        """The name that the model had."""
        return self._script.fact("reader", "name").read(_text)

    @cached_property
    def budget(self) -> FrameBudget:
        """The budget that the model told."""
        return self._script.fact("reader", "budget").read(_budget)

    def measured(self, _: object = None) -> FrameBudget:
        """The budget that held in the run."""
        return self._script.fact("reader", "measured").read(_budget)

    def is_untrained(self, _: object = None) -> bool:
        """What its trial came to."""
        return self._script.fact("reader", "is_untrained").read(_truth)

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Iterator[str]:
        """The reply to the same prompt, in one piece."""
        yield from self._script.next("reader", "stream", [prompt, n_tokens_max]).pieces(
            lambda gave: [_text(gave)]
        )

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """The shares of the same answers to the same prompt."""
        call = self._script.next("reader", "probabilities", [prompt, list(answers)])
        return call.read(lambda gave: None if gave is None else _shares(gave, len(answers)))


@dataclass
class _ReplayedVectors:
    """An embedder that knows what was asked in the run, and nothing else; a replay learns nothing."""

    script: Script
    name: str
    dimension: int

    def _vector(self, role: str, method: str, text: str) -> Vectors:
        call = self.script.next(role, method, text)
        return call.read(lambda gave: unpacked(gave, (self.dimension,)))


class ReplayedTexts(_ReplayedVectors):
    """A ``TextEmbedder`` that knows the questions of the run."""

    def embed_query(self, text: str) -> Vectors:
        """The vector of the same question."""
        return self._vector("texts", "embed_query", text)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Nothing but a ``ReplayError``."""
        raise ReplayError("a replay reads no texts")


class ReplayedSounds(_ReplayedVectors):
    """A ``SoundTextEmbedder`` that knows the descriptions of the run."""

    def embed_text(self, text: str) -> Vectors:
        """The vector of the same description."""
        return self._vector("sounds", "embed_text", text)

    def embed_sounds(self, windows: Sequence[SoundWindow]) -> Vectors:
        """Nothing but a ``ReplayError``."""
        raise ReplayError("a replay hears no sounds")


class ReplayedPictures(_ReplayedVectors):
    """An ``ImageTextEmbedder`` that knows the descriptions of the run, and the pictures that it was shown."""

    def embed_text(self, text: str) -> Vectors | None:
        """The vector of the same description, None where there was none."""
        call = self.script.next("pictures", "embed_text", text)
        return call.read(lambda gave: None if gave is None else unpacked(gave, (self.dimension,)))

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        """The likelihoods of as many pictures for the same description."""
        call = self.script.next("pictures", "likelihoods", [text, list(vectors.shape)])
        return call.read(lambda gave: unpacked(gave, (len(vectors),)))

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """The vectors of as many pictures of the same sizes."""
        call = self.script.next("pictures", "embed_images", [list(image.shape) for image in images])
        return call.read(lambda gave: unpacked(gave, (len(images), self.dimension)))


@dataclass(frozen=True)
class ReplayedSpotter:
    """A ``PhraseSpotter`` that hears what was heard in the run, without listening."""

    script: Script
    name: str

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        """What was heard of the same phrases."""
        yield from self.script.next("spotter", "spot", list(phrases)).pieces(_spotted)


@dataclass
class ReplayedTextReader:
    """A ``TextReader`` that reads what was read in the run, without looking."""

    script: Script
    name: str

    def read(self, image: Pixels) -> list[TextLine]:
        """The lines of a picture of the same size."""
        return self.script.next("text-reader", "read", list(image.shape)).read(_lines)

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Where lines stood in a picture of the same size."""
        asked = [list(image.shape), list(window), n_pixels_max]
        return self.script.next("text-reader", "find", asked).read(_quads)

    def recognize(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        """What was written in as many places."""
        return self.script.next("text-reader", "recognize", [list(image.shape), len(quads)]).read(_lines)


@dataclass(frozen=True)
class ReplayedRecognizer:
    """A ``SpeechRecognizer`` that hears what was heard in the run, without listening."""

    script: Script
    name: str

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """What was heard then."""
        yield from self.script.next("recognizer", "listen", None).pieces(_voiced)


@dataclass(frozen=True)
class ReplayedDetector:
    """A ``Detector`` that finds what was found in the run, without looking."""

    script: Script
    name: str

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        """What was found in as many pictures of the same sizes."""
        asked = [[list(image.shape) for image in images], list(targets)]
        call = self.script.next("detector", "detect", asked)
        return call.read(lambda gave: _detections(gave, len(images), targets))


@dataclass(frozen=True)
class ReplayedSeeker:
    """A ``Seeker`` of pictures that have their seconds and sizes, and nothing to be seen."""

    script: Script

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, ReplayedShot]]:
        """The pictures that were read at the same seconds."""
        yield from self.script.next("file", "at_each", seconds(times_s)).pieces(_shots)


@dataclass(frozen=True)
class ReplayedShot:
    """A picture of the run: its second, and its height and width where it was looked at."""

    pts_s: float
    size: tuple[int, ...]

    def rgb(self) -> Pixels:
        """Nothing but black, shape (height, width, 3), which takes no room."""
        if len(self.size) != 2:
            raise ReplayError("a picture is looked at now that was not in the run")
        return np.broadcast_to(np.uint8(0), (*self.size, 3))


class ReplayedSession(Session):
    """A session as it was before the question; nothing is kept in it."""

    def __init__(self, memory: Memory, name: str, script: Script) -> None:
        super().__init__(memory.library, name)
        self._memory, self._script = memory, script

    def carried(self) -> list[int]:
        """The events that were carried on, as far as the memory still has them."""
        begins_us = self._script.next("session", "carried", None).read(
            lambda gave: [_count(us) for us in gave]
        )
        query = "SELECT id FROM event WHERE media_id = ? AND start_us = ?"
        rows = [self._library.rows(query, self._memory.video.id, us) for us in begins_us]
        return [int(str(row[0][0])) for row in rows if row]

    def last(self, video: Video) -> Span | None:
        """The seconds of the last answer."""
        call = self._script.next("session", "last", None)
        return call.read(lambda gave: None if gave is None else span_of(gave))

    def cite(self, video: Video, span: Span) -> None:
        """Nothing."""

    def keep(self, event_ids: Sequence[int]) -> None:
        """Nothing."""


class ReplayedMemory(FilmedMemory):
    """A memory without what later models have made of the video."""

    def __init__(self, library: Library, video: Video, script: Script, known: Sequence[str]) -> None:
        super().__init__(library, video, ReplayedSeeker(script))
        self._known = frozenset(known)

    def coverage(self) -> list[Coverage]:
        """How far it was looked at by those that were known then."""
        return [row for row in super().coverage() if row.engine in self._known]


def span_of(value: Any) -> Span:
    """A stretch from its two ends. Raises ``ValueError`` or ``TypeError`` for anything else."""
    start_s, end_s = value
    return Span(_number(start_s), _number(end_s))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError("no finite number")
    return float(value)


def _count(value: Any, largest: int = 1 << 62) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        raise TypeError("no whole number in its range")
    return value


def _share(value: Any) -> float:
    if not 0 <= _number(value) <= _SHARE_MAX:
        raise ValueError("no share")
    return float(value)


def _shares(value: Any, n: int) -> list[float]:
    if len(value) != n:
        raise ValueError(f"not {n} shares")
    return [_share(each) for each in value]


def _budget(value: Any) -> FrameBudget:
    return FrameBudget(_count(value["n_frames"], _FRAMES_MAX), _count(value["n_pixels"], _PIXELS_MAX))


def _spotted(value: Any) -> list[Spotted]:
    return [Spotted(_text(phrase), span_of(ends), _share(trust)) for phrase, *ends, trust in value]


def _box(value: Any) -> Box:
    left, top, right, bottom = map(_number, value)
    return (left, top, right, bottom)


def _lines(value: Any) -> list[TextLine]:
    return [TextLine(_text(text), _box(box), _share(confidence)) for text, box, confidence in value]


def _quads(value: Any) -> list[Quad]:
    quads = [np.array([[_number(x) for x in corner] for corner in quad], np.float32) for quad in value]
    if any(quad.shape != (4, 2) for quad in quads):
        raise ValueError("no four corners")
    return quads


def _voiced(value: Any) -> list[Voiced]:
    return [Voiced(span_of(ends), tuple(_utterance(each) for each in said)) for *ends, said in value]


def _utterance(value: Any) -> Utterance:
    *ends, text, trust = value
    return Utterance(span_of(ends), _text(text), _share(trust))


def _detections(value: Any, n_images: int, targets: Sequence[str]) -> list[list[Detection]]:
    found = [[_detection(each, targets) for each in image] for image in value]
    if len(found) != n_images:
        raise ValueError(f"not found in {n_images} pictures")
    return found


def _detection(value: Any, targets: Sequence[str]) -> Detection:
    target, box, score = value
    if target not in targets:
        raise ValueError("nothing that was asked for")
    return Detection(target, _box(box), _share(score))


def _shots(value: Any) -> list[tuple[float, ReplayedShot]]:
    return [
        (_number(time_s), ReplayedShot(_number(pts_s), tuple(_count(side, _SIDE_MAX) for side in size)))
        for time_s, pts_s, *size in value
    ]
