"""Hearing again: the words of a stretch, written down once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...index.fingerprint import is_there
from ...index.memory import Memory
from ...index.records import Text
from ...tools.clock import Span
from ...tools.roles import SpeechRecognizer
from ..footage import sound_of
from .act import Observation, Order

HEARD_S_MAX = 120.0
"""So much sound is listened to at once, at most."""
# A recogniser that begins in the middle of a word mistakes it.
_RUN_UP_S = 1.0


@dataclass(frozen=True)
class Hear:
    """Has a recogniser write down what is said in the stretches; ``recognizer`` makes it when it is needed."""

    memory: Memory
    recognizer: Callable[[], SpeechRecognizer]
    name: str = "hear"
    about: str = "writes down once more what is said in a stretch; needs from and to"
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """What was heard, at most ``HEARD_S_MAX`` of it; nothing where the file is gone or cannot be decoded."""
        if not is_there(self.memory.video):
            return Observation("the video is gone, so nothing can be heard")
        texts = tuple(self._texts([*_first(order.spans, HEARD_S_MAX)]))
        return Observation(f"{len(texts)} sentences were heard", texts=texts)

    def _texts(self, spans: list[Span]) -> Iterator[Text]:
        video = self.memory.video
        for span in spans:
            around = span.widened(_RUN_UP_S).inside(video.span)
            for voiced in self.recognizer().listen(sound_of(self.memory, [around])):
                for each in voiced.utterances:
                    if each.span.overlap_s(span) > 0:
                        yield Text(0, "speech", each.span.inside(video.span), each.text, each.trust)


def _first(spans: tuple[Span, ...], seconds: float) -> Iterator[Span]:
    """The first so many seconds of some stretches."""
    for span in spans:
        if seconds <= 0:
            return
        yield Span(span.start_s, min(span.end_s, span.start_s + seconds))
        seconds -= span.duration_s
