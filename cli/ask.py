"""``vidagent ask``: one question about one video."""

from __future__ import annotations

import sys
from pathlib import Path
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
    complain,
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
from .output import ForceOption, PlainOption, refuse_existing

if TYPE_CHECKING:
    from ..agent.answer import Answer
    from ..index.memory import Memory
    from ..tools.clock import Span

_ABSTAINED, _CUT_SHORT = 7, 8


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
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", help="Write a contact sheet of the moments, too."),
    ] = None,
    force: ForceOption = False,
    plain: PlainOption = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Answer a question about a video; a video not met before is remembered first."""
    from ..agent.runs.recording import Asked
    from ..tools.tracks import Tracks
    from .asking import Looking, asking

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, reader=reader,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors, detector=detector,
    ).settings  # fmt: skip
    if sheet is not None:
        refuse_existing(sheet, force)
    with asking(chosen, Looking(strategy, budget, exhaustive)) as asked_of:
        memory = asked_of.memory(video, Tracks(picture_track, sound_track), accept_damage)
        within = stretch(from_time, to_time, memory.video.duration_s)
        asked = Asked(question, tuple(option or ()), min_confidence, within, session)
        answer = asked_of.answer(memory, asked)
        if as_json:
            say_json(answer.to_json())
        else:
            _say(answer, within, asked_of.models.hint(), memory, plain)
        if sheet is not None:
            _write_sheet(answer, memory, sheet, force)
    if answer.abstained and min_confidence is not None:
        raise typer.Exit(_ABSTAINED)
    if answer.abstained and answer.is_cut_short:
        complain("the budget was reached before anything was found; ask with a larger --budget to go on")
        raise typer.Exit(_CUT_SHORT)


def _say(answer: Answer, within: Span | None, hint: str, memory: Memory, is_plain: bool) -> None:
    from .illustration import illustration
    from .pictures.terminal import Terminal
    from .rendering import answer_lines

    for line in answer_lines(answer, within):
        say(line)
    if hint:
        say(hint)
    if sys.stdout.isatty() and not is_plain:
        for piece in illustration(answer, memory, Terminal.of_output()):
            sys.stdout.write(piece)


def _write_sheet(answer: Answer, memory: Memory, path: Path, is_forced: bool) -> None:
    from .sheet import sheet

    if not answer.moments:
        complain("no moment came up, so there is no contact sheet")
        return
    sheet(memory, [moment.span for moment in answer.moments], path, is_forced)
    complain(f"wrote {path}")
