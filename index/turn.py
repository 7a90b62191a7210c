"""Whose turn it is to read a video: one process at a time, however many ask for it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType

from ..tools.errors import LibraryError, MediaError
from .records import ContentKey


class Turn:
    """The turn to read one content into one library; it ends with the process, however that ends.

    Use it as a context manager once it is ``taken``.
    """

    def __init__(self, library_path: Path, key: ContentKey) -> None:
        from filelock import FileLock

        name = hashlib.sha256(f"{key.sha256} {key.sidecar_sha256} {key.tracks}".encode()).hexdigest()[:12]
        self._path = library_path.with_name(f"{library_path.name}.{name}.lock")
        self._lock = FileLock(self._path)

    def taken(self) -> bool:
        """Whether it is ours. Raises ``LibraryError`` where no lock can be made beside the library."""
        from filelock import Timeout

        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise LibraryError(
                f"{self._path}: {error.strerror}; name another place with --library"
            ) from error
        return True

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None or issubclass(kind, MediaError):
            # Who comes later finds the video whole, or refuses it again, by whichever file he locks.
            self._path.unlink(missing_ok=True)
        self._lock.release()
