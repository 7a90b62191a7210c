"""The model that a user has named for finding texts by meaning, with the library's texts brought up to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..index.library import Library

if TYPE_CHECKING:
    from ..index.meaning import Meaning


def meaning_of(library: Library, folder: Path | None) -> Meaning | None:
    """Texts by meaning, None where no model was named; texts that are new to the model are read first.

    Raises ``CapabilityError`` where the model cannot be had, and ``ModelError`` where it fails.
    """
    if folder is None:
        return None
    from ..index.meaning import Meaning
    from ..tools.models.sentence_vectors import SentenceVectors

    meaning = Meaning(library, SentenceVectors(folder))
    n_new = meaning.n_new()
    if not n_new or not sys.stderr.isatty():
        meaning.learn()
        return meaning
    from rich.console import Console
    from rich.progress import track

    batches = meaning.batches()
    for _ in track(
        batches, f"meaning of {n_new:,} texts", -(-n_new // meaning.BATCH), console=Console(stderr=True)
    ):
        pass
    return meaning
