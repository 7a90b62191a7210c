"""Pictures at given moments: the one that a player shows then, proved by its own timestamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from .clock import format_time
from .container import Pulse, no_pulse
from .decoding import Pass, PictureTrack, Quick, opened
from .errors import RequestError, SeekError
from .forwards import Lenient, Plain
from .packets import LATEST_S
from .picture import Picture
from .schedule import IrregularError
from .selection import HAIR_S, ShownAt


class PictureSeeker:
    """Random access to a picture track, used in a ``with`` block; ``track`` as in ``PictureReader``.

    Raises what ``PictureReader`` raises, when it is entered.
    """

    def __init__(self, path: Path, track: int | None = None, pulse: Pulse = no_pulse) -> None:
        self._track = PictureTrack(path, track, pulse=pulse)
        self._open = ExitStack()
        self._quick: Quick | None = None
        self._is_busy = False

    def __enter__(self) -> PictureSeeker:
        self._quick = self._open.enter_context(opened(self._track, Quick))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._quick = None
        self._open.close()

    def at(self, time_s: float) -> Picture:
        """The picture shown at a moment; raises what ``at_each`` raises."""
        return next(picture for _, picture in self.at_each([time_s]))

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Picture]]:
        """Each moment with the picture shown then, in order of time, in one pass.

        Raises ``SeekError`` while iterating, at the first moment at which nothing is shown, or nothing
        undamaged, and ``RequestError`` outside of the ``with`` block.
        """
        waiting = sorted((self._checked(time_s) for time_s in times_s), reverse=True)
        for picture in self._selected(waiting):
            while waiting and waiting[-1] + HAIR_S < picture.end_s:
                time_s = waiting.pop()
                if time_s + HAIR_S < picture.pts_s:
                    raise self._refusal(time_s)
                yield time_s, picture
        if waiting:
            raise self._refusal(waiting[-1])

    def _checked(self, time_s: float) -> float:
        if not abs(time_s) < LATEST_S:
            raise SeekError(f"{self._track.path}: {time_s} s is not a moment of a video")
        return time_s

    def _selected(self, waiting: list[float]) -> Iterator[Picture]:
        selection, first_s, last_s = ShownAt(waiting), min(waiting, default=0.0), float("-inf")
        for way in (Quick, Plain, Lenient):
            try:
                with self._opened(way, first_s) as reading:
                    for picture in reading.pictures(selection, last_s):
                        last_s = picture.pts_s
                        yield picture
            except IrregularError:
                continue
            return

    def _opened(self, way: type[Pass], first_s: float) -> AbstractContextManager[Pass]:
        """The file that is open already, gone to the first moment, where it can do that and is not in use."""
        if self._quick is None:
            raise RequestError(f"{self._track.path}: a seeker finds pictures only inside its with block")
        if way is Quick and self._quick.source.can_jump and not self._is_busy:
            return self._restarted(self._quick, first_s)
        return opened(self._track, way)

    @contextmanager
    def _restarted(self, quick: Quick, at_s: float) -> Iterator[Pass]:
        self._is_busy = True
        try:
            quick.restart(at_s)
            yield quick
        finally:
            self._is_busy = False

    def _refusal(self, time_s: float) -> SeekError:
        return SeekError(
            f"{self._track.path}: no undamaged picture is shown at {format_time(time_s)} ({time_s:.3f} s)"
        )
