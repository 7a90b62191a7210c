"""Which adapter fills which role, and how each is made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .appearance import AppearanceEmbedder
from .roles import ImageTextEmbedder, SpeechRecognizer, TextReader

Engine = TypeVar("Engine", covariant=True)


@dataclass(frozen=True)
class Maker(Generic[Engine]):
    """An engine that is loaded only when there is something for it to do."""

    name: str
    make: Callable[[], Engine]


@dataclass(frozen=True)
class Engines:
    """The models of one ingestion; None where a role is left out."""

    embedder: ImageTextEmbedder
    reader: Maker[TextReader] | None
    recognizer: Maker[SpeechRecognizer] | None

    @property
    def names(self) -> tuple[str, ...]:
        """What was chosen, as a user would type it."""
        makers = (self.reader, self.recognizer)
        return (self.embedder.name, *(maker.name if maker else "none" for maker in makers))


def embedded(read_text: bool = True, hear_speech: bool = True) -> Engines:
    """The engines that every installation carries; nothing is downloaded."""
    return Engines(
        embedder=AppearanceEmbedder(),
        reader=Maker("rapidocr", _rapidocr) if read_text else None,
        recognizer=Maker("pocketsphinx", _pocketsphinx) if hear_speech else None,
    )


def _rapidocr() -> TextReader:
    from .screen_text import RapidOcrReader

    return RapidOcrReader()


def _pocketsphinx() -> SpeechRecognizer:
    from .speech import PocketSphinxRecognizer

    return PocketSphinxRecognizer()
