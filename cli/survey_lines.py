"""The answers of several videos as plain lines: the surest first, and those without one together in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..agent.answer import Answer
from ..tools.plain import plain
from .rendering import found_lines, note_lines
from .survey import Result
from .wording import ALL

_NAMES_MAX, _NAME_WIDTH = 4, 40


@dataclass(frozen=True)
class SurveyLines:
    """How the ``results`` of a survey are told to a person."""

    results: Sequence[Result]

    @cached_property
    def found(self) -> list[Result]:
        """Those with an answer, the surest first."""
        found = [result for result in self.results if not result.answer.abstained]
        return sorted(found, key=lambda result: _sureness(result.answer), reverse=True)

    def of(self, result: Result) -> Iterator[str]:
        """One answer below the title of its video, with what has to be known of this one only."""
        yield f"[{result.answer.video.title}]"
        yield from found_lines(result.answer, result.within)
        yield from (line for line in note_lines(result.answer) if line not in self._shared)

    def rest(self) -> Iterator[str]:
        """In which videos nothing was found, and what has to be known of several, each said once."""
        absent = [result.answer for result in self.results if result.answer.abstained]
        if absent:
            yield f"not found in {_videos(len(absent))}: {_names(absent)}{_unseen(absent)}"
        for line, of in self._shared.items():
            is_of_all = len(of) == len(self.found or self.results)
            yield line if is_of_all else f"{line} ({_names(of)})"

    @cached_property
    def _shared(self) -> dict[str, list[Answer]]:
        """The notes of several answers with the answers that have them; without any answer, the notes of all videos."""
        answers = [result.answer for result in self.found or self.results]
        noted = [(line, answer) for answer in answers for line in dict.fromkeys(note_lines(answer))]
        counts, least = Counter(line for line, _ in noted), 2 if self.found else len(answers)
        shared: dict[str, list[Answer]] = {line: [] for line, n in counts.items() if n >= least}
        for line, answer in noted:
            if line in shared:
                shared[line].append(answer)
        return shared


def _sureness(answer: Answer) -> tuple[float, float]:
    """How sure an answer is; of two that are equally likely, the one whose proof fits better is surer."""
    return answer.confidence, max((moment.score for moment in answer.moments), default=0.0)


def _videos(n: int) -> str:
    return "1 video" if n == 1 else f"{n} videos"


def _names(answers: Sequence[Answer]) -> str:
    """The titles of the videos, each cut where it is long; of many the first ones."""
    n_shown = len(answers) if len(answers) <= _NAMES_MAX else _NAMES_MAX - 1
    names = ", ".join(_name(answer) for answer in answers[:n_shown])
    return names if n_shown == len(answers) else f"{names} and {len(answers) - n_shown} more"


def _name(answer: Answer) -> str:
    title = plain(answer.video.title)
    return title if len(title) <= _NAME_WIDTH else f"{title[: _NAME_WIDTH - 1]}…"


def _unseen(answers: Iterable[Answer]) -> str:
    """How many videos may hold it all the same, as nobody saw or heard the whole of them."""
    n = sum(not _is_seen(answer) for answer in answers)
    return f" ({n} not looked at as a whole)" if n else ""


def _is_seen(answer: Answer) -> bool:
    is_over = answer.video.is_whole and not answer.is_cut_short
    return is_over and all(entry.row.share >= ALL for entry in answer.coverage)
