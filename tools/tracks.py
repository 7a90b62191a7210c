"""Which tracks of a file are looked at and listened to: those a player takes, or those a user names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .container import open_media
from .errors import RequestError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Tracks:
    """The picture and the sound track to read, each counted from 0; None takes the one a player would."""

    picture: int | None = None
    sound: int | None = None

    @classmethod
    def parse(cls, text: str) -> Tracks:
        """The tracks that ``str`` has written."""
        numbers = dict(part.split() for part in text.split(", ") if part)
        picture, sound = (numbers.get(kind) for kind in ("picture", "sound"))
        return cls(None if picture is None else int(picture), None if sound is None else int(sound))

    def __str__(self) -> str:
        chosen = {"picture": self.picture, "sound": self.sound}
        return ", ".join(f"{kind} {number}" for kind, number in chosen.items() if number is not None)


def settled(path: Path, tracks: Tracks) -> Tracks:
    """The same choice, written in one way only: a track that a player would take anyway is None.

    Raises ``RequestError`` for a track that is not there, ``UnknownVideoError`` and ``MediaError`` where
    the file cannot be opened.
    """
    if tracks == Tracks():
        return tracks
    with open_media(path) as container:
        picture = picture_stream(container, tracks.picture) == picture_stream(container)
        sound = sound_stream(container, tracks.sound) == sound_stream(container)
    return Tracks(None if picture else tracks.picture, None if sound else tracks.sound)


def picture_tracks(container: InputContainer) -> list[VideoStream]:
    """Tracks of moving pictures, in the order of the file; cover art is none, nor is an unknown encoding."""
    from av.stream import Disposition

    return [
        s for s in container.streams.video if s.codec_context and not s.disposition & Disposition.attached_pic
    ]


def sound_tracks(container: InputContainer) -> list[AudioStream]:
    """Tracks of sound, in the order of the file; one in an unknown encoding is none."""
    return [s for s in container.streams.audio if s.codec_context]


def picture_stream(container: InputContainer, number: int | None = None) -> VideoStream | None:
    """The picture track to read; None where the file has none.

    Raises ``RequestError`` where there is none by that number.
    """
    from av.stream import Disposition

    tracks = picture_tracks(container)
    if number is not None:
        return tracks[_checked(number, len(tracks), f"{container.name}: no picture track")]
    default = [s for s in tracks if s.disposition & Disposition.default]
    return next(iter(default or tracks), None)


def sound_stream(container: InputContainer, number: int | None = None) -> AudioStream | None:
    """The sound track to read; None where the file has none.

    Raises ``RequestError`` where there is none by that number.
    """
    tracks = sound_tracks(container)
    if number is not None:
        return tracks[_checked(number, len(tracks), f"{container.name}: no sound track")]
    best = container.streams.best("audio")
    chosen = [s for s in tracks if best is not None and s.index == best.index]
    return next(iter(chosen or tracks), None)


def _checked(number: int, n_tracks: int, refusal: str) -> int:
    if not 0 <= number < n_tracks:
        raise RequestError(f"{refusal} {number} (it has {n_tracks}, counted from 0)")
    return number
