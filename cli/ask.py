"""``vidagent ask``: one question about one video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import RequestError
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
    DetectorOption,
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
    from ..agent.runs.recording import Asked, Recorder
    from ..agent.searching import Searching
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
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="How pictures are found for the video LLM: auto, uniform, topk, tass, dpp, tstar or spotlight.",
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", metavar="AMOUNT", help="The most that the video LLM may take: 30s, 64frames, 20ktok."
        ),
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Have the video LLM look into every part of the video.")
    ] = False,
    reader: ReaderOption = None,
    detector: DetectorOption = None,
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
    from ..agent.runs.recording import Asked
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import memory_of, required

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, reader=reader,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors, detector=detector,
    ).settings  # fmt: skip
    engines = Models(chosen)
    # What is missing or refused is told before a long video is read.
    required(engines, "picture", "speech", "sound", "text-vectors", "detector", "reader")
    model = engines.reader()
    searching = _searching(strategy, budget, exhaustive, engines, model)
    with memory_of(video, engines, Tracks(picture_track, sound_track), accept_damage) as memory:
        within = stretch(from_time, to_time, memory.video.duration_s)
        asked = Asked(question, tuple(option or ()), min_confidence, within, session)
        answer = _answer(memory, asked, engines, model, searching)
    if as_json:
        say_json(answer.to_json())
    else:
        _say(answer, within, engines.hint())
    if answer.abstained and min_confidence is not None:
        raise typer.Exit(_ABSTAINED)


def _searching(
    strategy: str | None, budget: str | None, is_exhaustive: bool, engines: Models, model: VideoModel | None
) -> Searching:
    """How pictures are found; what is said of that is refused where nobody looks at them."""
    from ..agent.searching import SEARCHING, Searching, budget_in

    if model is None and (strategy or budget or is_exhaustive):
        raise RequestError(
            "--strategy, --budget and --exhaustive are for a video LLM: choose one with --reader"
        )
    if is_exhaustive and strategy not in (None, "auto", "spotlight"):
        raise RequestError(f"--exhaustive looks into everything by spotlight, so it cannot go by {strategy}")
    return Searching(
        strategy or SEARCHING.strategy,
        budget_in(budget) if budget else SEARCHING.budget,
        detector=engines.detector() if model else None,
        is_exhaustive=is_exhaustive,
    )


def _answer(
    memory: Memory, asked: Asked, engines: Models, model: VideoModel | None, searching: Searching
) -> Answer:
    """The answer by all that was chosen, once the models know the video; with a trace of how it came about."""
    from ..agent.planner import ask as ask_agent
    from ..agent.runs.recording import RecordedModels, Recorder
    from ..agent.trace import traced
    from .learning import pictures_learnt, sounds_learnt, texts_learnt

    with traced(engines.settings.runs) as trace:
        recorder = Recorder(trace)
        recorded = RecordedModels(engines.settings, recorder)
        pictures = pictures_learnt(memory.library, recorded, memory.video)
        meaning = texts_learnt(memory.library, recorded)
        sounds = sounds_learnt(memory.library, recorded, memory.video)
        # What was learnt up to here belongs to the memory, what models say from here on to the run.
        memory = recorder.begin(memory, asked)
        return ask_agent(
            memory,
            asked.text,
            asked.options,
            asked.min_confidence,
            asked.within,
            meaning=meaning,
            session=recorder.session(memory, asked.session),
            pictures=pictures.embedder if pictures else None,
            sounds=sounds,
            spotter=recorded.spotter(),
            viewer=_viewer(engines, model, recorder, searching) if model else None,
            trace=recorder,
        )


def _viewer(engines: Models, model: VideoModel, recorder: Recorder, searching: Searching) -> Viewer:
    """The model at work; one that lies on this machine is put on trial once, and a server each time anew."""
    from ..agent.trial import KeptTrial, is_untrained
    from ..tools.models.device import Device

    settings, place = engines.settings, engines.choice("reader").place
    if place is None:
        # What a server calls a model may be another one tomorrow.
        return recorder.viewer(model, engines.budget, is_untrained, searching)
    trial = KeptTrial(settings.models, place, Device.named(settings.device).name)
    return recorder.viewer(model, engines.budget, trial.is_untrained, searching)


def _say(answer: Answer, within: Span | None, hint: str) -> None:
    from .rendering import answer_lines

    for line in answer_lines(answer, within):
        say(line)
    if hint:
        say(hint)
