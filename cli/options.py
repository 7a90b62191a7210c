"""Options that are settings too: what is not given on the command line comes from the environment or the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..tools.settings import Settled, settled

_PANEL = "Models (see: vidagent models)"

ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", metavar="FOLDER", help="The folder of models.", rich_help_panel=_PANEL),
]
OfflineOption = Annotated[
    bool | None,
    typer.Option("--offline/--online", help="Never reach the network.", rich_help_panel=_PANEL),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=_PANEL),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language", metavar="CODE", help="What is spoken: en, de, …, or auto.", rich_help_panel=_PANEL
    ),
]
PlayerOption = Annotated[
    str | None,
    typer.Option(
        "--player",
        metavar="PROGRAM",
        help="What /open plays with: a name or a path. auto is mpv, VLC, or what the system opens videos with.",
    ),
]
PictureModelOption = Annotated[
    str | None,
    typer.Option("--picture-model", metavar="MODEL", help="What finds pictures.", rich_help_panel=_PANEL),
]
SpeechModelOption = Annotated[
    str | None,
    typer.Option("--speech-model", metavar="MODEL", help="What writes down speech.", rich_help_panel=_PANEL),
]
SoundModelOption = Annotated[
    str | None,
    typer.Option(
        "--sound-model", metavar="MODEL", help="What finds sounds that are no speech.", rich_help_panel=_PANEL
    ),
]
TextVectorsOption = Annotated[
    str | None,
    typer.Option(
        "--text-vectors",
        metavar="MODEL",
        help="What finds words that say it differently: a folder, or sentence-transformers:NAME.",
        rich_help_panel=_PANEL,
    ),
]
DetectorOption = Annotated[
    str | None,
    typer.Option(
        "--detector", metavar="MODEL", help="What finds named things in a picture.", rich_help_panel=_PANEL
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="MODEL",
        help="The video LLM that looks and answers: transformers:NAME, a server as openai:URL#MODEL, or extractive.",
        rich_help_panel=_PANEL,
    ),
]


def settings_from(**flags: object) -> Settled:
    """The settings that hold with what was given on the command line; None was not given."""
    return settled(flags)
