"""``vidagent schema``: the JSON Schema of what a command prints as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ..tools.errors import RequestError
from .edge import JsonOption, say, say_json, say_text

Schema = dict[str, Any]

_FOLDER = Path(__file__).with_name("schemas")
_ENDING, _SHARED, _GAP = ".json", "shared", "_"
_DEFINITION = "#/$defs/"


def schema(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="A command, like: ask, or: runs diff.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON Schema of what a command prints with --json; without a command, the names of all."""
    if command:
        say_text(json.dumps(schema_of(" ".join(command)), indent=2))
    elif as_json:
        say_json(names())
    else:
        for name in names():
            say(name)


def names() -> list[str]:
    """What there is a schema of: commands, ``batch summary`` for its counts, and ``progress`` for its lines."""
    stems = sorted(path.stem for path in _FOLDER.glob(f"*{_ENDING}"))
    return [stem.replace(_GAP, " ") for stem in stems if stem != _SHARED]


def schema_of(name: str) -> Schema:
    """The schema (draft 2020-12) by one of the ``names``, with all definitions that it refers to.

    A command that prints several values has the schema of one of them. Raises ``RequestError`` for no such name.
    """
    if name not in names():
        raise RequestError(f"{name}: prints no JSON that has a schema; those that do: {', '.join(names())}")
    found, shared = _read(name.replace(" ", _GAP)), _read(_SHARED)
    needed: Schema = {}
    waiting = list(_references(found))
    while waiting:
        reference = waiting.pop()
        if reference not in needed:
            needed[reference] = shared[reference]
            waiting += _references(shared[reference])
    return found | ({"$defs": dict(sorted(needed.items()))} if needed else {})


def _references(value: object) -> Iterator[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_DEFINITION)
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _read(stem: str) -> Schema:
    value: Schema = json.loads((_FOLDER / f"{stem}{_ENDING}").read_text(encoding="utf-8"))
    return value
