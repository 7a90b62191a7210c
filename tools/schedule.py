"""Which packets have to be decoded, and how well, for the pictures that are wanted; decided before any is.

A packet says when its picture is shown. So the order of time is known ahead of the decoder, and what
no wanted picture needs is never decoded: whole groups of pictures that lie between two wanted ones,
and, by the decoder's own leave, pictures that no other one refers to.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .clock import Span
from .packets import PacketSource
from .selection import Selection

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

# No codec shows a picture more than 16 places away from where it stands in the file; fields count twice.
_REORDERED = 40
# So many packets, or bytes, are held back in the hope that none of them is needed.
_HELD_PACKETS = 1024
_HELD_BYTES = 64 << 20
# Shorter ways are read: a jump costs about as much as reading a few hundred packets.
_JUMP_S = 30.0


class IrregularError(Exception):
    """The packets do not say what is shown when; only decoding all of them tells."""


@dataclass(frozen=True)
class Run:
    """Packets to decode in a row; ``wanted`` holds, by timestamp, when each wanted picture is shown.

    ``is_fresh`` tells that the decoder starts anew with the first of them.
    """

    packets: list[Packet[VideoStream]]
    wanted: dict[int, tuple[float, float]]
    is_fresh: bool


@dataclass
class _Held:
    """A packet that is held back until it is known whether its picture is wanted."""

    packet: Packet[VideoStream]
    number: int
    start_s: float
    end_s: float | None = None
    is_decided: bool = False
    is_wanted: bool = False


@dataclass
class Schedule:
    """The runs that give the pictures of a selection, and those only.

    Where the file begins between two keyframes, ``n_lost`` counts the packets before the first one whose
    pictures nobody can show.

    Raises ``IrregularError`` while iterating, where packets carry no times, or times in no order, where one
    is damaged or holds no picture, or none is a keyframe, and where the file breaks off.
    """

    source: PacketSource
    selection: Selection
    n_lost: int = field(default=0, init=False)
    _shown_from_s: float | None = field(default=None, init=False)
    _held: deque[_Held] = field(default_factory=deque, init=False)
    _times: list[tuple[float, int, _Held]] = field(default_factory=list, init=False)
    _before_s: float = field(default=float("-inf"), init=False)
    _next_s: float = field(default=float("-inf"), init=False)
    _latest_s: float = field(default=float("-inf"), init=False)
    _n_packets: int = field(default=0, init=False)
    _n_bytes: int = field(default=0, init=False)
    _n_wanted: int = field(default=0, init=False)
    _is_all_read: bool = field(default=False, init=False)
    _may_jump: bool = field(default=True, init=False)
    _jumped_to_s: float = field(default=float("-inf"), init=False)

    def __iter__(self) -> Iterator[Run]:
        for packet in self.source:
            self._hold(packet)
            while len(self._times) > self._n_ahead:
                self._decide()
            yield from self._ready()
            if self._n_wanted:
                continue
            if self._next_s == float("inf"):
                return
            yield from self._jumped()
        is_unmarked = self._shown_from_s is None and self._n_packets
        if is_unmarked or self.source.is_cut_short:
            raise IrregularError
        self._is_all_read = True
        while self._times:
            self._decide()
        yield from self._ready()

    @property
    def _n_ahead(self) -> int:
        """So many packets are looked at before the earliest of them is settled."""
        return 1 if self.source.keyframes_only else _REORDERED

    @property
    def lost(self) -> list[Span]:
        """The stretch at the beginning of which nothing can be shown, if there is one."""
        from_s, to_s = max(self.source.start_s, 0.0), self._shown_from_s
        return [Span(from_s, to_s)] if self.n_lost and to_s is not None and from_s < to_s else []

    def _hold(self, packet: Packet[VideoStream]) -> None:
        if packet.pts is None or packet.is_corrupt or self.source.says_nothing(packet):
            raise IrregularError
        self._n_packets += 1
        held = _Held(packet, self._n_packets, self.source.seconds(packet.pts))
        self._held.append(held)
        self._n_bytes += packet.size
        # What lies outside the edit list is needed by others perhaps, and never shown.
        held.is_decided = self._is_out_of_reach(held) or packet.is_discard
        if not held.is_decided:
            heapq.heappush(self._times, (held.start_s, held.number, held))

    def _is_out_of_reach(self, held: _Held) -> bool:
        """Whether a picture may refer to such as would lie before the beginning of the file."""
        if self._shown_from_s is None and held.packet.is_keyframe:
            self._shown_from_s = held.start_s if self.n_lost else float("-inf")
        if self._n_packets > _HELD_PACKETS and self._shown_from_s is None:
            raise IrregularError
        is_out = self._shown_from_s is None or held.start_s < self._shown_from_s
        self.n_lost += is_out
        return is_out

    def _decide(self) -> None:
        """Settle the earliest picture: all that could be shown before its successor is known by now."""
        start_s, _, held = heapq.heappop(self._times)
        held.is_decided = True
        held.end_s = self._replaced_s(held)
        if start_s >= self._before_s:
            held.is_wanted = self.selection.wants(self._before_s, start_s, held.end_s)
            self._n_wanted += held.is_wanted
            self._before_s = start_s
            self._next_s = self.selection.next_s(start_s, held.end_s)
        elif self._jumped_to_s < self._before_s:
            raise IrregularError

    def _replaced_s(self, held: _Held) -> float:
        if not self._times:
            return max(self.source.end_s, held.start_s + self.source.shown_s(held.packet.duration))
        end_s, number, _ = self._times[0]
        # A false time, hours ahead, shows in a picture's place: it stands long before the one it succeeds.
        # Near the end it may stand right before; and pictures may be missing where the file breaks off.
        lag, is_leap = held.number - number, end_s - held.start_s > self.source.leap_s
        if lag >= self._n_ahead:
            raise IrregularError
        if self._is_all_read and is_leap and (lag > 0 or not self.source.tells_length):
            raise IrregularError
        return end_s

    def _ready(self) -> Iterator[Run]:
        """Runs that end with a wanted picture and hold no undecided one."""
        while (n_needed := self._n_needed()) is not None:
            yield self._taken(n_needed)
        if len(self._held) > _HELD_PACKETS or self._n_bytes > _HELD_BYTES:
            yield from self._relieved()

    def _relieved(self) -> Iterator[Run]:
        """Makes room: what no wanted picture can need goes first, the rest is decoded as far as decided."""
        n_decided = next((n for n, held in enumerate(self._held) if not held.is_decided), len(self._held))
        n_needless = self._start_of_run(n_decided)
        if n_needless:
            self._pop(n_needless)
        elif n_decided:
            yield self._taken(n_decided)
        else:
            raise IrregularError

    def _n_needed(self) -> int | None:
        """How many of the held packets the first wanted picture needs at most; None while that is open."""
        if not self._n_wanted:
            return None
        for n, held in enumerate(self._held):
            if not held.is_decided:
                if self._n_packets - held.number > 3 * _REORDERED:
                    raise IrregularError
                return None
            if held.is_wanted:
                return n + 1
        return None

    def _taken(self, n_packets: int) -> Run:
        skipped = self._start_of_run(n_packets)
        run = self._pop(n_packets)[skipped or 0 :]
        wanted = {
            held.packet.pts or 0: (held.start_s, held.end_s or held.start_s) for held in run if held.is_wanted
        }
        self._n_wanted -= sum(held.is_wanted for held in run)
        self._latest_s = max([self._latest_s, *(held.start_s for held in run if held.is_wanted)])
        return Run([held.packet for held in run], wanted, skipped is not None)

    def _pop(self, n_packets: int) -> list[_Held]:
        taken = [self._held.popleft() for _ in range(n_packets)]
        self._n_bytes -= sum(held.packet.size for held in taken)
        return taken

    def _start_of_run(self, n_packets: int) -> int | None:
        """The last keyframe from which all that is wanted can be decoded; None where decoding just goes on."""
        first_wanted_s = self._next_s
        if self._n_wanted:
            first_wanted_s = min(held.start_s for held in self._held if held.is_wanted)
        for n in range(n_packets - 1, -1, -1):
            held = self._held[n]
            if held.packet.is_keyframe and self._latest_s < held.start_s <= first_wanted_s:
                return n
        return None

    def _jumped(self) -> Iterator[Run]:
        """Go straight to what is wanted next, where that is far away."""
        is_far = self._next_s - self._before_s > _JUMP_S and self._jumped_to_s < self._next_s
        if not is_far or not self._may_jump or not self.source.gains(self._before_s, self._next_s):
            return
        # What the decoder still holds has to come out first.
        yield Run([], {}, is_fresh=True)
        self._held.clear()
        self._times.clear()
        self._n_bytes = 0
        self._jumped_to_s = self._next_s
        # Where keyframes are far apart, each jump would lead back to the same one.
        self._may_jump = self.source.jump(self._next_s) > self._before_s
