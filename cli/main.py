"""The command ``vidagent``: its subcommands, and the edge at which errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..tools.errors import VidagentError
from . import (
    ask,
    clip,
    config,
    doctor,
    events,
    export,
    frames,
    ingest,
    library,
    models,
    probe,
    report,
    runs,
    search,
    show,
    when,
)
from .edge import complain, write_any_character
from .times import TIMES

_INTERRUPTED = 130

app = typer.Typer(
    name="vidagent",
    help="Ask questions of long videos on your own machine; answers cite true seconds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("ask")(ask.ask)
app.command("ingest")(ingest.ingest)
app.command("ls")(library.list_videos)
app.command("rm")(library.remove)
app.command("events")(events.events)
app.command("probe")(probe.probe)
app.command("search")(search.search)
app.command("when")(when.when)
app.command("export")(export.export)
app.command("report")(report.report)
app.command("show", context_settings=TIMES)(show.show)
app.command("frames", context_settings=TIMES)(frames.frames)
app.command("clip", context_settings=TIMES)(clip.clip)
app.command("doctor")(doctor.doctor)
app.command("config")(config.config)
app.add_typer(library.app, name="library")
app.add_typer(models.app, name="models")
app.add_typer(runs.app, name="runs")


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"vidagent {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    del version  # its callback has done the work


def run() -> None:
    """Run the command line; ends the process with the exit code of what happened.

    Usage errors, Ctrl-C (130) and a closed pipe are typer's; our own errors end in one line.
    """
    write_any_character()
    try:
        app()
    except VidagentError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            complain("interrupted; what was found is kept, and the same command goes on from there")
        raise
    except Exception as error:
        # The one place for what nobody foresaw: a user gets a line, a developer asks for more.
        if os.environ.get("VIDAGENT_DEBUG"):
            raise
        complain(
            f"unexpected {type(error).__name__}: {error}; VIDAGENT_DEBUG=1 shows where, please report it"
        )
        sys.exit(1)
