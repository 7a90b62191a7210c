"""``vidagent ask``: one question about a video, or about several."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
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
    VideosArgument,
    complain,
    say,
    say_json,
    say_json_list,
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
    from .survey import Result, Survey

_SOME_FAILED, _ABSTAINED, _CUT_SHORT = 6, 7, 8


def ask(
    videos: VideosArgument,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="The question; options may stand in it as A) … B) …")
    ],
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
            "--session",
            metavar="NAME",
            help='Go on from the last answer of this name about one video: "and after that?"',
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
    """Answer a question about a video, or about each of several; one not met before is remembered first.

    Of several, the answers that were found come at the end, the surest first, and none where that is broken off;
    with --jsonl each comes as it is found, in the order of the videos. Where one fails, the others are answered and
    the end is code 6.
    """
    from ..agent.runs.recording import Asked
    from ..tools.folders import files_of
    from ..tools.tracks import Tracks
    from .asking import Looking, asking
    from .naming import is_one_video, require_question
    from .survey import Survey

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, reader=reader,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors, detector=detector,
    ).settings  # fmt: skip
    require_question(videos, question, chosen.library)
    is_one = is_one_video(videos)
    if not is_one and (sheet is not None or session is not None):
        raise RequestError("--sheet and --session are for one video: name a file, or a remembered video")
    if sheet is not None:
        refuse_existing(sheet, force)
    names, tracks = files_of(videos), Tracks(picture_track, sound_track)
    asked = Asked(question, tuple(option or ()), min_confidence, session=session)
    with asking(chosen, Looking(strategy, budget, exhaustive)) as asked_of:
        survey = Survey(asked_of, asked, partial(stretch, from_time, to_time), tracks, accept_damage)
        if is_one:
            _tell_one(survey, names[0], as_json, plain)
        else:
            _tell_several(survey, names, as_json, plain)
        if sheet is not None:
            _write_sheet(survey, sheet, force)
    _end(survey, min_confidence is not None)


def _tell_one(survey: Survey, name: str, as_json: bool, is_plain: bool) -> None:
    from .rendering import answer_lines

    result = survey.ask(name)
    if as_json:
        say_json(result.answer.to_json())
        return
    for line in [*answer_lines(result.answer, result.within), *survey.hints()]:
        say(line)
    _illustrate(survey, result, is_plain)


def _tell_several(survey: Survey, names: Sequence[str], as_json: bool, is_plain: bool) -> None:
    from .survey_lines import SurveyLines

    answers = survey.answers(survey.targets(names))
    if as_json:
        say_json_list(answer.to_json() for answer in answers)
        return
    for _ in answers:
        pass
    lines = SurveyLines(survey.results)
    for place, result in enumerate(lines.found):
        for line in [*([""] if place else ()), *lines.of(result)]:
            say(line)
        if not place:
            _illustrate(survey, result, is_plain)
    rest = [*lines.rest(), *(survey.hints() if survey.results else ())]
    for line in [*([""] if lines.found and rest else ()), *rest]:
        say(line)


def _illustrate(survey: Survey, result: Result, is_plain: bool) -> None:
    from .illustration import illustration
    from .pictures.terminal import Terminal

    if sys.stdout.isatty() and not is_plain:
        for piece in illustration(result.answer, survey.memory_of(result), Terminal.of_output()):
            sys.stdout.write(piece)


def _write_sheet(survey: Survey, path: Path, is_forced: bool) -> None:
    from .sheet import sheet

    (result,) = survey.results
    if not result.answer.moments:
        complain("no moment came up, so there is no contact sheet")
        return
    spans = [moment.span for moment in result.answer.moments]
    sheet(survey.memory_of(result), spans, path, is_forced)
    complain(f"wrote {path}")


def _end(survey: Survey, has_least: bool) -> None:
    """Raises ``typer.Exit`` where a video failed, or none has an answer and that was asked for or may be mended."""
    answers = [result.answer for result in survey.results]
    if survey.n_failed:
        raise typer.Exit(_SOME_FAILED)
    if not all(answer.abstained for answer in answers):
        return
    if has_least:
        raise typer.Exit(_ABSTAINED)
    if any(answer.is_cut_short for answer in answers):
        complain("the budget was reached before anything was found; ask with a larger --budget to go on")
        raise typer.Exit(_CUT_SHORT)
