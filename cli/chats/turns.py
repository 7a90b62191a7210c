"""The turns of a conversation: each question goes on from the last answer, and models are loaded once for all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...agent.answer import Answer, Moment
from ...agent.asking import Asking
from ...agent.runs.past import Run, Runs
from ...agent.runs.recording import Asked
from ...index.memory import Memory
from ...index.records import Video
from ...index.session import Session
from ...tools.errors import RequestError, UnknownVideoError, VidagentError
from ...tools.plain import plain
from ...tools.tracks import Tracks
from ..asking import Looking

USUAL = "usual"
"""The word for a budget that nobody has set."""

_RUNS_READ = (1, 64)


@dataclass(frozen=True)
class Failure:
    """What came instead of an answer about one video."""

    title: str
    error: VidagentError


@dataclass(frozen=True)
class Turn:
    """One question with an answer for each video that was asked, the best first, and what failed instead."""

    question: str
    answers: tuple[Answer, ...]
    failures: tuple[Failure, ...] = ()
    asked_at: str = ""

    @classmethod
    def of(cls, question: str, answers: Sequence[Answer], failures: Sequence[Failure] = ()) -> Turn:
        """The turn of a question asked now; what was found stands before what was not, then the surer first."""
        ordered = sorted(answers, key=lambda answer: (answer.abstained, -answer.confidence))
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        return cls(question, tuple(ordered), tuple(failures), now)

    @property
    def moment(self) -> Moment:
        """The first moment of the best answer; raises ``RequestError`` where nothing was found."""
        best = self.answers[0]
        if best.abstained or not best.moments:
            raise RequestError("the last answer found no moment; /show TIME looks at any")
        return best.moments[0]


@dataclass
class Conversation:
    """Questions to ``videos``, one after the other; ``chosen`` is the only one to ask, where there is one.

    ``tracks`` and ``accepts_damage`` say how a video is read that is not remembered yet. ``turns`` are those that
    came to an answer.
    """

    asking: Asking
    looking: Looking = field(default_factory=Looking)
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False
    videos: list[Memory] = field(default_factory=list)
    chosen: Memory | None = None
    turns: list[Turn] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"chat-{secrets.token_hex(6)}")
    _traced: str = ""

    def open(self, name: str) -> Memory:
        """The video of a name, read first where it is new, as one to be asked; those of the conversation go first.

        Raises what ``Asking.memory`` raises.
        """
        memory = self._called(name)
        if memory is None:
            found = self.asking.memory(name, self.tracks, self.accepts_damage)
            memory = next((known for known in self.videos if _is_same(known.video, found.video)), None)
            if memory is None:
                memory = found
                self.videos.append(found)
        return memory

    def _called(self, name: str) -> Memory | None:
        """The one video of the conversation that goes by a whole title, as it is shown, or by an id."""
        fits = [m for m in self.videos if name in (m.video.title, plain(m.video.title), m.video.short_id)]
        return fits[0] if len(fits) == 1 else None

    @property
    def asked(self) -> list[Memory]:
        """The videos that a question goes to."""
        return [self.chosen] if self.chosen else list(self.videos)

    @property
    def current(self) -> Memory:
        """The video that a time belongs to: the chosen one, that of the last answer, or the first."""
        if self.chosen or not self.turns:
            return self.asked[0]
        return self.memory_of(self.turns[-1].answers[0])

    @property
    def last(self) -> Turn:
        """The last turn; raises ``RequestError`` before the first."""
        if not self.turns:
            raise RequestError("nothing was answered yet")
        return self.turns[-1]

    def memory_of(self, answer: Answer) -> Memory:
        """The memory that an answer came from."""
        return next(m for m in self.videos if _is_same(m.video, answer.video))

    def limit(self, budget: str) -> None:
        """Set what the video LLM may take for one question; raises ``RequestError`` for what makes no sense."""
        if self.asking.models.reader() is None:
            raise RequestError(
                "a budget is for a video LLM, and none is here: begin with vidagent chat --reader MODEL"
            )
        looking = replace(self.looking, budget=None if budget == USUAL else budget)
        searching = looking.searching(True)
        self.looking, self.asking = looking, replace(self.asking, searching=searching)

    def ask(self, question: str, around: Callable[[], AbstractContextManager[object]] = nullcontext) -> Turn:
        """The answers of all videos that are asked, each worked out inside an ``around``."""
        answers: list[Answer] = []
        failures: list[Failure] = []
        for memory in self.asked:
            try:
                with around():
                    answers.append(self._answer(memory, question))
            except VidagentError as error:
                failures.append(Failure(memory.video.title, error))
        turn = Turn.of(question, answers, failures)
        if answers:
            self.turns.append(turn)
            self._traced = self._session(turn.answers[0].video.short_id)
        return turn

    def _answer(self, memory: Memory, question: str) -> Answer:
        self._traced = self._session(memory.video.short_id)
        return self.asking.answer(self._grown(memory), Asked(question, session=self._traced))

    def _grown(self, memory: Memory) -> Memory:
        """The memory as it is by now: another process may still be reading the video."""
        if memory.video.is_whole:
            return memory
        grown = self.asking.memory(str(memory.video.path), self.tracks, self.accepts_damage)
        self.videos[self.videos.index(memory)] = grown
        if self.chosen is memory:
            self.chosen = grown
        return grown

    def _session(self, video_id: str) -> str:
        """What the last answer about a video is remembered by: a follow-up goes on from that about its own."""
        return f"{self.name}-{video_id}"

    def trace(self) -> Run:
        """How the last answer came about; raises ``UnknownVideoError`` where no trace of it is kept."""
        runs = Runs(self.asking.models.settings.runs)
        for n in _RUNS_READ if self._traced else ():
            for run in runs.newest(n):
                if run.asked.get("session") == self._traced:
                    return run
        raise UnknownVideoError("no trace of a last answer is kept")

    def forget(self) -> None:
        """Forget what follow-ups went on from; the answers' traces stay."""
        for memory in self.videos:
            Session(self.asking.library, self._session(memory.video.short_id)).forget()

    def times_s(self) -> Iterator[float]:
        """Seconds of the current video that somebody may want to see: of the last answer, then where events begin."""
        memory = self.current
        answers = [answer for turn in self.turns[-1:] for answer in turn.answers]
        moments = [m for answer in answers if _is_same(answer.video, memory.video) for m in answer.moments]
        seconds = [*(m.span.start_s for m in moments), *(e.span.start_s for e in memory.events())]
        yield from dict.fromkeys(seconds)


def _is_same(video: Video, other: Video) -> bool:
    """Whether both are one video: what is still being read is remembered anew as it grows."""
    keys = [(v.sha256, v.sidecar_sha256, v.tracks) for v in (video, other)]
    return keys[0] == keys[1]
