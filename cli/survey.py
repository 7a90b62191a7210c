"""One question to several videos: each is asked in turn, and one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..agent.answer import Answer
from ..agent.asking import Asking
from ..agent.question import understand
from ..agent.runs.recording import Asked
from ..index.memory import Memory
from ..index.records import ContentKey, Video
from ..index.videos import Videos, content_of
from ..tools.clock import Span
from ..tools.errors import LibraryError, VidagentError
from ..tools.tracks import Tracks
from . import standing_line
from .edge import complain
from .progress import JsonLines, is_drawn, is_told, row_of

Limits = Callable[[float], Span | None]
"""The part of a video to look at, by its length in seconds; None is all of it."""

# Whether words are a question at all does not depend on it.
_SOME_LENGTH_S = 3600.0


@dataclass(frozen=True)
class Result:
    """The answer of one video; ``within`` is what the search was limited to."""

    answer: Answer
    within: Span | None


@dataclass
class Survey:
    """A question to several videos, by models that are loaded once.

    ``results`` come in the order in which the videos are named, and ``n_failed`` videos have none. ``tracks`` and
    ``accepts_damage`` say how a video is read that is not remembered yet.
    """

    asking: Asking
    asked: Asked
    limits: Limits
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False
    results: list[Result] = field(default_factory=list)
    n_failed: int = 0
    _met: set[ContentKey] = field(default_factory=set)

    def targets(self, names: Sequence[str]) -> list[str | Video]:
        """The names of the videos to ask, each once; without any, every remembered video.

        Raises ``UnknownVideoError`` where none is remembered, and ``RequestError`` for a question that is none, before
        any video is read.
        """
        understand(self.asked.text, _SOME_LENGTH_S, self.asked.options)
        if names:
            return list(dict.fromkeys(names))
        return [*Videos(self.asking.library, self.asking.models, self.tracks).all_known()]

    def answers(self, targets: Sequence[str | Video]) -> Iterator[Answer]:
        """The answer of each video, asked when it is wanted; what fails is told in a line on stderr, and counted.

        Raises ``LibraryError``, with which every other video would fail as well.
        """
        count = _Count(len(targets))
        for target in targets:
            count.advance()
            name = target.title if isinstance(target, Video) else target
            try:
                result = self._unmet(self._memory(target))
            except LibraryError:
                raise
            except VidagentError as error:
                self.n_failed += 1
                complain(f"{error}" if str(error).startswith(name) else f"{name}: {error}")
                continue
            if result is not None:
                yield result.answer

    def ask(self, name: str) -> Result:
        """The result of one video; raises what ``Asking.memory`` and ``Asking.answer`` raise."""
        return self._answered(self._memory(name))

    def memory_of(self, result: Result) -> Memory:
        """The memory that an answer came from."""
        return Memory(self.asking.library, result.answer.video)

    def hints(self) -> list[str]:
        """What would help to find more, in at most a line."""
        hint = self.asking.models.hint()
        return [hint] if hint else []

    def _unmet(self, memory: Memory) -> Result | None:
        """The result of a video that has not been asked by another name; None for one that has."""
        content = content_of(memory.video)
        if content in self._met:
            return None
        self._met.add(content)
        return self._answered(memory)

    def _answered(self, memory: Memory) -> Result:
        within = self.limits(memory.video.duration_s)
        answer = self.asking.answer(memory, replace(self.asked, within=within))
        self.results.append(Result(answer, within))
        return self.results[-1]

    def _memory(self, target: str | Video) -> Memory:
        if isinstance(target, Video):
            return Memory(self.asking.library, target)
        return self.asking.memory(target, self.tracks, self.accepts_damage)


class _Count:
    """How many videos have had their turn, told on stderr as progress is."""

    def __init__(self, n: int) -> None:
        self._n, self._n_begun = n, 0
        self._lines = JsonLines()

    def advance(self) -> None:
        """The next video has its turn."""
        self._n_begun += 1
        if is_drawn():
            standing_line.stand(f"ask: video {self._n_begun} of {self._n}")
        elif is_told() and self._lines.is_due:
            self._lines.tell(row_of("ask", "answering", self._n_begun - 1, self._n, measure="n"))
