"""``vidagent batch``: many questions about many videos, each with a row of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import RequestError
from .edge import DamageOption, LibraryOption, complain, say_json
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
from .output import ForceOption

if TYPE_CHECKING:
    from .batches.rows import Row
    from .batches.running import Batch
    from .batches.summary import Summary
    from .batches.work import Manner

    Keep = Callable[[int, Row], None]

_SOME_FAILED = 6
_N_JOBS = 2


def batch(
    questions: Annotated[
        str,
        typer.Argument(
            metavar="QUESTIONS", help="A file .jsonl, .csv or .txt (a question a line), or - for stdin."
        ),
    ],
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEO",
            help="What is asked about where a line names no video; a folder is the videos in it.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write rows there, and go on where it broke off."
        ),
    ] = None,
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Write the counts there, as JSON.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORM", help="What QUESTIONS is, whatever its name: jsonl, csv or txt."
        ),
    ] = None,
    anywhere: Annotated[
        bool,
        typer.Option(
            "--anywhere", help="Let lines name videos outside the folder of QUESTIONS, and remembered ones."
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            metavar="N",
            min=1,
            help="At most so many processes, one a video. Default: 2, or 1 with a video LLM on this machine.",
        ),
    ] = None,
    force: ForceOption = False,
    min_confidence: Annotated[
        float | None,
        typer.Option("--min-confidence", min=0.0, max=1.0, help="Abstain below this confidence."),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", metavar="NAME", help="How pictures are found for the video LLM; see: vidagent ask."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", metavar="AMOUNT", help="The most that the video LLM may take for each question."
        ),
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Have the video LLM look into every part of the videos.")
    ] = False,
    accept_damage: DamageOption = False,
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
    library: LibraryOption = None,
) -> None:
    """Answer many questions, a JSON row for each in their order; what fails is a row too, and the end is code 6."""
    from ..tools.folders import files_of
    from .asking import Looking
    from .batches.work import Manner

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, reader=reader,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors, detector=detector,
    ).settings  # fmt: skip
    manner = Manner(chosen, Looking(strategy, budget, exhaustive), min_confidence, accept_damage)
    for path in (output, summary):
        _refuse_questions(path, questions)
    asked = _batch(questions, form, files_of(videos or []), anywhere, manner)
    counts = _answered(asked, manner, jobs, output, summary, force)
    complain(str(counts))
    if counts.n_failed:
        raise typer.Exit(_SOME_FAILED)


def _refuse_questions(path: Path | None, questions: str) -> None:
    if path is None or not os.path.exists(path) or not os.path.exists(questions):
        return
    if os.path.samefile(path, questions):
        raise RequestError(f"{path}: holds the questions; name another file")


def _batch(questions: str, form: str | None, videos: list[str], anywhere: bool, manner: Manner) -> Batch:
    from .batches.places import Places
    from .batches.question_files import STDIN, form_of, questions_from
    from .batches.rows import key_of
    from .batches.running import Batch

    entries = questions_from(questions, form_of(questions, form), videos)
    told = manner.to_json()
    folder = Path() if questions == STDIN else Path(questions).parent
    return Batch(questions, entries, [key_of(entry, told) for entry in entries], Places(folder, anywhere))


def _answered(
    asked: Batch, manner: Manner, jobs: int | None, output: Path | None, summary: Path | None, force: bool
) -> Summary:
    from .batches.progress import batch_line
    from .batches.summary import Reasons, Summary, refuse_other, write_summary
    from .batches.workers import workers

    n_most = _n_jobs(manner, jobs)
    if summary is not None:
        refuse_other(summary, force)
    counts, reasons = Summary(), Reasons()
    with _kept(asked, output, force, counts) as (kept, keep):
        places = asked.places_of(number for number in range(len(asked.entries)) if number not in kept)
        n_videos = len({place for place in places.values() if isinstance(place, str)})
        is_drawn = output is not None or not sys.stdout.isatty()
        if places:
            with batch_line(is_drawn) as line, workers(manner, min(n_most, n_videos), line) as working:
                for number, row in asked.rows(places, working, line):
                    keep(number, row)
                    counts.count(row)
                    reasons.note(row)
    if summary is not None:
        write_summary(summary, counts, force)
    for text in reasons.lines():
        complain(text)
    return counts


def _n_jobs(manner: Manner, jobs: int | None) -> int:
    """How many processes there may be; what is missing or refused is told here, before anything is written."""
    from .asking import asking

    with asking(manner.settings, manner.looking) as asked_of:
        has_large_model = asked_of.models.choice("reader").place is not None
    # One video LLM fills a machine.
    return jobs or (1 if has_large_model else min(_N_JOBS, os.cpu_count() or 1))


@contextmanager
def _kept(
    asked: Batch, output: Path | None, force: bool, counts: Summary
) -> Iterator[tuple[Container[int], Keep]]:
    """Numbers of the rows that are there already, which are counted, and what takes the others: a file, or stdout."""
    from .batches.answer_file import answers_in

    if output is None:
        yield (), _print
        return
    with answers_in(output, asked.keys, asked.entries, counts.count, force) as answers:
        yield answers.kept, answers.write


def _print(number: int, row: Row) -> None:
    say_json(row)
    sys.stdout.flush()
