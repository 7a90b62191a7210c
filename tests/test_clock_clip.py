"""The film for measuring models holds what it says it holds, at the seconds it says."""

from __future__ import annotations

import hashlib
import random
import re
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vidagent.tools.errors import CapabilityError, RequestError
from vidagent.tools.guarded import GuardedPictures, GuardedSeeker, guarded_probe
from vidagent.tools.models import clock_clip
from vidagent.tools.models.clock_clip import (
    BEEP_HZ,
    BEEP_S,
    CLOCK_PX,
    HEIGHTS_PX,
    SIZE,
    STEP_S,
    ClockClip,
    make_clock_clip,
    n_rows,
)
from vidagent.tools.picture import Picture
from vidagent.tools.roles import Pixels, Samples
from vidagent.tools.screen_text import RapidOcrReader
from vidagent.tools.sound import read_sound

RATE_HZ = 16000
CLOCK = (slice(0, 240), slice(240, 1040))
WORDS = (slice(480, 720), slice(240, 1040))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips") / "new"


@pytest.fixture(scope="module")
def clip(folder: Path) -> ClockClip:
    return make_clock_clip(folder)


@pytest.fixture(scope="module")
def pictures(clip: ClockClip) -> list[Picture]:
    return list(GuardedPictures(clip.path, every_s=STEP_S / 2))


@pytest.fixture(scope="module")
def sound(clip: ClockClip) -> Samples:
    """All of the sound, from zero on."""
    windows = list(read_sound(clip.path, rate_hz=RATE_HZ, window_s=60.0))
    assert [window.start_s for window in windows] == [pytest.approx(0.0, abs=1e-3)]
    return windows[0].samples


def corner(picture: Picture) -> Pixels:
    """The lower quarter of the left edge, where neither clock nor words are."""
    return picture.rgb(short_side=180)[90:, :60].astype(np.int16)


def word_area(picture: Picture) -> Pixels:
    """Where words are written, in full size."""
    return picture.luma()[550:650, 360:920]


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader()


def texts_of(reader: RapidOcrReader, picture: Picture, area: tuple[slice, slice]) -> list[str]:
    """What is read where it stands and around it, which takes far less time than the whole picture."""
    return [line.text for line in reader.read(np.ascontiguousarray(picture.rgb()[area]))]


def test_pictures_are_a_tenth_of_a_second_apart_from_zero_on(
    clip: ClockClip, pictures: list[Picture]
) -> None:
    assert [picture.pts_s for picture in pictures] == [
        pytest.approx(number / 10, abs=1e-9) for number in range(400)
    ]
    assert pictures[-1].end_s == pytest.approx(clip.duration_s, abs=1e-9)
    assert guarded_probe(clip.path).duration_s_from_header == pytest.approx(clip.duration_s, abs=0.01)
    assert pictures[0].rgb().shape == (SIZE[1], SIZE[0], 3)


def test_scenes_change_at_the_cuts_and_nowhere_else(clip: ClockClip, pictures: list[Picture]) -> None:
    seen = [corner(picture) for picture in pictures]
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(seen)]
    cuts_s = [picture.pts_s for picture, change in zip(pictures[1:], changes, strict=True) if change > 10]
    assert cuts_s == pytest.approx(clip.cuts_s, abs=1e-9)
    assert len(cuts_s) == 7
    assert sorted(changes)[-8] < 2, "a scene stands still"
    lengths = np.diff([0.0, *clip.cuts_s, clip.duration_s])
    assert lengths.min() >= 3.0
    assert len(set(lengths.round(1).tolist())) > 4, "cuts are at uneven distances"


def test_beeps_begin_and_end_where_they_are_said_to(clip: ClockClip, sound: Samples) -> None:
    loud = np.flatnonzero(np.abs(sound) > 0.05) / RATE_HZ
    gaps = np.flatnonzero(np.diff(loud) > 0.05)
    begins_s, ends_s = loud[[0, *(gaps + 1)]], loud[[*gaps, -1]]
    assert begins_s == pytest.approx(clip.beeps_s, abs=0.002)
    assert ends_s - begins_s == pytest.approx(np.full(len(clip.beeps_s), BEEP_S), abs=0.003)
    assert all(abs(beep_s - cut_s) > 0.4 for beep_s in clip.beeps_s for cut_s in clip.cuts_s)


def test_beeps_sound_at_a_thousand_hertz(clip: ClockClip, sound: Samples) -> None:
    for beep_s in clip.beeps_s:
        first = round(beep_s * RATE_HZ)
        spectrum = np.abs(np.fft.rfft(sound[first : first + round(BEEP_S * RATE_HZ)]))
        assert np.argmax(spectrum) / BEEP_S == pytest.approx(BEEP_HZ, abs=5)


def test_a_reader_reads_in_each_picture_its_own_second(clip: ClockClip, reader: RapidOcrReader) -> None:
    times_s = [0.0, 3.3, clip.cuts_s[1], 17.8, clip.cuts_s[4], 30.0, 39.9]
    for _, picture in GuardedSeeker(clip.path).at_each(times_s):
        texts = texts_of(reader, picture, CLOCK)
        clocks = [float(text) for text in texts if re.fullmatch(r"\d\d\.\d", text)]
        assert clocks == [pytest.approx(picture.pts_s, abs=STEP_S / 2)], texts


def test_a_reader_reads_the_large_words_while_they_are_shown(clip: ClockClip, reader: RapidOcrReader) -> None:
    shown = GuardedSeeker(clip.path).at_each([word.span.middle_s for word in clip.words[:4]])
    for word, (_, picture) in zip(clip.words[:4], shown, strict=True):
        assert word.text in texts_of(reader, picture, WORDS)


def test_words_are_shown_from_their_first_to_their_last_second(
    clip: ClockClip, pictures: list[Picture]
) -> None:
    written = {round(picture.pts_s, 1) for picture in pictures if is_black(word_area(picture)[:, :20])}
    shown = {
        number / 10
        for word in clip.words
        for number in range(400)
        if word.span.start_s <= number / 10 < word.span.end_s
    }
    assert written == shown


def is_black(area: Pixels) -> bool:
    return bool(area[5:-5, 5:].max() < 30)


def test_words_are_as_high_as_they_are_said_to_be(clip: ClockClip, pictures: list[Picture]) -> None:
    assert tuple(word.height_px for word in clip.words) == HEIGHTS_PX
    for word in clip.words:
        picture = pictures[round((word.span.start_s + 1) * 10)]
        assert n_rows(word_area(picture)) == pytest.approx(word.height_px, abs=1)
    assert n_rows(pictures[0].luma()[40:200, 400:880]) == pytest.approx(CLOCK_PX, abs=3)


def planned(seed: int) -> ClockClip:
    """What will be in the film of a seed, without writing it."""
    return clock_clip._planned(Path("unwritten.mkv"), random.Random(seed))


def test_films_of_different_seeds_share_neither_words_nor_seconds(clip: ClockClip) -> None:
    other = planned(1)
    words = [word.text for word in (*clip.words, *other.words)]
    assert len(set(words)) == len(words)
    assert other.cuts_s != clip.cuts_s
    assert other.beeps_s != clip.beeps_s


def test_the_film_of_every_seed_keeps_the_rules() -> None:
    for seed in range(300):
        keeps_the_rules(planned(seed))


def keeps_the_rules(clip: ClockClip) -> None:
    assert all(after - before >= 3 - 1e-9 for before, after in pairwise([0.0, *clip.cuts_s, clip.duration_s]))
    assert all(abs(beep_s - cut_s) > 0.5 for beep_s in clip.beeps_s for cut_s in clip.cuts_s)
    assert all(after - before >= 0.5 for before, after in pairwise([0.0, *clip.beeps_s, clip.duration_s]))
    spans = [word.span for word in clip.words]
    assert all(before.end_s <= after.start_s for before, after in pairwise(spans))
    assert spans[-1].end_s < clip.duration_s


def test_the_same_seed_gives_the_same_film(clip: ClockClip, tmp_path: Path) -> None:
    again = make_clock_clip(tmp_path)
    assert (again.cuts_s, again.beeps_s, again.words) == (clip.cuts_s, clip.beeps_s, clip.words)
    assert decoded_sha256(again.path) == decoded_sha256(clip.path)
    assert [file.name for file in tmp_path.iterdir()] == [again.path.name]


def decoded_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()


def test_without_h264_the_film_is_mpeg4_with_the_same_seconds(
    clip: ClockClip, reader: RapidOcrReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock_clip, "_CODECS", (("no-such-codec", {}), clock_clip._CODECS[-1]))
    other = make_clock_clip(tmp_path)
    with av.open(str(other.path)) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
    times_s = [*clip.cuts_s, clip.words[0].span.start_s]
    assert [found.pts_s for _, found in GuardedSeeker(other.path).at_each(times_s)] == pytest.approx(
        sorted(times_s), abs=1e-9
    )
    texts = [line.text for line in reader.read(GuardedSeeker(other.path).at(2.0).rgb())]
    assert {"02.0", clip.words[0].text} <= set(texts)


def test_no_codec_and_no_folder_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="file"):
        make_clock_clip(tmp_path / "file")
    monkeypatch.setattr(clock_clip, "_CODECS", (("no-such-codec", {}),))
    with pytest.raises(CapabilityError, match="pip install"):
        make_clock_clip(tmp_path / "folder")


def test_neighbouring_scenes_differ_wherever_the_film_begins() -> None:
    for first in range(8):
        scenes = [scene[::8, ::8].astype(np.int16) for scene in clock_clip._scenes(random.Random(first))]
        assert all(np.abs(after - before).mean() > 25 for before, after in pairwise(scenes))
