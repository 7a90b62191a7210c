"""``vidagent config``: every setting, its value, and where that came from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..tools.settings import config_path, flag_of, settled, variable_of
from .edge import JsonOption, say, say_json


def config(
    path: Annotated[bool, typer.Option("--path", help="Print only where the file of settings lies.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every setting, its value, and where that came from."""
    if path:
        say(str(config_path()))
        return
    found = settled()
    values = {
        name: value if isinstance(value, bool) else str(value)
        for name, value in asdict(found.settings).items()
    }
    if as_json:
        say_json({name: {"value": value, "from": found.origins[name]} for name, value in values.items()})
        return
    width = max(map(len, values))
    for name, value in values.items():
        # As it would be written in the file.
        word = str(value).lower() if isinstance(value, bool) else value
        say(f"{name:{width}}  {word}  ({found.origins[name]})")
    say(f'set one by {flag_of("device")}, {variable_of("device")}, or in {config_path()}: device = "cpu"')
