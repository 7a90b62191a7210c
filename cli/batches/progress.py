"""Progress of a batch: how many are done, how long the rest will take, and what is being read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from ...index.watching import Report
from ...tools.clock import format_time
from ...tools.plain import plain
from .. import standing_line
from ..progress import JsonLines, StageLine, is_drawn, is_told, row_of

Draw = Callable[[str], None]
_EVERY_S = 0.1


def draw_nowhere(text: str) -> None:
    """The drawing that nobody sees."""


class BatchLine:
    """The state of a batch as a line, drawn when something is done; several threads may tell it."""

    def __init__(self, draw: Draw = draw_nowhere, lines: JsonLines | None = None) -> None:
        self._draw, self._lines, self._lock = draw, lines, threading.Lock()
        self._doing, self._n_done, self._n = "opening", 0, 0
        self._begun_s = self._drawn_s = time.monotonic()
        self._title, self._stages = "", StageLine()

    def begin(self, doing: str, n: int) -> None:
        """From now on something else is done, ``n`` times."""
        with self._lock:
            self._doing, self._n_done, self._n, self._title = doing, 0, n, ""
            self._begun_s = time.monotonic()
            self._show()

    def advance(self) -> None:
        """One more is done."""
        with self._lock:
            self._n_done += 1
            self._show()

    def note(self, title: str, stage: str, done: float, total: float | None) -> None:
        """Take in how far the reading of a video has come."""
        with self._lock:
            if title != self._title:
                self._title, self._stages = title, StageLine()
            self._stages.note(stage, done, total)
            if time.monotonic() - self._drawn_s >= _EVERY_S:
                self._drawn_s = time.monotonic()
                self._show()

    def _show(self) -> None:
        self._draw(str(self))
        if self._lines is not None and self._lines.is_due:
            self._lines.tell(self._to_json())

    def _to_json(self) -> dict[str, object]:
        if self._title:
            return self._stages.to_json(self._title)
        return row_of("batch", self._doing, self._n_done, self._n, self._eta_s(), "n")

    def _eta_s(self) -> float | None:
        """How long the rest will take if it goes on like this; None before anything is done."""
        if not self._n_done:
            return None
        return (time.monotonic() - self._begun_s) / self._n_done * (self._n - self._n_done)

    @contextmanager
    def watch(self, title: str) -> Generator[Report, None, None]:
        """See ``Watch``."""
        yield lambda stage, done, total: self.note(title, stage, done, total)

    def __str__(self) -> str:
        if not self._n:
            return self._doing
        parts = [f"{self._doing} {min(self._n_done + 1, self._n)} of {self._n}"]
        eta_s = self._eta_s()
        if eta_s is not None:
            parts.append(f"{format_time(eta_s)} left")
        if self._title:
            parts.append(f"{self._title}: {self._stages}")
        return " · ".join(parts)


@contextmanager
def batch_line(is_wanted: bool) -> Iterator[BatchLine]:
    """Progress on stderr: lines of JSON where these were asked for, a line where it is wanted and can be drawn."""
    if is_told():
        yield BatchLine(lines=JsonLines())
        return
    if not is_wanted or not is_drawn():
        yield BatchLine()
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots", Text("opening"))
    standing_line.clear()
    # What is printed meanwhile is a result, and belongs where it was sent.
    with Live(
        spinner,
        console=Console(stderr=True, no_color=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield BatchLine(lambda text: spinner.update(text=Text(plain(text))))
