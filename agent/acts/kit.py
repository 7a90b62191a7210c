"""What acts are done with besides the memory, and the acts that this allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ...index.meaning import Meaning
from ...index.memory import Memory
from ...index.sound_meaning import SoundMeaning
from ...tools.engines import Maker
from ...tools.roles import (
    Detector,
    FrameBudget,
    ImageTextEmbedder,
    PhraseSpotter,
    SpeechRecognizer,
    TextReader,
)
from ..finder import Finder
from ..question import Question
from .act import Act
from .compare import Compare
from .count import Count
from .detect import Detect
from .hear import Hear
from .listen import Listen
from .look import Look
from .read import Read
from .recall import Recall


@dataclass(frozen=True)
class Kit:
    """Models that find, look, read and hear; None where there is none."""

    meaning: Meaning | None = None
    pictures: ImageTextEmbedder | None = None
    sounds: SoundMeaning | None = None
    spotter: PhraseSpotter | None = None
    reader: Maker[TextReader] | None = None
    recognizer: Maker[SpeechRecognizer] | None = None
    detector: Detector | None = None

    def acts(self, memory: Memory, question: Question, budget: FrameBudget) -> tuple[Act, ...]:
        """All that can be done for a question to a video; a model is shown pictures within a ``budget``."""
        return (*self._recalling(memory), *self._looking(memory, question, budget), *self._hearing(memory))

    def _recalling(self, memory: Memory) -> Iterator[Act]:
        finder = Finder(memory, None, self.meaning, self.pictures, self.sounds)
        yield Recall(finder)
        yield Count(finder)

    def _looking(self, memory: Memory, question: Question, budget: FrameBudget) -> Iterator[Act]:
        if not memory.video.width:
            return
        yield Look(memory, question, budget)
        yield Compare(memory)
        if self.reader:
            yield Read(memory, cache(self.reader.make))
        if self.detector:
            yield Detect(memory, self.detector)

    def _hearing(self, memory: Memory) -> Iterator[Act]:
        if not any(row.sense == "sound" for row in memory.coverage()):
            return
        if self.recognizer:
            yield Hear(memory, cache(self.recognizer.make))
        if self.spotter:
            yield Listen(memory, self.spotter)
