"""Names for the numbers by which a video says what its colours mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

# The numbers are those of the standard H.273, the names those that FFmpeg gives them.
_RANGES = {1: "tv", 2: "pc"}
_SPACES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
    15: "ipt-c2", 16: "ycgco-re", 17: "ycgco-ro",
}  # fmt: skip
_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100",
    10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12",
    16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
_HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}


@dataclass(frozen=True)
class Colours:
    """What a track says of its colours; None stands for what it does not say."""

    range: str | None
    space: str | None
    primaries: str | None
    transfer: str | None

    @classmethod
    def of(cls, sources: Sequence[VideoCodecContext | VideoFrame]) -> Colours:
        """What the first of the sources says that says anything."""
        return cls(
            range=_first_known(_RANGES, [source.color_range for source in sources]),
            space=_first_known(_SPACES, [source.colorspace for source in sources]),
            primaries=_first_known(_PRIMARIES, [source.color_primaries for source in sources]),
            transfer=_first_known(_TRANSFERS, [source.color_trc for source in sources]),
        )

    @property
    def is_hdr(self) -> bool:
        """Whether brightness goes beyond what a usual screen shows."""
        return self.transfer in _HDR_TRANSFERS


def _first_known(names: dict[int, str], numbers: Sequence[int]) -> str | None:
    return next((names[number] for number in numbers if number in names), None)
