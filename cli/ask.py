"""``vidagent ask``: one question about one video."""

from __future__ import annotations

from typing import Annotated

import typer

from .edge import (
    DamageOption,
    FromOption,
    JsonOption,
    LibraryOption,
    PictureTrackOption,
    SoundTrackOption,
    TextVectorsOption,
    ToOption,
    VideoArgument,
    library_path,
    say,
    say_json,
    stretch,
)

_ABSTAINED = 7


def ask(
    video: VideoArgument,
    question: Annotated[str, typer.Argument(help="The question; options may stand in it as A) … B) …")],
    option: Annotated[
        list[str] | None, typer.Option("--option", help="One option of a multiple choice; repeat it.")
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            "--min-confidence", min=0.0, max=1.0, help="Abstain below this confidence and end with code 7."
        ),
    ] = None,
    from_time: FromOption = None,
    to_time: ToOption = None,
    picture_track: PictureTrackOption = None,
    sound_track: SoundTrackOption = None,
    accept_damage: DamageOption = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help='Go on from the last answer of this name: "and after that?"'
        ),
    ] = None,
    text_vectors: TextVectorsOption = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Answer a question about a video; a video not met before is remembered first."""
    from ..agent.planner import ask as ask_agent
    from ..index.ingest import IngestSettings
    from ..index.library import Library
    from ..index.memory import Memory
    from ..index.session import Session
    from ..tools.tracks import Tracks
    from .meaning import meaning_of
    from .rendering import answer_lines
    from .videos import remembered

    settings = IngestSettings(tracks=Tracks(picture_track, sound_track), accepts_damage=accept_damage)
    with Library(library_path(library)) as opened:
        memory = Memory(opened, remembered(opened, video, settings))
        within = stretch(from_time, to_time, memory.video.duration_s)
        answer = ask_agent(
            memory,
            question,
            tuple(option or ()),
            min_confidence,
            within,
            meaning=meaning_of(opened, text_vectors),
            session=Session(opened, session) if session else None,
        )
    if as_json:
        say_json(answer.to_json())
    else:
        for line in answer_lines(answer, within):
            say(line)
    if answer.abstained and min_confidence is not None:
        raise typer.Exit(_ABSTAINED)
