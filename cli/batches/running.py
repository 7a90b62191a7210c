"""A batch from questions to rows: all videos are read first, so that no answer depends on what came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...tools.errors import RequestError, VidagentError
from .places import Places
from .progress import BatchLine
from .questions import Entry, Flaw, Question
from .rows import Failure, Row, answer_row, failure_row
from .work import Task, Work
from .workers import Workers


@dataclass(frozen=True)
class Batch:
    """Questions with the key that the row of each is known by; ``file`` is what they are told from."""

    file: str
    entries: Sequence[Entry]
    keys: Sequence[str]
    places: Places

    def places_of(self, wanted: Iterable[int]) -> dict[int, str | Failure]:
        """By its number among all, the video that each wanted entry asks about, or why there is none."""
        found: dict[tuple[str, bool], str | Failure] = {}
        for_each: dict[int, str | Failure] = {}
        for number in wanted:
            entry = self.entries[number]
            if isinstance(entry, Flaw):
                told = f"{self.file} line {entry.line}: {entry.message}"
                for_each[number] = Failure(told, RequestError.exit_code)
                continue
            named = (entry.video, entry.is_own)
            if named not in found:
                found[named] = self._place(entry)
            for_each[number] = found[named]
        return for_each

    def _place(self, question: Question) -> str | Failure:
        if not question.is_own:
            return question.video
        try:
            return self.places.place(question.video)
        except VidagentError as error:
            return Failure(str(error), error.exit_code)

    def rows(
        self, places: Mapping[int, str | Failure], workers: Workers, line: BatchLine
    ) -> Iterator[tuple[int, Row]]:
        """The row of each entry that has a place, with its number, in their order. Raises ``LibraryError``."""
        read = _read([place for place in places.values() if isinstance(place, str)], workers, line)
        tasks = {number: self._task(number, place, read) for number, place in places.items()}
        answers = workers.each(Work.answer, [task for task in tasks.values() if isinstance(task, Task)])
        line.begin("answering", len(tasks))
        for number, task in tasks.items():
            made = next(answers) if isinstance(task, Task) else task
            yield number, self._row(number, made)
            line.advance()

    def _row(self, number: int, made: Row | Failure) -> Row:
        key, entry = self.keys[number], self.entries[number]
        if isinstance(made, Failure):
            return failure_row(key, entry, made)
        return answer_row(key, entry, made)

    def _task(self, number: int, place: str | Failure, read: Mapping[str, int | Failure]) -> Task | Failure:
        entry, found = self.entries[number], place if isinstance(place, Failure) else read[place]
        if isinstance(found, Failure):
            return found
        assert isinstance(entry, Question)
        return Task(entry, found)


def _read(places: Iterable[str], workers: Workers, line: BatchLine) -> dict[str, int | Failure]:
    """By their places, ids of the videos in the library, or why there is none; the models know them all by then."""
    distinct = list(dict.fromkeys(places))
    line.begin("reading", len(distinct))
    read: dict[str, int | Failure] = {}
    for place, found in zip(distinct, workers.each(Work.read, distinct), strict=True):
        read[place] = found
        line.advance()
    # Where that fails, each question tells why.
    list(workers.each(Work.learn_texts, distinct[:1]))
    return read
