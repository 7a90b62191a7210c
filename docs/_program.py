"""The commands of a program as values, read from what they were declared with.

How some version of typer prints them is left aside, so that the same program always makes the same reference.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, CommandInfo, ParameterInfo

_KINDS = {int: "NUMBER", float: "NUMBER", str: "TEXT", Path: "PATH"}
_MISSING = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """An argument or an option: how it is written, what it does, and the group ``panel`` that it belongs to, if any.

    ``names`` are those of an option, for which a ``variable`` of the environment may stand.
    """

    label: str
    text: str
    names: tuple[str, ...] = ()
    is_required: bool = True
    panel: str = ""
    variable: str = ""

    @property
    def is_argument(self) -> bool:
        """Whether it has no name, and is told by its place."""
        return not self.names

    @property
    def written(self) -> str:
        """The label as it stands in a usage, in brackets where it may be left away."""
        return self.label if self.is_required or self.label.startswith("[") else f"[{self.label}]"


@dataclass(frozen=True)
class Command:
    """A command with its ``words``, such as ``vidagent library check``, and what follows them in a usage."""

    words: str
    text: str
    parameters: tuple[Parameter, ...] = ()
    continuation: str = ""

    @property
    def usage(self) -> str:
        """How it is called, in one line."""
        arguments = [parameter.written for parameter in self.parameters if parameter.is_argument]
        options = ["[OPTIONS]"] if len(arguments) < len(self.parameters) else []
        return " ".join(filter(None, [self.words, *options, *arguments, self.continuation]))


def commands_of(app: typer.Typer, words: str = "vidagent") -> Iterator[Command]:
    """All commands of a program, a group before its own; those that are hidden are left out."""
    yield _group(app, words)
    for command in app.registered_commands:
        if not command.hidden:
            yield _command(command, words)
    for inner in app.registered_groups:
        if inner.typer_instance is not None and not inner.hidden:
            yield from commands_of(
                inner.typer_instance, f"{words} {inner.name or inner.typer_instance.info.name}"
            )


def _group(app: typer.Typer, words: str) -> Command:
    info = app.registered_callback
    callback = info.callback if info else None
    if info is None or callback is None:
        return Command(words, str(app.info.help), continuation="COMMAND")
    if info.invoke_without_command is True:
        return Command(words, _doc(callback), _parameters(callback), "[COMMAND]")
    return Command(words, str(app.info.help), _parameters(callback), "COMMAND")


def _command(command: CommandInfo, words: str) -> Command:
    callback = command.callback
    assert callback is not None
    name = command.name or callback.__name__.replace("_", "-")
    return Command(f"{words} {name}", command.help or _doc(callback), _parameters(callback))


def _doc(callback: Callable[..., Any]) -> str:
    return inspect.cleandoc(callback.__doc__ or "")


def _parameters(callback: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(callback, include_extras=True)
    described = (
        _parameter(name, hints[name], value.default)
        for name, value in inspect.signature(callback).parameters.items()
    )
    return tuple(parameter for parameter in described if parameter is not None)


def _parameter(name: str, hint: Any, default: object) -> Parameter | None:
    """What a parameter of a command's function is to a user; None for one that is none, or hidden."""
    said = next((extra for extra in get_args(hint)[1:] if isinstance(extra, ParameterInfo)), None)
    if said is None or said.hidden:
        return None
    kind, is_required = _kind(get_args(hint)[0]), default is _MISSING and said.default_factory is None
    meta = said.metavar or _metavar(name, kind)
    if isinstance(said, ArgumentInfo):
        meta += "..." if _is_list(hint) and "..." not in meta else ""
        return Parameter(meta, _text(said, default), is_required=is_required)
    # In an annotation the first name stands where a default would stand otherwise.
    declared = [word for word in (said.default, *(said.param_decls or ())) if isinstance(word, str)]
    declared = sorted((word for word in declared if word.startswith("-")), key=len)
    declared = declared or [f"--{name.replace('_', '-')}"]
    names = tuple(part for word in declared for part in word.split("/"))
    label = ", ".join(declared).replace("/", " / ") + ("" if kind is bool else f" {meta}")
    panel = str(said.rich_help_panel or "")
    text = _text(said, default) + (" Has to be given." if is_required else "")
    return Parameter(label, text, names, is_required, panel, str(said.envvar or ""))


def _is_list(hint: Any) -> bool:
    return get_origin(hint) in (list, tuple) or any(_is_list(arm) for arm in get_args(hint))


def _kind(hint: Any) -> Any:
    """The type of one value, without None, and where there may be several."""
    inner = [arm for arm in get_args(hint) if arm is not type(None)]
    is_optional = len(inner) == 1 and type(None) in get_args(hint)
    return _kind(inner[0]) if is_optional or get_origin(hint) in (list, tuple) else hint


def _metavar(name: str, kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return _KINDS.get(kind, name.upper())


def _text(said: ParameterInfo, default: object) -> str:
    """The help, with what the program adds to it: a default, limits, and the variable that may stand for it."""
    parts = [said.help or ""]
    if default not in (_MISSING, None, False, "") and "default" not in parts[0].lower():
        parts.append(f"Default: {default}.")
    if said.max is not None:
        parts.append(f"From {said.min or 0:g} to {said.max:g}.")
    elif said.min:
        parts.append(f"At least {said.min:g}.")
    if said.envvar:
        parts.append(f"Variable: {said.envvar}.")
    return " ".join(parts)
