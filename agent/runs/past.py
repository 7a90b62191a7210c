"""Past runs, read back from their traces: each is data, of which what is damaged is left out and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

from ...tools.clock import Span
from ...tools.errors import VidagentError

LAST = "last"
_NAME = re.compile(r"(\d{8}-\d{6})-([0-9a-f]{6,8})", re.A)
_LINE_BYTES_MAX = 1 << 24
_BYTES_MAX = 1 << 28
_SHORT_MIN = 4

Values = Mapping[str, Any]
_NOTHING: Values = MappingProxyType({})


class UnknownRunError(VidagentError):
    """No run goes by this name, or several do."""

    exit_code = 5


@dataclass(frozen=True)
class Step:
    """One line of a trace: its number from 1 on, its name, its second of the run, and what belongs to it."""

    line: int
    name: str
    at_s: float
    values: Values


@dataclass(frozen=True)
class Run:
    """One run by its id; ``n_damaged`` lines of its trace are no steps."""

    id: str
    steps: tuple[Step, ...]
    n_damaged: int = 0

    def first(self, name: str) -> Values:
        """What belongs to the first step of a name; empty where there is none."""
        return next((step.values for step in self.steps if step.name == name), _NOTHING)

    @cached_property
    def question(self) -> Values:
        """The question as it was understood."""
        return self.first("question")

    @cached_property
    def asked(self) -> Values:
        """The question as it was given, with all that a replay needs besides; empty in traces of an older form."""
        return mapping_of(self.question.get("asked"))

    @cached_property
    def answer(self) -> Values:
        """The answer as the documented JSON object; empty where the run came to none."""
        return self.first("answer")

    @cached_property
    def error(self) -> Values:
        """The error that ended the run, empty where none did."""
        return self.first("error")

    @property
    def when(self) -> str:
        """The moment at which it began, by the clock of the place."""
        day, clock = self.id[:8], self.id[9:15]
        return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}"

    @property
    def outcome(self) -> str:
        """The answer, or what came instead of one, in words."""
        if self.answer:
            return text_of(self.answer.get("answer"))
        if self.error:
            return f"{text_of(self.error.get('kind'))}: {text_of(self.error.get('text'))}"
        return "broken off"


@dataclass(frozen=True)
class Runs:
    """The traces in a folder; nothing else in it is looked at, and no file outside."""

    folder: Path
    _paths: dict[str, Path] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._paths.update(_found(self.folder))

    def newest(self, n_max: int) -> list[Run]:
        """The newest runs, so many at most, the newest first; what cannot be read any more is left out."""
        read = (self._read(run_id) for run_id in sorted(self._paths, reverse=True)[:n_max])
        return [run for run in read if run is not None]

    def find(self, name: str) -> Run:
        """The run of an id, of the beginning of one or of its last part, or the ``LAST`` one.

        Raises ``UnknownRunError`` where none or several fit.
        """
        called = sorted(self._paths)[-1:] if name == LAST else sorted(filter(_called(name), self._paths))
        exact = [run_id for run_id in called if run_id == name]
        if len(exact or called) > 1:
            raise UnknownRunError(
                f"{name!r} fits {len(called)} runs ({', '.join(called[-4:])}); write more of it"
            )
        run = self._read((exact or called)[0]) if called else None
        if run is None:
            raise UnknownRunError(f"{name}: no such run in {self.folder}; see: vidagent runs")
        return run

    def _read(self, run_id: str) -> Run | None:
        try:
            return read_run(self._paths[run_id])
        except OSError:
            return None


def read_run(path: Path) -> Run:
    """The run whose trace is a file. Raises ``OSError`` where it cannot be read."""
    steps, n_damaged, n_bytes = [], 0, 0
    with path.open("rb") as file:
        for line, row in enumerate(iter(lambda: file.readline(_LINE_BYTES_MAX), b""), 1):
            n_bytes += len(row)
            step = _step(line, row) if n_bytes <= _BYTES_MAX else None
            if step is None:
                n_damaged += 1
            else:
                steps.append(step)
            if n_bytes > _BYTES_MAX:
                break
    return Run(path.stem, tuple(steps), n_damaged)


def mapping_of(value: object) -> Values:
    """A value as an object of JSON, empty where it is none."""
    return value if isinstance(value, dict) else _NOTHING


def list_of(value: object) -> list[Any]:
    """A value as a list, empty where it is none."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """A value as text, empty where it is none."""
    return value if isinstance(value, str) else ""


def number_of(value: object) -> float:
    """A value as a finite number, 0.0 where it is none."""
    return float(value) if _is_number(value) else 0.0


def span_between(start_s: object, end_s: object) -> Span | None:
    """The stretch between two seconds that a trace tells; None where they are none."""
    if not (_is_number(start_s) and _is_number(end_s)) or not 0.0 <= start_s <= end_s:
        return None
    return Span(float(start_s), float(end_s))


def span_of(pair: object) -> Span | None:
    """The stretch that a trace tells as a list of its two ends; None for anything else."""
    ends = list_of(pair)
    return span_between(*ends) if len(ends) == 2 else None


def _is_number(value: object) -> TypeGuard[float]:
    # Whole numbers may be larger than any float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _step(line: int, row: bytes) -> Step | None:
    try:
        values = json.loads(row)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or not isinstance(values.get("step"), str):
        return None
    name, at_s = values.pop("step"), number_of(values.pop("at_s", None))
    return Step(line, name, at_s, values)


def _found(folder: Path) -> Iterator[tuple[str, Path]]:
    """Plain files that are named as traces are; a link could name any file."""
    try:
        inside = list(folder.iterdir())
    except OSError:
        return
    for path in inside:
        is_named = path.suffix == ".jsonl" and _NAME.fullmatch(path.stem)
        if is_named and not path.is_symlink() and path.is_file():
            yield path.stem, path


def _called(name: str) -> Any:
    def fits(run_id: str) -> bool:
        tail = run_id.rpartition("-")[2]
        return len(name) >= _SHORT_MIN and (run_id.startswith(name) or tail.startswith(name))

    return fits
