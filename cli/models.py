"""``vidagent models``: who plays which role, what is on this machine, and what could be pulled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import RequestError
from .edge import JsonOption, say, say_json
from .options import DeviceOption, ModelsOption, OfflineOption, settings_from

if TYPE_CHECKING:
    from ..tools.models.catalog import Choice
    from ..tools.models.pulling import Report
    from ..tools.models.shelf import Shelf, Shelved

app = typer.Typer(help="Show the models that are used, and pull others.", rich_markup_mode=None)
_GB = 1e9


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    models: ModelsOption = None,
    device: DeviceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who plays which role and why, what is on this machine, and what would play it better."""
    if context.invoked_subcommand:
        return
    from ..tools.models.catalog import ROLES, choose
    from ..tools.models.shelf import Shelf

    settings = settings_from(models=models, device=device).settings
    shelf = Shelf(settings.models)
    choices = [choose(role, settings, shelf) for role in ROLES]
    if as_json:
        say_json([_row(choice, shelf) for choice in choices])
        return
    for line in _lines(choices, shelf):
        say(line)


@app.command()
def pull(
    name: Annotated[
        str, typer.Argument(metavar="ROLE|NAME", help="A role, for what suits it best, or KIND:NAME.")
    ],
    update: Annotated[
        bool, typer.Option("--update", help="Take the newest revision in place of the one that is there.")
    ] = False,
    models: ModelsOption = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a model onto this machine; what was broken off is gone on with."""
    from ..tools.models.catalog import ROLES, role_named
    from ..tools.models.names import ModelName
    from ..tools.models.pulling import pull as pull_model
    from ..tools.models.shelf import Shelf

    settings = settings_from(models=models, offline=offline).settings
    role = role_named(name)
    if role is None and ":" not in name:
        raise RequestError(f"{name}: no role and no model; roles are {', '.join(r.name for r in ROLES)}")
    wanted = ModelName.parse(role.suggestions[0].name if role else name)
    shelf = Shelf(settings.models)
    with _progress(str(wanted)) as report:
        label = pull_model(
            shelf,
            wanted,
            report=report,
            is_offline=settings.offline,
            # A mirror, as the hub's own tools take it.
            endpoint=os.environ.get("HF_ENDPOINT"),
            afresh=update,
        )
    place = shelf.place(wanted)
    if as_json:
        say_json({"name": label.name, "revision": label.revision, "path": str(place), "source": label.source})
    else:
        say(f"{label.name}  {label.revision[:12]}  {place}")


@app.command()
def check(models: ModelsOption = None, as_json: JsonOption = False) -> None:
    """Compare every file of the pulled models with its recorded SHA-256; ends with code 1 where one differs."""
    from ..tools.models.shelf import Shelf, wrong_files

    shelf = Shelf(settings_from(models=models).settings.models)
    wrong = {str(m.name): wrong_files(m.folder, m.label) for m in shelf.models() if m.label}
    bad = {name: files for name, files in wrong.items() if files}
    if as_json:
        say_json([{"name": name, "wrong_files": files} for name, files in wrong.items()])
    else:
        for name, files in bad.items():
            say(f"{name}: {', '.join(files)} not as it was pulled; run: vidagent models pull {name}")
        if not bad:
            say(f"{len(wrong)} model(s) as they were pulled")
    if bad:
        raise typer.Exit(1)


def _lines(choices: list[Choice], shelf: Shelf) -> Iterator[str]:
    there = shelf.models()
    for choice in choices:
        role = choice.role
        yield f"{role.name:13} {choice.name}  ({choice.why})"
        for model in there:
            if model.name.kind in role.kinds and str(model.name) != choice.name:
                yield f"{'':13}   also here: {model.name}  {_size(model)}"
        names = {str(model.name) for model in there}
        for suggestion in role.suggestions:
            if suggestion.name not in names:
                size = f"about {suggestion.size_gb:.1f} GB"
                yield f"{'':13}   could pull: {suggestion.name}  {size}, {suggestion.why}"
    yield f"models lie in {shelf.folder}"


def _row(choice: Choice, shelf: Shelf) -> dict[str, object]:
    role = choice.role
    there = [model for model in shelf.models() if model.name.kind in role.kinds]
    return {
        "role": role.name,
        "what": role.what,
        "setting": role.setting,
        "chosen": choice.name,
        "why": choice.why,
        "embedded": role.embedded,
        "present": [
            {
                "name": str(m.name),
                "size_bytes": m.size_bytes,
                "revision": m.label.revision if m.label else None,
                "path": str(m.folder),
            }
            for m in there
        ],
        "suggested": [
            {
                "name": s.name,
                "why": s.why,
                "size_gb": s.size_gb,
                "present": s.name in {str(m.name) for m in there},
            }
            for s in role.suggestions
        ],
    }


def _size(model: Shelved) -> str:
    return f"{model.size_bytes / _GB:.1f} GB"


@contextmanager
def _progress(title: str) -> Iterator[Report]:
    """Draws a bar on a terminal, or tells lines of JSON; says nothing elsewhere."""
    from . import standing_line
    from .progress import BYTES, is_drawn, is_told, telling

    if is_told():
        with telling(title) as tell:
            yield lambda n_bytes, n_bytes_in_all: tell(BYTES, n_bytes, n_bytes_in_all)
        return
    if not is_drawn():
        yield lambda n_bytes, n_bytes_in_all: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    standing_line.clear()
    with Progress(*columns, console=Console(stderr=True, no_color=True)) as bars:
        bar = bars.add_task(title.replace("[", r"\["), total=None)
        yield lambda n_bytes, n_bytes_in_all: bars.update(bar, completed=n_bytes, total=n_bytes_in_all)
