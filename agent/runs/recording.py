"""Recording a run: all that an answer comes from besides the memory, noted as it is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from math import isinf
from typing import TypeVar

from ...index.fingerprint import is_there
from ...index.memory import Memory
from ...index.session import Session
from ...tools.clock import Span
from ...tools.engines import Maker
from ...tools.errors import VidagentError
from ...tools.models.making import Models
from ...tools.roles import (
    Detector,
    FrameBudget,
    ImageTextEmbedder,
    PhraseSpotter,
    SoundTextEmbedder,
    SpeechRecognizer,
    TextEmbedder,
    TextReader,
    VideoModel,
)
from ..footage import FilmedMemory, seeker_of
from ..searching import SEARCHING, Searching
from ..trace import Trace
from ..viewer import Viewer
from ..viewing import Tell, tell_nobody
from .calls import AS_BEFORE, CALLED, digest
from .memory_digest import digest_of, library_size, models_in
from .recorded import (
    RecordedDetector,
    RecordedPictures,
    RecordedReader,
    RecordedRecognizer,
    RecordedSeeker,
    RecordedSession,
    RecordedSounds,
    RecordedSpotter,
    RecordedTextReader,
    RecordedTexts,
)

FORM = 1
"""The form of what a replay needs; another one for anything that an older or newer replay cannot read."""

Given = TypeVar("Given")
Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Asked:
    """A question as it was given, with the options of the call."""

    text: str
    options: tuple[str, ...] = ()
    min_confidence: float | None = None
    within: Span | None = None
    session: str | None = None

    def to_json(self) -> dict[str, object]:
        """The question with plain values, seconds to the last digit."""
        within = [self.within.start_s, self.within.end_s] if self.within else None
        return {**asdict(self), "options": list(self.options), "within": within}


class Recorder:
    """A trace that takes note of what models give, too, once a question ``begin``s.

    Models are wrapped by the method that goes by their role; a wrapped one is the model itself to whoever asks it.
    What belongs to the question as a whole stands in the step ``question``.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._head: dict[str, object] | None = None
        self._models: dict[str, dict[str, object]] = {}
        self._given: dict[tuple[str, str, str], object] = {}
        self._ticks_s: list[float] = []
        self._begun_s = time.perf_counter()

    def note(self, step: str, **values: object) -> None:
        """Take note of a step; of the clock first what was read since the last one."""
        if self._ticks_s:
            self._trace.note("clock", readings_s=self._ticks_s)
            self._ticks_s = []
        if step == "question" and self._head is not None:
            values = {**values, "asked": {**self._head, "models": self._models}}
        self._trace.note(step, **values)

    def begin(self, memory: Memory, asked: Asked) -> Memory:
        """The memory to ask, whose pictures are noted as they are read; from here on models are listened to."""
        from ... import __version__

        known = models_in(memory)
        self._head = {
            "form": FORM,
            "vidagent": __version__,
            **asked.to_json(),
            "sidecar": memory.video.sidecar_sha256,
            "tracks": memory.video.tracks,
            "is_there": is_there(memory.video),
            "known": known,
            "memory": digest_of(memory, known),
            "library": library_size(memory),
        }
        return FilmedMemory(memory.library, memory.video, RecordedSeeker(seeker_of(memory), self))

    def texts(self, embedder: TextEmbedder | None) -> TextEmbedder | None:
        """A model of texts."""
        return self._known("texts", embedder, RecordedTexts)

    def pictures(self, embedder: ImageTextEmbedder | None) -> ImageTextEmbedder | None:
        """A model of pictures."""
        return self._known("pictures", embedder, RecordedPictures)

    def sounds(self, embedder: SoundTextEmbedder | None) -> SoundTextEmbedder | None:
        """A model of sounds."""
        return self._known("sounds", embedder, RecordedSounds)

    def spotter(self, spotter: PhraseSpotter | None) -> PhraseSpotter | None:
        """A spotter of phrases."""
        return self._known("spotter", spotter, RecordedSpotter)

    def text_reader(self, reader: Maker[TextReader] | None) -> Maker[TextReader] | None:
        """What reads text, made when it is first needed."""
        if reader is None:
            return None
        self._models["text-reader"] = {"name": reader.name}
        return Maker(reader.name, lambda: RecordedTextReader(reader.make(), self))

    def recognizer(self, recognizer: Maker[SpeechRecognizer] | None) -> Maker[SpeechRecognizer] | None:
        """What writes down speech, made when it is first needed."""
        if recognizer is None:
            return None
        self._models["recognizer"] = {"name": recognizer.name}
        return Maker(recognizer.name, lambda: RecordedRecognizer(recognizer.make(), self))

    def detector(self, detector: Detector | None) -> Detector | None:
        """A detector of named things."""
        return self._known("detector", detector, RecordedDetector)

    def viewer(
        self,
        model: VideoModel,
        budget: Callable[[VideoModel], FrameBudget],
        trial: Callable[[VideoModel], bool],
        searching: Searching = SEARCHING,
        tell: Tell = tell_nobody,
    ) -> Viewer:
        """A video LLM at work; see ``Viewer``. Its trial and what is known of its budget are noted as facts."""
        self._models["reader"] = searching_row(searching)

        def budgeted(_: VideoModel) -> FrameBudget:
            return self.called("reader", "measured", None, lambda: budget(model), asdict)

        def tried(_: VideoModel) -> bool:
            return self.called("reader", "is_untrained", None, lambda: trial(model), bool)

        wrapped = replace(searching, detector=self.detector(searching.detector), clock=self.clock)
        return Viewer(RecordedReader(model, self), budgeted, tried, wrapped, tell)

    def session(self, memory: Memory, name: str | None) -> Session | None:
        """The session of a name, whose state before the question is noted; None without a name."""
        return RecordedSession(memory, name, self) if name else None

    def clock(self) -> float:
        """Seconds since the recorder was made, as they are noted."""
        self._ticks_s.append(round(time.perf_counter() - self._begun_s, 6))
        return self._ticks_s[-1]

    def called(
        self,
        role: str,
        method: str,
        asked: object,
        give: Callable[[], Given],
        pack: Callable[[Given], object],
        about: object = None,
    ) -> Given:
        """What ``give`` gives, noted with the time that it took; an error of ours is noted and raised.

        ``about`` tells a person what was asked, where that does not stand elsewhere in the trace.
        """
        begun_s = time.perf_counter()
        try:
            given = give()
        except VidagentError as error:
            self._keep(role, method, asked, None, about, begun_s, error)
            raise
        self._keep(role, method, asked, pack(given), about, begun_s)
        return given

    def streamed(
        self,
        role: str,
        method: str,
        asked: object,
        pieces: Callable[[], Iterable[Piece]],
        pack: Callable[[list[Piece]], object],
        about: object = None,
    ) -> Iterator[Piece]:
        """The same for what comes piece by piece; noted when it ends, in whatever way."""
        begun_s, given, failure = time.perf_counter(), list[Piece](), None
        try:
            for piece in pieces():
                given.append(piece)
                yield piece
        except VidagentError as error:
            failure = error
            raise
        finally:
            self._keep(role, method, asked, pack(given), about, begun_s, failure)

    def _keep(
        self,
        role: str,
        method: str,
        asked: object,
        gave: object,
        about: object,
        begun_s: float,
        error: VidagentError | None = None,
    ) -> None:
        if self._head is None:
            # What a model learns of the video before is kept in the memory.
            return
        took_s = round(time.perf_counter() - begun_s, 4)
        extra: dict[str, object] = {} if about is None else {"about": about}
        if error is not None:
            extra["error"] = {"kind": type(error).__name__, "text": str(error)}
        key = (role, method, digest(asked))
        # Numbers for a long video are many, and are asked for more than once.
        is_known = isinstance(gave, dict) and self._given.get(key) == gave
        self._given[key] = gave
        self.note(
            CALLED,
            role=role,
            method=method,
            asked=key[2],
            gave=AS_BEFORE if is_known else gave,
            took_s=took_s,
            **extra,
        )

    def _known(
        self, role: str, model: Given | None, wrap: Callable[[Given, Recorder], Given]
    ) -> Given | None:
        if model is None:
            return None
        names = {name: getattr(model, name) for name in ("name", "dimension") if hasattr(model, name)}
        self._models[role] = names
        return wrap(model, self)


def searching_row(searching: Searching) -> dict[str, object]:
    """How pictures are found, as plain values; what is without a limit is None."""
    limits = {name: None if isinf(limit) else limit for name, limit in asdict(searching.budget).items()}
    return {
        "strategy": searching.strategy,
        "budget": limits,
        "n_frames_max": searching.n_frames_max,
        "is_exhaustive": searching.is_exhaustive,
    }


class RecordedModels(Models):
    """The models of a command, each with a recorder at its side."""

    def __init__(self, models: Models, recorder: Recorder) -> None:
        super().__init__(models.settings, models.made)
        self._recorder = recorder

    def texts(self) -> TextEmbedder | None:
        """See ``Models``."""
        return self._recorder.texts(super().texts())

    def pictures(self) -> ImageTextEmbedder | None:
        """See ``Models``."""
        return self._recorder.pictures(super().pictures())

    def sounds(self) -> SoundTextEmbedder | None:
        """See ``Models``."""
        return self._recorder.sounds(super().sounds())

    def spotter(self) -> PhraseSpotter | None:
        """See ``Models``."""
        return self._recorder.spotter(super().spotter())
