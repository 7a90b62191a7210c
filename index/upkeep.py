"""Looking after a library file: whether it is sound, and giving back the room that it does not need."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from .fingerprint import fingerprint
from .library import Library
from .snapshot import Snapshot, require_library
from .soundness import Finding, findings
from .turn import forget_abandoned
from .vector_rows import VectorKind

# Writing a cache takes seconds; what is older was left behind by a process that died.
STALE_S = 600.0
_COMPACT = "run: vidagent library compact"
_KINDS = get_args(VectorKind)
_CACHE = rf"\.[0-9]+(\.({'|'.join(_KINDS)}))?\.faiss"
_HALF_WRITTEN = rf"{_CACHE}\..*\.part"
_CHECKPOINT_WAIT_MS = 2000


@dataclass(frozen=True)
class Compacted:
    """Bytes of a library and its caches, before and after."""

    before_bytes: int
    after_bytes: int


def check(path: Path) -> list[Finding]:
    """Whatever is wrong with a library and the files beside it; empty where all is sound.

    Nothing is altered, and others may write meanwhile. Raises ``LibraryError`` where there is no library.
    """
    with Snapshot(path) as snapshot:
        found = findings(snapshot)
        # Numbers of a damaged file say nothing about its caches.
        return found or [*_of_the_caches(snapshot), *_of_the_leftovers(path)]


def compact(path: Path) -> Compacted:
    """Give back unused room: leftovers of dead processes, caches of nothing, and gaps in the file.

    Locks of videos that nobody reads any more go as well.

    Others may read meanwhile. Raises ``LibraryBusyError`` while another process writes for too long,
    ``StorageFullError`` where there is no room for the smaller file beside the old one, and ``LibraryError``
    where there is no library.
    """
    require_library(path)
    with Library(path) as library:
        before_bytes = _size_bytes(path)
        for file in [*_leftovers(path), *_caches_of_nothing(library)]:
            file.unlink(missing_ok=True)
        forget_abandoned(path)
        with library.transaction() as connection:
            for command in ("rebuild", "optimize"):
                connection.execute("INSERT INTO text_fts(text_fts) VALUES (?)", (command,))
        library.rows("VACUUM")
        # Where somebody reads on, the log is emptied when the last one ends.
        library.rows(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
        library.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return Compacted(before_bytes, _size_bytes(path))


def _of_the_caches(library: Library) -> Iterator[Finding]:
    noted = library.rows("SELECT model_id, kind, sha256 FROM vector_cache ORDER BY model_id, kind")
    for model_id, kind, sha256 in noted:
        file = _cache(library.path, int(str(model_id)), str(kind))
        if not file.exists():
            yield Finding(f"{file.name}: the cache of vectors is gone", "nothing: the next question makes it")
        elif fingerprint(file) != sha256:
            yield Finding(
                f"{file.name}: the cache of vectors is damaged", "nothing: the next question makes it anew"
            )
    for file in _caches_of_nothing(library):
        yield Finding(f"{file.name}: a cache without vectors", _COMPACT)


def _of_the_leftovers(path: Path) -> Iterator[Finding]:
    for file in _leftovers(path):
        yield Finding(f"{file.name}: left behind by a process that died", _COMPACT)


def _leftovers(path: Path) -> list[Path]:
    return [file for file in _beside(path, _HALF_WRITTEN) if time.time() - file.stat().st_mtime > STALE_S]


def _caches_of_nothing(library: Library) -> list[Path]:
    models = [int(str(row[0])) for row in library.rows("SELECT id FROM model")]
    known = {_cache(library.path, model, kind) for model in models for kind in _KINDS}
    return [file for file in _beside(library.path, _CACHE) if file not in known]


def _cache(path: Path, model_id: int, kind: str) -> Path:
    return path.with_name(f"{path.name}.{model_id}{'' if kind == 'sample' else f'.{kind}'}.faiss")


def _beside(path: Path, ending: str) -> list[Path]:
    """The library's own files beside it, by name; another library's name may begin alike."""
    own = re.compile(re.escape(path.name) + ending)
    return sorted(file for file in path.parent.iterdir() if own.fullmatch(file.name))


def _size_bytes(path: Path) -> int:
    files = _beside(path, f"(-wal)?|{_CACHE}|{_HALF_WRITTEN}")
    return sum(file.stat().st_size for file in files)
