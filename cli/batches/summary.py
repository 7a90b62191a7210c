"""What a batch comes to: how many questions were answered, and how many rightly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..edge import json_text
from ..output import new_file, refuse_existing

_N_REASONS_MAX = 3


@dataclass
class Summary:
    """Counts of rows; ``n_graded`` have a known answer, and of those ``n_seconds`` have known seconds."""

    n_questions: int = 0
    n_answered: int = 0
    n_not_found: int = 0
    n_failed: int = 0
    n_graded: int = 0
    n_right: int = 0
    n_seconds: int = 0
    n_right_seconds: int = 0

    def count(self, row: Mapping[str, object]) -> None:
        """Take in one row of answers."""
        self.n_questions += 1
        if "error" in row:
            self.n_failed += 1
        elif row.get("abstained"):
            self.n_not_found += 1
        else:
            self.n_answered += 1
        grade = row.get("grade")
        if isinstance(grade, Mapping):
            self.n_graded += 1
            self.n_right += grade.get("is_right") is True
            self.n_seconds += grade.get("has_seconds") is not None
            self.n_right_seconds += grade.get("has_seconds") is True

    def __str__(self) -> str:
        named = "question" if self.n_questions == 1 else "questions"
        text = (
            f"{self.n_questions} {named}: {self.n_answered} answered, "
            f"{self.n_not_found} not found, {self.n_failed} failed"
        )
        if self.n_graded:
            text += f"; {self.n_right} of {self.n_graded} right"
        if self.n_seconds:
            text += f", {self.n_right_seconds} of {self.n_seconds} with the right seconds"
        return text

    def to_json(self) -> dict[str, object]:
        """The counts by name, and the shares that are right, None where nothing is known."""
        right = self.n_right / self.n_graded if self.n_graded else None
        seconds = self.n_right_seconds / self.n_seconds if self.n_seconds else None
        return asdict(self) | {"accuracy": right, "accuracy_of_seconds": seconds}


class Reasons:
    """Why questions failed, for a person who has not looked at the rows yet."""

    def __init__(self) -> None:
        self._n: Counter[str] = Counter()

    def note(self, row: Mapping[str, object]) -> None:
        """Take in one row of answers."""
        error = row.get("error")
        if isinstance(error, Mapping):
            self._n[str(error["message"])] += 1

    def lines(self) -> Iterator[str]:
        """The commonest reasons, and how many there are besides."""
        shown = self._n.most_common(_N_REASONS_MAX)
        for reason, n in shown:
            yield f"{reason} ({n} questions)" if n > 1 else reason
        if len(self._n) > len(shown):
            yield f"and {len(self._n) - len(shown)} other reasons, in the rows"


def refuse_other(path: Path, is_forced: bool) -> None:
    """Nothing, for a place that a summary may be written to: a new one, or one that holds a summary.

    Raises ``RequestError`` for another file, unless ``is_forced``.
    """
    refuse_existing(path, is_forced or _is_summary(path))


def write_summary(path: Path, summary: Summary, is_forced: bool) -> None:
    """Write the summary as one JSON object; raises what ``new_file`` raises."""
    with new_file(path, is_forced or _is_summary(path)) as part:
        part.write_text(f"{json_text(summary.to_json())}\n", encoding="utf-8")


def _is_summary(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 1 << 16:
            return False
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {field.name for field in fields(Summary)} <= value.keys()
