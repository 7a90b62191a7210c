"""Where the videos of a batch may lie: who wrote its file does not choose what is read of this machine."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from pathlib import Path

from ...tools.container import require_file
from ...tools.errors import RequestError, UnknownVideoError


@dataclass(frozen=True)
class Places:
    """Names of videos are taken from a ``folder``, and lead to files in it or, where that is allowed, ``anywhere``."""

    folder: Path
    anywhere: bool = False

    def place(self, name: str) -> str:
        """The file that a line of the batch names, links followed; anywhere, the name of a remembered video too.

        Raises ``RequestError`` for a way out of the folder, ``UnknownVideoError`` for a missing file and
        ``MediaError`` for what is none.
        """
        path = self.folder / name
        if self.anywhere:
            return str(path.absolute()) if os.path.exists(path) else name
        try:
            home, real = Path(os.path.realpath(self.folder)), Path(os.path.realpath(path))
        except (OSError, ValueError):
            raise UnknownVideoError(f"{name}: no such file") from None
        if not real.is_relative_to(home):
            raise RequestError(f"{name}: lies outside the folder of the questions; --anywhere allows that")
        require_file(real)
        return str(real)
