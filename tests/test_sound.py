"""Sound lies on the clock that a player shows, whatever container carried it and however it starts."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer

from vidagent.tools.errors import MediaError, RequestError, UnknownVideoError
from vidagent.tools.roles import SoundWindow
from vidagent.tools.sound import SoundReader, read_sound

Floats = npt.NDArray[np.float32]
RATE_HZ = 48000
FRAME = 1024
TOLERANCE_S = 0.02
BEEPS_S = (0.5, 1.75, 3.0)
PRIMING_S = 1024 / 48000
"""AAC begins with this much silence; a transport stream cannot say so, and its clock begins there."""


def beeps(
    *starts_s: float, length_s: float, rate_hz: int = RATE_HZ, channels: int = 1, only: int | None = None
) -> Floats:
    """Tones of 0.2 s in silence, shape (channels, n); on one channel where ``only`` is given."""
    seconds = np.arange(round(length_s * rate_hz)) / rate_hz
    loud = np.zeros(len(seconds), bool)
    for start_s in starts_s:
        loud |= (seconds >= start_s) & (seconds < start_s + 0.2)
    tone = np.where(loud, 0.5 * np.cos(2 * np.pi * 1000 * seconds), 0).astype(np.float32)
    return np.stack([tone * (only in (None, channel)) for channel in range(channels)])


def frames(
    sound: Floats, layout: str, offset_s: float, stretch: float, rate_hz: int
) -> Iterator[av.AudioFrame]:
    for first in range(0, sound.shape[1], FRAME):
        part = np.ascontiguousarray(sound[:, first : first + FRAME])
        frame = av.AudioFrame.from_ndarray(part, "fltp", layout)
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        frame.pts = round(offset_s * rate_hz) + round(first * stretch)
        yield frame


def add_sound(container: OutputContainer, codec: str, rate_hz: int, layout: str) -> AudioStream:
    stream = container.add_stream(codec, rate=rate_hz, layout=layout)
    assert isinstance(stream, AudioStream)
    return stream


def encode(container: OutputContainer, stream: AudioStream, frame: av.AudioFrame) -> None:
    # A resampler here would count the samples anew and lose the timestamps that are put in on purpose.
    target = stream.codec_context.format.name
    if target != "fltp":
        samples = frame.to_ndarray().T.reshape(1, -1).astype(np.float32)
        data = samples if target == "flt" else (samples * 32767).astype(np.int16)
        same = av.AudioFrame.from_ndarray(data, target, frame.layout.name)
        same.sample_rate, same.time_base, same.pts = frame.sample_rate, frame.time_base, frame.pts
        frame = same
    container.mux(stream.encode(frame))


def add_picture(container: OutputContainer, length_s: float, offset_s: float = 0.0) -> None:
    stream = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
    for number in range(round(length_s * 10)):
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        frame.time_base, frame.pts = Fraction(1, 10), number + round(offset_s * 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write(
    path: Path,
    *parts: tuple[float, Floats],
    codec: str,
    layout: str = "mono",
    rate_hz: int = RATE_HZ,
    stretch: float = 1.0,
    picture_s: float | None = None,
    picture_offset_s: float = 0.0,
) -> Path:
    """A file with one sound track made of parts at given seconds and, where asked for, a picture."""
    # A clock that begins at 10 s, as those of broadcasts do, is the muxer's doing and not a late start.
    options = {"output_ts_offset": "10"} if path.suffix == ".ts" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = add_sound(container, codec, rate_hz, layout)
        if picture_s is not None:
            add_picture(container, picture_s, picture_offset_s)
        for offset_s, sound in parts:
            for frame in frames(sound, layout, offset_s, stretch, rate_hz):
                encode(container, stream, frame)
        container.mux(stream.encode(None))
    return path


def onsets_s(windows: list[SoundWindow]) -> list[float]:
    """Seconds at which a loud sample follows at least 0.1 s without one."""
    found: list[float] = []
    last_s = float("-inf")
    for window in windows:
        for loud_s in window.start_s + np.flatnonzero(np.abs(window.samples) > 0.1) / window.rate_hz:
            if loud_s - last_s > 0.1:
                found.append(float(loud_s))
            last_s = loud_s
    return found


def assert_heard_at(windows: list[SoundWindow], *truth_s: float) -> None:
    assert onsets_s(windows) == pytest.approx(list(truth_s), abs=TOLERANCE_S)


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "first_s"),
    [
        ("pcm.wav", "pcm_s16le", 48000, 0),
        ("telephone.wav", "pcm_s16le", 8000, 0),
        ("nothing_to_convert.wav", "pcm_f32le", 16000, 0),
        ("lossless.flac", "flac", 44100, 0),
        ("short_frames.mkv", "aac", 44100, 0),
        ("edit_list.mp4", "aac", 48000, 0),
        ("starts_at_10_s.ts", "aac", 48000, PRIMING_S),
        ("old.avi", "pcm_s16le", 44100, 0),
    ],
)
def test_a_beep_is_heard_at_its_second(
    tmp_path: Path, name: str, codec: str, rate_hz: int, first_s: float
) -> None:
    sound = beeps(*BEEPS_S, length_s=4, rate_hz=rate_hz)
    path = write(tmp_path / name, (0.0, sound), codec=codec, rate_hz=rate_hz)
    windows = list(read_sound(path))
    assert_heard_at(windows, *(first_s + beep_s for beep_s in BEEPS_S))
    assert {window.rate_hz for window in windows} == {16000}
    assert windows[-1].end_s == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.ts"])
def test_sound_that_starts_two_seconds_late_starts_late_here_too(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, (2.0, beeps(*BEEPS_S, length_s=4)), codec="aac", picture_s=6)
    windows = list(read_sound(path))
    assert_heard_at(windows, *(2 + beep_s for beep_s in BEEPS_S))
    assert windows[0].start_s == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize(("name", "first_s"), [("late.mp4", 0), ("late.mkv", 0), ("late.ts", PRIMING_S)])
def test_a_picture_that_starts_late_does_not_move_the_sound(
    tmp_path: Path, name: str, first_s: float
) -> None:
    sound = beeps(*BEEPS_S, length_s=4)
    path = write(tmp_path / name, (0.0, sound), codec="aac", picture_s=3, picture_offset_s=2)
    assert_heard_at(list(read_sound(path)), *(first_s + beep_s for beep_s in BEEPS_S))


def test_sound_before_the_zero_of_an_edit_list_is_not_heard(tmp_path: Path) -> None:
    sound = beeps(0.2, 1.5, 2.5, length_s=4)
    path = write(tmp_path / "early.mp4", (-1.0, sound), codec="aac", picture_s=3)
    heard_s = [onset_s for onset_s in onsets_s(list(read_sound(path))) if onset_s >= 0]
    assert heard_s == pytest.approx([0.5, 1.5], abs=TOLERANCE_S)


def test_a_short_gap_is_silence(tmp_path: Path) -> None:
    parts = (0.0, beeps(0.5, length_s=1)), (1.5, beeps(0.5, length_s=1))
    (window,) = read_sound(write(tmp_path / "gap.mkv", *parts, codec="pcm_s16le"))
    assert_heard_at([window], 0.5, 2.0)
    assert window.end_s == pytest.approx(2.5, abs=0.005)
    gap = window.samples[round(1.05 * 16000) : round(1.45 * 16000)]
    assert not gap.any()


def test_a_long_gap_begins_a_new_window(tmp_path: Path) -> None:
    parts = (0.0, beeps(0.5, length_s=2)), (3600.0, beeps(0.5, length_s=2))
    windows = list(read_sound(write(tmp_path / "gap.mkv", *parts, codec="pcm_s16le")))
    assert_heard_at(windows, 0.5, 3600.5)
    assert [window.start_s for window in windows] == pytest.approx([0, 3600], abs=0.005)


@pytest.mark.parametrize("stretch", [1.001, 0.999])
def test_a_wrong_sample_clock_never_adds_up(tmp_path: Path, stretch: float) -> None:
    sound = beeps(1, 60, 119, length_s=120, rate_hz=16000)
    path = write(tmp_path / "drift.mkv", (0.0, sound), codec="pcm_s16le", rate_hz=16000, stretch=stretch)
    assert_heard_at(list(read_sound(path)), *(second * stretch for second in (1, 60, 119)))


def test_one_wrong_timestamp_does_not_move_the_rest(tmp_path: Path) -> None:
    sound = beeps(*BEEPS_S, length_s=4, rate_hz=44100)
    path = write(tmp_path / "leap.flv", (0.0, sound), codec="pcm_s16le", rate_hz=44100)
    media = bytearray(path.read_bytes())
    tag = 13
    for _ in range(40):
        tag += 15 + int.from_bytes(media[tag + 1 : tag + 4], "big")
    assert media[tag] == 8, "an FLV tag of sound"
    media[tag + 7] = 1  # the highest byte of its time: 4.6 hours
    path.write_bytes(media)
    windows = list(read_sound(path))
    assert_heard_at(windows, *BEEPS_S)
    assert windows[-1].end_s == pytest.approx(4, abs=0.05)


def test_damaged_packets_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "damaged.mp4", (0.0, beeps(*BEEPS_S, 28.0, length_s=30)), codec="aac")
    media = bytearray(path.read_bytes())
    chance = random.Random(5)
    start, end = media.index(b"mdat") + 4000, media.index(b"moov") - 12000
    for _ in range(60):
        media[chance.randrange(start, end)] ^= 0xFF
    path.write_bytes(media)
    reader = SoundReader(path)
    windows = list(reader)
    assert reader.n_damaged > 0
    assert onsets_s(windows)[-1] == pytest.approx(28.0, abs=TOLERANCE_S)
    assert all(np.isfinite(w.samples).all() and np.abs(w.samples).max() <= 1 for w in windows)


def test_a_track_that_appears_under_way_does_not_end_the_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "programme.ts", (0.0, beeps(0.5, length_s=2)), codec="aac")
    later = write(tmp_path / "later.ts", (4.0, beeps(0.5, length_s=2)), codec="aac", picture_s=6)
    nothing = b"\x47\x1f\xff\x10" + b"\xff" * 184
    before, after = path.read_bytes(), later.read_bytes()
    # Further in than the reader looks when it opens a file, from either end.
    path.write_bytes(before + nothing * 30000 + after + nothing * 2000 + before)
    with av.open(str(path)) as container:
        assert len(container.streams) == 1
    assert_heard_at(list(read_sound(path)), 0.5 + PRIMING_S, 4.5 + PRIMING_S)


def test_a_cut_file_gives_what_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.mkv", (0.0, beeps(*BEEPS_S, length_s=4)), codec="pcm_s16le")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reader = SoundReader(path)
    assert_heard_at(list(reader), 0.5, 1.75)
    assert 1.7 < reader.end_s < 2.3


@pytest.mark.parametrize("only", [None, 1, 4])
def test_six_channels_become_one(tmp_path: Path, only: int | None) -> None:
    sound = beeps(*BEEPS_S, length_s=4, channels=6, only=only) * 1.9
    path = write(tmp_path / "surround.mp4", (0.0, sound), codec="aac", layout="5.1")
    windows = list(read_sound(path))
    assert_heard_at(windows, *BEEPS_S)
    assert all(window.samples.ndim == 1 for window in windows)


def test_samples_that_are_too_loud_or_no_numbers_are_tamed(tmp_path: Path) -> None:
    sound = 8 * beeps(*BEEPS_S, length_s=4)
    sound[0, 100000:100100] = np.nan
    path = write(tmp_path / "loud.wav", (0.0, sound), codec="pcm_f32le", rate_hz=16000)
    samples = np.concatenate([window.samples for window in read_sound(path)])
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == 1


def test_a_file_without_sound_yields_nothing(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "silent.mp4"), "w") as container:
        add_picture(container, 1.0)
    assert list(read_sound(tmp_path / "silent.mp4")) == []


def test_windows_are_full_and_follow_each_other(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.wav", (0.0, beeps(*BEEPS_S, length_s=4)), codec="pcm_s16le")
    windows = list(read_sound(path, rate_hz=8000, window_s=0.75))
    assert [len(window.samples) for window in windows] == [6000] * 5 + [2000]
    assert [window.start_s for window in windows] == pytest.approx([0, 0.75, 1.5, 2.25, 3, 3.75])
    assert_heard_at(windows, *BEEPS_S)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    sound = np.zeros((1, 16000 * 600), np.float32)
    path = write(tmp_path / "long.wav", (0.0, sound), codec="pcm_s16le", rate_hz=16000)
    tracemalloc.start()
    try:
        length_s = sum(len(window.samples) / window.rate_hz for window in read_sound(path, window_s=5))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length_s == pytest.approx(600)
    assert peak < 4 * 5 * 16000 * 4, "four windows of float32"


def test_a_track_is_chosen_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        tracks = [add_sound(container, "pcm_s16le", RATE_HZ, "mono") for _ in range(2)]
        sounds = [beeps(start_s, length_s=2) for start_s in (0.5, 1.5)]
        for pair in zip(*(frames(sound, "mono", 0, 1.0, RATE_HZ) for sound in sounds), strict=True):
            for track, frame in zip(tracks, pair, strict=True):
                encode(container, track, frame)
    assert_heard_at(list(read_sound(path, track=0)), 0.5)
    assert_heard_at(list(read_sound(path, track=1)), 1.5)
    with pytest.raises(RequestError, match=r"no sound track 2 \(it has 2, counted from 0\)"):
        list(read_sound(path, track=2))


def test_what_is_no_media_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(MediaError, match=r"text\.mp4"):
        list(read_sound(tmp_path / "text.mp4"))
    with pytest.raises(UnknownVideoError, match=r"absent\.mp4"):
        list(read_sound(tmp_path / "absent.mp4"))
