"""``vidagent ask``: one question about one video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from .edge import (
    DamageOption,
    FromOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    ToOption,
    VideoArgument,
    say,
    say_json,
    stretch,
)
from .options import (
    DeviceOption,
    LanguageOption,
    ModelsOption,
    OfflineOption,
    PictureModelOption,
    ReaderOption,
    SoundModelOption,
    SpeechModelOption,
    TextVectorsOption,
    settings_from,
)

if TYPE_CHECKING:
    from ..agent.answer import Answer
    from ..agent.viewer import Viewer
    from ..index.memory import Memory
    from ..tools.clock import Span
    from ..tools.models.making import Models
    from ..tools.roles import VideoModel

_ABSTAINED = 7


def ask(
    video: VideoArgument,
    question: Annotated[str, typer.Argument(help="The question; options may stand in it as A) … B) …")],
    option: Annotated[
        list[str] | None, typer.Option("--option", help="One option of a multiple choice; repeat it.")
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            "--min-confidence", min=0.0, max=1.0, help="Abstain below this confidence and end with code 7."
        ),
    ] = None,
    from_time: FromOption = None,
    to_time: ToOption = None,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help='Go on from the last answer of this name: "and after that?"'
        ),
    ] = None,
    reader: ReaderOption = None,
    picture_model: PictureModelOption = None,
    speech_model: SpeechModelOption = None,
    sound_model: SoundModelOption = None,
    text_vectors: TextVectorsOption = None,
    language: LanguageOption = None,
    device: DeviceOption = None,
    models: ModelsOption = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Answer a question about a video; a video not met before is remembered first."""
    from ..index.library import Library
    from ..index.memory import Memory
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import Videos, required

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, reader=reader,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors,
    ).settings  # fmt: skip
    engines = Models(chosen)
    # What is missing or refused is told before a long video is read.
    required(engines, "picture", "speech", "sound", "text-vectors", "reader")
    model = engines.reader()
    with Library(chosen.library) as opened:
        videos = Videos(opened, engines, Tracks(picture_track, sound_track), accept_damage)
        memory = Memory(opened, videos.remembered(video))
        within = stretch(from_time, to_time, memory.video.duration_s)
        asked = _Asked(question, tuple(option or ()), min_confidence, within, session)
        answer = _answer(memory, asked, engines, model)
    if as_json:
        say_json(answer.to_json())
    else:
        _say(answer, within, engines.hint())
    if answer.abstained and min_confidence is not None:
        raise typer.Exit(_ABSTAINED)


@dataclass(frozen=True)
class _Asked:
    """A question as it was given."""

    text: str
    options: tuple[str, ...]
    min_confidence: float | None
    within: Span | None
    session: str | None


def _answer(memory: Memory, asked: _Asked, engines: Models, model: VideoModel | None) -> Answer:
    """The answer by all that was chosen, once the models know the video; with a trace of how it came about."""
    from ..agent.planner import ask as ask_agent
    from ..agent.trace import traced
    from ..index.session import Session
    from .learning import pictures_learnt, sounds_learnt, texts_learnt

    pictures = pictures_learnt(memory.library, engines, memory.video)
    with traced(engines.settings.runs) as trace:
        return ask_agent(
            memory,
            asked.text,
            asked.options,
            asked.min_confidence,
            asked.within,
            meaning=texts_learnt(memory.library, engines),
            session=Session(memory.library, asked.session) if asked.session else None,
            pictures=pictures.embedder if pictures else None,
            sounds=sounds_learnt(memory.library, engines, memory.video),
            spotter=engines.spotter(),
            viewer=_viewer(engines, model) if model else None,
            trace=trace,
        )


def _viewer(engines: Models, model: VideoModel) -> Viewer:
    """The model at work; one that lies on this machine is put on trial once, and a server each time anew."""
    from ..agent.trial import KeptTrial
    from ..agent.viewer import Viewer
    from ..tools.models.device import Device

    settings, place = engines.settings, engines.choice("reader").place
    if place is None:
        # What a server calls a model may be another one tomorrow.
        return Viewer(model, engines.budget)
    trial = KeptTrial(settings.models, place, Device.named(settings.device).name)
    return Viewer(model, engines.budget, trial.is_untrained)


def _say(answer: Answer, within: Span | None, hint: str) -> None:
    from .rendering import answer_lines

    for line in answer_lines(answer, within):
        say(line)
    if hint:
        say(hint)
