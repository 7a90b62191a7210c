"""Copying all that is remembered of a video from one library into another, under ids of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from ..tools.errors import LibraryError
from .library import Library
from .records import Video
from .tables import Table, tables_of_videos

# Far more rows than any library has, and far fewer than SQLite can count.
_ID_MAX = 2**48


class Relocation:
    """Copies from a library into the open transaction of another one.

    Every id of a row is raised by the highest one that its table had before, so that references stay right.
    """

    def __init__(self, source: Library, target: sqlite3.Connection) -> None:
        self._path = source.path
        self._source, self._target = source.database.conn, target
        self._tables = tables_of_videos(target)
        self._raise_by = {
            table.name: self._room(table.name) for table in self._tables if "id" in table.columns
        }
        self._models: dict[int, int] = {}

    def __call__(self, video: Video) -> Video:
        """Copy a video, and give it as the target knows it.

        Raises ``LibraryError`` where the target has vectors of another dimension under a model's name.
        """
        for table in self._tables:
            self._copy(table, video.id)
        query = f"{Video.SELECT} WHERE id = ?"
        return Video.from_row(self._target.execute(query, (video.id + self._raise_by["media"],)).fetchone())

    def _room(self, table: str) -> int:
        query = f"SELECT coalesce(max(id), 0), coalesce(min(id), 1) FROM {table}"
        highest, lowest = self._source.execute(query).fetchone()
        (taken,) = self._target.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        if lowest < 1 or highest + taken > _ID_MAX:
            raise LibraryError(f"{self._path}: the ids of its {table} rows cannot be counted on")
        return int(taken)

    def _copy(self, table: Table, video_id: int) -> None:
        names, marks = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        changes = [
            (i, change) for i, name in enumerate(table.columns) if (change := self._change(table, name))
        ]
        rows = self._source.execute(f"SELECT {names} FROM {table.name} WHERE {table.condition}", (video_id,))
        self._target.executemany(
            f"INSERT INTO {table.name}({names}) VALUES ({marks})", (_changed(row, changes) for row in rows)
        )

    def _change(self, table: Table, column: str) -> Callable[[int], int] | None:
        """What becomes of the values of a column; None where they stay."""
        if column == "id":
            return self._raise_by[table.name].__add__
        refers_to = table.references.get(column)
        if refers_to is None:
            return None
        return self._raise_by[refers_to].__add__ if refers_to in self._raise_by else self._model

    def _model(self, model_id: int) -> int:
        """The target's id of a model of the source."""
        if model_id not in self._models:
            self._models[model_id] = self._met(model_id)
        return self._models[model_id]

    def _met(self, model_id: int) -> int:
        query = "SELECT name, dimension FROM model WHERE id = ?"
        name, dimension = self._source.execute(query, (model_id,)).fetchone()
        self._target.execute("INSERT OR IGNORE INTO model(name, dimension) VALUES (?, ?)", (name, dimension))
        query = "SELECT id, dimension FROM model WHERE name = ?"
        known_id, known_dimension = self._target.execute(query, (name,)).fetchone()
        if known_dimension != dimension:
            raise LibraryError(
                f"{self._path}: its vectors of {name} have {dimension} numbers, those of the library"
                f" {known_dimension}; one of the two has to be read again"
            )
        return int(known_id)


def _changed(row: tuple[Any, ...], changes: list[tuple[int, Callable[[int], int]]]) -> list[Any]:
    values = list(row)
    for place, change in changes:
        value = values[place]
        values[place] = value if value is None else change(value)
    return values
