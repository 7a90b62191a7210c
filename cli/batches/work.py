"""The work of a batch: a video is read, then each question about it is answered."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...tools.errors import LibraryError, VidagentError
from ...tools.settings import MODEL_SETTINGS, Settings
from ..asking import Looking, asking
from .questions import Question
from .rows import Failure, Row, known_row

if TYPE_CHECKING:
    from ...agent.answer import Answer
    from ...agent.asking import Asking
    from ...index.watching import Watch

Value = TypeVar("Value")


@dataclass(frozen=True)
class Manner:
    """How all questions of a batch are answered."""

    settings: Settings
    looking: Looking
    min_confidence: float | None = None
    accepts_damage: bool = False

    def to_json(self) -> dict[str, object]:
        """All of it that makes another answer to the same question."""
        models: dict[str, object] = {
            name: getattr(self.settings, name) for name in ("language", *MODEL_SETTINGS)
        }
        looking = [self.looking.strategy, self.looking.budget, self.looking.is_exhaustive]
        return models | {"looking": looking, "min_confidence": self.min_confidence}


@dataclass(frozen=True)
class Task:
    """A question about a video of the library."""

    question: Question
    media_id: int


@dataclass(frozen=True)
class Work:
    """What one process does for a batch, with a library and models of its own."""

    manner: Manner
    asking: Asking

    def read(self, place: str) -> int:
        """The id in the library of a video by path, id or title, which is read, and known to the models, by then.

        Raises what ``Videos.remember`` and the models raise.
        """
        from ...index.learning import pictures_learnt, sounds_learnt
        from ...index.videos import Videos
        from ...tools.tracks import Tracks

        asking = self.asking
        library, models, watch = asking.library, asking.models, asking.watch
        videos = Videos(library, models, Tracks(), self.manner.accepts_damage, watch)
        # Another process that reads it is waited for, as half a memory would answer otherwise than a whole one.
        video = videos.remember(Path(place)).video if os.path.exists(place) else videos.known(place)
        pictures_learnt(library, models, video, watch)
        sounds_learnt(library, models, video, watch)
        return video.id

    def learn_texts(self, _: object = None) -> None:
        """Have the texts of all videos known to the model of texts; raises what that raises."""
        from ...index.learning import texts_learnt

        texts_learnt(self.asking.library, self.asking.models, self.asking.watch)

    def answer(self, task: Task) -> Row:
        """The documented JSON of an answer, with its grade where the right one is known.

        Raises what ``Asking.answer`` raises, and ``UnknownVideoError`` where the video was forgotten meanwhile.
        """
        from ...agent.runs.recording import Asked
        from ...index.memory import Memory

        memory = Memory(self.asking.library, self.asking.library.video(task.media_id))
        question = task.question
        answer = self.asking.answer(
            memory, Asked(question.text, question.options, self.manner.min_confidence)
        )
        return answer.to_json() | _grade(question, answer)


def _grade(question: Question, answer: Answer) -> dict[str, object]:
    from ...agent.grading import grade

    told = known_row(question)
    if told is None:
        return {}
    row = {"answer": told["known"], "evidence_s": told["evidence_s"], "options": list(question.options)}
    graded = grade(row, answer)
    return {"grade": {**told, "is_right": graded.is_right, "has_seconds": graded.has_seconds}}


@contextmanager
def work_of(manner: Manner, watch: Watch) -> Iterator[Work]:
    """The work, while the library is open; raises what ``asking`` raises."""
    with asking(manner.settings, manner.looking) as asked_of:
        yield Work(manner, replace(asked_of, watch=watch))


def attempt(job: Callable[[Work, Value], object], work: Work, item: Value) -> object:
    """What a job makes of an item, or the ``Failure`` of this one; a library that fails fails all of them.

    Raises ``LibraryError``.
    """
    try:
        return job(work, item)
    except LibraryError:
        raise
    except VidagentError as error:
        return Failure(str(error), error.exit_code)
