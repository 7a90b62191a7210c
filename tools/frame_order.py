"""In which order packets went into a decoder, and what that says of the pictures that come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

BEFORE_ALL = float("-inf")
# Kinds of pictures, in FFmpeg's numbers, that refer to others: P and B.
_REFERRING = (2, 3)


@dataclass(frozen=True)
class Place:
    """The place of a picture in the order of decoding, and the latest timestamp of those before it."""

    number: int = -1
    latest_before: float = BEFORE_ALL


class FrameOrder:
    """The packets of which no picture has come out so far, known by their timestamps.

    A picture refers to such as were decoded before it, and some of these are shown after it.
    ``latest_received`` is the latest timestamp that has come out, ``n_sent`` counts packets.
    """

    def __init__(self) -> None:
        self.latest_received = BEFORE_ALL
        self.n_sent = 0
        self._latest_sent = BEFORE_ALL
        self._expected: dict[int, Place] = {}

    def send(self, packet: Packet[VideoStream]) -> None:
        """Take note of a packet that is about to be decoded."""
        if packet.pts is not None and not packet.is_discard:
            self._expected[packet.pts] = Place(self.n_sent, self._latest_sent)
            self._latest_sent = max(self._latest_sent, packet.pts)
            self.n_sent += 1

    def receive(self, pts: int) -> Place:
        """The place of the picture that came out; one before all where none was expected with this timestamp."""
        self.latest_received = max(self.latest_received, pts)
        return self._expected.pop(pts, Place())

    def forget(self, pts: int | None) -> None:
        """No longer expect the picture of a packet."""
        if pts is not None:
            self._expected.pop(pts, None)

    def expected_before(self, number: int) -> set[int]:
        """The timestamps of those that are expected and were decoded before a place."""
        return {pts for pts, place in self._expected.items() if place.number < number}

    def missing(self, until_pts: int) -> dict[int, Place]:
        """What should have come out before a timestamp and did not; each is told once."""
        return {pts: self._expected.pop(pts) for pts in sorted(self._expected) if pts < until_pts}


def stands_alone(frame: VideoFrame) -> bool:
    """Whether a picture refers to no other one; a mere place to begin decoding at may do so."""
    return frame.key_frame and frame.pict_type not in _REFERRING
