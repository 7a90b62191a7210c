"""What a command line means: which command its first word names, and how it ends when it is broken off."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from ..tools.errors import VidagentError
from ..tools.plain import plain
from .edge import complain, library_path, lists_as_lines
from .naming import is_remembered

INTERRUPTED, TERMINATED, READER_GONE = 130, 143, 141
"""Exit codes of a command that was broken off: by Ctrl-C, from outside, or by whoever read its output."""

_ASK, _LIBRARY, _JSON_LINES, _REST = "ask", "--library", "--jsonl", "--"
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_GO_ON = frozenset({"ask", "batch", "chat", "events", "ingest", "models", "search", "show", "when"})
_GOES_ON = "; what was found is kept, and the same command goes on from there"


class ReaderGoneError(Exception):
    """Whoever read the output has closed it."""


class Commands(TyperGroup):
    """The commands of ``vidagent``; videos in the place of a command are asked about."""

    def make_context(self, info_name: str | None, args: list[str], *others: Any, **extra: Any) -> Any:
        """The context of a command line."""
        options = args[: args.index(_REST)] if _REST in args else list(args)
        with _told_plainly():
            context = super().make_context(info_name, args, *others, **extra)
        context.with_resource(lists_as_lines(_JSON_LINES in options))
        return context

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is meant, and its own words."""
        if args[0] not in self.commands and _is_question(*args):
            args = [_ASK, *args]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raises ``ReaderGoneError``, and ``typer.Exit`` where it is broken off by Ctrl-C."""
        try:
            with _told_plainly():
                return super().invoke(ctx)
        except (KeyboardInterrupt, SystemExit) as end:
            goes_on = _GOES_ON if ctx.invoked_subcommand in _GO_ON else ""
            if isinstance(end, KeyboardInterrupt):
                complain(f"interrupted{goes_on}")
                raise typer.Exit(INTERRUPTED) from None
            if end.code == TERMINATED:
                complain(f"ended from outside{goes_on}")
            raise


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What a usage error repeats of the command line is harmless, and a closed pipe is no error of a command."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except Exception as error:
        usage: Any = error
        if hasattr(usage, "show") and isinstance(getattr(usage, "message", None), str):
            usage.message = plain(usage.message, keep_lines=True)
        raise


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While this lasts, a signal that asks the process to end lets it clean up, and ends it with ``TERMINATED``."""
    # Whoever has one of them ignored, as nohup does, has reasons.
    heeded = [number for number in (*_ENDING, signal.SIGINT) if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        heeded = []
    for number in heeded:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _end)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def _is_question(word: str, *others: str) -> bool:
    """Whether a word that is no command is a video or a folder, with something about it behind."""
    if word.startswith("-"):
        return False
    if not others:
        # Whoever names a file and nothing else has forgotten the question, and not the command.
        return os.path.isfile(word)
    # What looks like a file is meant to be one, even where there is none.
    return (
        os.path.exists(word)
        or os.path.basename(word) != word
        or bool(Path(word).suffix)
        or _is_known(word, others)
    )


def _is_known(name: str, others: Sequence[str]) -> bool:
    """Whether a remembered video goes by a name."""
    with suppress(VidagentError):
        return is_remembered(name, library_path(_library_in(others)))
    return False


def _library_in(words: Sequence[str]) -> Path | None:
    """The library that later words name."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == _LIBRARY:
            return Path(following)
        if word.startswith(f"{_LIBRARY}="):
            return Path(word.removeprefix(f"{_LIBRARY}="))
    return None
