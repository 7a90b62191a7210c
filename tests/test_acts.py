"""Each act does what it says, on real pictures and sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clips import Look as Encoding
from clips import make_clip, number_in, numbered, solid, steady
from memories import island_of
from PIL import Image, ImageDraw, ImageFont

from vidagent.agent.acts.act import Observation, Order
from vidagent.agent.acts.compare import Compare
from vidagent.agent.acts.count import Count
from vidagent.agent.acts.detect import Detect
from vidagent.agent.acts.hear import Hear
from vidagent.agent.acts.kit import Kit
from vidagent.agent.acts.listen import Listen
from vidagent.agent.acts.look import Look
from vidagent.agent.acts.read import Read, read_closely
from vidagent.agent.acts.recall import Recall
from vidagent.agent.finder import Finder
from vidagent.agent.question import understand
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import Video
from vidagent.tools.clock import Span
from vidagent.tools.engines import Maker, embedded
from vidagent.tools.phrases import KeyphraseSpotter
from vidagent.tools.roles import Detection, FrameBudget, Pixels
from vidagent.tools.screen_text import RapidOcrReader
from vidagent.tools.speech import PocketSphinxRecognizer

N_SECONDS = 12
SIGN = Span(4.0, 8.0)
SIZE = (480, 272)
RED, BLUE = (200, 20, 20), (20, 20, 200)
SAMPLE = Path(__file__).parent.parent / "samples" / "gull_island.mp4"
QUESTION = understand("what is it?", N_SECONDS)


def painted(number: int) -> Pixels:
    """Numbered pictures; from the fourth to the seventh second a sign in small letters."""
    picture = numbered(SIZE)(number)
    if not SIGN.start_s <= number < SIGN.end_s:
        return picture
    canvas = Image.fromarray(picture)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((250, 160, 460, 200), fill=(250, 250, 240))
    draw.text((262, 172), "PLATFORM NINE CLOSED", fill=(20, 20, 20), font=ImageFont.load_default(11))
    return np.asarray(canvas)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Twelve seconds of numbered pictures, of which no text was read."""
    folder = tmp_path_factory.mktemp("film")
    clip = make_clip(folder / "film.mkv", steady(N_SECONDS, 0.0, 1.0), painted, Encoding(size=SIZE))
    with Library(folder / "library.db") as library:
        yield Memory(library, ingest(library, clip, embedded(read_text=False)).video)


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("island") / "library.db")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """The sample's file with a memory that holds nothing of it."""
    folder = tmp_path_factory.mktemp("sample")
    clip = make_clip(folder / "short.mkv", steady(3, 0.0, 1.0), numbered())
    with Library(folder / "library.db") as library:
        video = ingest(library, clip, embedded(read_text=False)).video
        status = SAMPLE.stat()
        with library.transaction() as connection:
            connection.execute(
                "UPDATE media SET path = ?, size_bytes = ?, mtime_ns = ?, duration_us = 60000000",
                (str(SAMPLE), status.st_size, status.st_mtime_ns),
            )
        yield Memory(library, library.find(video.short_id, ""))


def done(
    act: Recall | Count | Look | Read | Compare | Detect, *words: str, spans: Sequence[Span] = ()
) -> Observation:
    return act.do(Order(act.name, words, tuple(spans)))


def test_recalling_finds_each_description(island: Memory) -> None:
    seen = done(Recall(Finder(island)), "a green bottle", "the ferry leaves")
    quotes = [e.quote for e in seen.found]
    assert any("green bottle" in quote for quote in quotes) and any("ferry" in quote for quote in quotes)
    assert "ferry" not in seen.said and "bottle" not in seen.said


def test_recalling_stays_in_its_stretch(island: Memory) -> None:
    seen = done(Recall(Finder(island)), "the dog", spans=[Span(15.0, 30.0)])
    assert seen.found and all(15.0 <= e.span.middle_s < 30.0 for e in seen.found)


def test_counting_tells_the_number_and_whether_there_may_be_more(island: Memory) -> None:
    assert done(Count(Finder(island)), "the screen is black").said == "it occurs 2 times"
    hearsay = island_of(island.library.path.with_name("unread.db"))
    with hearsay.library.transaction() as connection:
        connection.execute("UPDATE coverage SET share = 0.4")
    assert done(Count(Finder(hearsay)), "the ferry leaves").said.startswith("it occurs at least")


def test_looking_shows_true_pictures_of_the_stretch(memory: Memory) -> None:
    seen = done(Look(memory, QUESTION, FrameBudget(4, 1 << 20)), spans=[Span(5.0, 9.0)])
    assert 3 <= len(seen.frames) <= 4
    for frame in seen.frames:
        assert frame.time_s == number_in(frame.image.mean(axis=2).astype(np.uint8)) and 4 <= frame.time_s <= 9


def test_comparing_shows_both_moments(memory: Memory) -> None:
    seen = done(Compare(memory), spans=[Span(1.0, 1.5), Span(10.0, 10.5)])
    assert [frame.time_s for frame in seen.frames] == [1.0, 10.0]
    assert "likeness" in seen.said


def test_comparing_tells_how_alike_they_look_and_which_words_only_one_has(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "film.mkv", steady(16, 0.0, 1.0), lambda i: solid(RED if i < 8 else BLUE)(i))
    (tmp_path / "film.srt").write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nThe door is red.\n\n2\n00:00:13,000 --> 00:00:15,000\nThe sea is blue.\n"
    )
    with Library(tmp_path / "library.db") as library:
        film = Memory(library, ingest(library, clip, embedded(read_text=False)).video)
        differing = done(Compare(film), spans=[Span(1, 2), Span(14, 15)])
        alike = done(Compare(film), spans=[Span(1, 2), Span(3, 4)])
    assert "different" in differing.said and "2 lines" in differing.said
    assert {t.body for t in differing.texts} == {"The door is red.", "The sea is blue."}
    assert "alike" in alike.said and "0 lines" in alike.said


def test_small_letters_are_read_on_a_second_look(memory: Memory) -> None:
    seen = done(Read(memory, RapidOcrReader), spans=[Span(3.0, 9.0)])
    signs = [t for t in seen.texts if "PLATFORM" in t.body]
    assert len(signs) == 1 and "NINE" in signs[0].body
    assert SIGN.start_s <= signs[0].span.start_s and signs[0].span.end_s <= SIGN.end_s + 1.0


def test_a_large_picture_is_read_part_by_part() -> None:
    canvas = Image.new("RGB", (3200, 1900), (200, 210, 220))
    draw = ImageDraw.Draw(canvas)
    # It lies across the middle, where parts meet.
    draw.text((1500, 942), "Departure at seven", fill=(10, 10, 10), font=ImageFont.load_default(17))
    lines = read_closely(RapidOcrReader(), np.asarray(canvas))
    assert [line.text.replace(" ", "") for line in lines if "seven" in line.text] == ["Departureatseven"]


class Eyes:
    """A detector that finds what it is asked for where a picture has a light sign."""

    name = "eyes"

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        return [[Detection(targets[0], (0.5, 0.6, 0.9, 0.7), self.score(image))] for image in images]

    def score(self, image: Pixels) -> float:
        height, width = image.shape[:2]
        return 0.8 if image[int(0.62 * height), int(0.55 * width)].mean() > 200 else 0.1


def test_detecting_names_the_seconds_of_what_is_found(memory: Memory) -> None:
    seen = done(Detect(memory, Eyes()), "a sign", spans=[Span(0.0, 12.0)])
    assert seen.found and all(SIGN.start_s <= e.span.start_s < SIGN.end_s for e in seen.found)
    assert {e.quote for e in seen.found} == {"it shows: a sign"}
    assert seen.said == f"found in {len(seen.found)} moments of 32 looked at"


def test_speech_is_written_down_once_more(sample: Memory) -> None:
    seen = Hear(sample, PocketSphinxRecognizer).do(Order("hear", (), (Span(0.0, 12.0),)))
    assert seen.texts and all(t.sense == "speech" and t.trust < 0.9 for t in seen.texts)
    assert all(0.0 <= t.span.start_s <= t.span.end_s <= 13.0 for t in seen.texts)
    assert "summer" in " ".join(t.body.lower() for t in seen.texts)


def test_no_more_sound_is_listened_to_than_is_allowed(sample: Memory) -> None:
    class Timing(PocketSphinxRecognizer):
        heard_s = 0.0

        def listen(self, sound: object, after_s: float = 0.0) -> Iterator[object]:
            for window in sound:
                Timing.heard_s += len(window.samples) / window.rate_hz
            return iter(())

    Hear(sample, Timing).do(Order("hear", (), (Span(0.0, 600.0), Span(0.0, 60.0))))
    assert 30.0 < Timing.heard_s <= 122.0


def test_phrases_are_listened_for(sample: Memory) -> None:
    seen = Listen(sample, KeyphraseSpotter()).do(
        Order("listen", ("gull island lighthouse",), (Span(0.0, 15.0),))
    )
    assert all(e.trust < 0.5 and e.quote == "perhaps: gull island lighthouse" for e in seen.found)


def test_a_film_that_is_gone_is_neither_heard_nor_listened_to(island: Memory) -> None:
    gone = Memory(island.library, _moved(island.video))
    for act in (Hear(gone, PocketSphinxRecognizer), Listen(gone, KeyphraseSpotter())):
        assert "gone" in act.do(Order(act.name, ("gull island",), (Span(0, 5),))).said


def _moved(video: Video) -> Video:
    return replace(video, path=video.path.with_name("gone.mp4"))


def test_only_what_can_be_done_is_offered(memory: Memory, island: Memory) -> None:
    kit = Kit(spotter=KeyphraseSpotter(), reader=Maker("rapidocr", RapidOcrReader), detector=Eyes())
    names = [act.name for act in kit.acts(memory, QUESTION, FrameBudget(4, 1 << 20))]
    # It has no sound.
    assert names == ["recall", "count", "look", "compare", "read", "detect"]
    assert [act.name for act in Kit().acts(island, QUESTION, FrameBudget(4, 1))][:2] == ["recall", "count"]
    assert all(act.about and "\n" not in act.about for act in kit.acts(island, QUESTION, FrameBudget(4, 1)))
