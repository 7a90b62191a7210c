"""The story of the sample video: its scenes, what is said in them, and when all of it happens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FIRST_LINE_DELAY_S = 2.0
WINNER_DELAY_S = 11.0
COUNTDOWN_FROM = 10


@dataclass(frozen=True)
class Span:
    """A stretch of the video, in seconds from its start."""

    start_s: float
    end_s: float

    @property
    def clock(self) -> str:
        """The start as minutes and seconds, as a person would say it."""
        minutes, seconds = divmod(int(self.start_s), 60)
        return f"{minutes}:{seconds:02d}"

    @property
    def length(self) -> str:
        return f"{self.end_s - self.start_s:.0f} seconds"


@dataclass(frozen=True)
class Line:
    """One spoken sentence; the pause is counted from the sentence before it."""

    name: str
    text: str
    pause_s: float = 2.5


@dataclass(frozen=True)
class Part:
    """Something inside a scene that has its own seconds: a sound, or words shown for a while."""

    name: str
    offset_s: float
    duration_s: float
    sound: str = ""


@dataclass(frozen=True)
class Scene:
    name: str
    duration_s: int
    lines: tuple[Line, ...] = ()
    parts: tuple[Part, ...] = ()


def _beeps() -> tuple[Part, ...]:
    short = [Part(f"beep_{second}", second, 0.15, "beep") for second in range(COUNTDOWN_FROM)]
    return (*short, Part("beep_last", COUNTDOWN_FROM, 1.2, "beep"))


SCENES: tuple[Scene, ...] = (
    Scene(
        "title",
        12,
        (Line("welcome", "Welcome. This is the story of one day in summer.", 4.5),),
        (Part("tune_title", 0.5, 5.0, "tune"),),
    ),
    Scene(
        "dawn",
        28,
        (
            Line("keeper", "The keeper of the lighthouse is Mary Baker."),
            Line("age", "She is forty two years old and she lives alone with her dog."),
            Line("dog", "The name of the dog is Captain."),
            Line("built", "The lighthouse was built in eighteen ninety."),
        ),
    ),
    Scene(
        "kitchen",
        20,
        (
            Line("morning", "The morning begins at six o'clock."),
            Line("coffee", "She drinks coffee and reads the newspaper."),
        ),
    ),
    Scene(
        "harbor",
        24,
        (Line("boats", "Three boats are on the water this morning."),),
        (Part("bell_1", 12.0, 3.0, "bell"), Part("bell_2", 16.0, 3.0, "bell")),
    ),
    Scene(
        "boat",
        18,
        (Line("apples", "The captain of this boat sells apples at the market."),),
    ),
    Scene(
        "departures",
        26,
        (
            Line("ferry", "The ferry leaves the harbor at nine o'clock."),
            Line("doctor", "The doctor is going home because her daughter is sick."),
        ),
    ),
    Scene("gulls", 24),
    Scene(
        "stairs",
        22,
        (
            Line("steps", "Mary climbs two hundred steps every day."),
            Line("tower", "The tower is thirty meters high."),
        ),
    ),
    Scene(
        "beach",
        22,
        (
            Line("run", "Captain runs along the beach."),
            Line("bottle", "Mary finds a letter inside a green bottle."),
        ),
    ),
    Scene(
        "letter",
        22,
        (Line("sailor", "A young sailor wrote the letter twenty years ago."),),
    ),
    Scene(
        "storm",
        24,
        (
            Line("north", "Then a storm came from the north."),
            Line("lightning", "The lamp went dark because lightning hit the tower.", 5.0),
        ),
        (
            Part("thunder_far", 7.5, 3.0, "thunder"),
            Part("thunder_near", 16.5, 4.5, "thunder"),
            # The rain goes on through the black scene that follows.
            Part("rain_heavy", 20.5, 11.5, "rain"),
        ),
    ),
    Scene("black_first", 8),
    Scene(
        "fog",
        22,
        parts=(
            Part("horn_1", 2.0, 3.0, "foghorn"),
            Part("horn_2", 9.0, 3.0, "foghorn"),
            Part("horn_3", 16.0, 3.0, "foghorn"),
        ),
    ),
    Scene(
        "rocket",
        14,
        (Line("help", "Mary fired a red rocket to call for help."),),
    ),
    Scene("red", 10, parts=(Part("alarm", 0.0, 10.0, "alarm"),)),
    Scene("countdown", 12, parts=_beeps()),
    Scene(
        "rescue",
        28,
        (
            Line("saved", "Two sailors were saved and nobody was hurt."),
            Line("lasted", "The storm lasted five hours."),
            Line("awake", "Captain did not sleep that night."),
        ),
    ),
    Scene(
        "repair",
        20,
        (Line("wire", "She repaired the lamp with a piece of copper wire."),),
    ),
    Scene(
        "bridge",
        28,
        (
            Line("evening", "In the evening she walked to the old bridge."),
            Line("key", "Captain found the silver key in the mud."),
            Line("box", "The key opened a wooden box full of gold coins."),
        ),
    ),
    Scene(
        "race",
        18,
        parts=(
            Part("whistle", 0.5, 1.0, "whistle"),
            Part("winner", WINNER_DELAY_S, 18.0 - WINNER_DELAY_S),
        ),
    ),
    Scene(
        "night",
        24,
        (
            Line("end", "It is the end of a long day at the lighthouse."),
            Line("sleep", "Mary and Captain go to sleep.", 4.0),
        ),
    ),
    Scene("black_second", 7),
    Scene("credits_first", 11, parts=(Part("tune_credits", 1.0, 20.0, "tune"),)),
    Scene("credits_second", 12),
)

LINES: tuple[Line, ...] = tuple(line for scene in SCENES for line in scene.lines)
DURATION_S: int = sum(scene.duration_s for scene in SCENES)


def scene_starts() -> Iterator[tuple[int, Scene]]:
    """Every scene with the second it starts at."""
    start_s = 0
    for scene in SCENES:
        yield start_s, scene
        start_s += scene.duration_s


def lines_saying(word: str) -> tuple[str, ...]:
    """The names of the sentences in which a word is spoken, in the order of the video."""
    wanted = word.lower()
    return tuple(line.name for line in LINES if wanted in words_of(line.text))


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def plan(speech_s: Mapping[str, float]) -> dict[str, Span]:
    """When everything happens, by name, given how long each sentence takes to say."""
    named = list(_named_spans(speech_s))
    spans = dict(named)
    if len(spans) != len(named):
        raise ValueError("two things in the story have the same name")
    spans["silence"] = _silence_around(spans["gulls"], spans)
    return spans


def _named_spans(speech_s: Mapping[str, float]) -> Iterator[tuple[str, Span]]:
    for start_s, scene in scene_starts():
        yield scene.name, Span(start_s, start_s + scene.duration_s)
        yield from _line_spans(scene, start_s, speech_s)
        yield from ((part.name, _part_span(part, start_s)) for part in scene.parts)


def _part_span(part: Part, scene_start_s: float) -> Span:
    start_s = scene_start_s + part.offset_s
    return Span(start_s, start_s + part.duration_s)


def _line_spans(scene: Scene, start_s: float, speech_s: Mapping[str, float]) -> Iterator[tuple[str, Span]]:
    said_until_s = start_s
    for index, line in enumerate(scene.lines):
        line_start_s = said_until_s + line.pause_s + (FIRST_LINE_DELAY_S if index == 0 else 0)
        said_until_s = line_start_s + speech_s[line.name]
        yield line.name, Span(line_start_s, said_until_s)
    if said_until_s > start_s + scene.duration_s:
        raise ValueError(f"scene {scene.name} is too short for what is said in it")


def _silence_around(quiet: Span, spans: Mapping[str, Span]) -> Span:
    sounding = [spans[name] for name in sounding_names()]
    before_s = max(span.end_s for span in sounding if span.end_s <= quiet.start_s)
    after_s = min(span.start_s for span in sounding if span.start_s >= quiet.end_s)
    return Span(before_s, after_s)


def sounding_names() -> list[str]:
    """The names of everything that can be heard: the sentences and the other sounds."""
    sounds = [part.name for scene in SCENES for part in scene.parts if part.sound]
    return [line.name for line in LINES] + sounds
