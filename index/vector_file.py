"""The file that keeps an index of vectors between commands, and the library's note of what is in it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..tools.errors import LibraryError
from .fingerprint import fingerprint
from .library import Library
from .vector_rows import VectorKind

if TYPE_CHECKING:
    import faiss


@dataclass(frozen=True)
class Kept:
    """What a file is noted to hold: so many vectors, the highest id among them, and its SHA-256."""

    n_vectors: int
    last_id: int
    sha256: str


class VectorFile:
    """The file of one model and kind beside a library."""

    def __init__(self, library: Library, model_id: int, kind: VectorKind) -> None:
        self._library, self._model_id, self._kind = library, model_id, kind
        ending = "" if kind == "sample" else f".{kind}"
        self.path = library.path.with_name(f"{library.path.name}.{model_id}{ending}.faiss")

    def noted(self) -> Kept | None:
        """What the file should hold; None where the library knows of no file."""
        rows = self._library.rows(
            "SELECT n_vectors, last_id, sha256 FROM vector_cache WHERE model_id = ? AND kind = ?",
            self._model_id,
            self._kind,
        )
        return Kept(int(str(rows[0][0])), int(str(rows[0][1])), str(rows[0][2])) if rows else None

    def stamp(self) -> tuple[int, ...]:
        """What changes when another file takes this one's place, empty where there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns

    def read(self, kept: Kept) -> faiss.Index | None:
        """The index, None unless the file is what was noted."""
        import faiss

        try:
            # FAISS itself accepts a flipped bit, so the file is read only with the hash it was saved with.
            is_sound = fingerprint(self.path) == kept.sha256
            return faiss.read_index(str(self.path)) if is_sound else None
        except (OSError, RuntimeError):
            return None

    def write(self, index: faiss.Index, state: tuple[int, int]) -> str:
        """Keep an index; empty, or why it could not be kept. No reader meets a part of a file."""
        import faiss

        try:
            name = _written(self.path, memoryview(faiss.serialize_index(index)))  # type: ignore[arg-type]
        except OSError as error:
            return error.strerror or "no room"
        try:
            self._take_place(name, state)
        except (OSError, LibraryError) as error:
            return str(error)
        finally:
            Path(name).unlink(missing_ok=True)
        return ""

    def _take_place(self, name: str, state: tuple[int, int]) -> None:
        """Rename and note in one transaction, so that of two writers both are the same one's."""
        sha256 = fingerprint(Path(name))
        with self._library.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO vector_cache(model_id, kind, generation, n_vectors, last_id, sha256)"
                " VALUES (?1, ?2, 1 + coalesce((SELECT max(generation) FROM vector_cache"
                " WHERE model_id = ?1 AND kind = ?2), 0), ?3, ?4, ?5)",
                (self._model_id, self._kind, *state, sha256),
            )
            os.replace(name, self.path)


def _written(path: Path, data: memoryview) -> str:
    """The name of a file beside another one that holds some bytes and is on the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return name
