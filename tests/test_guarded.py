"""A process that decodes may die, stall or be refused; the program goes on and says what is missing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from bitmaps import BitmapTrack, DisplaySet, painted, write_captions
from children import child_ids
from clips import Look, Pixels, make_clip, number_in, steady, tone

from vidagent.tools.bitmap_subtitles import BitmapReader
from vidagent.tools.clock import Span
from vidagent.tools.course import N_DEATHS_MAX
from vidagent.tools.errors import MediaError, RequestError, SeekError, UnknownVideoError
from vidagent.tools.guarded import (
    GuardedCaptions,
    GuardedPictures,
    GuardedSeeker,
    GuardedSound,
    guarded_probe,
)
from vidagent.tools.picture import Picture
from vidagent.tools.pictures import PictureReader
from vidagent.tools.probe import probe
from vidagent.tools.seeker import PictureSeeker
from vidagent.tools.sound import SoundReader

# Larger than what a pipe holds, so that a decoder cannot be done before anything is taken from it.
LARGE = (640, 384)


def large(number: int) -> Pixels:
    picture = np.full((LARGE[1], LARGE[0], 3), 96, np.uint8)
    for bit in range(8):
        picture[:192, bit * 80 : bit * 80 + 80] = 255 * (number >> (7 - bit) & 1)
    picture[192:, :320] = 255
    return picture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of large pictures, with sound."""
    look = Look(size=LARGE, options={"g": "10", "preset": "ultrafast"})
    path = tmp_path_factory.mktemp("guarded") / "clip.mkv"
    return make_clip(path, steady(100, step_s=0.1), large, look, tone(10.0), sound_codec="pcm_s16le")


@contextmanager
def every_child_killed(sign: int = signal.SIGKILL) -> Iterator[list[int]]:
    """Signals each process that is started meanwhile, as soon as it is there."""
    before, done, is_over = child_ids(), [], threading.Event()

    def kill() -> None:
        while not is_over.is_set():
            for child in child_ids() - before - set(done):
                with suppress(ProcessLookupError):
                    os.kill(child, sign)
                done.append(child)
            time.sleep(0.002)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield done
    finally:
        is_over.set()
        killer.join()


def numbers(pictures: list[Picture]) -> list[int]:
    return [number_in(picture.luma()) for picture in pictures]


def test_the_pictures_are_those_of_the_plain_reader(clip: Path) -> None:
    plain, guarded = PictureReader(clip, 0.25), GuardedPictures(clip, every_s=0.25)
    expected, pictures = list(plain), list(guarded)
    assert [(p.pts_s, p.end_s) for p in pictures] == [(p.pts_s, p.end_s) for p in expected]
    assert all(np.array_equal(a.rgb(), b.rgb()) for a, b in zip(pictures, expected, strict=True))
    assert (guarded.end_s, guarded.n_pictures, guarded.n_damaged, guarded.lost) == (
        plain.end_s,
        plain.n_pictures,
        0,
        [],
    )


def test_spans_and_keyframes_are_passed_on(clip: Path) -> None:
    spans = (Span(1.0, 1.2), Span(7.05, 7.3))
    within = GuardedPictures(clip, every_s=0.001, spans=spans)
    assert numbers(list(within)) == [10, 11, 70, 71, 72]
    keyframes = GuardedPictures(clip, every_s=0.001, keyframes_only=True)
    assert numbers(list(keyframes)) == list(range(0, 100, 10))


def test_the_sound_is_that_of_the_plain_reader(clip: Path) -> None:
    shape = {"window_s": 3.0, "overlap_s": 0.5}
    plain, guarded = SoundReader(clip, **shape), GuardedSound(clip, **shape)
    for expected, window in zip(plain, guarded, strict=True):
        assert window.start_s == expected.start_s
        assert np.array_equal(window.samples, expected.samples)
    assert (guarded.end_s, guarded.n_damaged, guarded.lost) == (plain.end_s, 0, [])


def test_moments_are_those_of_the_plain_seeker(clip: Path) -> None:
    times_s = [9.55, 0.0, 4.21, 4.29, 9.93]
    with PictureSeeker(clip) as seeker:
        expected = [(time_s, number_in(p.luma())) for time_s, p in seeker.at_each(times_s)]
    guarded = [(time_s, number_in(p.luma())) for time_s, p in GuardedSeeker(clip).at_each(times_s)]
    assert guarded == expected == [(0.0, 0), (4.21, 42), (4.29, 42), (9.55, 95), (9.93, 99)]
    with pytest.raises(SeekError, match="00:20"):
        GuardedSeeker(clip).at(20.0)


def test_errors_arrive_as_what_they_are(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(MediaError, match=r"text\.mp4: not a video"):
        list(GuardedPictures(tmp_path / "text.mp4", every_s=1.0))
    with pytest.raises(UnknownVideoError, match=r"gone\.mp4: no such file"):
        list(GuardedSound(tmp_path / "gone.mp4"))
    with pytest.raises(RequestError, match="no picture track 3"):
        list(GuardedPictures(clip, 3, every_s=1.0))


def test_a_name_that_is_no_text_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\n.mkv")
    make_clip(tmp_path / "plain.mkv", steady(5)).rename(path)
    assert len(list(GuardedPictures(path, every_s=0.001))) == 5


def test_a_process_that_is_killed_is_followed_by_another_and_nothing_is_missing(clip: Path) -> None:
    before, reader, seen = child_ids(), GuardedPictures(clip, every_s=0.2), []
    for picture in reader:
        seen.append(number_in(picture.luma()))
        if len(seen) in (5, 20):
            (child,) = child_ids() - before
            os.kill(child, signal.SIGKILL)
    assert seen == list(range(0, 100, 2))
    assert (reader.n_damaged, reader.lost) == (2, [])


def test_sound_goes_on_behind_a_death(clip: Path) -> None:
    before, reader, windows = child_ids(), GuardedSound(clip, rate_hz=48000, window_s=0.5), []
    for window in reader:
        windows.append(window)
        if len(windows) == 4:
            (child,) = child_ids() - before
            os.kill(child, signal.SIGSEGV)
    assert reader.n_damaged == 1
    assert [w.start_s for w in windows] == pytest.approx([0.5 * n for n in range(20)], abs=0.01)


def test_a_process_that_stalls_is_ended_and_followed(clip: Path) -> None:
    before, reader, seen = child_ids(), GuardedPictures(clip, every_s=0.2, call_s=1.0), []
    begun_s = time.monotonic()
    for picture in reader:
        seen.append(number_in(picture.luma()))
        if len(seen) == 5:
            (child,) = child_ids() - before
            os.kill(child, signal.SIGSTOP)
    assert seen == list(range(0, 100, 2))
    assert reader.n_damaged == 1
    assert time.monotonic() - begun_s < 30


def test_a_file_that_always_kills_its_decoder_is_given_up(clip: Path) -> None:
    reader = GuardedPictures(clip, every_s=0.2)
    with every_child_killed() as killed, pytest.raises(MediaError, match="again and again"):
        list(reader)
    assert len(killed) == N_DEATHS_MAX + 1
    assert reader.n_damaged == N_DEATHS_MAX + 1


def test_a_moment_whose_decoder_dies_is_a_named_error(clip: Path) -> None:
    with every_child_killed(), pytest.raises(SeekError, match=r"clip\.mkv: .*00:04.2.*signal 9"):
        GuardedSeeker(clip).at(4.2)


def test_no_process_outlives_the_reading(clip: Path) -> None:
    before = child_ids()
    pictures = iter(GuardedPictures(clip, every_s=0.1))
    next(pictures)
    assert child_ids() - before
    pictures.close()  # type: ignore[attr-defined]
    assert child_ids() == before


def test_an_interruption_of_the_terminal_is_left_to_the_program(clip: Path) -> None:
    before, seen = child_ids(), 0
    reader = GuardedPictures(clip, every_s=0.1)
    for _ in reader:
        seen += 1
        if seen == 3:
            (child,) = child_ids() - before
            os.kill(child, signal.SIGINT)
    assert (seen, reader.n_damaged) == (100, 0)


def test_iterating_again_starts_anew(clip: Path) -> None:
    reader = GuardedPictures(clip, every_s=1.0)
    first = [picture.pts_s for picture in reader]
    assert [picture.pts_s for picture in reader] == first
    assert reader.n_pictures == 100


@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4", "clip.ts"])
def test_a_file_is_probed_as_the_plain_way_does_it(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, steady(10), sound=tone(0.4))
    assert guarded_probe(path) == probe(path)


def test_captions_are_those_of_the_plain_reader(tmp_path: Path) -> None:
    sets = [
        DisplaySet(0.5, (painted("WHERE IS THE KEY"),)),
        DisplaySet(1.5),
        DisplaySet(2.0, (painted("HERE"),)),
    ]
    beside = make_clip(tmp_path / "beside.mkv", steady(100))
    path = write_captions(tmp_path / "film.mkv", BitmapTrack([*sets, DisplaySet(3.0)]), beside=beside)
    plain, guarded = BitmapReader(path), GuardedCaptions(path)
    expected, captions = list(plain), list(guarded)
    assert len(captions) == 2
    for caption, other in zip(captions, expected, strict=True):
        assert (caption.span, caption.box) == (other.span, other.box)
        assert np.array_equal(caption.image, other.image)
    assert (guarded.n_pictures, guarded.n_damaged) == (plain.n_pictures, 0)


def test_a_death_while_probing_is_a_named_error(clip: Path) -> None:
    with every_child_killed(), pytest.raises(MediaError, match=r"clip\.mkv: .*signal 9"):
        guarded_probe(clip)
