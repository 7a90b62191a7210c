"""From the options of a command to all that its questions are answered with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tools.errors import RequestError
from ..tools.settings import Settings

if TYPE_CHECKING:
    from ..agent.asking import Asking
    from ..agent.searching import Searching

ROLES = ("picture", "speech", "sound", "text-vectors", "detector", "reader")


@dataclass(frozen=True)
class Looking:
    """How pictures are found for a video LLM, as options say it; what is said of that is None where it is not."""

    strategy: str | None = None
    budget: str | None = None
    is_exhaustive: bool = False

    def searching(self, has_reader: bool) -> Searching:
        """The same as a search; raises ``RequestError`` for what makes no sense, and where nobody looks."""
        from ..agent.searching import SEARCHING, Searching, budget_in

        if not has_reader and (self.strategy or self.budget or self.is_exhaustive):
            raise RequestError(
                "--strategy, --budget and --exhaustive are for a video LLM: choose one with --reader"
            )
        if self.is_exhaustive and self.strategy not in (None, "auto", "spotlight"):
            raise RequestError(
                f"--exhaustive looks into everything by spotlight, so it cannot go by {self.strategy}"
            )
        return Searching(
            self.strategy or SEARCHING.strategy,
            budget_in(self.budget) if self.budget else SEARCHING.budget,
            is_exhaustive=self.is_exhaustive,
        )


@contextmanager
def asking(settings: Settings, looking: Looking) -> Iterator[Asking]:
    """What questions are answered with, while the user's library is open.

    What is missing or refused is told before a long video is read: raises ``CapabilityError`` and ``RequestError``.
    """
    from ..agent.asking import Asking
    from ..index.library import Library
    from ..tools.models.making import Models
    from .progress import progress
    from .videos import required

    models = Models(settings)
    required(models, *ROLES)
    searching = looking.searching(models.reader() is not None)
    with Library(settings.library) as library:
        yield Asking(library, models, searching, progress)
