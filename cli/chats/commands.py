"""The commands of a conversation: lines that begin with a slash."""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ...tools.clock import format_time
from ...tools.errors import RequestError, UnknownVideoError
from ...tools.settings import AUTO
from ..edge import complain, say
from .rendering import Draft, Screen, video_lines
from .turns import USUAL, Conversation

MARK = "/"
_PAD_S = 2.0
_NAMES_SHOWN = 3


class Takes(StrEnum):
    """What stands behind the name of a command, for completion."""

    NOTHING = ""
    TIME = "time"
    VIDEO = "video"
    FILE = "file"
    BUDGET = "budget"


@dataclass
class Chat:
    """A conversation with what it is shown by: a ``screen``, a ``draft``, and a ``player`` by name or path.

    ``is_over`` ends it; ``started`` are the players that were started.
    """

    conversation: Conversation
    screen: Screen
    draft: Draft
    player: str = AUTO
    is_over: bool = False
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Given:
    """What a line says behind the name of its command; ``is_forced`` where the name ends in ``!``."""

    words: str = ""
    is_forced: bool = False

    def path(self, example: str) -> Path:
        """The words as the name of a file to write, in quotes or not.

        Raises ``RequestError`` where there are none, and for a file that is there unless it ``is_forced``.
        """
        words = self.words
        if len(words) > 1 and words[0] == words[-1] and words[0] in "'\"":
            words = words[1:-1]
        if not words:
            raise RequestError(f"name a file, like: {example}")
        path, command = Path(os.path.expanduser(words)), example.partition(" ")[0]
        if os.path.lexists(path) and not path.is_dir() and not self.is_forced:
            raise RequestError(f"{path}: is there already; {command}! overwrites it")
        return path


@dataclass(frozen=True)
class Command:
    """One command: what it ``takes``, how that is written in the help, and what it does."""

    name: str
    usage: str
    about: str
    act: Callable[[Chat, Given], None]
    takes: Takes = Takes.NOTHING
    can_be_forced: bool = False


def run(line: str, chat: Chat) -> None:
    """Do what a line says that begins with ``MARK``.

    Raises ``RequestError`` for a command that is none, with the nearest names, and what the command raises.
    """
    word, _, words = line.removeprefix(MARK).strip().partition(" ")
    name = word.removesuffix("!")
    command = COMMANDS.get(_ALSO.get(name, name))
    if command is None:
        raise RequestError(f"{MARK}{word}: no such command; {_nearest(name)}")
    if word != name and not command.can_be_forced:
        raise RequestError(f"{MARK}{word}: there is nothing to overwrite; write {MARK}{name}")
    if words.strip() and command.takes is Takes.NOTHING:
        raise RequestError(f"{MARK}{name} takes nothing behind it")
    command.act(chat, Given(words.strip(), word != name))


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), COMMANDS, _NAMES_SHOWN)
    if near:
        return "is " + " or ".join(f"{MARK}{each}" for each in near) + " meant?"
    return f"{MARK}help lists them"


def _help(chat: Chat, given: Given) -> None:
    for command in COMMANDS.values():
        say(f"{command.usage:<18} {command.about}")
    say("Anything else is a question; it may go on from the last answer: and what happens after that?")


def _show(chat: Chat, given: Given) -> None:
    from ..show import Scene
    from ..times import moment

    memory = chat.conversation.current
    scene = Scene.of(memory, moment(given.words, memory.video.duration_s))
    for line in scene.lines():
        say(line)
    if scene.still:
        chat.screen.draw(scene.still.pixels)
    else:
        complain(scene.lack)


def _clip(chat: Chat, given: Given) -> None:
    from ...index.fingerprint import is_there
    from ...tools.cut_file import FORMS
    from ...tools.cutting import cut
    from ...tools.tracks import Tracks
    from ..clip import lost_lines
    from ..output import new_file

    target, turn = given.path("/clip out.mp4"), chat.conversation.last
    if target.suffix.lower() not in FORMS:
        raise RequestError(f"{target}: has to end in " + ", ".join(FORMS))
    video, span = turn.answers[0].video, turn.moment.span
    if not is_there(video):
        raise UnknownVideoError(f"{video.path}: is gone, or another file by now")
    if target.exists() and target.samefile(video.path):
        raise RequestError(f"{target}: is the video itself; name another file")
    # A moment without length is cut with what lies around it.
    span = (span if span.duration_s > 0 else span.widened(_PAD_S)).inside(video.span)
    with new_file(target, given.is_forced) as part:
        (piece,) = cut(video.path, [span], part, target.suffix.lower(), Tracks.parse(video.tracks))
    begin, end = format_time(piece.span.start_s, 3), format_time(piece.span.end_s, 3)
    say(f"{target}: {begin}–{end}, {piece.n_pictures} picture(s)")
    for line in lost_lines([piece]):
        complain(line)


def _why(chat: Chat, given: Given) -> None:
    from ..run_lines import run_lines

    for line in run_lines(chat.conversation.trace()):
        say(line)


def _budget(chat: Chat, given: Given) -> None:
    conversation = chat.conversation
    if given.words:
        conversation.limit(given.words)
    say(f"budget of a question: {conversation.looking.budget or USUAL}")


def _video(chat: Chat, given: Given) -> None:
    conversation = chat.conversation
    conversation.chosen = conversation.open(given.words) if given.words else None
    _videos(chat, Given())


def _videos(chat: Chat, given: Given) -> None:
    for line in video_lines(chat.conversation):
        say(line)


def _open(chat: Chat, given: Given) -> None:
    from ...index.fingerprint import is_there
    from ..times import moment
    from .players import chosen, start

    if not chat.screen.is_terminal:
        raise RequestError("/open is for a terminal: a player needs somebody who watches")
    conversation = chat.conversation
    if given.words:
        video = conversation.current.video
        time_s = moment(given.words, video.duration_s)
    else:
        video, time_s = conversation.last.answers[0].video, conversation.last.moment.span.start_s
    if not is_there(video):
        raise UnknownVideoError(f"{video.path}: is gone, or another file by now")
    player = chosen(chat.player)
    chat.started.append(start(player.command(video.path, time_s)))
    at = (
        f"at {format_time(time_s)}"
        if player.knows_seconds
        else f"from its beginning; go to {format_time(time_s)}"
    )
    say(f"{player.name} plays {video.title} {at}")


def _save(chat: Chat, given: Given) -> None:
    from .transcripts import write

    path, turns = given.path("/save talk.md"), chat.conversation.turns
    write(turns, path, given.is_forced)
    say(f"{path}: {len(turns)} question(s)")


def _quit(chat: Chat, given: Given) -> None:
    chat.is_over = True


_ALL = (
    Command("show", "/show TIME", "the picture, event and words of a moment", _show, Takes.TIME),
    Command("open", "/open [TIME]", "play the video at the last answer's second, or at TIME", _open, Takes.TIME),
    Command(
        "clip", "/clip FILE", "cut the last answer's first moment, FILE.mp4; /clip! overwrites", _clip,
        Takes.FILE, can_be_forced=True,
    ),
    Command("why", "/why", "how the last answer came about", _why),
    Command(
        "budget", "/budget [AMOUNT]", f"what the video LLM may take: 30s, 64frames, 20ktok, or {USUAL}",
        _budget, Takes.BUDGET,
    ),
    Command("video", "/video [VIDEO]", "ask this video only; without a name, all of them", _video, Takes.VIDEO),
    Command("videos", "/videos", "the videos; those that are asked have a star", _videos),
    Command(
        "save", "/save FILE", "write the conversation, FILE.md or FILE.jsonl; /save! overwrites", _save,
        Takes.FILE, can_be_forced=True,
    ),
    Command("help", "/help", "these lines", _help),
    Command("quit", "/quit", "leave, as Ctrl-D does", _quit),
)  # fmt: skip
COMMANDS = {command.name: command for command in _ALL}
_ALSO = {"exit": "quit", "q": "quit", "?": "help", "h": "help"}
