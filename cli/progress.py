"""Progress on a terminal: a stage, a rate and a remaining time; silence everywhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..index.meaning import TEXTS
from ..index.watching import Report
from ..tools.clock import format_time

_EVERY_S = 0.1


class StageLine:
    """The state of one ingestion as a line; the slowest stage says how far the whole has come."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()
        self._done_s: dict[str, float] = {}
        self._total_s: float | None = None

    def note(self, stage: str, done_s: float, total_s: float | None) -> None:
        """Take in how far a stage has come; texts are counted, and everything else is told in seconds."""
        self._done_s[stage] = done_s
        self._total_s = total_s

    def __str__(self) -> str:
        if not self._done_s:
            return "opening"
        if TEXTS in self._done_s:
            return f"{self._done_s[TEXTS]:,.0f} done"
        stage, done_s = min(self._done_s.items(), key=lambda item: item[1])
        rate = done_s / max(time.monotonic() - self._begun_s, 1e-6)
        if not self._total_s:
            return f"{stage} {format_time(done_s)} · {rate:.1f}× real time"
        share = min(1.0, done_s / self._total_s)
        left = (
            f"{format_time((self._total_s - done_s) / rate)} left"
            if rate > 0 and done_s < self._total_s
            else "nearly done"
        )
        return f"{stage} {share:.0%} · {rate:.1f}× real time · {left}"


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A report for ``ingest``; draws on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda stage, done_s, total_s: None
        return
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

    line, lock, drawn_s = StageLine(), threading.Lock(), [0.0]
    with Status(Text(f"{title}: opening"), console=Console(stderr=True)) as status:

        def report(stage: str, done_s: float, total_s: float | None) -> None:
            with lock:
                line.note(stage, done_s, total_s)
                if time.monotonic() - drawn_s[0] >= _EVERY_S:
                    drawn_s[0] = time.monotonic()
                    status.update(Text(f"{title}: {line}"))

        yield report
