"""How long a video is: what its tracks claim, what could be read of it, and which share that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tools.clock import Span
from ..tools.media_info import MediaInfo
from ..tools.tracks import Tracks

# Headers round, and count what an encoder adds at the ends.
_ROUNDING_S = 0.15
# The length of the whole counts subtitles too, which may end a little after all else.
_OVERHANG_SHARE = 0.1


@dataclass(frozen=True)
class Extent:
    """``measured_s`` is the second at which the last thing that was read ends, ``claimed_s`` the header's.

    The claim may be too long by ``slack_s``.
    """

    measured_s: float
    claimed_s: float
    slack_s: float = _ROUNDING_S

    @classmethod
    def of(cls, info: MediaInfo, tracks: Tracks, measured_s: float) -> Extent:
        """The extent of the tracks that were read, the last of which ends at ``measured_s``."""
        claimed_s = info.end_s_from_header(tracks)
        if claimed_s is not None:
            return cls(measured_s, claimed_s)
        whole_s = info.duration_s_from_header or 0.0
        return cls(measured_s, whole_s, max(_ROUNDING_S, _OVERHANG_SHARE * whole_s))

    @property
    def missing_s(self) -> float:
        """Seconds that the file claims and nobody could read; 0.0 for what is only rounding."""
        missing_s = self.claimed_s - self.measured_s
        return missing_s if missing_s > self.slack_s else 0.0

    @property
    def total_s(self) -> float:
        """Seconds there ought to be."""
        return self.measured_s + self.missing_s

    def share(self, end_s: float, lost: Sequence[Span]) -> float:
        """The share of it all that a track covers which ends at ``end_s`` and of which damage hid some."""
        hidden_s = sum(span.overlap_s(Span(0.0, end_s)) for span in lost)
        return max(0.0, min(1.0, (end_s - hidden_s) / self.total_s))
