"""What becomes of questions with known answers: how sure the reader was, and whether it was right."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from card_films import make_card_film
from labelled import SAID, SHOWN, Line, Row, Script, made_questions, script_of

from vidagent.agent.answer import Answer
from vidagent.agent.calibration import calibrated, uncalibrated
from vidagent.agent.grading import grade
from vidagent.agent.planner import ABSTAIN_BELOW, ask
from vidagent.index.ingest import IngestSettings, ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.transcript import ingest_transcript
from vidagent.tools.engines import embedded
from vidagent.tools.subtitles import read_transcript, sidecars

# Of what goes on for days a stretch of so many seconds is a video of its own, and one in so many is taken.
_STRETCH_S, _EVERY = 10800.0, 6


@dataclass(frozen=True)
class Outcome:
    """An answer as it is given, or would be if nothing were left unsaid.

    ``confidence`` in (0, 1) is what the reader told, ``is_found`` whether its best citation holds the evidence,
    None where none is due. ``path`` is the one that recall took.
    """

    video: str
    kind: str
    confidence: float
    is_right: bool
    is_found: bool | None
    path: str


def outcome(video: str, memory: Memory, row: Row) -> Outcome | None:
    """What becomes of a question; None where nothing was found, so that there is no answer to be sure of."""
    given = row.get("options")
    options = tuple(str(option) for option in given) if isinstance(given, list) else ()
    answer = ask(memory, str(row["question"]), options)
    if answer.abstained and answer.confidence > 0:
        answer = ask(memory, str(row["question"]), options, min_confidence=0.0)
    if answer.abstained:
        return None
    graded = grade(row, answer)
    return Outcome(video, answer.kind, told(answer), graded.is_right, graded.has_seconds, answer.recall.path)


def told(answer: Answer) -> float:
    """What the reader told of how sure it was; where none would be given, confidence is the less of it and of its map.

    Maps steepen, so below where one meets what it maps it stays below, and above it above.
    """
    before = uncalibrated(answer.confidence, answer.kind, answer.reader)
    is_mapped = calibrated(answer.confidence, answer.kind, answer.reader) < answer.confidence
    return before if before >= ABSTAIN_BELOW or is_mapped else answer.confidence


def said_outcomes(paths: Sequence[Path], n_each: int, folder: Path) -> list[Outcome]:
    """Outcomes of questions about what is said in each transcript."""
    chance, named = np.random.default_rng(0), list(transcripts_in(paths, folder))
    scripts = [script_of(path) for _, path in named]
    found = []
    with Library(folder / "said.db") as library:
        for (name, path), own in zip(named, scripts, strict=True):
            ingested = ingest_transcript(library, path, IngestSettings())
            others = [s for s, (other, _) in zip(scripts, named, strict=True) if other != name]
            if ingested:
                made = made_questions(own, _joined(others), SAID, n_each, chance)
                found += _outcomes(name, Memory(library, ingested.video), made)
    return found


def shown_outcomes(paths: Sequence[Path], n_films: int, n_each: int, folder: Path) -> list[Outcome]:
    """Outcomes of questions about cards that made films show, with words of the transcripts on them."""
    chance, words = np.random.default_rng(1), _joined([script_of(path) for path in paths])
    films = [folder / f"cards{number}.mp4" for number in range(n_films)]
    scripts = [make_card_film(film, words, chance) for film in films]
    found = []
    with Library(folder / "shown.db") as library:
        for film, own in zip(films, scripts, strict=True):
            foreign = _joined([script for script in scripts if script is not own], words_min=1)
            made = made_questions(own, foreign, SHOWN, n_each, chance)
            found += _outcomes(film.stem, Memory(library, ingest(library, film, embedded()).video), made)
    return found


def heard_outcomes(videos: Sequence[Path], n_each: int, folder: Path) -> list[Outcome]:
    """Outcomes of questions about what is said in videos that have subtitles beside them, which are not shown.

    So speech is recognised, and what was said is known.
    """
    chance, found = np.random.default_rng(2), []
    scripts = [script_of(sidecars(video)[0]) for video in videos]
    with Library(folder / "heard.db") as library:
        for video, own in zip(videos, scripts, strict=True):
            alone = folder / video.name
            shutil.copyfile(video, alone)
            foreign = _joined([script for script in scripts if script is not own])
            made = made_questions(own, foreign, SAID, n_each, chance)
            memory = Memory(library, ingest(library, alone, embedded()).video)
            found += _outcomes(f"heard-{video.stem}", memory, made)
    return found


def _outcomes(video: str, memory: Memory, rows: Sequence[Row]) -> list[Outcome]:
    return [each for row in rows if (each := outcome(video, memory, row))]


def _joined(scripts: Sequence[Script], words_min: int = 3) -> Script:
    lines: list[Line] = [line for script in scripts for line in script.lines]
    return Script(lines, words_min)


def transcripts_in(paths: Sequence[Path], folder: Path) -> Iterator[tuple[str, Path]]:
    """Each transcript with the name of its video; of one of many hours some stretches, written to a folder.

    Files of one film, which share their name as far as the first underscore, have the same name of a video.
    """
    for path in paths:
        name = path.name.split(".")[0].split("_")[0]
        n_stretches = int(read_transcript(path).utterances[-1].span.end_s // _STRETCH_S)
        if not n_stretches:
            yield name, path
        for number in range(0, n_stretches, _EVERY):
            stretch = folder / f"{name}-{number}.vtt"
            _write_stretch(path, number * _STRETCH_S, stretch)
            yield stretch.stem, stretch


def _write_stretch(transcript: Path, begin_s: float, target: Path) -> None:
    cues = read_transcript(transcript).utterances
    inside = [cue for cue in cues if begin_s <= cue.span.start_s < begin_s + _STRETCH_S]
    rows = [
        f"{_clock(cue.span.start_s - begin_s)} --> {_clock(cue.span.end_s - begin_s)}\n{cue.text}\n"
        for cue in inside
    ]
    target.write_text("\n".join(["WEBVTT\n", *rows]), encoding="utf-8")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}"


def by_video(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Those to fit to and those held out: every second video is."""
    of_video: dict[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        of_video[each.video].append(each)
    names = sorted(of_video)
    fit, held = ([each for name in part for each in of_video[name]] for part in (names[::2], names[1::2]))
    return fit, held
