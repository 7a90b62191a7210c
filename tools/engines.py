"""Which adapter fills which role, and how each is made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .appearance import AppearanceEmbedder
from .roles import ImageTextEmbedder, SpeechRecognizer
from .screen_text import LineReader


@dataclass(frozen=True)
class Engines:
    """The models of one ingestion; the makers are called only when there is something to read or hear."""

    embedder: ImageTextEmbedder
    make_reader: Callable[[], LineReader] | None
    make_recognizer: Callable[[], SpeechRecognizer] | None

    @property
    def names(self) -> tuple[str, ...]:
        """What was chosen, as a user would type it."""
        reader = "rapidocr" if self.make_reader else "none"
        recognizer = "pocketsphinx" if self.make_recognizer else "none"
        return (self.embedder.name, reader, recognizer)


def embedded(read_text: bool = True, hear_speech: bool = True) -> Engines:
    """The engines that every installation carries; nothing is downloaded."""
    return Engines(
        embedder=AppearanceEmbedder(),
        make_reader=_rapidocr if read_text else None,
        make_recognizer=_pocketsphinx if hear_speech else None,
    )


def _rapidocr() -> LineReader:
    from .screen_text import RapidOcrReader

    return RapidOcrReader()


def _pocketsphinx() -> SpeechRecognizer:
    from .speech import PocketSphinxRecognizer

    return PocketSphinxRecognizer()
