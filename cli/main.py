"""The command ``vidagent``: its subcommands, and the edge at which errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..tools.errors import VidagentError
from . import (
    ask,
    batch,
    chat,
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
    schema,
    search,
    show,
    when,
)
from .edge import abandon_output, complain, write_any_character
from .grammar import READER_GONE, Commands, ReaderGoneError, ended_by_signals
from .progress import Form, shown_as
from .times import TIMES

# These are done before anybody could wonder whether they have begun.
_QUICK = frozenset({"config", "ls", "rm", "runs", "schema"})

app = typer.Typer(
    name="vidagent",
    cls=Commands,
    help="Ask questions of long videos on your own machine; answers cite true seconds."
    ' `vidagent VIDEO "question"` is short for `vidagent ask`.',
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("batch")(batch.batch)
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
app.command("schema")(schema.schema)
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
    context: typer.Context,
    progress: Annotated[
        Form,
        typer.Option(
            "--progress",
            envvar="VIDAGENT_PROGRESS",
            show_envvar=False,
            help="How progress is told on stderr: auto draws on a terminal, json writes a JSON line a second.",
        ),
    ] = Form.auto,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    del version  # its callback has done the work
    command = context.invoked_subcommand or ""
    is_long = command not in _QUICK and "--help" not in sys.argv
    context.with_resource(shown_as(progress, command if is_long else ""))


def run() -> None:
    """Run the command line; ends the process with the exit code of what happened.

    Usage errors are typer's; our own errors end in one line, and a closed pipe in silence.
    """
    write_any_character()
    try:
        with ended_by_signals():
            code = _code()
        sys.stdout.flush()
    except (BrokenPipeError, ReaderGoneError):
        abandon_output()
        code = READER_GONE
    sys.exit(code)


def _code() -> int:
    try:
        app()
    except VidagentError as error:
        complain(str(error))
        return error.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (BrokenPipeError, ReaderGoneError):
        raise
    except Exception as error:
        # The one place for what nobody foresaw: a user gets a line, a developer asks for more.
        if os.environ.get("VIDAGENT_DEBUG"):
            raise
        complain(
            f"unexpected {type(error).__name__}: {error}; VIDAGENT_DEBUG=1 shows where, please report it"
        )
        return 1
    return 0
