"""Whose turn it is to read a video: one process at a time, however many ask for it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..tools.errors import LibraryError
from .records import ContentKey

_N_DIGITS = 12


class Turn:
    """The turn to read what a lock file stands for; it ends with the process, however that ends.

    Use it as a context manager once it is ``taken``.
    """

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self.path, self._lock = path, FileLock(path)

    @classmethod
    def of(cls, library_path: Path, key: ContentKey) -> Turn:
        """The turn to read one content into one library."""
        text = f"{key.sha256} {key.sidecar_sha256} {key.tracks}"
        digits = hashlib.sha256(text.encode()).hexdigest()[:_N_DIGITS]
        return cls(library_path.with_name(f"{library_path.name}.{digits}.lock"))

    def taken(self) -> bool:
        """Whether it is ours. Raises ``LibraryError`` where no lock can be made beside the library."""
        from filelock import Timeout

        try:
            # While it is open here, no other file can be taken for this one.
            with self.path.open("ab") as file:
                self._lock.acquire(blocking=False)
                return self._is_in_place(file.fileno())
        except Timeout:
            return False
        except OSError as error:
            raise LibraryError(f"{self.path}: {error.strerror}; name another place with --library") from error

    def _is_in_place(self, descriptor: int) -> bool:
        """Whether others meet the file that was locked; who held it before may have removed it meanwhile."""
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                return True
        self._lock.release()
        return False

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Only the holder may remove it; where open files cannot be removed it stays until it is forgotten.
        with suppress(OSError):
            self.path.unlink()
        self._lock.release()


def forget_abandoned(library_path: Path) -> None:
    """Remove the lock files of a library that nobody holds; who died while reading left them behind."""
    for path in _locks(library_path):
        turn = Turn(path)
        with suppress(LibraryError):
            if turn.taken():
                with turn:
                    pass


def _locks(library_path: Path) -> Iterator[Path]:
    own = re.compile(rf"{re.escape(library_path.name)}\.[0-9a-f]{{{_N_DIGITS}}}\.lock")
    yield from sorted(file for file in library_path.parent.iterdir() if own.fullmatch(file.name))
