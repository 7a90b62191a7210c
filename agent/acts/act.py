"""An act: something that is done with words and stretches of a video, and what is observed by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...index.records import Text
from ...tools.clock import Span
from ...tools.roles import StampedFrame
from ..evidence import Evidence


@dataclass(frozen=True)
class Order:
    """An act by its name, with the words to look for and the stretches to look into, all inside the video."""

    act: str
    words: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What an act came to.

    ``said`` is vidagent's own sentence and holds nothing that the video says. What does is data: ``found`` are moments
    that may answer the question, best first, ``texts`` are words around, and ``frames`` pictures to be shown.
    """

    said: str
    found: tuple[Evidence, ...] = ()
    texts: tuple[Text, ...] = ()
    frames: tuple[StampedFrame, ...] = ()


class Act(Protocol):
    """One thing that may be done."""

    @property
    def name(self) -> str:
        """By which it is ordered: one word."""
        ...

    @property
    def about(self) -> str:
        """What it does and needs, in one line for whoever chooses among acts."""
        ...

    @property
    def n_looks(self) -> int:
        """How many pictures it has a model look at, at most."""
        ...

    def do(self, order: Order) -> Observation:
        """What it comes to. Raises ``ModelError`` and ``CapabilityError`` as the model behind it does."""
        ...


def n_moments(n: int) -> str:
    """A number of moments in words."""
    return "1 moment" if n == 1 else f"{n} moments"
