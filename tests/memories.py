"""A maker of memories: texts, colours and sounds are stored as if a video had been watched, without one."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidagent.agent import reading
from vidagent.agent.inquiry import Draft, Inquiry
from vidagent.agent.question import understand
from vidagent.index.episode_writing import update_events
from vidagent.index.fingerprint import fingerprint
from vidagent.index.library import Library
from vidagent.index.listening import HOP_S, LoudnessRow
from vidagent.index.memory import Memory
from vidagent.index.records import ContentKey, Coverage, Event, Video, to_us
from vidagent.index.rows import (
    delete_media,
    model_row,
    write_coverage,
    write_length,
    write_media,
    write_passages,
    write_samples,
    write_sightings,
    write_sound,
)
from vidagent.index.segmentation import settings_for
from vidagent.index.text_tracks import TextSighting
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.passages import Passage, sentences
from vidagent.tools.roles import Box, ImageTextEmbedder, Pixels, Utterance, Vectors

Said = tuple[float, float, str, float]
Cue = tuple[float, float, str]
Shown = tuple[float, float, str, Box]
Painted = tuple[float, float, str]

SAMPLE_S = 0.5
MIDDLE: Box = (0.3, 0.45, 0.7, 0.55)
_ISLAND_SPEECH = (
    (2.0, "Mary Baker keeps the lighthouse on Gull Island."),
    (10.0, "She is sixty-one years old and lives with her dog."),
    (18.0, "The dog is called Captain."),
    (30.0, "The ferry leaves at nine."),
    (50.0, "Three boats are out in the morning."),
    (70.0, "She climbs two hundred steps every day."),
    (78.0, "The tower is thirty meters tall."),
    (96.0, "Down on the beach she finds a green bottle with a letter in it."),
    (112.0, "A storm is coming from the north."),
    (124.0, "The lamp goes dark because lightning hit the tower."),
    (152.0, "Nobody was hurt, and two sailors were saved."),
    (176.0, "The storm lasted five hours."),
    (184.0, "She repairs the lamp with copper wire."),
    (206.0, "Captain barks at the box, and Captain digs."),
    (214.0, "They open the box and find gold coins."),
)
_ISLAND_SCREEN: tuple[Shown, ...] = (
    (40.0, 60.0, "12 June", (0.7, 0.1, 0.9, 0.16)),
    (62.0, 68.0, "NORTH HARBOR", MIDDLE),
    (84.0, 94.0, "Port Ellen", (0.1, 0.2, 0.3, 0.26)),
    (84.0, 94.0, "Pier 2", (0.7, 0.2, 0.9, 0.26)),
    (84.0, 94.0, "Old Town", (0.1, 0.4, 0.3, 0.46)),
    (84.0, 94.0, "cancelled", (0.7, 0.4, 0.9, 0.46)),
    (130.0, 136.0, "LIFEBOAT LAUNCH", MIDDLE),
    (190.0, 198.0, "NORTH HARBOR", MIDDLE),
    (222.0, 230.0, "Director", (0.4, 0.2, 0.6, 0.26)),
    (222.0, 230.0, "Ada Lorenz", (0.42, 0.28, 0.58, 0.34)),
)
_SIZE = (96, 54)
_RGB = {
    "red": (220, 20, 20), "green": (20, 160, 40), "blue": (20, 40, 220), "yellow": (240, 220, 20),
    "black": (0, 0, 0), "white": (255, 255, 255), "gray": (120, 120, 120),
}  # fmt: skip


@dataclass
class Looked:
    """What was seen: samples at ``times_s`` (n,) with ``vectors`` (n, d), and lines of text."""

    times_s: npt.NDArray[np.float64]
    vectors: Vectors
    sightings: list[TextSighting] = field(default_factory=list)


@dataclass
class Heard:
    """Where voices were, and how loud it was."""

    voice: list[Span] = field(default_factory=list)
    loudness: list[LoudnessRow] = field(default_factory=list)


@dataclass(frozen=True)
class Findings:
    """All that was found out about a video; its events are cut from the rest where they are None."""

    duration_s: float
    size: tuple[int, int]
    embedder: ImageTextEmbedder
    looked: Looked | None
    heard: Heard
    passages: list[Passage]
    events: list[Event] | None
    coverage: list[Coverage]
    notes: list[str]


def store(library: Library, path: Path, key: ContentKey, settings: str, findings: Findings) -> Video:
    """Write a video in one transaction, in place of what was remembered of the same content read alike."""
    with library.transaction() as connection:
        delete_media(connection, path, key, "whole")
        media_id = write_media(connection, path, key, settings, findings.size, "whole")
        write_length(connection, media_id, findings.duration_s, findings.notes)
        _write_senses(connection, media_id, findings)
        write_passages(connection, media_id, findings.passages)
        if findings.events is None:
            _cut_events(connection, media_id, findings)
        else:
            _write_events(connection, media_id, findings.events)
        write_coverage(connection, media_id, findings.coverage)
    return library.video(media_id)


def _write_senses(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    if looked := findings.looked:
        model_id = model_row(connection, findings.embedder)
        write_samples(connection, media_id, model_id, looked.times_s, looked.vectors)
        write_sightings(connection, media_id, looked.sightings)
    write_sound(connection, media_id, findings.heard.voice, findings.heard.loudness)


def _cut_events(connection: sqlite3.Connection, media_id: int, findings: Findings) -> None:
    model_id = model_row(connection, findings.embedder) if findings.looked else None
    settings = settings_for(findings.embedder.name if findings.looked else "speech")
    update_events(connection, media_id, model_id, findings.duration_s, True, settings)
    connection.execute("DELETE FROM progress WHERE media_id = ?", (media_id,))


def _write_events(connection: sqlite3.Connection, media_id: int, events: Sequence[Event]) -> None:
    connection.executemany(
        "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (?, ?, ?, ?, ?)",
        [(media_id, to_us(e.span.start_s), to_us(e.span.end_s), e.merge_height, e.gist) for e in events],
    )
    connection.execute(
        "INSERT INTO boundary SELECT media_id, start_us, merge_height, 'picture', 1 FROM event"
        " WHERE media_id = ? AND start_us > 0",
        (media_id,),
    )


def solid(colour: str) -> Pixels:
    """A picture of nothing but one colour."""
    width, height = _SIZE
    return np.full((height, width, 3), _RGB[colour], np.uint8)


def patchwork() -> Pixels:
    """A picture in which no colour fills more than a quarter."""
    picture = solid("yellow")
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    for place, colour in enumerate(("green", "blue", "gray")):
        top, left = height * (place // 2), width * (place % 2)
        picture[top : top + height, left : left + width] = _RGB[colour]
    return picture


def lettered(colour: str) -> Pixels:
    """A card of one colour with a line of white words across it, about an eighth of the picture."""
    picture = solid(colour)
    height, width = picture.shape[:2]
    picture[height * 3 // 7 : height * 4 // 7, width // 16 : -width // 16] = 255
    return picture


def noisy(colour: str) -> Pixels:
    """One colour with a scratch, so that it fills a twenty-fifth less."""
    picture = solid(colour)
    picture[8:10] = 255
    return picture


@cache
def vector_of(look: str) -> Vectors:
    """What the embedder makes of ``red``, ``noisy red``, ``lettered black`` or ``patchwork``."""
    kind, _, colour = look.rpartition(" ")
    paint = {"": solid, "noisy": noisy, "lettered": lettered}[kind]
    picture = patchwork() if look == "patchwork" else paint(colour)
    vector: Vectors = AppearanceEmbedder().embed_images([picture])[0]
    return vector


def memory_of(
    library_path: Path,
    *,
    speech: Sequence[Said] = (),
    cues: Sequence[Cue] = (),
    screen: Sequence[Shown] = (),
    colours: Sequence[Painted] = (),
    loudness: Sequence[int] | None = None,
    voice: Sequence[tuple[float, float]] = (),
    duration_s: float = 60.0,
    shares: Mapping[str, float] | None = None,
    trust: float | None = None,
    notes: Sequence[str] = (),
    title: str = "film",
) -> Memory:
    """The memory of a video of which this was found out; its library closes when nobody holds the memory.

    ``speech`` are sentences with their trust, ``cues`` an author's subtitles; ``colours`` fill the picture
    for a while (else it is a patchwork), ``loudness`` are dB per tenth of a second. Every sense counts as
    looked at in full, except for those in ``shares``; ``trust`` is that of all that was said.
    """
    said = [_passage(*row) for row in speech] + sentences(_utterances(cues))
    believed = trust if trust is not None else min((p.trust for p in said), default=1.0)
    findings = Findings(
        duration_s=duration_s,
        size=(1280, 720),
        embedder=AppearanceEmbedder(),
        looked=_looked(screen, colours, duration_s),
        heard=_heard(loudness, voice),
        passages=said,
        events=[Event(Span(0.0, duration_s), 0.0, "")],
        coverage=_coverage(shares or {}, believed),
        notes=list(notes),
    )
    film = library_path.with_name(f"{title}.mp4")
    film.write_bytes(title.encode())
    library = Library(library_path)
    memory = Memory(library, store(library, film, ContentKey(fingerprint(film)), "{}", findings))
    weakref.finalize(memory, _close, library)
    return memory


def island_of(library_path: Path) -> Memory:
    """The memory of a short film about a lighthouse, in which every sense has something to find."""
    return memory_of(
        library_path,
        speech=[(start_s, start_s + 4.0, text, 1.0) for start_s, text in _ISLAND_SPEECH],
        screen=_ISLAND_SCREEN,
        colours=[(140.0, 150.0, "red"), (160.0, 164.0, "black"), (232.0, 240.0, "black")],
        loudness=levels(240.0, [(165.0, 172.0), (200.0, 203.0)]),
        duration_s=240.0,
        title="island",
    )


def drafted(memory: Memory, text: str, *options: str) -> Draft:
    """What the reader for its kind makes of a question."""
    question = understand(text, memory.video.duration_s, options)
    return reading.read(Inquiry(memory, question))


def _close(library: Library) -> None:
    # The collector may come by in another thread, where SQLite lets nobody close.
    with suppress(sqlite3.ProgrammingError):
        library.close()


def levels(
    duration_s: float, quiet: Sequence[tuple[float, float]], loud_db: int = -20, quiet_db: int = -90
) -> list[int]:
    """Loudness per tenth of a second: quiet in the given stretches, loud elsewhere."""
    hops_s = [round(place * HOP_S, 3) for place in range(round(duration_s / HOP_S))]
    return [quiet_db if any(a <= hop_s < b for a, b in quiet) else loud_db for hop_s in hops_s]


def _passage(start_s: float, end_s: float, text: str, trust: float) -> Passage:
    span = Span(start_s, end_s)
    return Passage(span, text, trust, (Utterance(span, text, trust),))


def _utterances(cues: Sequence[Cue]) -> list[Utterance]:
    return [Utterance(Span(start_s, end_s), text, 1.0) for start_s, end_s, text in cues]


def _looked(screen: Sequence[Shown], colours: Sequence[Painted], duration_s: float) -> Looked | None:
    if duration_s < SAMPLE_S:
        return None
    times_s = np.arange(0.0, duration_s, SAMPLE_S)
    looks = [next((c for a, b, c in colours if a <= t < b), "patchwork") for t in times_s]
    sightings = [TextSighting(Span(a, b), text, box, 1.0) for a, b, text, box in screen]
    return Looked(times_s, np.stack([vector_of(look) for look in looks]), sightings)


def _heard(loudness: Sequence[int] | None, voice: Sequence[tuple[float, float]]) -> Heard:
    rows = [LoudnessRow(0.0, np.array(loudness, np.int8))] if loudness is not None else []
    return Heard(voice=[Span(*stretch) for stretch in voice], loudness=rows)


def _coverage(shares: Mapping[str, float], trust: float) -> list[Coverage]:
    senses = {"picture": 1.0, "screen": 1.0, "speech": 1.0, "sound": 1.0} | dict(shares)
    return [
        Coverage(sense, f"made {sense}", share, 10, trust if sense == "speech" else 1.0)
        for sense, share in senses.items()
    ]
