"""A library file as it stands, copied to be looked through: the file itself is only read."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from ..tools.errors import LibraryError
from .library import Library, mapped


class Snapshot(Library):
    """A private copy of a library file, brought up to date; ``path`` is still where the file itself lies.

    Others may read and write the file meanwhile. Raises ``LibraryError`` where there is no such file, and
    else what ``Library`` raises; a file is neither made nor changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        require_library(path)
        self._folder = tempfile.TemporaryDirectory(prefix="vidagent-")
        try:
            self._open(Path(self._folder.name) / "copy.db")
        except BaseException:
            self._folder.cleanup()
            raise

    def _open(self, copy: Path) -> None:
        with mapped(self.path):
            connection = sqlite3.connect(copy, isolation_level=None)
            try:
                _copy(self.path, connection)
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Throw the copy away; further use raises."""
        super().close()
        self._folder.cleanup()


def require_library(path: Path) -> None:
    """Nothing, for a file; raises ``LibraryError`` where there is none, since opening would make one."""
    if not path.is_file():
        raise LibraryError(f"{path}: no library there; name another file with --library")


def _copy(path: Path, target: sqlite3.Connection) -> None:
    try:
        _backup(path, "mode=ro", target)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # Beside a file in a folder that cannot be written no log can be opened, and nobody else writes it.
        _backup(path, "mode=ro&immutable=1", target)


def _backup(path: Path, options: str, target: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True)) as source:
        source.backup(target)
