"""What every command shares: its options, where the library lies, and one line for an error."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from ..tools.plain import plain

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", metavar="PATH", help="The library file. Default: VIDAGENT_LIBRARY, or your data folder."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
VideoArgument = Annotated[
    str, typer.Argument(metavar="VIDEO", help="A file, or the id or title of a remembered video.")
]


def library_path(given: Path | None) -> Path:
    """Where the library lies: by the option, the environment, or the user's data folder."""
    if given:
        return given
    if named := os.environ.get("VIDAGENT_LIBRARY"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("vidagent") / "library.db"


def complain(message: str) -> None:
    """One line on stderr, free of anything a file's name could do to a terminal."""
    print(f"vidagent: {plain(message)}", file=sys.stderr)


def say_json(value: object) -> None:
    """One JSON value on stdout, in UTF-8; control and invisible characters stand as escapes."""
    text = json.dumps(value, ensure_ascii=False)
    print("".join(c if unicodedata.category(c)[0] != "C" else _escaped(c) for c in text))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def say(text: str) -> None:
    """One line of result on stdout."""
    print(plain(text))
