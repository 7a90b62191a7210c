"""Progress on stderr: a line on a terminal, lines of JSON for programs, and silence everywhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from ..tools.clock import format_time
from ..tools.plain import plain
from . import standing_line
from .edge import json_text

if TYPE_CHECKING:
    from ..index.watching import Report

BYTES = "bytes"
"""The stage of what is downloaded, which is counted like texts."""

_EVERY_S, _LINE_EVERY_S = 0.1, 1.0
_DIGITS = 3


class Form(StrEnum):
    """How progress is told: ``auto`` draws on a terminal and is silent elsewhere."""

    auto = "auto"
    json = "json"
    none = "none"


class _Chosen:
    form = Form.auto


def is_drawn() -> bool:
    """Whether progress is to be drawn: it was not asked for otherwise, and stderr is a terminal."""
    return _Chosen.form is Form.auto and standing_line.is_terminal()


def is_told() -> bool:
    """Whether progress is to be told in lines of JSON; see ``JsonLines``."""
    return _Chosen.form is Form.json


@contextmanager
def shown_as(form: Form, command: str = "") -> Iterator[None]:
    """While this lasts, progress takes a form; a ``command`` that is named shows at once that it is at work."""
    before, _Chosen.form = _Chosen.form, form
    if command and is_drawn():
        standing_line.stand(f"{command}: working")
    elif command and is_told():
        JsonLines().tell(row_of(command, "working"))
    try:
        yield
    finally:
        standing_line.clear()
        _Chosen.form = before


class StageLine:
    """The state of one ingestion as a line; the slowest stage says how far the whole has come."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()
        self._done: dict[str, float] = {}
        self._total: float | None = None

    def note(self, stage: str, done: float, total: float | None) -> None:
        """Take in how far a stage has come; texts and bytes are counted, all else is told in seconds."""
        self._done[stage] = done
        self._total = total

    def __str__(self) -> str:
        if not self._done:
            return "opening"
        stage, done = self._slowest()
        if _is_counted(stage):
            return f"{done:,.0f} done"
        rate = self._rate(done)
        if not self._total:
            return f"{stage} {format_time(done)} · {rate:.1f}× real time"
        share, eta_s = min(1.0, done / self._total), self._eta_s(done)
        left = "nearly done" if not eta_s else f"{format_time(eta_s)} left"
        return f"{stage} {share:.0%} · {rate:.1f}× real time · {left}"

    def to_json(self, title: str) -> dict[str, object]:
        """The state as a row of JSON."""
        if not self._done:
            return row_of(title, "opening")
        stage, done = self._slowest()
        measure = "n" if _is_counted(stage) else "s"
        return row_of(title, stage, done, self._total, self._eta_s(done), measure)

    def _slowest(self) -> tuple[str, float]:
        counted = [item for item in self._done.items() if _is_counted(item[0])]
        return (counted or [min(self._done.items(), key=lambda item: item[1])])[0]

    def _rate(self, done: float) -> float:
        return done / max(time.monotonic() - self._begun_s, 1e-6)

    def _eta_s(self, done: float) -> float | None:
        """Seconds until all is done at the rate so far; None where nobody can know."""
        rate = self._rate(done)
        if not self._total or rate <= 0:
            return None
        return max(0.0, (self._total - done) / rate)


def row_of(
    title: str,
    stage: str,
    done: float | None = None,
    total: float | None = None,
    eta_s: float | None = None,
    measure: str = "s",
) -> dict[str, object]:
    """One line of progress; what is done is told in seconds of video, or with the ``measure`` "n" as a number."""
    is_counted = measure == "n"
    n_done, n_total = (None if count is None else round(count) for count in (done, total))
    return {
        "title": title,
        "stage": stage,
        "done_s": None if is_counted else _rounded(done),
        "total_s": None if is_counted else _rounded(total),
        "n_done": n_done if is_counted else None,
        "n_total": n_total if is_counted else None,
        "eta_s": _rounded(eta_s),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, _DIGITS)


def _is_counted(stage: str) -> bool:
    from ..index.meaning import TEXTS

    return stage in (TEXTS, BYTES)


class JsonLines:
    """Lines of JSON on stderr, one a second at most; several threads may tell them."""

    def __init__(self) -> None:
        self._told_s, self._lock = float("-inf"), threading.Lock()

    @property
    def is_due(self) -> bool:
        """Whether the last line is long enough ago."""
        return time.monotonic() - self._told_s >= _LINE_EVERY_S

    def tell(self, row: Mapping[str, object]) -> None:
        """Write a line, whether it is due or not."""
        with self._lock:
            self._told_s = time.monotonic()
            print(json_text(row, is_unicode=False), file=sys.stderr, flush=True)


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A report on the work on what has a title, shown on stderr as was asked for."""
    title = plain(title)
    if is_told():
        with telling(title) as report:
            yield report
    elif is_drawn():
        standing = standing_line.clear()
        with _drawn(title) as report:
            yield report
        if standing:
            standing_line.stand(standing)
    else:
        yield lambda stage, done, total: None


@contextmanager
def telling(title: str) -> Iterator[Report]:
    """A report that is told in lines of JSON, wherever they lead."""
    line, lines = StageLine(), JsonLines()
    lines.tell(line.to_json(title))

    def report(stage: str, done: float, total: float | None) -> None:
        line.note(stage, done, total)
        if lines.is_due:
            lines.tell(line.to_json(title))

    yield report


@contextmanager
def _drawn(title: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

    line, lock, drawn_s = StageLine(), threading.Lock(), [0.0]
    # Nothing of it needs a colour.
    with Status(Text(f"{title}: opening"), console=Console(stderr=True, no_color=True)) as status:

        def report(stage: str, done: float, total: float | None) -> None:
            with lock:
                line.note(stage, done, total)
                if time.monotonic() - drawn_s[0] >= _EVERY_S:
                    drawn_s[0] = time.monotonic()
                    status.update(Text(f"{title}: {line}"))

        yield report
