"""Listening for phrases, without writing down what is said."""

from __future__ import annotations

from dataclasses import dataclass

from ...index.fingerprint import is_there
from ...index.memory import Memory
from ...tools.clock import merge_spans
from ...tools.roles import PhraseSpotter
from ..evidence import Evidence, best_first
from ..footage import sound_of
from .act import Observation, Order, n_moments

_FIT = 0.5


@dataclass(frozen=True)
class Listen:
    """Has a spotter listen for phrases; most of what it hears of short ones was not said."""

    memory: Memory
    spotter: PhraseSpotter
    name: str = "listen"
    about: str = (
        "listens for phrases, and is often wrong; needs words, each a phrase of several, and from and to"
    )
    n_looks: int = 0

    def do(self, order: Order) -> Observation:
        """Where each phrase may have been said. Raises ``RequestError`` for what cannot be listened for."""
        video = self.memory.video
        if not is_there(video):
            return Observation("the video is gone, so nothing can be heard")
        within = merge_spans(list(order.spans)) or [video.span]
        heard = list(self.spotter.spot(sound_of(self.memory, within), list(order.words)))
        found = best_first([Evidence(h.span, "speech", f"perhaps: {h.phrase}", _FIT, h.trust) for h in heard])
        return Observation(f"{n_moments(len(found))} may hold it", tuple(found))
