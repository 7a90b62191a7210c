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
from ..progress import StageLine, is_drawn

Draw = Callable[[str], None]
_EVERY_S = 0.1


def draw_nowhere(text: str) -> None:
    """The drawing that nobody sees."""


class BatchLine:
    """The state of a batch as a line, drawn when something is done; several threads may tell it."""

    def __init__(self, draw: Draw = draw_nowhere) -> None:
        self._draw, self._lock = draw, threading.Lock()
        self._doing, self._n_done, self._n = "opening", 0, 0
        self._begun_s = self._drawn_s = time.monotonic()
        self._title, self._stages = "", StageLine()

    def begin(self, doing: str, n: int) -> None:
        """From now on something else is done, ``n`` times."""
        with self._lock:
            self._doing, self._n_done, self._n, self._title = doing, 0, n, ""
            self._begun_s = time.monotonic()
            self._draw(str(self))

    def advance(self) -> None:
        """One more is done."""
        with self._lock:
            self._n_done += 1
            self._draw(str(self))

    def note(self, title: str, stage: str, done: float, total: float | None) -> None:
        """Take in how far the reading of a video has come."""
        with self._lock:
            if title != self._title:
                self._title, self._stages = title, StageLine()
            self._stages.note(stage, done, total)
            if time.monotonic() - self._drawn_s >= _EVERY_S:
                self._drawn_s = time.monotonic()
                self._draw(str(self))

    @contextmanager
    def watch(self, title: str) -> Generator[Report, None, None]:
        """See ``Watch``."""
        yield lambda stage, done, total: self.note(title, stage, done, total)

    def __str__(self) -> str:
        if not self._n:
            return self._doing
        parts = [f"{self._doing} {min(self._n_done + 1, self._n)} of {self._n}"]
        if self._n_done:
            each_s = (time.monotonic() - self._begun_s) / self._n_done
            parts.append(f"{format_time(each_s * (self._n - self._n_done))} left")
        if self._title:
            parts.append(f"{self._title}: {self._stages}")
        return " · ".join(parts)


@contextmanager
def batch_line(is_wanted: bool) -> Iterator[BatchLine]:
    """A line on stderr where that is a terminal and it is wanted; silence everywhere else."""
    if not is_wanted or not is_drawn():
        yield BatchLine()
        return
    standing_line.clear()
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots", Text("opening"))
    # What is printed meanwhile is a result, and belongs where it was sent.
    with Live(
        spinner,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield BatchLine(lambda text: spinner.update(text=Text(plain(text))))
