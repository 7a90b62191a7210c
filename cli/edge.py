"""What every command shares: its options, where the library lies, and one line for an error."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from ..tools.clock import TIME_FORMS, Instant, Span, format_time
from ..tools.errors import RequestError
from ..tools.plain import plain
from . import standing_line

# Half of the last digit that is printed of a time, and a length that no time from the end exceeds.
_PRINTED_S, _ANY_LENGTH_S = 0.05, 1e13


def _readable(param: typer.CallbackParam, text: str | None) -> str | None:
    """The text as given, where it is a time of some video: a slip is told before a long video is read."""
    if text is not None:
        _instant(param.opts[0], text, _ANY_LENGTH_S)
    return text


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", metavar="PATH", help="The library file. Default: VIDAGENT_LIBRARY, or your data folder."
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        "--jsonl",
        help="Print one JSON value instead of text, or with --jsonl a list as a value a line; see: vidagent schema.",
    ),
]
VideosArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="VIDEO",
        help="Files, folders of them, or ids or titles of remembered videos. Default: all that are remembered.",
        default_factory=list,
        show_default=False,
    ),
]
VideoArgument = Annotated[
    str, typer.Argument(metavar="VIDEO", help="A file, or the id or title of a remembered video.")
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", callback=_readable, help=f"Look only from here on. TIME is {TIME_FORMS}."
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", callback=_readable, help="Look only before this time."),
]
PictureTrackOption = Annotated[
    int | None,
    typer.Option(
        "--picture-track", metavar="N", min=0, help="Look at this picture track, counted from 0; see probe."
    ),
]
SoundTrackOption = Annotated[
    int | None,
    typer.Option(
        "--sound-track", metavar="N", min=0, help="Listen to this sound track, counted from 0; see probe."
    ),
]
DamageOption = Annotated[
    bool, typer.Option("--accept-damage", help="Remember a video of which much is damaged, too.")
]


def library_path(given: Path | None) -> Path:
    """Where the library lies: by the option, the environment, the file of settings, or the user's data folder."""
    from ..tools.settings import settled

    return settled({"library": given}).settings.library


def stretch(from_time: str | None, to_time: str | None, duration_s: float) -> Span | None:
    """The part of a video of ``duration_s`` that ``--from`` and ``--to`` name; None where neither is given.

    Raises ``RequestError`` for what is no time, lies beyond the end, or ends before it begins.
    """
    if from_time is None and to_time is None:
        return None
    start_s = _inside("--from", from_time, duration_s) if from_time is not None else 0.0
    end_s = _inside("--to", to_time, duration_s) if to_time is not None else duration_s
    if start_s >= end_s:
        named = f"{format_time(start_s)} to {format_time(end_s)}"
        raise RequestError(f"{named} is no stretch of the video: --from has to lie before --to")
    return Span(start_s, end_s)


def _inside(option: str, text: str, duration_s: float) -> float:
    time_s = _instant(option, text, duration_s).s
    if time_s > duration_s + _PRINTED_S:
        raise RequestError(f"{option} {text} lies beyond the end of the video at {format_time(duration_s)}")
    return min(time_s, duration_s)


def _instant(option: str, text: str, duration_s: float) -> Instant:
    try:
        return Instant.parse(text, duration_s)
    except RequestError as error:
        raise RequestError(f"{option}: {error}") from None


def write_any_character() -> None:
    """From now on a character that the output's encoding lacks is written as an escape, and stops nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon_output() -> None:
    """From now on all that is written goes nowhere: whoever read it has gone."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def complain(message: str) -> None:
    """One line on stderr, free of anything a file's name could do to a terminal."""
    standing_line.clear()
    print(f"vidagent: {plain(message)}", file=sys.stderr)


class _Lists:
    are_lines = False


@contextmanager
def lists_as_lines(is_wanted: bool) -> Iterator[None]:
    """While this lasts, a list is printed as a value a line where that is wanted."""
    before, _Lists.are_lines = _Lists.are_lines, is_wanted
    try:
        yield
    finally:
        _Lists.are_lines = before


def say_json(value: object) -> None:
    """One JSON value on stdout, a list as lines where that was asked for."""
    say_text(json_output(value, not is_narrow()))


def say_json_list(values: Iterable[object]) -> None:
    """A list of JSON values on stdout; as lines, where that was asked for, each as soon as it is there."""
    if not _Lists.are_lines:
        say_json(list(values))
        return
    for value in values:
        say_json(value)
        sys.stdout.flush()


def json_output(value: object, is_unicode: bool = True) -> str:
    """What is printed of a JSON value: a line, or for a list a line for each of its values, if that was asked for.

    What is a control, invisible, or without Unicode not ASCII, is an escape.
    """
    values = value if _Lists.are_lines and isinstance(value, list) else [value]
    return "".join(f"{json_text(each, is_unicode)}\n" for each in values)


def is_narrow() -> bool:
    """Whether stdout takes ASCII only, or some other part of all characters."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")


def json_text(value: object, is_unicode: bool = True) -> str:
    """One JSON value on one line; what is a control or invisible, or without Unicode not ASCII, is an escape."""
    text = json.dumps(value, ensure_ascii=not is_unicode)
    return "".join(c if unicodedata.category(c)[0] != "C" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def say(text: str) -> None:
    """One line of result on stdout."""
    standing_line.clear()
    print(plain(text))


def say_text(text: str) -> None:
    """Several lines of result on stdout, whose words were made harmless before."""
    standing_line.clear()
    print(text, end="" if not text or text.endswith("\n") else "\n")
