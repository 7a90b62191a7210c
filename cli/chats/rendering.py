"""How a conversation looks: a draft while it is written, answers with a strip and a picture, and a greeting."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...agent.answer import Answer
from ...index.memory import Memory
from ...tools.clock import format_time
from ...tools.plain import plain
from ..edge import say
from ..illustration import illustration
from ..pictures.terminal import Terminal
from ..rendering import answer_lines
from .turns import Conversation, Turn

if TYPE_CHECKING:
    from ...tools.roles import Pixels

_TITLE_WIDTH = 32


def name_of(memory: Memory) -> str:
    """The title of a video as it may be shown, cut where it is long."""
    title = plain(memory.video.title)
    return title if len(title) <= _TITLE_WIDTH else f"{title[: _TITLE_WIDTH - 1]}…"


def greeting_lines(conversation: Conversation) -> Iterator[str]:
    """What stands above the first question: the videos, and how to go on from there."""
    yield from (f"{m.video.title}  {format_time(m.video.duration_s)}" for m in conversation.videos)
    yield "Ask, or: /help lists the commands, Alt-Enter begins a new line, Ctrl-D leaves."
    if hint := conversation.asking.models.hint():
        yield hint


def video_lines(conversation: Conversation) -> Iterator[str]:
    """One line a video: a mark where it is asked, its id, its length and its title."""
    asked = [memory.video.id for memory in conversation.asked]
    for memory in conversation.videos:
        video, mark = memory.video, "*" if memory.video.id in asked else " "
        yield f"{mark} {video.short_id}  {format_time(video.duration_s):>9}  {video.title}"


def turn_lines(turn: Turn, names_video: bool) -> Iterator[tuple[str, Answer | None]]:
    """The lines of a turn, the best answer first; the answer stands beside the last line of each that found something.

    With ``names_video`` the first line of an answer names its video, and those that found nothing share a line.
    """
    for place, answer in enumerate(turn.answers):
        if place and answer.abstained:
            continue
        head = f"[{answer.video.title}] " if names_video else ""
        lines = list(answer_lines(answer))
        lines[0] = head + lines[0]
        yield from ((line, None) for line in lines[:-1])
        yield lines[-1], answer
    if absent := [answer.video.title for answer in turn.answers[1:] if answer.abstained]:
        yield "not found in: " + ", ".join(f"[{title}]" for title in absent), None


@dataclass(frozen=True)
class Screen:
    """Where a conversation is shown: a ``terminal`` takes strips and pictures, a pipe the words of the answers."""

    terminal: Terminal
    is_terminal: bool

    def show(self, turn: Turn, conversation: Conversation) -> None:
        """Write the answers of a turn to stdout, each whole before the next one."""
        for line, answer in turn_lines(turn, len(conversation.videos) > 1):
            say(line)
            if answer is not None and self.is_terminal:
                self._illustrate(answer, conversation.memory_of(answer))
        if not self.is_terminal and turn.answers:
            # Who reads on the other side of a pipe sees where an answer ends.
            say("")
        sys.stdout.flush()

    def _illustrate(self, answer: Answer, memory: Memory) -> None:
        terminal = replace(self.terminal, n_columns=self._n_columns())
        for piece in illustration(answer, memory, terminal):
            sys.stdout.write(piece)

    def draw(self, picture: Pixels) -> None:
        """Draw a picture (height, width, 3) among the lines, where that can be done."""
        sys.stdout.write(self.terminal.drawn(picture))

    def _n_columns(self) -> int:
        import shutil

        return shutil.get_terminal_size((self.terminal.n_columns, 24)).columns


class Draft:
    """An answer while it is written, dim and on lines that vanish: it may be withdrawn, and the answer follows.

    Where a model answers once more, after another look, that takes the place of what it wrote before. Nothing is
    shown where lines cannot be taken back.
    """

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._draw: Callable[[str], None] | None = None
        self._end: Callable[[], None] | None = None

    def tell(self, begun: str) -> None:
        """Show a reply as far as it has come."""
        if self._is_shown:
            if self._draw is None:
                self._begin()
            assert self._draw is not None
            # The whole is made harmless each time: what is dangerous may come in two pieces.
            self._draw(plain(begun))

    @contextmanager
    def written(self) -> Iterator[None]:
        """While this lasts a reply may come; afterwards nothing of it is left."""
        try:
            yield
        finally:
            if self._end is not None:
                self._end()
            self._draw = self._end = None

    def _begin(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        live = Live(console=Console(), transient=True, auto_refresh=False)
        live.start()
        self._draw = lambda text: live.update(Text(text, style="dim"), refresh=True)
        self._end = live.stop
