"""What the picture stage gives out: batches of samples and lines of text, and the place to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..tools.clock import Span
from ..tools.roles import Vectors
from .freezing import frozen, thawed
from .text_tracks import TextSighting


@dataclass(frozen=True)
class PictureTotals:
    """What the picture stage passed until now.

    ``end_s`` is the measured end of the picture track, ``lost`` what damage hid of it; ``n_damaged`` times
    a picture could not be decoded, beside the ``n_pictures`` that could.
    """

    n_samples: int = 0
    n_text_looks: int = 0
    n_pictures: int = 0
    n_damaged: int = 0
    lost: tuple[Span, ...] = ()
    end_s: float = 0.0

    @property
    def damaged_share(self) -> float:
        """The share that damage hid, of the pictures or of the time, whichever is larger."""
        of_pictures = self.n_damaged / max(1, self.n_pictures + self.n_damaged)
        return max(of_pictures, lost_share(self.lost, self.end_s))


@dataclass(frozen=True)
class PictureCursor:
    """How far the picture stage has come: the seconds of its first and last picture.

    ``watch`` is the frozen state of the text watch, empty where nobody watches.
    """

    first_s: float
    last_s: float
    totals: PictureTotals
    watch: bytes = b""

    def to_bytes(self) -> bytes:
        """The cursor as it is stored, without the state of the watch."""
        return frozen({"first_s": self.first_s, "last_s": self.last_s} | asdict(self.totals))

    @classmethod
    def from_bytes(cls, data: bytes, watch: bytes) -> PictureCursor:
        """A stored cursor. Raises ``FrozenStateError`` for anything else."""
        state = thawed(data)
        first_s, last_s = state.pop("first_s"), state.pop("last_s")
        lost = tuple(Span(**span) for span in state.pop("lost"))
        return cls(first_s, last_s, PictureTotals(**state, lost=lost), watch)


@dataclass(frozen=True)
class PictureBatch:
    """What the picture stage found in a row: samples, lines of text that went, and where text was new."""

    times_s: list[float]
    vectors: list[Vectors]
    sightings: list[TextSighting]
    novelties: list[tuple[float, float]]
    cursor: PictureCursor
    is_last: bool


def lost_share(lost: Sequence[Span], end_s: float) -> float:
    """The share of time until ``end_s`` that lies in stretches that damage hid."""
    until = Span(0.0, max(0.0, end_s))
    return sum(span.overlap_s(until) for span in lost) / until.duration_s if until.duration_s else 0.0
