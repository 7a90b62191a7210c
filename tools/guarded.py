"""Reading in a process of its own: a file that crashes or stalls the decoder ends that process, not us."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from .bitmap_subtitles import CaptionPicture
from .clock import Span, format_time, merge_spans
from .course import Course
from .errors import MediaError, SeekError
from .media_info import MediaInfo, from_plain
from .picture import Picture, unpacked
from .process import DecoderDiedError, messages
from .roles import SoundWindow
from .wire import Message

CALL_S = 60.0
"""A decoder that gives no sign of life for so long is taken for stalled."""

Item = TypeVar("Item")


@dataclass
class _Guarded(Generic[Item]):
    """A reader whose work another process does, one after the other where they die."""

    path: Path
    track: int | None = None
    spans: tuple[Span, ...] = ()
    call_s: float = CALL_S
    end_s: float = field(default=0.0, init=False)
    n_damaged: int = field(default=0, init=False)
    lost: list[Span] = field(default_factory=list, init=False)

    def __iter__(self) -> Generator[Item, None, None]:
        self._forget()
        course = Course(self.path, self.spans, self._step_s())
        while course.goes_on:
            try:
                yield from self._passed(course)
                return
            except DecoderDiedError as death:
                self.n_damaged += 1
                course.resume(death)
        self.lost += course.left_out()

    def _passed(self, course: Course) -> Generator[Item, None, None]:
        shared = {"path": str(self.path), "track": self.track}
        spans = [(span.start_s, span.end_s) for span in course.spans]
        with closing(messages(self._job() | shared | {"spans": spans}, self.call_s)) as arriving:
            for message in arriving:
                if message.kind == "end":
                    self._note(message.header)
                    continue
                item, span = self._received(message)
                self.lost = merge_spans(self.lost + course.reached(span))
                self.end_s = max(self.end_s, span.end_s)
                yield item

    def _forget(self) -> None:
        self.end_s, self.n_damaged, self.lost = 0.0, 0, []

    def _note(self, counts: dict[str, Any]) -> None:
        self.end_s = max(self.end_s, counts["end_s"])
        self.n_damaged += counts["n_damaged"]
        self.lost = merge_spans(self.lost + [Span(**span) for span in counts["lost"]])

    def _step_s(self) -> float:
        return 0.0

    def _job(self) -> dict[str, Any]:
        raise NotImplementedError

    def _received(self, message: Message) -> tuple[Item, Span]:
        raise NotImplementedError


@dataclass(frozen=True)
class Counts:
    """How many pictures were passed, how often decoding failed, and what is lost for that reason."""

    n_pictures: int = 0
    n_damaged: int = 0
    lost: tuple[Span, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Counts:
        """The counts in a message."""
        return cls(told["n_pictures"], told["n_damaged"], tuple(Span(**span) for span in told["lost"]))


@dataclass
class GuardedPictures(_Guarded[Picture]):
    """``PictureReader`` in a process of its own: the same pictures, the same counts.

    Where the process dies or stalls, reading goes on behind the place, with another one; what is left
    out by that is in ``lost``, and each death counts as damage.

    Raises what ``PictureReader`` raises, and ``MediaError`` where the process dies again and again.
    """

    every_s: float = 1.0
    keyframes_only: bool = False
    n_pictures: int = field(default=0, init=False)
    _passing: Counts = field(default_factory=Counts, init=False)

    def so_far(self) -> Counts:
        """What the pictures that were given until now tell, before all are read."""
        passing = self._passing
        return Counts(
            self.n_pictures + passing.n_pictures,
            self.n_damaged + passing.n_damaged,
            tuple(merge_spans([*self.lost, *passing.lost])),
        )

    def _forget(self) -> None:
        super()._forget()
        self.n_pictures, self._passing = 0, Counts()

    def _step_s(self) -> float:
        return self.every_s

    def _job(self) -> dict[str, Any]:
        return {"job": "pictures", "every_s": self.every_s, "keyframes_only": self.keyframes_only}

    def _received(self, message: Message) -> tuple[Picture, Span]:
        picture = _picture(message)
        self._passing = Counts.of(message.header["so_far"])
        return picture, Span(picture.pts_s, picture.end_s)

    def _note(self, counts: dict[str, Any]) -> None:
        super()._note(counts)
        self.n_pictures += counts["n_pictures"]
        self._passing = Counts()


@dataclass
class GuardedSound(_Guarded[SoundWindow]):
    """``SoundReader`` in a process of its own: the same sound, the same counts; see ``GuardedPictures``."""

    rate_hz: int = 16000
    window_s: float = 30.0
    overlap_s: float = 0.0

    def _job(self) -> dict[str, Any]:
        shape = {"rate_hz": self.rate_hz, "window_s": self.window_s, "overlap_s": self.overlap_s}
        return {"job": "sound"} | shape

    def _received(self, message: Message) -> tuple[SoundWindow, Span]:
        samples = np.frombuffer(message.body, np.float32)
        window = SoundWindow(float(message.header["start_s"]), samples, self.rate_hz)
        return window, Span(window.start_s, window.end_s)


@dataclass(frozen=True)
class GuardedSeeker:
    """Random access like ``PictureSeeker``'s, each call in a process of its own."""

    path: Path
    track: int | None = None
    call_s: float = CALL_S

    def at(self, time_s: float) -> Picture:
        """The picture shown at a moment; raises ``SeekError`` where there is none, or none undamaged."""
        return next(picture for _, picture in self.at_each([time_s]))

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Picture]]:
        """Each moment with the picture shown then, in order of time; see ``PictureSeeker``.

        Raises ``SeekError`` too where the process dies or stalls.
        """
        waiting = sorted(times_s)
        request = {"job": "moments", "path": str(self.path), "track": self.track, "times_s": waiting}
        n_done = 0
        try:
            with closing(messages(request, self.call_s)) as arriving:
                for message in arriving:
                    if message.kind == "picture":
                        n_done += 1
                        yield float(message.header["time_s"]), _picture(message)
        except DecoderDiedError as death:
            place = format_time(waiting[n_done])
            raise SeekError(f"{self.path}: decoding the picture at {place} failed ({death})") from death


@dataclass
class GuardedCaptions:
    """``BitmapReader`` in a process of its own: the same pictures, the same counts.

    A death ends the reading; what came before counts, and so does the death, as damage.
    """

    path: Path
    language: str = "en"
    call_s: float = CALL_S
    n_pictures: int = field(default=0, init=False)
    n_damaged: int = field(default=0, init=False)

    def __iter__(self) -> Generator[CaptionPicture, None, None]:
        self.n_pictures = self.n_damaged = 0
        request = {"job": "captions", "path": str(self.path), "language": self.language}
        try:
            with closing(messages(request, self.call_s)) as arriving:
                for message in arriving:
                    if message.kind == "end":
                        self.n_damaged = message.header["n_damaged"]
                        continue
                    self.n_pictures += 1
                    yield _caption(message)
        except DecoderDiedError:
            self.n_damaged += 1


def guarded_probe(path: Path, call_s: float = CALL_S) -> MediaInfo:
    """What ``probe`` finds, found in a process of its own.

    Raises what ``probe`` raises, and ``MediaError`` where the process dies or stalls.
    """
    try:
        with closing(messages({"job": "probe", "path": str(path)}, call_s)) as arriving:
            return from_plain(next(arriving).header["info"])
    except DecoderDiedError as death:
        raise MediaError(f"{path}: not a video that can be read (decoding failed: {death})") from death


def _caption(message: Message) -> CaptionPicture:
    height, width = message.header["size"]
    image = np.frombuffer(message.body, np.uint8).reshape(height, width, 3)
    left, top, right, bottom = message.header["box"]
    return CaptionPicture(Span(**message.header["span"]), image, (left, top, right, bottom))


def _picture(message: Message) -> Picture:
    try:
        return unpacked(message.header, message.body)
    except (KeyError, TypeError, ValueError) as error:
        raise DecoderDiedError(f"sent no picture ({error})") from error
