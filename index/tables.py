"""Which tables hold what belongs to a video, as the library's own foreign keys tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

# Rows may refer to a model, too; it belongs to no video.
_SHARED = "model"
_NOT_OURS = ("sqlite_%", "_sqlite_%", "text_fts%", "text_word%")


@dataclass(frozen=True)
class Table:
    """A table with rows of videos.

    ``references`` names the table that a column refers to; ``condition`` selects the rows of one video, whose
    id takes the place of its question mark.
    """

    name: str
    columns: tuple[str, ...]
    references: Mapping[str, str]
    condition: str


def table_names(connection: sqlite3.Connection) -> list[str]:
    """The tables of a library, without those of the index of words and of SQLite's own, by name."""
    others = " AND ".join("name NOT LIKE ?" for _ in _NOT_OURS)
    query = f"SELECT name FROM sqlite_master WHERE type = 'table' AND {others} ORDER BY name"
    return [str(name) for (name,) in connection.execute(query, _NOT_OURS)]


def tables_of_videos(connection: sqlite3.Connection) -> list[Table]:
    """The tables that hold what was found out about videos, each behind those that it refers to.

    A table that also refers to something else, as the memory of a session does, is none of them.
    """
    waiting = {name: _references(connection, name) for name in table_names(connection)}
    found = {"media": Table("media", _columns(connection, "media"), waiting.pop("media"), "id = ?")}
    while ready := [name for name, references in waiting.items() if _is_ready(name, references, found)]:
        for name in ready:
            references = waiting.pop(name)
            condition = _condition(references, found)
            found[name] = Table(name, _columns(connection, name), references, condition)
    return list(found.values())


def _columns(connection: sqlite3.Connection, name: str) -> tuple[str, ...]:
    return tuple(str(row[1]) for row in connection.execute(f"PRAGMA table_info({name})"))


def _references(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    return {str(row[3]): str(row[2]) for row in connection.execute(f"PRAGMA foreign_key_list({name})")}


def _is_ready(name: str, references: Mapping[str, str], found: Mapping[str, Table]) -> bool:
    others = set(references.values()) - {name, _SHARED}
    return bool(others) and others <= set(found)


def _condition(references: Mapping[str, str], found: Mapping[str, Table]) -> str:
    for column, table in references.items():
        if table == "media":
            return f"{column} = ?"
    column, table = next(item for item in sorted(references.items()) if item[1] in found)
    return f"{column} IN (SELECT id FROM {table} WHERE {found[table].condition})"
