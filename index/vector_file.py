"""The file that keeps an index of vectors between commands, and the library's note of what is in it.

Behind the index stands the file's generation: one more than that of the file and of the note before it. The
note tells the generation too, and the hash of the whole file.
"""

from __future__ import annotations

import hashlib
import os
import struct
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

_END = struct.Struct("<8sQ")
_MARK = b"vidagent"


@dataclass(frozen=True)
class Kept:
    """What a file is noted to hold: so many vectors and the highest id among them; and how it is known."""

    generation: int
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
            "SELECT generation, n_vectors, last_id, sha256 FROM vector_cache WHERE model_id = ? AND kind = ?",
            self._model_id,
            self._kind,
        )
        if not rows:
            return None
        generation, n_vectors, last_id = (int(str(value)) for value in rows[0][:3])
        return Kept(generation, n_vectors, last_id, str(rows[0][3]))

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
            if generation_of(self.path) != kept.generation:
                return None
            # FAISS itself accepts a flipped bit, so the file is read only with the hash it was saved with.
            is_sound = fingerprint(self.path) == kept.sha256
            return faiss.read_index(str(self.path)) if is_sound else None
        except (OSError, RuntimeError):
            return None

    def write(self, index: faiss.Index, state: tuple[int, int]) -> str:
        """Keep an index; empty, or why it could not be kept. No reader meets a part of a file."""
        import faiss

        try:
            data = memoryview(faiss.serialize_index(index))  # type: ignore[arg-type]
            name = _written(self.path, data)
        except MemoryError:
            return "the memory is short"
        except OSError as error:
            return error.strerror or "no room"
        try:
            self._take_place(name, state, hashlib.sha256(data))
        except (OSError, LibraryError) as error:
            return str(error)
        finally:
            Path(name).unlink(missing_ok=True)
        return ""

    def _take_place(self, name: str, state: tuple[int, int], digest: hashlib._Hash) -> None:
        """Rename and note in one transaction, so that of two writers both are the same one's."""
        with self._library.transaction() as connection:
            noted = self.noted()
            generation = 1 + max(generation_of(self.path), noted.generation if noted else 0)
            digest.update(_finished(name, generation))
            connection.execute(
                "INSERT OR REPLACE INTO vector_cache(model_id, kind, generation, n_vectors, last_id, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._model_id, self._kind, generation, *state, digest.hexdigest()),
            )
            os.replace(name, self.path)


def generation_of(path: Path) -> int:
    """The generation of a file, 0 where there is none or it does not tell."""
    try:
        with path.open("rb") as file:
            file.seek(-_END.size, os.SEEK_END)
            mark, generation = _END.unpack(file.read())
    except OSError:
        return 0
    return int(generation) if mark == _MARK else 0


def _finished(name: str, generation: int) -> bytes:
    """The end of a file that tells its generation, which is on the disk from then on."""
    end = _END.pack(_MARK, generation)
    with open(name, "r+b") as file:
        file.seek(-_END.size, os.SEEK_END)
        file.write(end)
        file.flush()
        os.fsync(file.fileno())
    return end


def _written(path: Path, data: memoryview) -> str:
    """The name of a file beside another one that holds some bytes, with room for its generation behind them."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.write(bytes(_END.size))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return name
