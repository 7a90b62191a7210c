"""Make the reference of the command line from the program itself: ``commands.md``, and ``vidagent.1`` for ``man``.

python docs/make_commands.py            writes both
python docs/make_commands.py --check    writes nothing; ends with code 1 where one of them is not what it would be
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import typer
from _program import Command, Parameter, commands_of

from vidagent.cli.main import app
from vidagent.tools.settings import Settings, variable_of

FOLDER = Path(__file__).parent
EXIT_CODES = {
    0: "done; “not found” is an answer",
    1: "an error that one line on stderr explains, or something wrong that a check has found",
    2: "wrong usage, or a file that is no video",
    3: "a model failed",
    4: "something has to be installed first",
    5: "no such file, and no remembered video by that name",
    6: "some of several videos or questions failed; the others are done",
    7: "confidence under `--min-confidence`, so no answer was given",
    8: "the budget of `--budget` was reached before anything was found",
    130: "interrupted; after a command that reads videos, what was found is kept, and the same command goes on",
    141: "whoever read the output has closed it",
    143: "ended from outside, as cleanly as by Ctrl-C",
}
VARIABLES = {
    **{variable_of(field.name): f"The setting `{field.name}`." for field in fields(Settings)},
    "VIDAGENT_CONFIG": "The file of settings, in place of the one in the user's folder.",
    "VIDAGENT_API_KEY": "The key of the server that `reader` names, where it wants one.",
    "VIDAGENT_PROGRESS": "How progress is told: `auto`, `json` or `none`; see `--progress`.",
    "VIDAGENT_DEBUG": "Set to 1, an unforeseen error shows where it happened.",
    "NO_COLOR": "Set to anything, nothing is coloured or drawn.",
}


def shared_options(commands: Iterable[Command]) -> dict[str, list[Parameter]]:
    """By group, the options that are named in a group, each once; see ``Parameter``."""
    groups: dict[str, list[Parameter]] = {}
    for command in commands:
        for parameter in command.parameters:
            known = groups.setdefault(parameter.panel, [])
            if parameter.panel and all(other.label != parameter.label for other in known):
                known.append(parameter)
    return {panel: options for panel, options in groups.items() if panel}


def variables(commands: Iterable[Command]) -> dict[str, str]:
    """What each variable of the environment does, those that stand for an option of a command among them."""
    of_options = {
        parameter.variable: f"The option `{max(parameter.names, key=len)}` of `{command.words}`."
        for command in commands
        for parameter in command.parameters
        if parameter.variable
    }
    return {**of_options, **VARIABLES}


def markdown(app: typer.Typer) -> str:
    """The reference as Markdown."""
    commands = list(commands_of(app))
    shared = shared_options(commands)
    lines = [
        "# Commands",
        "",
        "Made by `docs/make_commands.py` from the program, which says the same with `vidagent COMMAND --help`.",
        "`vidagent --install-completion` makes your shell complete commands and options.",
        "",
        *(f"- [`{command.words}`](#{anchor(command.words)})" for command in commands[1:]),
    ]
    for command in commands:
        lines += ["", f"## {command.words}", "", *_section(command, shared)]
    for panel, options in shared.items():
        lines += ["", f"## {panel}", "", *_table("option", options)]
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {text} |" for code, text in EXIT_CODES.items()]
    lines += ["", "## Variables", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in variables(commands).items()]
    return "\n".join(lines) + "\n"


def _section(command: Command, shared: dict[str, list[Parameter]]) -> Iterator[str]:
    yield from ["```", command.usage, "```", "", command.text.replace("\n\n", "\n")]
    arguments = [p for p in command.parameters if p.is_argument]
    grouped = [p for p in command.parameters if p in shared.get(p.panel, ())]
    options = [p for p in command.parameters if not p.is_argument and p not in grouped]
    for heading, rows in (("argument", arguments), ("option", options)):
        if rows:
            yield from ["", *_table(heading, rows)]
    for panel in shared:
        if names := [p.label for p in grouped if p.panel == panel]:
            yield from ["", f"[{panel}](#{anchor(panel)}): {', '.join(f'`{name}`' for name in names)}."]


def _table(heading: str, rows: Iterable[Parameter]) -> Iterator[str]:
    yield from [f"| {heading} | what it does |", "|---|---|"]
    for row in rows:
        label, text = (part.replace("|", r"\|") for part in (row.label, row.text))
        yield f"| `{label}` | {text} |"


def anchor(heading: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def manual(app: typer.Typer) -> str:
    """The reference as a page for ``man``."""
    commands = list(commands_of(app))
    shared = shared_options(commands)
    lines = ['.TH VIDAGENT 1 "" "vidagent" "User Commands"', ".SH NAME"]
    lines += [rf"vidagent \- {_roff(commands[0].text)}", ".SH SYNOPSIS"]
    for command in commands:
        lines += [f".B {_roff(command.usage)}", ".br"]
    lines.append(".SH COMMANDS")
    for command in commands:
        lines += [f".SS {_roff(command.words)}", *_roff_lines(command.text)]
        for parameter in command.parameters:
            if parameter not in shared.get(parameter.panel, ()):
                lines += _item(parameter.label, parameter.text)
        if names := [p.label for p in command.parameters if p in shared.get(p.panel, ())]:
            lines += [".PP", "Shared options, see below: " + _roff(", ".join(names)) + "."]
    for panel, options in shared.items():
        lines.append(f".SH {_roff(panel.upper())}")
        lines += [line for option in options for line in _item(option.label, option.text)]
    lines.append(".SH EXIT STATUS")
    lines += [line for code, text in EXIT_CODES.items() for line in _item(str(code), text)]
    lines.append(".SH ENVIRONMENT")
    lines += [line for name, text in variables(commands).items() for line in _item(name, text)]
    return "\n".join(lines) + "\n"


def _item(term: str, text: str) -> list[str]:
    return [".TP", f".B {_roff(term)}", *_roff_lines(text)]


def _roff_lines(text: str) -> list[str]:
    return [_roff(line) if line else ".PP" for line in text.splitlines()]


def _roff(text: str) -> str:
    """A line of text that ``man`` prints as it stands: nothing in it is a request or an escape."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("`", "").replace("…", "...")
    escaped = escaped.replace("“", r"\(lq").replace("”", r"\(rq")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def drifted(folder: Path, app: typer.Typer) -> Iterator[str]:
    """For each file that is not what the program makes of it, how it differs."""
    for name, text in made(app).items():
        path = folder / name
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there != text:
            yield "\n".join(
                difflib.unified_diff(
                    there.splitlines(), text.splitlines(), name, "the program", "", "", 0, ""
                )
            )


def made(app: typer.Typer) -> dict[str, str]:
    """The reference by file name."""
    return {"commands.md": markdown(app), "vidagent.1": manual(app)}


def main(words: list[str]) -> int:
    """Write the reference, or with ``--check`` compare it; the exit code."""
    if words == ["--check"]:
        found = list(drifted(FOLDER, app))
        for difference in found:
            print(difference)
        if found:
            print("the reference is not what the program says; run: python docs/make_commands.py")
        return 1 if found else 0
    if words:
        print(__doc__)
        return 2
    for name, text in made(app).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
