"""Telling somebody how far a long piece of work has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Report = Callable[[str, float, float | None], None]
"""Is told the stage, how much of it is done, and how much there is in all: seconds of video, or texts."""

Watch = Callable[[str], AbstractContextManager[Report]]
"""Opens a report on the work on what has a title."""


def silent(stage: str, done: float, total: float | None) -> None:
    """The report that tells nobody."""


@contextmanager
def unwatched(title: str) -> Iterator[Report]:
    """A watch that shows nothing."""
    yield silent
