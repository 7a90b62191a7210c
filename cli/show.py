"""``vidagent show``: what is at one moment of a video: its picture, its words, its event."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.clock import TIME_FORMS, Span, format_time
from .edge import (
    DamageOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    VideoArgument,
    complain,
    say,
    say_json,
)
from .options import DeviceOption, LanguageOption, ModelsOption, SpeechModelOption, settings_from
from .output import PlainOption
from .times import check, moment
from .wording import SENSES, quoted

if TYPE_CHECKING:
    from ..index.memory import Memory
    from ..index.records import Event, Level, Sense, Text, Video
    from .stills import Still

_LEVELS: tuple[Level, ...] = ("event", "chapter")
_WORDS: tuple[Sense, ...] = ("speech", "screen")


def show(
    video: VideoArgument,
    time: Annotated[str, typer.Argument(metavar="TIME", help=f"Which moment: {TIME_FORMS}.")],
    plain: PlainOption = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    speech_model: SpeechModelOption = None,
    language: LanguageOption = None,
    device: DeviceOption = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Show one moment: its picture, its event, what is said and what stands there; a new video is remembered first."""
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .pictures.terminal import Terminal
    from .videos import memory_of

    check([time])
    settings = settings_from(
        library=library, models=models, device=device, language=language, speech_model=speech_model
    ).settings
    with memory_of(video, Models(settings), Tracks(picture_track, sound_track), accept_damage) as memory:
        scene = Scene.of(memory, moment(time, memory.video.duration_s))
    if as_json:
        say_json(scene.to_json())
        return
    for line in scene.lines():
        say(line)
    if scene.still:
        sys.stdout.write(Terminal.of_output(plain).drawn(scene.still.pixels))
    else:
        complain(scene.lack)


@dataclass(frozen=True)
class Scene:
    """What is known of one moment; ``lack`` says why there is no picture where there is none."""

    video: Video
    time_s: float
    still: Still | None
    lack: str
    event: Event | None
    chapter: Event | None
    speech: tuple[Text, ...]
    screen: tuple[Text, ...]

    @classmethod
    def of(cls, memory: Memory, time_s: float) -> Scene:
        """The moment as a memory knows it, with the picture that its file shows then."""
        from .stills import picture_of

        still, lack = picture_of(memory, time_s)
        event, chapter = (_around(memory.events(level), time_s) for level in _LEVELS)
        speech, screen = (
            tuple(
                text for text in memory.texts_near(Span(time_s, time_s), sense, 0.0) if _holds(text, time_s)
            )
            for sense in _WORDS
        )
        return cls(memory.video, time_s, still, lack, event, chapter, speech, screen)

    def lines(self) -> Iterator[str]:
        """The moment in words, one fact a line."""
        of = f" (picture of {format_time(self.still.pts_s, 3)})" if self.still else ""
        yield f"{self.video.title} at {format_time(self.time_s)}{of}"
        for name, stretch in (("chapter", self.chapter), ("event", self.event)):
            if stretch:
                yield f"  {name}: {stretch.span}  {stretch.gist}"
        for text in (*self.speech, *self.screen):
            yield f"  {SENSES[text.sense]}: {text.span}  {quoted(text.body, text.sense)}"

    def to_json(self) -> dict[str, object]:
        """The moment as one JSON object."""
        return {
            "id": self.video.short_id,
            "title": self.video.title,
            "time_s": round(self.time_s, 3),
            "picture_s": round(self.still.pts_s, 6) if self.still else None,
            "event": _stretch_json(self.event),
            "chapter": _stretch_json(self.chapter),
            "speech": [_text_json(text) for text in self.speech],
            "screen": [_text_json(text) for text in self.screen],
        }


def _around(stretches: Sequence[Event], time_s: float) -> Event | None:
    return next((stretch for stretch in stretches if _holds(stretch, time_s)), None)


def _holds(what: Event | Text, time_s: float) -> bool:
    return what.span.start_s <= time_s < what.span.end_s


def _stretch_json(stretch: Event | None) -> dict[str, object] | None:
    return {**_bounds(stretch.span), "gist": stretch.gist} if stretch else None


def _text_json(text: Text) -> dict[str, object]:
    return {**_bounds(text.span), "text": text.body, "trust": text.trust}


def _bounds(span: Span) -> dict[str, object]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}
