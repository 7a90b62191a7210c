"""Files that are cut, damaged, odd or hostile end in what could be read, said so, or in one clear line."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from bitmaps import BitmapTrack, DisplaySet, painted, write_captions
from children import child_ids, time_limit
from clips import (
    STEP_S,
    Look,
    Painter,
    Pixels,
    Samples,
    cut,
    make_clip,
    numbered,
    rotate,
    solid,
    steady,
    tone,
)
from contract_clips import grainy

from vidagent.agent.planner import ask
from vidagent.cli.main import run
from vidagent.index.ingest import LENGTH_S_MAX, IngestSettings, Report, ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.appearance import COLOURS, AppearanceEmbedder, colour_shares
from vidagent.tools.clock import Span
from vidagent.tools.container import MAX_PIXELS
from vidagent.tools.engines import Engines, embedded
from vidagent.tools.errors import MediaError, SeekError
from vidagent.tools.guarded import GuardedPictures, GuardedSeeker
from vidagent.tools.pictures import PictureReader
from vidagent.tools.probe import probe
from vidagent.tools.seeker import PictureSeeker
from vidagent.tools.sound import SoundReader
from vidagent.tools.tracks import Tracks

ROOT = Path(__file__).parents[1]
MEASURING = embedded(read_text=False, hear_speech=False)
BLACK, RED, BLUE, WHITE = (0, 0, 0), (230, 10, 10), (10, 10, 220), (255, 255, 255)
TWENTY_FIVE = Fraction(1, 25)
FINE = Fraction(1, 90_000)
EVERY_PICTURE = 1e-6
HALF_A_SIXTIETH_S = 0.5 / 60
SAMPLED_EVERY_S = 0.5
QUESTIONS = (
    "When does the screen turn red?",
    "How often does the screen turn red?",
    "How long is the screen red?",
    "What is said?",
    "Does anybody speak?",
    "When is there silence?",
    "What happens in the video?",
    "Which comes first: red or blue?",
)


class Terminal:
    """Runs the command line in this process, with a library of its own."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: Path
    ) -> None:
        self._monkeypatch, self._capsys, self._library = monkeypatch, capsys, library

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Exit code, output and complaint of one command."""
        command = ["vidagent", *map(str, words), "--library", str(self._library)]
        self._monkeypatch.setattr(sys, "argv", command)
        with time_limit(120), pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0), *self._capsys.readouterr()

    def titles(self) -> list[str]:
        """What is remembered."""
        return [row["title"] for row in json.loads(self("ls", "--json")[1])]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    return Terminal(monkeypatch, capsys, tmp_path / "terminal.db")


def remembered(
    library: Library, path: Path, engines: Engines = MEASURING, report: Report | None = None
) -> Memory:
    """The memory of a file that was just read."""
    with time_limit(120):
        done = ingest(library, path, engines, report=report) if report else ingest(library, path, engines)
    return Memory(library, done.video)


def share_of(memory: Memory, sense: str) -> float:
    return next(row.share for row in memory.coverage() if row.sense == sense)


def notes_of(memory: Memory) -> str:
    return "\n".join(memory.video.notes)


def packets_of(path: Path, kind: str) -> list[tuple[int, int, float]]:
    """Place, length in bytes, and end in seconds of each packet of the first track of a kind."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [
            (p.pos, p.size, float((p.pts + (p.duration or 0)) * p.time_base))
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]


def blanked(path: Path, kind: str, wanted: Callable[[int], bool]) -> Path:
    """The file with some packets of its first track of a kind, by their number, filled with ones."""
    data = bytearray(path.read_bytes())
    for number, (place, size, _) in enumerate(packets_of(path, kind)):
        if wanted(number):
            data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    return path


# ---- cut files


def whole_and_cut(folder: Path, name: str, n_bytes: int | None = None, share: float = 0.5) -> Path:
    """The first bytes of ten seconds with sound."""
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    whole = folder / f"whole_{name}"
    if not whole.exists():
        make_clip(whole, steady(250), look=Look(options={"g": "25"}), sound=tone(10.0), options=options)
    data = whole.read_bytes()
    cut = folder / name
    cut.write_bytes(data[: round(share * len(data)) if n_bytes is None else n_bytes])
    return cut


def ends_before(path: Path, n_bytes: int, kind: str) -> float:
    """The second at which the last packet of a kind ends that lies whole within the first bytes."""
    return max(
        (end_s for place, size, end_s in packets_of(path, kind) if place + size <= n_bytes), default=0.0
    )


@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
def test_a_file_cut_anywhere_is_remembered_as_far_as_it_goes_or_refused(
    library: Library, tmp_path: Path, name: str
) -> None:
    n_whole = whole_and_cut(tmp_path, name, share=1.0).stat().st_size
    chance = random.Random(name)
    for n_bytes in [chance.randrange(1, n_whole) for _ in range(12)]:
        cut = whole_and_cut(tmp_path, name, n_bytes)
        ends_s = [ends_before(tmp_path / f"whole_{name}", n_bytes, kind) for kind in ("video", "audio")]
        try:
            memory = remembered(library, cut)
        except MediaError:
            assert max(ends_s) < 0.2, n_bytes
            continue
        # A picture waits for those that are shown before it, and they may be cut off.
        assert max(ends_s) - 0.3 < memory.video.duration_s < max(ends_s) + 0.2, n_bytes
        if max(ends_s) < 10.0 - 0.2:
            assert share_of(memory, "picture") == pytest.approx(ends_s[0] / 10.0, abs=0.04), n_bytes
            assert re.search(
                r"only \S+ s of the 10\.[01] s that the file claims could be read", notes_of(memory)
            )


@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
def test_an_answer_about_a_cut_file_says_how_much_was_read(
    terminal: Terminal, tmp_path: Path, name: str
) -> None:
    cut = whole_and_cut(tmp_path, name)
    code, text, _ = terminal("ask", cut, QUESTIONS[0])
    assert code == 0
    assert re.search(r"looked at: picture (3|4|5)\d%", text)
    assert re.search(r"note: only [345]\.\d s of the 10\.[01] s that the file claims could be read", text)
    answer = json.loads(terminal("ask", cut, QUESTIONS[0], "--json")[1])
    assert 3.0 < answer["video"]["duration_s"] < 6.0
    assert all(row["share"] < 0.6 for row in answer["coverage"])
    assert any("that the file claims" in note for note in answer["notes"])


def test_a_cut_file_with_captions_whose_tracks_claim_nothing_says_so_too(
    library: Library, tmp_path: Path
) -> None:
    pictures = make_clip(tmp_path / "pictures.mkv", steady(100, step_s=0.1))
    sets = [DisplaySet(1.0, (painted("WAY OUT"),)), DisplaySet(9.0)]
    whole = write_captions(tmp_path / "whole.mkv", BitmapTrack(sets), beside=pictures)
    # Some programs write the length of each track behind all else, where a cut takes it off.
    data = whole.read_bytes().replace(b"DURATION", b"DURATI0N")
    whole.write_bytes(data)
    assert not any("claims" in note for note in remembered(library, whole).video.notes)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: round(0.6 * len(data))])
    # The last pictures of so short a film are more than a tenth of it.
    video = ingest(library, cut, MEASURING, IngestSettings(accepts_damage=True)).video
    memory = Memory(library, video)
    assert share_of(memory, "picture") < 0.7
    assert "that the file claims could be read" in notes_of(memory)


# ---- damaged bytes


def with_flipped_bytes(data: bytes, seed: int, place: int | None = None) -> bytes:
    """The same bytes but for a run of 30 to 60, each of which is changed."""
    chance = random.Random(seed)
    first = chance.randrange(len(data)) if place is None else place
    damaged = bytearray(data)
    for i in range(first, min(len(data), first + chance.randint(30, 60))):
        damaged[i] ^= chance.randrange(1, 256)
    return bytes(damaged)


def fragile(path: Path) -> Path:
    """Three seconds of pictures full of detail, a keyframe every ten, with sound."""
    look = Look(tick=TWENTY_FIVE, options={"g": "10"})
    codec = "mp2" if path.suffix == ".ts" else "aac"
    return make_clip(path, steady(75), grainy(), look, tone(3.0), sound_codec=codec)


@pytest.mark.parametrize("name", ["flip.mp4", "flip.mkv", "flip.ts"])
def test_flipped_bytes_end_in_order_or_in_a_named_error(tmp_path: Path, name: str) -> None:
    data = fragile(tmp_path / name).read_bytes()
    path, n_damaged, n_refused = tmp_path / f"damaged_{name}", 0, 0
    for seed in range(200):
        path.write_bytes(with_flipped_bytes(data, seed))
        pictures, sound = PictureReader(path, 0.25), SoundReader(path)
        with time_limit(120):
            try:
                info = probe(path)
                times_s = [p.pts_s for p in pictures] if info.has_picture else []
                starts_s = [w.start_s for w in sound]
            except MediaError:
                n_refused += 1
                continue
        assert all(a < b for seconds in (times_s, starts_s) for a, b in pairwise(seconds)), seed
        assert all(span.start_s < span.end_s < 10 for span in [*pictures.lost, *sound.lost]), seed
        assert pictures.n_damaged or not pictures.lost, seed
        assert sound.n_damaged or not sound.lost, seed
        n_damaged += bool(pictures.n_damaged or sound.n_damaged)
    assert n_damaged > 60
    assert n_refused < 20


@pytest.mark.parametrize("name", ["flip.mp4", "flip.mkv", "flip.ts"])
def test_damage_is_counted_and_said_wherever_it_is_noticed(
    library: Library, tmp_path: Path, name: str
) -> None:
    whole = fragile(tmp_path / name)
    with av.open(str(whole)) as container:
        middles = [p.pos + p.size // 2 for p in container.demux(video=0) if p.size and p.is_keyframe]
    n_said = 0
    for seed, place in enumerate(middles[1:6]):
        path = tmp_path / f"{seed}_{name}"
        path.write_bytes(with_flipped_bytes(whole.read_bytes(), seed, place))
        try:
            memory = remembered(library, path)
        except MediaError as refusal:
            assert "--accept-damage" in str(refusal)
            n_said += 1
            continue
        lost = {"seen": memory.lost("picture"), "heard": memory.lost("sound")}
        for sense, verb in (("picture", "seen"), ("sound", "heard")):
            assert (f"could not be {verb}" in notes_of(memory)) is bool(lost[verb])
            assert not lost[verb] or share_of(memory, sense) < 1
        n_said += "decoding failed" in notes_of(memory)
    assert n_said >= 3


def test_a_video_with_much_damage_is_refused_unless_the_user_accepts_it(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = make_clip(tmp_path / "worn.mp4", steady(100), grainy(), Look(options={"g": "1", "bf": "0"}))
    blanked(path, "video", lambda number: number % 7 == 3)
    code, text, complaint = terminal("ingest", path)
    assert (code, text) == (2, "")
    assert re.fullmatch(r"vidagent: \S+worn\.mp4: 14% of its pictures .*--accept-damage.*\n", complaint)
    assert terminal.titles() == []
    assert terminal("ingest", path, "--accept-damage")[0] == 0
    assert terminal.titles() == ["worn"]
    answer = json.loads(terminal("ask", path, QUESTIONS[0], "--json")[1])
    assert any(note.startswith("decoding failed 14 times") for note in answer["notes"])
    assert any("could not be seen" in note for note in answer["notes"])
    assert 0.8 < next(row["share"] for row in answer["coverage"] if row["sense"] == "picture") < 0.9


def test_a_tenth_of_damage_is_not_too_much(library: Library, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "worn.mp4", steady(100), grainy(), Look(options={"g": "1", "bf": "0"}))
    memory = remembered(library, blanked(path, "video", lambda number: number % 11 == 3))
    assert share_of(memory, "picture") == pytest.approx(0.91, abs=0.01)


def test_much_damaged_sound_is_refused_where_there_is_nothing_else(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = make_clip(tmp_path / "worn.m4a", sound=tone(10.0))
    blanked(path, "audio", lambda number: 20 <= number < 50)
    code, _, complaint = terminal("ingest", path)
    assert code == 2
    assert re.search(r"(19|20)% of its sound is damaged; --accept-damage", complaint)
    assert terminal("ingest", path, "--accept-damage")[0] == 0


def test_sound_is_remembered_where_no_picture_can_be_decoded(terminal: Terminal, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "blind.mp4", steady(50), sound=tone(2.0))
    blanked(path, "video", lambda number: True)
    assert terminal("ingest", path)[0] == 2
    code, text, _ = terminal("ask", path, QUESTIONS[3], "--accept-damage")
    assert code == 0
    assert "note: no picture: only the sound was remembered" in text
    assert "looked at: picture 0%" in text


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_death_of_a_decoding_process_is_survived_and_said(
    library: Library, tmp_path: Path, number: signal.Signals
) -> None:
    size = (640, 384)
    look = Look(size=size, options={"g": "10", "preset": "ultrafast"})
    path = make_clip(tmp_path / "clip.mkv", steady(100, step_s=0.1), numbered(size), look)
    before, killed = child_ids(), set[int]()

    def kill(stage: str, done_s: float, total_s: float | None) -> None:
        if stage == "pictures" and done_s > 2 and not killed:
            killed.update(child_ids() - before)
            for child in killed:
                with suppress(ProcessLookupError):
                    os.kill(child, number)

    memory = remembered(library, path, report=kill)
    assert len(killed) == 1
    assert "decoding failed once" in notes_of(memory)
    assert memory.lost("picture") == []
    assert len(memory.samples(AppearanceEmbedder.name)[0]) == 20
    assert child_ids() == before


# ---- no video at all


def text_file(path: Path) -> None:
    path.write_text("this is no video\n" * 100)


def without_its_table(path: Path) -> None:
    """An mp4 file that was never finished: the table of what lies where is missing."""
    make_clip(path, steady(50), sound=tone(2.0))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])


def noise(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(5000))


@pytest.mark.parametrize("write", [Path.touch, text_file, without_its_table, noise])
def test_what_is_no_video_is_refused_in_one_short_line(
    terminal: Terminal, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "file.mp4"
    write(path)
    for words in (("ingest", path), ("ask", path, QUESTIONS[0])):
        code, text, complaint = terminal(*words)
        assert (code, text) == (2, "")
        assert complaint.startswith(f"vidagent: {path}: ")
        assert len(complaint.splitlines()) == 1
        assert len(complaint.replace(str(path), "")) < 200
    assert terminal.titles() == []


# ---- no pictures, or one


def with_cover(path: Path) -> Path:
    """Three seconds of sound and a still of cover art."""
    with av.open(str(path), "w") as container:
        voice = container.add_stream("libmp3lame", rate=16000, layout="mono")
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 160, 96, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        still = av.VideoFrame.from_ndarray(numbered()(3), format="rgb24").reformat(format="yuvj420p")
        still.pts, still.time_base = 0, TWENTY_FIVE
        container.mux([*cover.encode(still), *cover.encode(None)])
        samples = av.AudioFrame.from_ndarray(tone(3.0)[None], format="fltp", layout="mono")
        samples.sample_rate, samples.pts = 16000, 0
        container.mux([*voice.encode(samples), *voice.encode(None)])
    return path


def assert_answers_all(memory: Memory) -> None:
    for question in QUESTIONS:
        answer = ask(memory, question)
        assert 0 <= answer.confidence <= 1
        assert all(0 <= m.span.start_s <= m.span.end_s <= memory.video.duration_s for m in answer.moments)


@pytest.mark.parametrize("name", ["talk.m4a", "cover.mp3", "talk.wav", "blink.wav"])
def test_sound_without_moving_pictures_is_remembered_as_sound(
    library: Library, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name == "cover.mp3":
        with_cover(path)
    else:
        length_s = 0.01 if name == "blink.wav" else 3.0
        codec = "pcm_s16le" if path.suffix == ".wav" else "aac"
        make_clip(path, sound=tone(length_s), sound_codec=codec)
    memory = remembered(library, path)
    assert "no picture: only the sound was remembered" in memory.video.notes
    assert (memory.video.width, memory.video.height) == (0, 0)
    assert share_of(memory, "picture") == 0
    assert share_of(memory, "sound") == pytest.approx(1.0, abs=0.02)
    assert [e.span for e in memory.events()] == [memory.video.span]
    assert_answers_all(memory)


@pytest.mark.parametrize("sound", [None, tone(3.0)], ids=["silent", "with sound"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_video_of_one_picture_is_remembered(
    library: Library, tmp_path: Path, suffix: str, sound: Samples | None
) -> None:
    memory = remembered(library, make_clip(tmp_path / f"one.{suffix}", [0.0], sound=sound))
    assert memory.video.duration_s == pytest.approx(STEP_S if sound is None else 3.0, abs=0.1)
    assert share_of(memory, "picture") == pytest.approx(STEP_S / memory.video.duration_s, abs=0.01)
    assert list(memory.samples(AppearanceEmbedder.name)[0]) == [0.0]
    assert_answers_all(memory)


# ---- a rate that varies

VARYING = [0.0, 1.0, 2.0, *steady(180, start_s=3.0, step_s=1 / 60)]


def turns_red(path: Path, times_s: Sequence[float], at_s: float) -> Path:
    """Black pictures at these times, and red ones from a moment on."""

    def paint(number: int) -> Pixels:
        return solid(RED if times_s[number] > at_s - 1e-6 else BLACK)(number)

    return make_clip(path, times_s, paint, Look(tick=FINE))


def red_from(memory: Memory) -> float:
    (moment,) = ask(memory, QUESTIONS[0]).moments
    assert moment.source == "picture"
    return moment.span.start_s


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_where_the_rate_changes_a_turn_of_colour_is_told_within_half_a_picture(
    library: Library, tmp_path: Path, suffix: str
) -> None:
    memory = remembered(library, turns_red(tmp_path / f"vfr.{suffix}", VARYING, 3.0))
    assert red_from(memory) == pytest.approx(3.0, abs=HALF_A_SIXTIETH_S)


@pytest.mark.parametrize("at_s", [2.0, 3.0 + 1 / 60, 3.5, 4.0 + 31 / 60, 5.0, 5.25])
def test_elsewhere_a_turn_of_colour_is_told_within_half_a_step_of_sampling(
    library: Library, tmp_path: Path, at_s: float
) -> None:
    memory = remembered(library, turns_red(tmp_path / "vfr.mp4", VARYING, at_s))
    assert red_from(memory) == pytest.approx(at_s, abs=SAMPLED_EVERY_S / 2 + HALF_A_SIXTIETH_S)


SLIDES = [
    (0.0, BLACK, ""),
    (20.0, RED, ""),
    (47.3, BLACK, "THE FERRY LEAVES"),
    (63.9, BLUE, ""),
    (70.0, BLACK, ""),
]


def slide(number: int) -> Pixels:
    _, colour, words = SLIDES[number]
    picture = np.full((360, 640, 3), colour, np.uint8)
    cv2.putText(picture, words, (20, 180), cv2.FONT_HERSHEY_SIMPLEX, 1.5, WHITE, 3)
    return picture


def test_pictures_that_stay_for_long_are_told_from_when_they_come_until_they_go(
    library: Library, tmp_path: Path
) -> None:
    path = make_clip(tmp_path / "slides.mkv", [at_s for at_s, _, _ in SLIDES], slide, Look(size=(640, 360)))
    memory = remembered(library, path, embedded(hear_speech=False))
    (red,) = ask(memory, QUESTIONS[0]).moments
    assert (red.span.start_s, red.span.end_s) == pytest.approx((20.0, 47.3), abs=0.001)
    assert [e.span.start_s for e in memory.events()] == pytest.approx([0.0, 20.0, 47.3, 63.9], abs=0.001)
    (words,) = ask(memory, "When does THE FERRY LEAVES appear?").moments
    assert (words.span.start_s, words.span.end_s) == pytest.approx((47.3, 63.9), abs=0.05)


def test_a_picture_that_stays_for_hours_takes_little_room(library: Library, tmp_path: Path) -> None:
    memory = remembered(library, make_clip(tmp_path / "still.mkv", [0.0, 36000.0]))
    assert len(memory.samples(AppearanceEmbedder.name)[0]) < 300
    assert max(e.span.duration_s for e in memory.events()) <= 120


def test_a_clock_that_tells_of_years_is_not_believed(terminal: Terminal, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "years.mkv", [0.0, 0.04, LENGTH_S_MAX + 10])
    code, _, complaint = terminal("ingest", path)
    assert code == 2
    assert complaint == f"vidagent: {path}: its clock cannot be believed: it tells of 31 days\n"
    assert terminal.titles() == []


RATE = re.compile(r"\bfps\b|(?:average|guessed|base|frame)_rate\b")


def divisors(module: Path) -> Iterator[str]:
    """What a module divides by, as it is written."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv):
            yield ast.unparse(node.right if isinstance(node, ast.BinOp) else node.value)


def test_no_second_is_computed_from_a_number_of_pictures_and_a_rate() -> None:
    modules = [
        path for folder in ("tools", "index", "agent", "cli") for path in (ROOT / folder).rglob("*.py")
    ]
    dividing = {str(p.relative_to(ROOT)) for p in modules if any(RATE.search(d) for d in divisors(p))}
    # There the rate only stands in for the length of a last picture that says none.
    assert dividing == {"tools/packets.py"}
    assert len(modules) > 50


# ---- turned pictures

UPRIGHT = (360, 640)


def sign() -> Pixels:
    picture = np.full((*UPRIGHT[::-1], 3), 40, np.uint8)
    cv2.putText(picture, "WHERE IS THE KEY", (20, 320), cv2.FONT_HERSHEY_SIMPLEX, 1.1, WHITE, 3)
    return picture


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_picture_is_upright_everywhere(library: Library, tmp_path: Path, quarter_turns: int) -> None:
    lying = np.ascontiguousarray(np.rot90(sign(), quarter_turns))
    size = (lying.shape[1], lying.shape[0])
    path = make_clip(tmp_path / "turned.mp4", steady(50), lambda number: lying, Look(size=size))
    rotate(path, quarter_turns)
    memory = remembered(library, path, embedded(hear_speech=False))
    assert (memory.video.width, memory.video.height) == UPRIGHT
    assert [text.body for text in memory.texts("screen")] == ["WHERE IS THE KEY"]
    with PictureSeeker(path) as seeker:
        pictures = [
            next(iter(PictureReader(path, 1.0))),
            next(iter(GuardedPictures(path, every_s=1.0))),
            seeker.at(1.0),
            GuardedSeeker(path).at(1.0),
        ]
    for picture in pictures:
        assert np.abs(picture.rgb().astype(int) - sign()).mean() < 4
        assert picture.luma().shape == UPRIGHT[::-1]


# ---- nothing to hear


def test_a_video_without_sound_says_so_and_has_no_words(library: Library, tmp_path: Path) -> None:
    memory = remembered(library, make_clip(tmp_path / "mute.mp4", steady(50)), embedded(read_text=False))
    assert memory.texts("speech") == []
    assert "no sound: nothing could be heard" in memory.video.notes
    assert {row.sense for row in memory.coverage()} == {"picture"}


@pytest.mark.parametrize(
    "sound", [np.zeros(40 * 16000, np.float32), tone(40.0, 50.0)], ids=["silence", "hum"]
)
def test_no_word_is_heard_in_silence_or_hum(library: Library, tmp_path: Path, sound: Samples) -> None:
    path = make_clip(tmp_path / "empty.mp4", steady(40, step_s=1.0), sound=sound)
    memory = remembered(library, path, embedded(read_text=False))
    assert memory.texts("speech") == []
    assert memory.voice() == []
    assert "no speech was heard (pocketsphinx listened)" in memory.video.notes
    heard = next(row for row in memory.coverage() if row.sense == "speech")
    assert (heard.engine, heard.n_looks) == ("pocketsphinx", 0)
    assert heard.share == pytest.approx(1.0, abs=0.01)


# ---- one clock for sight and sound

FLASH_S = 4.0


def flashing(times_s: Sequence[float]) -> Painter:
    """Black pictures, white for a fifth of a second."""
    return lambda number: solid(WHITE if 0 <= times_s[number] - FLASH_S + 1e-6 < 0.2 else BLACK)(number)


def beeping(length_s: float, at_s: float) -> Samples:
    """Silence with a tone of a fifth of a second."""
    sound = np.zeros(round(length_s * 16000), np.float32)
    sound[round(at_s * 16000) :][:3200] = tone(0.2, 1000.0)
    return sound


def flash_and_beep(path: Path, sound_at_s: float = 2.0, first_s: float = 0.0, **options: str) -> Path:
    times_s = steady(round((8.0 - first_s) / STEP_S), first_s)
    sound, codec = beeping(6.0, FLASH_S - sound_at_s), "mp2" if path.suffix == ".ts" else "aac"
    look = Look(tick=TWENTY_FIVE)
    return make_clip(path, times_s, flashing(times_s), look, sound, sound_at_s, codec, options)


def beep_s(memory: Memory) -> float:
    """When the tone begins: a hop that it fills in part is that much less loud."""
    times_s, levels_db = memory.loudness()
    loud = np.flatnonzero(levels_db > levels_db.max() - 20)
    filled = min(1.0, 10 ** (float(levels_db[loud[0]] - levels_db.max()) / 10))
    hop_s = float(times_s[1] - times_s[0])
    return float(times_s[loud[0]]) + (1 - filled) * hop_s


def flash_s(memory: Memory) -> float:
    """The second of the first sample that is white."""
    times_s, vectors = memory.samples(AppearanceEmbedder.name)
    white = colour_shares(vectors)[:, COLOURS.index("white")] > 0.5
    return float(times_s[np.flatnonzero(white)[0]])


CLOCKS: dict[str, Callable[[Path], Path]] = {
    "late.mp4": flash_and_beep,
    "late.mkv": flash_and_beep,
    "late.ts": flash_and_beep,
    "late_picture.mkv": lambda path: flash_and_beep(path, sound_at_s=0.0, first_s=2.0),
    "late_picture.ts": lambda path: flash_and_beep(path, sound_at_s=0.0, first_s=2.0),
    "edit_list.mp4": lambda path: flash_and_beep(path, first_s=-1.0),
    "from_ten.ts": lambda path: flash_and_beep(path, output_ts_offset="10"),
    "wraps.ts": lambda path: flash_and_beep(path, output_ts_offset="95440"),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_flash_and_a_beep_of_one_moment_are_remembered_at_one_moment(
    library: Library, tmp_path: Path, name: str
) -> None:
    path = CLOCKS[name](tmp_path / name)
    memory = remembered(library, path)
    assert abs(flash_s(memory) - beep_s(memory)) < 0.04
    assert flash_s(memory) == pytest.approx(FLASH_S, abs=0.04)
    assert memory.video.duration_s == pytest.approx(8.0, abs=0.1)
    seconds = [*memory.samples(AppearanceEmbedder.name)[0], *memory.loudness()[0]]
    assert all(0 <= second <= memory.video.duration_s for second in seconds)
    assert memory.events()[0].span.start_s == 0


@pytest.mark.parametrize("name", CLOCKS)
def test_a_flash_and_a_beep_of_one_moment_are_read_at_one_moment(tmp_path: Path, name: str) -> None:
    path = CLOCKS[name](tmp_path / name)
    pictures = list(PictureReader(path, EVERY_PICTURE))
    assert pictures[0].pts_s >= 0
    seen_s = next(p.pts_s for p in pictures if p.luma().mean() > 128)
    heard_s = next(
        w.start_s + int(np.argmax(np.abs(w.samples) > 0.1)) / w.rate_hz
        for w in SoundReader(path)
        if np.abs(w.samples).max() > 0.1
    )
    assert abs(seen_s - heard_s) < 0.04
    assert seen_s == pytest.approx(FLASH_S, abs=0.04)


# ---- pictures that are too large

HUGE = (15360, 8640)
MEMORY_MB = 500
MAKE_HUGE = """
import av, sys
from fractions import Fraction
with av.open(sys.argv[1], "w") as container:
    stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
    stream.width, stream.height, stream.pix_fmt = int(sys.argv[2]), int(sys.argv[3]), "yuv420p"
    frame = av.VideoFrame(stream.width, stream.height, stream.pix_fmt)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts, frame.time_base = 0, Fraction(1, 5)
    container.mux([*stream.encode(frame), *stream.encode(None)])
"""
INGEST_AND_MEASURE = """
import json, resource, sys
from pathlib import Path
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.tools.engines import embedded
from vidagent.tools.errors import VidagentError
told = ""
with Library(Path(sys.argv[2])) as library:
    try:
        ingest(library, Path(sys.argv[1]), embedded(read_text=False, hear_speech=False))
    except VidagentError as error:
        told = f"{type(error).__name__}: {error}"
    n_videos = len(library.videos())
lines = Path("/proc/self/status").read_text().splitlines()
own_mb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1000
children_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
print(json.dumps({"told": told, "n_videos": n_videos, "own_mb": own_mb, "children_mb": children_mb}))
"""


def in_a_process(code: str, *words: object) -> str:
    """What a fresh Python prints."""
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A film of one huge picture, by the format of its file."""
    folder = tmp_path_factory.mktemp("huge")
    first = folder / "huge.mkv"
    in_a_process(MAKE_HUGE, first, *HUGE)
    others = {suffix: cut(first, folder / f"huge.{suffix}", 1.0) for suffix in ("mp4", "ts")}
    return {"mkv": first, **others}


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_huge_picture_is_refused_within_little_memory(
    huge: dict[str, Path], tmp_path: Path, suffix: str
) -> None:
    path = huge[suffix]
    told = json.loads(in_a_process(INGEST_AND_MEASURE, path, tmp_path / "library.db"))
    assert (
        told["told"] == f"MediaError: {path}: 15360x8640 pixels a picture are over the limit of {MAX_PIXELS}"
    )
    assert told["n_videos"] == 0
    assert max(told["own_mb"], told["children_mb"]) < MEMORY_MB


def test_a_picture_that_is_huge_against_what_the_header_says_is_left_out(
    huge: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "liar.ts"
    small = make_clip(tmp_path / "small.ts", steady(75), look=Look(tick=TWENTY_FIVE))
    path.write_bytes(small.read_bytes() + huge["ts"].read_bytes())
    assert probe(path).width == 160
    told = json.loads(in_a_process(INGEST_AND_MEASURE, path, tmp_path / "library.db"))
    assert (told["told"], told["n_videos"]) == ("", 1)
    assert max(told["own_mb"], told["children_mb"]) < MEMORY_MB
    with Library(tmp_path / "library.db") as library:
        (video,) = library.videos()
    assert any("decoding failed" in note for note in video.notes)


def test_no_moment_of_a_huge_picture_is_shown(huge: dict[str, Path]) -> None:
    with pytest.raises((MediaError, SeekError), match=r"huge\.mkv"):
        GuardedSeeker(huge["mkv"]).at(0.0)


# ---- several tracks

WEBB = ROOT.parent / "shared" / "media" / "video" / "nasa_webb_13s.mp4"
with_webb = pytest.mark.skipif(not WEBB.exists(), reason="shared media are not there")


@pytest.fixture(scope="module")
def webb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of all its tracks of pictures and of sound."""
    return cut(WEBB, tmp_path_factory.mktemp("webb") / WEBB.name, 3.0)


@with_webb
def test_each_choice_of_tracks_is_a_memory_of_its_own(library: Library, webb: Path) -> None:
    usual = ingest(library, webb, MEASURING)
    chosen = ingest(library, webb, MEASURING, IngestSettings(tracks=Tracks(1, 0)))
    assert (usual.video.tracks, chosen.video.tracks) == ("", "picture 1, sound 0")
    assert (usual.video.width, usual.video.height) == (320, 180)
    assert (chosen.video.width, chosen.video.height) == (480, 270)
    assert len({video.id for video in library.videos()}) == 2
    named = ingest(library, webb, MEASURING, IngestSettings(tracks=Tracks(0, 1)))
    assert (named.is_new, named.video.id) == (False, usual.video.id)


@with_webb
def test_a_question_may_name_its_tracks(terminal: Terminal, webb: Path) -> None:
    question = "When does the screen turn black?"
    assert terminal("ask", webb, question)[0] == 0
    answer = json.loads(terminal("ask", webb, question, "--picture-track", "1", "--json")[1])
    assert answer["video"]["title"] == webb.stem
    listed = terminal("ls")[1]
    assert listed.count(webb.stem + "  ") == 1
    assert listed.count(webb.stem + " [picture 1]") == 1
    code, _, complaint = terminal("ask", webb, question, "--picture-track", "2")
    assert code == 2
    assert "it has 2, counted from 0" in complaint


# ---- subtitles that are pictures


def test_words_of_bitmap_subtitles_are_remembered_and_found(library: Library, tmp_path: Path) -> None:
    pictures = make_clip(tmp_path / "pictures.mkv", steady(40, step_s=0.5), solid(BLACK))
    key, garden = painted("WHERE IS THE KEY"), painted("in the garden")
    sets = [DisplaySet(3.0, (key,)), DisplaySet(6.5), DisplaySet(12.0, (garden,)), DisplaySet(15.25)]
    path = write_captions(tmp_path / "film.mkv", BitmapTrack(sets), beside=pictures)
    memory = remembered(library, path, embedded(hear_speech=False))
    assert [(text.body, text.span) for text in memory.texts("screen")] == [
        ("WHERE IS THE KEY", Span(3.0, 6.5)),
        ("in the garden", Span(12.0, 15.25)),
    ]
    answer = ask(memory, "When does WHERE IS THE KEY appear?")
    assert [(moment.quote, moment.span, moment.source) for moment in answer.moments] == [
        ("WHERE IS THE KEY", Span(3.0, 6.5), "screen")
    ]


def test_damaged_bitmap_subtitles_are_said(library: Library, tmp_path: Path) -> None:
    pictures = make_clip(tmp_path / "pictures.mkv", steady(40, step_s=0.5), solid(BLACK))
    key, garden = painted("WHERE IS THE KEY"), painted("in the garden")
    sets = [
        DisplaySet(3.0, (key,), written=0.5),
        DisplaySet(6.5),
        DisplaySet(12.0, (garden,)),
        DisplaySet(15.25),
    ]
    path = write_captions(tmp_path / "film.mkv", BitmapTrack(sets), beside=pictures)
    memory = remembered(library, path, embedded(hear_speech=False))
    assert "in the garden" in [text.body for text in memory.texts("screen")]
    assert "decoding failed" in notes_of(memory)
