"""Models behind their protocols, each of which tells a recorder what it gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from ...index.memory import Memory
from ...index.records import Video
from ...index.session import Session
from ...tools.clock import Span
from ...tools.roles import (
    READ_PIXELS,
    WHOLE,
    Box,
    Detection,
    Detector,
    FrameBudget,
    ImageTextEmbedder,
    PhraseSpotter,
    Pixels,
    Prompt,
    Quad,
    SoundTextEmbedder,
    SoundWindow,
    SpeechRecognizer,
    Spotted,
    TextEmbedder,
    TextLine,
    TextReader,
    Vectors,
    VideoModel,
    Voiced,
)
from ..footage import Seeker, Shot
from .calls import packed, seconds

if TYPE_CHECKING:
    from .recording import Recorder

Given = TypeVar("Given")


class RecordedReader:
    """A ``VideoModel`` whose name, budget, replies and shares are noted."""

    def __init__(self, model: VideoModel, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder
        self._facts: dict[str, object] = {}

    @property
    def name(self) -> str:
        """That of the model."""
        return str(self._fact("name", lambda: self._model.name, str))

    @property
    def budget(self) -> FrameBudget:
        """That of the model."""
        found = self._fact("budget", lambda: self._model.budget, asdict)
        assert isinstance(found, FrameBudget)
        return found

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Iterator[str]:
        """The model's reply."""
        return self._recorder.streamed(
            "reader",
            "stream",
            [prompt, n_tokens_max],
            lambda: self._model.stream(prompt, n_tokens_max),
            "".join,
        )

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """The model's shares."""
        return self._recorder.called(
            "reader",
            "probabilities",
            [prompt, list(answers)],
            lambda: self._model.probabilities(prompt, answers),
            lambda shares: None if shares is None else [float(share) for share in shares],
            about=list(answers),
        )

    def _fact(self, name: str, give: Callable[[], Given], pack: Callable[[Given], object]) -> object:
        """What does not change, noted when it is first asked for."""
        if name not in self._facts:
            self._facts[name] = self._recorder.called("reader", name, None, give, pack)
        return self._facts[name]


class RecordedTexts:
    """A ``TextEmbedder`` whose vectors of questions are noted."""

    def __init__(self, model: TextEmbedder, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder
        self.name, self.dimension = model.name, model.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """The model's vectors, which the memory keeps."""
        return self._model.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """The model's vector."""
        return self._recorder.called(
            "texts", "embed_query", text, lambda: self._model.embed_query(text), packed, about=text
        )


class RecordedPictures:
    """An ``ImageTextEmbedder`` whose vectors and likelihoods of descriptions are noted."""

    def __init__(self, model: ImageTextEmbedder, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder
        self.name, self.dimension = model.name, model.dimension

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """The model's vectors."""
        shapes = [list(image.shape) for image in images]
        return self._recorder.called(
            "pictures", "embed_images", shapes, lambda: self._model.embed_images(images), packed
        )

    def embed_text(self, text: str) -> Vectors | None:
        """The model's vector."""
        return self._recorder.called(
            "pictures", "embed_text", text, lambda: self._model.embed_text(text), packed, about=text
        )

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        """The model's likelihoods."""
        return self._recorder.called(
            "pictures",
            "likelihoods",
            [text, list(vectors.shape)],
            lambda: self._model.likelihoods(vectors, text),
            packed,
            about=text,
        )


class RecordedSounds:
    """A ``SoundTextEmbedder`` whose vectors of descriptions are noted."""

    def __init__(self, model: SoundTextEmbedder, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    @property
    def dimension(self) -> int:
        """That of the model."""
        return self._model.dimension

    def embed_sounds(self, windows: Sequence[SoundWindow]) -> Vectors:
        """The model's vectors, which the memory keeps."""
        return self._model.embed_sounds(windows)

    def embed_text(self, text: str) -> Vectors:
        """The model's vector."""
        return self._recorder.called(
            "sounds", "embed_text", text, lambda: self._model.embed_text(text), packed, about=text
        )


class RecordedSpotter:
    """A ``PhraseSpotter`` that tells what it heard."""

    def __init__(self, model: PhraseSpotter, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        """What the model hears."""
        return self._recorder.streamed(
            "spotter",
            "spot",
            list(phrases),
            lambda: self._model.spot(sound, phrases),
            _spotted_rows,
            about=list(phrases),
        )


class RecordedTextReader:
    """A ``TextReader`` that tells what it read."""

    def __init__(self, model: TextReader, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder
        self.name = model.name

    def read(self, image: Pixels) -> list[TextLine]:
        """The lines of a picture."""
        return self._recorder.called(
            "text-reader", "read", list(image.shape), lambda: self._model.read(image), _line_rows
        )

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Where lines stand in a picture."""
        asked = [list(image.shape), list(window), n_pixels_max]
        return self._recorder.called(
            "text-reader",
            "find",
            asked,
            lambda: self._model.find(image, window, n_pixels_max),
            lambda quads: [[[float(x) for x in corner] for corner in quad] for quad in quads],
        )

    def recognize(self, image: Pixels, quads: Sequence[Quad]) -> list[TextLine]:
        """What is written there."""
        asked = [list(image.shape), len(quads)]
        return self._recorder.called(
            "text-reader", "recognize", asked, lambda: self._model.recognize(image, quads), _line_rows
        )


class RecordedRecognizer:
    """A ``SpeechRecognizer`` that tells what it heard."""

    def __init__(self, model: SpeechRecognizer, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """What the model hears."""
        return self._recorder.streamed(
            "recognizer", "listen", None, lambda: self._model.listen(sound, after_s), _voiced_rows
        )


class RecordedDetector:
    """A ``Detector`` that tells what it found."""

    def __init__(self, model: Detector, recorder: Recorder) -> None:
        self._model, self._recorder = model, recorder

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        """What the model finds."""
        asked = [[list(image.shape) for image in images], list(targets)]
        return self._recorder.called(
            "detector",
            "detect",
            asked,
            lambda: self._model.detect(images, targets),
            _detection_rows,
            about=list(targets),
        )


class RecordedSeeker:
    """A ``Seeker`` that tells which pictures were read."""

    def __init__(self, seeker: Seeker, recorder: Recorder) -> None:
        self._seeker, self._recorder = seeker, recorder

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Shot]]:
        """The pictures, of each of which its size is noted when it is asked for its colours."""
        return self._recorder.streamed(
            "file", "at_each", seconds(times_s), lambda: self._noted(times_s), _shot_rows
        )

    def _noted(self, times_s: Sequence[float]) -> Iterator[tuple[float, _NotedShot]]:
        for time_s, shot in self._seeker.at_each(times_s):
            yield time_s, _NotedShot(shot)


class _NotedShot:
    def __init__(self, shot: Shot) -> None:
        self._shot = shot
        self.size: list[int] = []

    @property
    def pts_s(self) -> float:
        return self._shot.pts_s

    def rgb(self) -> Pixels:
        pixels = self._shot.rgb()
        self.size = [*pixels.shape[:2]]
        return pixels


class RecordedSession(Session):
    """A session that tells what it was about before the question."""

    def __init__(self, memory: Memory, name: str, recorder: Recorder) -> None:
        super().__init__(memory.library, name)
        self._memory, self._recorder = memory, recorder

    def carried(self) -> list[int]:
        """See ``Session``; noted are events of this video alone, by their beginnings."""
        found = super().carried()
        return self._recorder.called("session", "carried", None, lambda: found, self._begins_us)

    def last(self, video: Video) -> Span | None:
        """See ``Session``."""
        found = super().last(video)
        return self._recorder.called("session", "last", None, lambda: found, _span_row)

    def _begins_us(self, event_ids: list[int]) -> list[int]:
        query = "SELECT start_us FROM event WHERE id = ? AND media_id = ?"
        rows = [self._library.rows(query, i, self._memory.video.id) for i in event_ids]
        return [int(str(row[0][0])) for row in rows if row]


def _span_row(span: Span | None) -> list[float] | None:
    return None if span is None else [span.start_s, span.end_s]


def _spotted_rows(found: list[Spotted]) -> list[list[object]]:
    return [[each.phrase, each.span.start_s, each.span.end_s, float(each.trust)] for each in found]


def _line_rows(lines: list[TextLine]) -> list[list[object]]:
    return [[line.text, [float(side) for side in line.box], float(line.confidence)] for line in lines]


def _voiced_rows(found: list[Voiced]) -> list[list[object]]:
    return [
        [
            v.span.start_s,
            v.span.end_s,
            [[u.span.start_s, u.span.end_s, u.text, u.trust] for u in v.utterances],
        ]
        for v in found
    ]


def _detection_rows(found: list[list[Detection]]) -> list[list[list[object]]]:
    return [[[d.target, [float(side) for side in d.box], float(d.score)] for d in each] for each in found]


def _shot_rows(found: list[tuple[float, _NotedShot]]) -> list[list[float]]:
    return [[float(time_s), float(shot.pts_s), *shot.size] for time_s, shot in found]
