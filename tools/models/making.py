"""Adapters of chosen models, made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import TypeVar, cast

from ..appearance import AppearanceEmbedder
from ..engines import Engines, Maker, embedded
from ..errors import CapabilityError, RequestError
from ..phrases import KeyphraseSpotter
from ..roles import (
    Detector,
    FrameBudget,
    ImageTextEmbedder,
    PhraseSpotter,
    SoundTextEmbedder,
    SpeechRecognizer,
    TextEmbedder,
    VideoModel,
)
from ..settings import AUTO, Settings
from .catalog import NONE, Choice, Role, choose, role_named
from .device import Device
from .measuring import Measured, budget_of, remembered
from .shelf import Shelf
from .temperature import AS_TOLD

_BETTER = ("picture", "speech", "reader")
_ENGLISH = (AUTO, "en")

Made = TypeVar("Made")


def _once(make: Callable[[Models], Made]) -> Callable[[Models], Made]:
    """A method whose model is made when it is first asked for, and kept."""

    @wraps(make)
    def kept(models: Models) -> Made:
        return models.kept(make.__name__, partial(make, models))

    return kept


@dataclass(frozen=True)
class Models:
    """The models of one command, chosen by settings; each is loaded when it is first asked for, and ``made`` once.

    Raises ``RequestError`` and ``CapabilityError`` as choosing does, when a model is asked for.
    """

    settings: Settings
    made: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def kept(self, name: str, make: Callable[[], Made]) -> Made:
        """What is made once, and found out once of what was made, by a name."""
        if name not in self.made:
            self.made[name] = make()
        return cast(Made, self.made[name])

    def engines(self) -> Engines:
        """What a video is read by."""
        choice = self.choice("speech")
        if choice.model is None:
            return embedded(hear_speech=choice.name != NONE)
        return Engines(AppearanceEmbedder(), embedded().reader, Maker(choice.name, self._recognizer))

    @_once
    def pictures(self) -> ImageTextEmbedder | None:
        """What finds pictures by what they show, None where nothing better than colours is chosen."""
        choice = self.choice("picture")
        if choice.place is None:
            return None
        from .picture_vectors import OpenClipEmbedder

        return OpenClipEmbedder(choice.place, self._device())

    @_once
    def sounds(self) -> SoundTextEmbedder | None:
        """What finds sounds that are no speech, None where none is chosen."""
        choice = self.choice("sound")
        if choice.place is None:
            return None
        from .sound_vectors import ClapEmbedder

        return ClapEmbedder(choice.place, self._device())

    @_once
    def detector(self) -> Detector | None:
        """What finds named things in a picture, None where none is chosen."""
        choice = self.choice("detector")
        if choice.place is None:
            return None
        from .detection import ZeroShotDetector

        return ZeroShotDetector(choice.place, self._device())

    @_once
    def spotter(self) -> PhraseSpotter | None:
        """What listens for given phrases, None where speech is not to be heard or is not English."""
        hears_english = self.settings.language in _ENGLISH and self.settings.speech_model != NONE
        return KeyphraseSpotter() if hears_english else None

    @_once
    def texts(self) -> TextEmbedder | None:
        """What finds texts by what they mean, None where words alone are to do."""
        choice = self.choice("text-vectors")
        if choice.place is None:
            return None
        from .sentence_vectors import SentenceVectors

        return SentenceVectors(choice.place)

    @_once
    def reader(self) -> VideoModel | None:
        """What looks at pictures and answers, None where the memory alone is to."""
        choice = self.choice("reader")
        if choice.model is None:
            return None
        if choice.model.kind == "openai":
            return self._endpoint(choice.model.name)
        from .video_llm import TransformersVideoModel

        return TransformersVideoModel(_required(choice), self._device())

    def budget(self, model: VideoModel) -> FrameBudget:
        """What fits into one prompt of a model: as ``doctor`` has measured it here, or as it tells itself."""
        return budget_of(model, self._measured(model))

    def temperature(self, model: VideoModel) -> float:
        """At which a model's confidences are true, as ``doctor`` has measured it here, or else as it tells them."""
        measured = self._measured(model)
        return AS_TOLD if measured is None else measured.temperature

    def hint(self) -> str:
        """One line on what could be pulled to see, hear or answer better; empty where nothing is missing."""
        missing = [name for name in _BETTER if self.choice(name).model is None]
        return f"to see, hear or tell more: vidagent models pull {' | '.join(missing)}" if missing else ""

    def choice(self, name: str) -> Choice:
        """Who plays a role, and why."""
        return choose(_role(name), self.settings, Shelf(self.settings.models))

    def _measured(self, model: VideoModel) -> Measured | None:
        return remembered(self.settings.models, model.name, self._device().name)

    def _device(self) -> Device:
        return Device.named(self.settings.device)

    @_once
    def _recognizer(self) -> SpeechRecognizer:
        choice = self.choice("speech")
        place = _required(choice)
        if choice.model and choice.model.kind == "faster-whisper":
            from .faster_whisper_speech import FasterWhisperRecognizer

            device = None if self.settings.device == AUTO else self._device()
            return FasterWhisperRecognizer(place, device, self.settings.language)
        from .whisper_speech import WhisperRecognizer

        return WhisperRecognizer(_checkpoint(place), self._device(), self.settings.language)

    def _endpoint(self, address: str) -> VideoModel:
        from .endpoint import EndpointModel, is_of_this_machine

        url, _, model = address.partition("#")
        if self.settings.offline and not is_of_this_machine(url):
            raise CapabilityError(f"{url}: offline, so no server elsewhere is asked; leave --offline away")
        return EndpointModel(url, model or None)


def _role(name: str) -> Role:
    role = role_named(name)
    if role is None:
        raise RequestError(f"{name}: no role of a model")
    return role


def _required(choice: Choice) -> Path:
    if choice.place is None:
        raise CapabilityError(f"{choice.name}: not on this machine")
    return choice.place


def _checkpoint(place: Path) -> Path:
    """The one file of a whisper model."""
    found = sorted(place.glob("*.pt"))
    if len(found) != 1:
        raise CapabilityError(f"{place}: holds {len(found)} files *.pt where one is a whisper model")
    return found[0]
