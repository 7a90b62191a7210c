"""``vidagent chat``: question after question about one video or several, and a look at what was found."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .edge import DamageOption, LibraryOption, PictureTrackOption, SoundTrackOption, say
from .options import (
    DetectorOption,
    DeviceOption,
    LanguageOption,
    ModelsOption,
    OfflineOption,
    PictureModelOption,
    PlayerOption,
    ReaderOption,
    SoundModelOption,
    SpeechModelOption,
    TextVectorsOption,
    settings_from,
)
from .output import PlainOption

if TYPE_CHECKING:
    from .chats.commands import Chat
    from .chats.rendering import Screen


def chat(
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO", help="Files, folders of them, or ids or titles of remembered videos."
        ),
    ],
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="NAME", help="How pictures are found for the video LLM; see ask."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            metavar="AMOUNT",
            help="The most that it may take for a question: 30s, 64frames, 20ktok.",
        ),
    ] = None,
    player: PlayerOption = None,
    plain: PlainOption = False,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    reader: ReaderOption = None,
    detector: DetectorOption = None,
    picture_model: PictureModelOption = None,
    speech_model: SpeechModelOption = None,
    sound_model: SoundModelOption = None,
    text_vectors: TextVectorsOption = None,
    language: LanguageOption = None,
    device: DeviceOption = None,
    models: ModelsOption = None,
    offline: OfflineOption = None,
    library: LibraryOption = None,
) -> None:
    """Talk about videos; each question may go on from the last answer.

    /help lists what else there is. From a pipe each line is a question, and the answers go to stdout; where one
    fails, the rest is answered and the command ends with code 6.
    """
    from ..tools.folders import files_of
    from ..tools.tracks import Tracks
    from .asking import Looking, asking
    from .chats.commands import Chat
    from .chats.loop import SOME_FAILED
    from .chats.rendering import Draft
    from .chats.turns import Conversation

    chosen = settings_from(
        library=library, models=models, offline=offline, device=device, language=language, player=player,
        reader=reader, picture_model=picture_model, speech_model=speech_model, sound_model=sound_model,
        text_vectors=text_vectors, detector=detector,
    ).settings  # fmt: skip
    looking, screen = Looking(strategy, budget), _screen(plain)
    draft = Draft(screen.terminal.has_colour)
    with asking(chosen, looking) as asked_of:
        tracks, told = Tracks(picture_track, sound_track), replace(asked_of, tell=draft.tell)
        conversation = Conversation(told, looking, tracks, accept_damage)
        for name in files_of(videos):
            conversation.open(name)
        try:
            n_failed = _talk(Chat(conversation, screen, draft, chosen.player), plain)
        finally:
            conversation.forget()
    if n_failed:
        raise typer.Exit(SOME_FAILED)


def _screen(is_plain: bool) -> Screen:
    from .chats.rendering import Screen
    from .pictures.terminal import Terminal

    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return Screen(Terminal.of_output(is_plain) if is_terminal else Terminal(), is_terminal)


def _talk(talk: Chat, is_plain: bool) -> int:
    """How many lines of a pipe failed; on a terminal somebody has seen it, and nothing has."""
    from .chats.loop import converse, piped, prompted
    from .chats.rendering import greeting_lines

    if not talk.screen.is_terminal:
        return converse(talk, piped(sys.stdin))
    for line in greeting_lines(talk.conversation):
        say(line)
    converse(talk, prompted(talk.conversation, _history(), is_plain))
    return 0


def _history() -> Path:
    from platformdirs import user_data_path

    from .chats.loop import HISTORY_NAME

    return user_data_path("vidagent") / HISTORY_NAME
