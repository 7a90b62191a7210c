"""The loop of a conversation: lines from a prompt or a pipe, each a command or a question."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ...tools.errors import VidagentError
from ..edge import complain, say
from . import commands
from .commands import MARK, Chat
from .rendering import name_of
from .turns import Conversation

if TYPE_CHECKING:
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings

SOME_FAILED = 6
"""The exit code where something that a pipe asked for failed."""
HISTORY_NAME = "chat-history"

_LEAVING = ("quit", "exit")


def converse(chat: Chat, lines: Iterable[str]) -> int:
    """Do what each line says until they end or one leaves; how many of them failed, each told in a line on stderr.

    On a terminal Ctrl-C ends the question, and elsewhere everything: raises ``KeyboardInterrupt`` there.
    """
    n_failed = 0
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            n_failed += not _done(text, chat)
        except KeyboardInterrupt:
            if not chat.screen.is_terminal:
                raise
            complain("interrupted; what was found is kept")
        sys.stdout.flush()
        if chat.is_over:
            break
    return n_failed


def _done(text: str, chat: Chat) -> bool:
    """Whether a line could be done."""
    try:
        if text in _LEAVING:
            chat.is_over = True
        elif text.startswith(MARK):
            commands.run(text, chat)
        else:
            return _answered(text, chat)
    except VidagentError as error:
        complain(str(error))
        return False
    return True


def _answered(question: str, chat: Chat) -> bool:
    conversation = chat.conversation
    turn = conversation.ask(question, chat.draft.written)
    chat.screen.show(turn, conversation)
    for failure in turn.failures:
        head = f"[{failure.title}] " if len(conversation.videos) > 1 else ""
        complain(f"{head}{failure.error}")
    return not turn.failures


def piped(stream: TextIO) -> Iterator[str]:
    """The lines of a pipe or file; bytes that are no text become a mark for that."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")
    for place, line in enumerate(stream):
        # Some editors put a mark of the encoding in front of the first line.
        yield line if place else line.removeprefix("\ufeff")


def prompted(conversation: Conversation, history: Path, is_plain: bool) -> Iterator[str]:
    """The lines that somebody types, with history and completion, until Ctrl-D."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import ColorDepth

    from .completion import LineCompleter

    session: PromptSession[str] = PromptSession(
        history=_history(history),
        completer=LineCompleter(conversation),
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation="… ",
        color_depth=ColorDepth.DEPTH_1_BIT if is_plain else None,
    )
    while True:
        try:
            line = session.prompt(_prompt(conversation))
        except KeyboardInterrupt:
            if not session.default_buffer.text:
                say("to leave: /quit or Ctrl-D")
            continue
        except EOFError:
            return
        yield line


def _prompt(conversation: Conversation) -> str:
    asked = conversation.asked
    return f"{name_of(asked[0]) if len(asked) == 1 else f'{len(asked)} videos'}> "


def _history(path: Path) -> History:
    """What was typed before; kept in memory only where the file cannot be written."""
    import os

    from prompt_toolkit.history import FileHistory, InMemoryHistory

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Nobody else has to know what was asked.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


def _keys() -> KeyBindings:
    """Enter ends the line; Alt-Enter, or a backslash before Enter, begins another one."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _alt_enter(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
