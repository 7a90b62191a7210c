"""``vidagent when``: all moments of a description, or all sequences of several, as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.clock import Span
from ..tools.errors import RequestError
from ..tools.plain import plain
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
    is_narrow,
    json_output,
    say_text,
    stretch,
)
from .options import (
    DeviceOption,
    LanguageOption,
    ModelsOption,
    OfflineOption,
    PictureModelOption,
    SoundModelOption,
    SpeechModelOption,
    TextVectorsOption,
    settings_from,
)
from .times import length
from .wording import SENSES, cell_text, percent, quoted

if TYPE_CHECKING:
    from ..agent.finder import Finder, Finding
    from ..agent.temporal import Chain, Occurrence
    from ..index.memory import Memory
    from ..index.records import Coverage
    from ..tools.models.making import Models

_WITHIN, _LIMIT = "60s", 1000
_AS_FAR = "as far as was looked"


def when(
    video: VideoArgument,
    description: Annotated[
        str, typer.Argument(metavar="DESCRIPTION", help='What occurs: "goal", or what is said in quotes.')
    ],
    then: Annotated[
        list[str] | None,
        typer.Option(
            "--then", metavar="DESCRIPTION", help="What follows it; repeat it for what follows that."
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            metavar="TIME",
            help=f"At most so long after the end of the one before. Default: {_WITHIN}.",
        ),
    ] = None,
    without: Annotated[
        str | None,
        typer.Option("--without", metavar="DESCRIPTION", help="What must not lie between one and the next."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many rows, the first ones.")
    ] = _LIMIT,
    min_confidence: Annotated[
        float | None,
        typer.Option("--min-confidence", min=0.0, max=1.0, help="Leave out rows below this confidence."),
    ] = None,
    from_time: FromOption = None,
    to_time: ToOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    as_json: JsonOption = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
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
    """List when something occurs, in order of time; a video not met before is remembered first."""
    from ..tools.models.making import Models
    from ..tools.tracks import Tracks
    from .videos import memory_of, required

    if as_csv and as_json:
        raise RequestError("--json and --csv are two forms of one table: choose one")
    asked = _Asked.of((description, *(then or ())), within, without, limit, min_confidence)
    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language,
        picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors,
    )  # fmt: skip
    engines = Models(chosen.settings)
    # What is missing or refused is told before a long video is read.
    required(engines, "picture", "speech", "sound", "text-vectors")
    with memory_of(video, engines, Tracks(picture_track, sound_track), accept_damage) as memory:
        limits = stretch(from_time, to_time, memory.video.duration_s)
        table = _Table.of(_finder(memory, limits, engines), asked)
        say_text(table.csv() if as_csv else table.json() if as_json else table.text())
        for note in (*table.notes(), *_looked_at(memory, limits)):
            complain(note)


@dataclass(frozen=True)
class _Asked:
    """What was asked for: descriptions of what follows each other, and what may not lie between."""

    descriptions: tuple[str, ...]
    within_s: float
    without: str | None
    limit: int
    min_confidence: float | None

    @classmethod
    def of(
        cls,
        descriptions: tuple[str, ...],
        within: str | None,
        without: str | None,
        limit: int,
        min_confidence: float | None,
    ) -> _Asked:
        """What was asked for, as it was given; raises ``RequestError`` for what makes no sense."""
        for option, given in (("--within", within), ("--without", without)):
            if given is not None and len(descriptions) == 1:
                raise RequestError(f"{option} is about what lies between two moments: give --then, too")
        for words in (*descriptions, *([] if without is None else [without])):
            if not re.search(r"\w", words):
                raise RequestError(f'not a description: {words!r} has no word (write for example "goal")')
        return cls(descriptions, length("--within", within or _WITHIN), without, limit, min_confidence)

    @property
    def least(self) -> float:
        """How sure each moment has to be."""
        from ..agent.planner import ABSTAIN_BELOW

        return ABSTAIN_BELOW if self.min_confidence is None else self.min_confidence


def _finder(memory: Memory, limits: Span | None, engines: Models) -> Finder:
    """What finds moments by all that was chosen, once the models know the video."""
    from ..agent.finder import Finder
    from ..index.learning import pictures_learnt, sounds_learnt, texts_learnt
    from .progress import progress

    pictures = pictures_learnt(memory.library, engines, memory.video, progress)
    return Finder(
        memory,
        limits,
        texts_learnt(memory.library, engines, progress),
        pictures.embedder if pictures else None,
        sounds_learnt(memory.library, engines, memory.video, progress),
    )


@dataclass(frozen=True)
class _Table:
    """The rows that were found, whether there are more, and what was found of each description."""

    asked: _Asked
    rows: list[Chain]
    is_cut: bool
    found: list[Finding]
    without: Finding | None

    @classmethod
    def of(cls, finder: Finder, asked: _Asked) -> _Table:
        """The table that answers what was asked."""
        from ..agent.temporal import chains

        found = [finder.find(words, asked.least) for words in asked.descriptions]
        without = None if asked.without is None else finder.find(asked.without, asked.least)
        barred = [o.span for o in without.occurrences] if without else []
        parts = [each.occurrences for each in found]
        every = chains(parts, asked.within_s, barred, asked.min_confidence or 0.0)
        rows = list(islice(every, asked.limit + 1))
        return cls(asked, rows[: asked.limit], len(rows) > asked.limit, found, without)

    def text(self) -> str:
        """One line a row for a person."""
        return "".join(f"{plain(self._line(row))}\n" for row in self.rows)

    def json(self) -> str:
        """All rows as one JSON value; times in seconds, rounded to a millisecond."""
        return json_output([self._json_row(row) for row in self.rows], not is_narrow())

    def csv(self) -> str:
        """The rows as CSV (RFC 4180) with a header; no cell can be taken for a formula."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self._columns())
        writer.writerows(self._csv_row(row) for row in self.rows)
        return text.getvalue()

    def notes(self) -> Iterator[str]:
        """What a reader of the table ought to know."""
        sought = [*self.found, *([self.without] if self.without else [])]
        counts = ", ".join(f"“{each.words}” {_times(len(each.occurrences))}" for each in sought)
        if not self.rows or len(sought) > 1:
            yield f"{'' if self.rows else 'no row: '}found {counts}"
        for each in sought:
            if each.n_faint and not each.occurrences:
                yield f"“{each.words}”: faint signs of it ({each.n_faint}) are left out; --min-confidence 0 takes them"
            if not each.is_all:
                yield f"“{each.words}”: so many texts hold some of its words that only those that fit best were weighed"
        if self.is_cut:
            yield f"there are more than these {self.asked.limit} rows; --limit N prints more"

    def _line(self, row: Chain) -> str:
        parts = "  then  ".join(_part_text(part) for part in row.parts)
        absent = self._absence(row)
        without = f"  without “{self.asked.without}”: {absent}" if absent else ""
        return f"{parts}  confidence {row.confidence:.2f}{without}"

    def _absence(self, row: Chain) -> str:
        """How well it is known that what may not lie between does not; empty where nothing of the kind was asked."""
        if self.without is None:
            return ""
        if not self.without.is_absent_from(row.gaps):
            return _AS_FAR
        return "looked for in " + ", ".join(SENSES[sense] for sense in sorted(self.without.looked))

    def _json_row(self, row: Chain) -> dict[str, object]:
        made: dict[str, object] = {**_bounds(row.span), "confidence": row.confidence}
        if self.without:
            looked, is_sure = sorted(self.without.looked), self.without.is_absent_from(row.gaps)
            made["without"] = {"description": self.without.words, "sure": is_sure, "looked_for_in": looked}
        words = self.asked.descriptions
        made["parts"] = [_part_json(*pair) for pair in zip(words, row.parts, strict=True)]
        return made

    def _columns(self) -> list[str]:
        head = ["start_s", "end_s", "time", "confidence"]
        if len(self.asked.descriptions) == 1:
            return [*head, "senses", "quotes"]
        names = [
            f"{place}_{name}"
            for place in range(1, len(self.asked.descriptions) + 1)
            for name in (*head, "senses", "quotes")
        ]
        return [*head, *(["without"] if self.without else []), *(f"part_{name}" for name in names)]

    def _csv_row(self, row: Chain) -> list[str]:
        head = _cells(row.span, row.confidence)
        if len(row.parts) == 1:
            return [*head, *_proof(row.parts[0])]
        absent = [self._absence(row)] if self.without else []
        parts = [[*_cells(part.span, part.confidence), *_proof(part)] for part in row.parts]
        return [*head, *absent, *(cell for part in parts for cell in part)]


def _part_text(part: Occurrence) -> str:
    senses = ", ".join(SENSES[sense] for sense in part.senses)
    return f"{part.span}  {quoted(part.quotes[0], part.senses[0])} ({senses})"


def _part_json(words: str, part: Occurrence) -> dict[str, object]:
    return {
        "description": words,
        **_bounds(part.span),
        "confidence": part.confidence,
        "senses": list(part.senses),
        "quotes": list(part.quotes),
    }


def _bounds(span: Span) -> dict[str, object]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}


def _cells(span: Span, confidence: float) -> list[str]:
    return [f"{span.start_s:.3f}", f"{span.end_s:.3f}", str(span), f"{confidence:.4f}"]


def _proof(part: Occurrence) -> list[str]:
    return [", ".join(SENSES[sense] for sense in part.senses), cell_text(" | ".join(part.quotes))]


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _looked_at(memory: Memory, limits: Span | None) -> Iterator[str]:
    """What was looked at, whatever was found."""
    if limits is not None:
        yield f"looked only at {limits}"
    yield "looked at: " + "; ".join(_coverage_phrase(row) for row in memory.coverage())
    yield from (f"note: {note}" for note in memory.video.notes)


def _coverage_phrase(row: Coverage) -> str:
    from ..index.records import LOW_TRUST

    trust = ", low trust" if row.trust < LOW_TRUST else ""
    return f"{SENSES[row.sense]} {percent(row.share)} ({row.engine}{trust})"
