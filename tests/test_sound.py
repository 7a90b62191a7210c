"""Sound lies on the clock that a player shows, whatever container carried it and however it starts."""

from __future__ import annotations

import heapq
import random
import struct
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vidagent.tools.clock import Span
from vidagent.tools.errors import MediaError, RequestError, UnknownVideoError
from vidagent.tools.roles import SoundWindow
from vidagent.tools.sound import SoundReader, read_sound
from vidagent.tools.sound_track import SILENT_PACKETS_MAX

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
    target = stream.codec_context.format
    if target.name != "fltp":
        samples = frame.to_ndarray() if target.is_planar else frame.to_ndarray().T.reshape(1, -1)
        same = av.AudioFrame.from_ndarray(as_stored(samples, target.name), target.name, frame.layout.name)
        same.sample_rate, same.time_base, same.pts = frame.sample_rate, frame.time_base, frame.pts
        frame = same
    container.mux(stream.encode(frame))


def as_stored(samples: Floats, format_name: str) -> npt.NDArray[np.generic]:
    """Samples as floats or whole numbers of the width that a format such as ``s16p`` names."""
    if format_name.startswith("flt"):
        return samples
    n_bits = int(format_name.strip("sp"))
    return (samples.astype(np.float64) * (2 ** (n_bits - 1) - 1)).astype(f"int{n_bits}")


def add_picture(container: OutputContainer) -> VideoStream:
    stream = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
    assert isinstance(stream, VideoStream)
    return stream


def pictures(length_s: float, offset_s: float = 0.0) -> Iterator[av.VideoFrame]:
    """Black pictures, ten a second."""
    for number in range(round(length_s * 10)):
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        frame.time_base, frame.pts = Fraction(1, 10), number + round(offset_s * 10)
        yield frame


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
        sounds = (frames(sound, layout, offset_s, stretch, rate_hz) for offset_s, sound in parts)
        if picture_s is None:
            for frame in chain.from_iterable(sounds):
                encode(container, stream, frame)
        else:
            _write_both(container, stream, chain.from_iterable(sounds), pictures(picture_s, picture_offset_s))
        container.mux(stream.encode(None))
    return path


def _write_both(
    container: OutputContainer,
    stream: AudioStream,
    sounds: Iterable[av.AudioFrame],
    shown: Iterable[av.VideoFrame],
) -> None:
    """Sound and pictures in order of time, as a recorder writes them."""
    screen = add_picture(container)
    for frame in heapq.merge(sounds, shown, key=lambda frame: frame.time):
        if isinstance(frame, av.AudioFrame):
            encode(container, stream, frame)
        else:
            container.mux(screen.encode(frame))
    container.mux(screen.encode(None))


@cache
def hiss(length_s: float, rate_hz: int = RATE_HZ) -> Floats:
    """Noise of speech's frequencies, shape (1, n): no stretch of it is like another, so it tells its second."""
    n = round(length_s * rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / rate_hz)
    spectrum[(hertz < 100) | (hertz > 3000)] = 0
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(0.3 * noise / np.abs(noise).max(), np.float32)[None]


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


def with_leap(path: Path, number: int) -> Path:
    """A file of sound in which one packet claims to play 4.6 hours later; -1 is the last."""
    path = write(path, (0.0, beeps(*BEEPS_S, length_s=4, rate_hz=44100)), codec="pcm_s16le", rate_hz=44100)
    media = bytearray(path.read_bytes())
    tags, tag = [], 13
    while tag < len(media):
        if media[tag] == 8:  # an FLV tag of sound
            tags.append(tag)
        tag += 15 + int.from_bytes(media[tag + 1 : tag + 4], "big")
    media[tags[number] + 7] = 1  # the highest byte of its time
    path.write_bytes(media)
    return path


@pytest.mark.parametrize("number", [40, -1, -2])
def test_one_wrong_timestamp_does_not_move_the_rest(tmp_path: Path, number: int) -> None:
    reader = SoundReader(with_leap(tmp_path / "leap.flv", number))
    windows = list(reader)
    assert_heard_at(windows, *BEEPS_S)
    assert len(windows) == 1
    assert reader.end_s == windows[-1].end_s == pytest.approx(4, abs=0.05)


def test_a_wrong_timestamp_at_the_end_is_not_where_sound_is_sought(tmp_path: Path) -> None:
    path = with_leap(tmp_path / "leap.flv", -1)
    assert list(read_sound(path, spans=(Span(10_000, 20_000),))) == []
    assert_heard_at(list(read_sound(path, spans=(Span(2.5, 20_000),))), 3.0)


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
        screen = add_picture(container)
        for frame in [*pictures(1.0), None]:
            container.mux(screen.encode(frame))
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


@pytest.mark.parametrize(("length_s", "lengths"), [(4.0, [6000] * 7 + [4000]), (3.75, [6000] * 7)])
def test_windows_repeat_the_end_of_the_one_before(
    tmp_path: Path, length_s: float, lengths: list[int]
) -> None:
    path = write(tmp_path / "plain.wav", (0.0, hiss(length_s, 8000)), codec="pcm_s16le", rate_hz=8000)
    (whole,) = read_sound(path, rate_hz=8000)
    windows = list(read_sound(path, rate_hz=8000, window_s=0.75, overlap_s=0.25))
    assert [len(window.samples) for window in windows] == lengths
    assert [window.start_s for window in windows] == pytest.approx([0.5 * n for n in range(len(lengths))])
    for n, window in enumerate(windows):
        assert np.array_equal(window.samples, whole.samples[4000 * n : 4000 * n + 6000])


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of hiss at 8 kHz."""
    path = tmp_path_factory.mktemp("short") / "short.wav"
    return write(path, (0.0, hiss(2, 8000)), codec="pcm_s16le", rate_hz=8000)


@given(st.integers(1, 20_000), st.integers(0, 20_000))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_overlapping_windows_hold_every_sample_and_end_with_a_new_one(
    short_clip: Path, n_window: int, n_overlap: int
) -> None:
    n_overlap %= n_window
    (whole,) = read_sound(short_clip, rate_hz=8000)
    n_heard = 0
    for window in read_sound(short_clip, rate_hz=8000, window_s=n_window / 8000, overlap_s=n_overlap / 8000):
        first = round(window.start_s * 8000)
        assert first == max(0, n_heard - n_overlap)
        assert np.array_equal(window.samples, whole.samples[first : first + n_window])
        n_heard, n_before = first + len(window.samples), n_heard
        assert n_heard > n_before
    assert n_heard == len(whole.samples)


def test_nothing_is_repeated_across_a_long_gap(tmp_path: Path) -> None:
    parts = (0.0, beeps(0.5, length_s=2)), (3600.0, beeps(0.5, length_s=1.5))
    path = write(tmp_path / "gap.mkv", *parts, codec="pcm_s16le")
    windows = list(read_sound(path, window_s=1.0, overlap_s=0.5))
    starts_s = [0, 0.5, 1, 3600, 3600.5]
    assert [window.start_s for window in windows] == pytest.approx(starts_s, abs=0.005)


def test_windows_overlap_across_a_short_gap(tmp_path: Path) -> None:
    parts = (0.0, beeps(0.5, length_s=1)), (1.5, beeps(0.5, length_s=1))
    path = write(tmp_path / "gap.mkv", *parts, codec="pcm_s16le")
    windows = list(read_sound(path, window_s=1.0, overlap_s=0.25))
    assert [window.start_s for window in windows] == pytest.approx([0, 0.75, 1.5], abs=0.005)
    assert [len(onsets_s([window])) for window in windows] == [1, 0, 1]
    assert_heard_at(windows[2:], 2.0)


@pytest.mark.parametrize(("window_s", "overlap_s"), [(1.0, 1.0), (1.0, 1.5), (1.0, -0.1), (0.0, 0.0)])
def test_an_overlap_as_long_as_the_window_is_refused(window_s: float, overlap_s: float) -> None:
    with pytest.raises(ValueError, match="overlap"):
        SoundReader(Path("any.wav"), window_s=window_s, overlap_s=overlap_s)


@pytest.mark.parametrize(
    ("spans", "bounds"),
    [
        ([(0.5, 0.75)], [(4000, 6000)]),
        ([(0.5, 0.5005)], [(4000, 4004)]),
        ([(0.50001, 0.50051)], [(4001, 4005)]),
        ([(0.5, 1.0), (1.0, 1.25)], [(4000, 10000)]),
        ([(1.0, 1.25), (0.25, 0.5), (0.3, 0.75)], [(2000, 6000), (8000, 10000)]),
        ([(0.5, 0.75), (0.7505, 1.0)], [(4000, 6000), (6004, 8000)]),
        ([(-3.0, 0.25)], [(0, 2000)]),
        ([(-30.0, -20.0), (-1.0, 0.25)], [(0, 2000)]),
        ([(1.75, 99.0)], [(14000, 16000)]),
        ([(0.0, 1e12)], [(0, 16000)]),
        ([(0.5, 0.5)], []),
        ([(2.0, 3.0), (50.0, 1e15)], []),
    ],
)
def test_only_the_sound_inside_spans_is_given(
    short_clip: Path, spans: list[tuple[float, float]], bounds: list[tuple[int, int]]
) -> None:
    (whole,) = read_sound(short_clip, rate_hz=8000)
    windows = list(read_sound(short_clip, rate_hz=8000, spans=tuple(Span(*span) for span in spans)))
    assert len(windows) == len(bounds)
    for window, (first, last) in zip(windows, bounds, strict=True):
        assert window.start_s == pytest.approx(first / 8000)
        assert np.array_equal(window.samples, whole.samples[first:last])


def test_spans_are_cut_into_overlapping_windows(short_clip: Path) -> None:
    spans = Span(0.1, 0.75), Span(1.0, 1.4)
    windows = list(read_sound(short_clip, rate_hz=8000, window_s=0.3, overlap_s=0.1, spans=spans))
    cuts = [(0.1, 0.4), (0.3, 0.6), (0.5, 0.75), (1.0, 1.3), (1.2, 1.4)]
    assert [(window.start_s, window.end_s) for window in windows] == [pytest.approx(cut) for cut in cuts]


def test_a_short_gap_inside_a_span_is_silence_as_without_spans(tmp_path: Path) -> None:
    parts = (0.0, beeps(0.5, length_s=1)), (1.5, beeps(0.5, length_s=1))
    path = write(tmp_path / "gap.mkv", *parts, codec="pcm_s16le")
    (whole,) = read_sound(path)
    for span in (Span(0.75, 1.25), Span(1.125, 1.375), Span(1.25, 2.0)):
        (window,) = read_sound(path, spans=(span,))
        first = round(span.start_s * 16000)
        assert np.array_equal(window.samples, whole.samples[first : round(span.end_s * 16000)])


FAR_S = 27.0
FAR = Span(2.25, 3), Span(14.3, 15.25), Span(16.1, 16.35), Span(25.35, 100.0)
CONTAINERS = {
    "index.mp4": ("aac", 0.0, None),
    "picture.mp4": ("aac", 0.0, FAR_S),
    "late.mp4": ("aac", 12.0, FAR_S),
    "edit_list.mp4": ("aac", -1.0, FAR_S),
    "reservoir.mp4": ("libmp3lame", 0.0, None),
    "index.mkv": ("aac", 0.0, None),
    "picture.mkv": ("aac", 0.0, FAR_S),
    "late.mkv": ("aac", 12.0, FAR_S),
    "lossless.mkv": ("flac", 0.0, FAR_S),
    "opus.webm": ("libopus", 0.0, None),
    "plain.wav": ("pcm_s16le", 0.0, None),
    "packed.wav": ("adpcm_ms", 0.0, None),
    "lossless.flac": ("flac", 0.0, None),
    "stream.ts": ("aac", 0.0, FAR_S),
    "late.ts": ("aac", 12.0, FAR_S),
    "old.avi": ("libmp3lame", 0.0, FAR_S),
    "old.flv": ("aac", 0.0, None),
    "song.mp3": ("libmp3lame", 0.0, None),
    "song.ogg": ("libopus", 0.0, None),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_span_far_inside_sounds_as_if_all_had_been_read(tmp_path: Path, name: str) -> None:
    codec, offset_s, picture_s = CONTAINERS[name]
    # In Matroska, whose clock ticks in milliseconds, frames of this rate begin between the ticks.
    rate_hz = 44100 if name.endswith((".mkv", ".flv")) else 16000
    path = write(
        tmp_path / name, (offset_s, hiss(FAR_S, rate_hz)), codec=codec, rate_hz=rate_hz, picture_s=picture_s
    )
    (whole,) = read_sound(path, window_s=1000)
    for spans in (FAR, FAR[1:], FAR[-1:]):
        heard = [span for span in spans if span.end_s > whole.start_s]
        reader = SoundReader(path, window_s=1000, spans=spans)
        windows = list(reader)
        assert len(windows) == len(heard)
        for window, span in zip(windows, heard, strict=True):
            bounds_s = max(span.start_s, whole.start_s), min(span.end_s, whole.end_s)
            assert (window.start_s, window.end_s) == pytest.approx(bounds_s, abs=0.001)
            assert_alike(window, whole)
        assert (reader.n_damaged, reader.lost) == (0, [])


def assert_alike(part: SoundWindow, whole: SoundWindow) -> None:
    """A window holds what the whole holds at its seconds, from its first sample on, give or take 0.75 ms."""
    place = round((part.start_s - whole.start_s) * 16000)
    for first in (0, len(part.samples) // 2):
        lag, likeness = lag_of(part.samples[first : first + 320], whole.samples, place + first)
        assert abs(lag) <= 12
        assert likeness > 0.9


def lag_of(piece: Floats, whole: Floats, place: int) -> tuple[int, float]:
    """How many samples from a place the whole is most like a piece, up to 5 ms, and how much (correlation)."""
    likeness = {
        lag: float(np.corrcoef(piece, whole[place + lag : place + lag + len(piece)])[0, 1])
        for lag in range(max(-80, -place), 81)
    }
    lag = max(likeness, key=lambda lag: likeness[lag])
    return lag, likeness[lag]


@pytest.mark.parametrize("name", ["plain.wav", "lossless.flac", "plain.mov", "plain.mkv", "picture.mkv"])
def test_a_far_span_is_found_without_reading_all(tmp_path: Path, name: str) -> None:
    counter = Path("/proc/self/io")
    if not counter.exists():
        pytest.skip("this system does not count what a process reads")
    codec = "flac" if name.endswith("flac") else "pcm_s16le"
    picture_s = 150 if name.startswith("picture") else None
    path = write(tmp_path / name, (0.0, hiss(150, 16000)), codec=codec, rate_hz=16000, picture_s=picture_s)

    def n_bytes_read() -> int:
        return int(counter.read_text().split()[1])

    n_before = n_bytes_read()
    (window,) = read_sound(path, spans=(Span(120.0, 121.0), Span(500.0, 501.0)))
    assert len(window.samples) == 16000
    assert n_bytes_read() - n_before < path.stat().st_size / 3


def test_spans_are_found_in_a_file_that_does_not_tell_its_length(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "live.mkv"), "w", options={"live": "1"}) as container:
        stream = add_sound(container, "pcm_s16le", 16000, "mono")
        for frame in frames(beeps(20.5, length_s=30, rate_hz=16000), "mono", 0, 1.0, 16000):
            encode(container, stream, frame)
    spans = Span(20.0, 22.0), Span(1e6, 1e7), Span(1e14, 1e15)
    (window,) = read_sound(tmp_path / "live.mkv", spans=spans)
    assert_heard_at([window], 20.5)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_spans_around_a_long_gap_are_cut_as_without_jumps(tmp_path: Path, suffix: str) -> None:
    sound = hiss(14, 44100)
    path = write(tmp_path / f"gap{suffix}", (0.0, sound), (80.0, sound), codec="aac", rate_hz=44100)
    spans = Span(12.0, 20.0), Span(40.0, 50.0), Span(79.0, 81.0), Span(92.0, 92.5)
    first, second = read_sound(path, window_s=1000)
    windows = list(read_sound(path, window_s=1000, spans=spans))
    assert [window.start_s for window in windows] == pytest.approx([12, second.start_s, 92], abs=0.001)
    assert [window.end_s for window in windows] == pytest.approx([first.end_s, 81, 92.5], abs=0.001)
    for part, whole in zip(windows, (first, second, second), strict=True):
        assert_alike(part, whole)


def test_a_span_of_another_track_is_found(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    sounds = hiss(30, 16000), beeps(20.5, length_s=30, rate_hz=16000)
    with av.open(str(path), "w") as container:
        tracks = [add_sound(container, "pcm_s16le", 16000, "mono") for _ in sounds]
        for pair in zip(*(frames(sound, "mono", 0, 1.0, 16000) for sound in sounds), strict=True):
            for track, frame in zip(tracks, pair, strict=True):
                encode(container, track, frame)
    assert_heard_at(list(read_sound(path, track=1, spans=(Span(20.25, 21.0),))), 20.5)


def test_memory_does_not_grow_with_spans_and_overlap(tmp_path: Path) -> None:
    path = write(
        tmp_path / "long.wav", (0.0, np.zeros((1, 16000 * 130), np.float32)), codec="pcm_s16le", rate_hz=16000
    )
    spans = Span(20, 70), Span(90, 120)
    tracemalloc.start()
    try:
        length_s = sum(w.end_s - w.start_s for w in read_sound(path, window_s=5, overlap_s=1, spans=spans))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length_s == pytest.approx(80 + 12 + 7)
    assert peak < 4 * 5 * 16000 * 4, "four windows of float32"


def spoil(path: Path, *spans: Span) -> Path:
    """Overwrites what is stored for the given seconds with zeros, which AAC cannot decode."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        places = [
            (packet.pos, packet.size)
            for packet in packets
            if any(span.start_s <= packet.pts * packet.time_base < span.end_s for span in spans)
        ]
    media = bytearray(path.read_bytes())
    for place, size in places:
        media[place : place + size] = bytes(size)
    path.write_bytes(media)
    return path


@pytest.mark.parametrize(
    "spoiled", [[(1.0, 1.5)], [(0.0, 0.5)], [(3.5, 4.5)], [(0.5, 0.75), (1.0, 3.0)], [(1.0, 1.02)]], ids=str
)
def test_what_was_not_heard_because_of_damage_is_known(
    tmp_path: Path, spoiled: list[tuple[float, float]]
) -> None:
    path = write(tmp_path / "spoiled.mp4", (0.0, hiss(4)), codec="aac")
    (whole,) = read_sound(path)
    reader = SoundReader(spoil(path, *(Span(*bounds) for bounds in spoiled)))
    for _ in range(2):  # the second time anew
        n_samples = sum(len(window.samples) for window in reader)
        assert n_samples <= len(whole.samples)
        assert len(reader.lost) == len(spoiled)
        for lost, (start_s, end_s) in zip(reader.lost, spoiled, strict=True):
            end_s = min(end_s, whole.end_s)
            assert (lost.start_s, lost.end_s) == pytest.approx((start_s, end_s), abs=0.03)
        n_packets = sum(lost.duration_s for lost in reader.lost) * 48000 / 1024
        assert reader.n_damaged == pytest.approx(n_packets, abs=1.5)


def test_damage_is_told_of_the_spans_that_are_read(tmp_path: Path) -> None:
    path = spoil(write(tmp_path / "spoiled.mp4", (0.0, hiss(40)), codec="aac"), Span(20, 22), Span(30, 31))
    reader = SoundReader(path, spans=(Span(21, 25),))
    list(reader)
    (lost,) = reader.lost
    assert (lost.start_s, lost.end_s) == (21.0, pytest.approx(22, abs=0.03))
    assert reader.n_damaged == pytest.approx(47, abs=1.5)
    reader.spans = (Span(5, 6), Span(24, 25))
    list(reader)
    assert (reader.lost, reader.n_damaged) == ([], 0)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_a_gap_is_no_damage(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"gap{suffix}", (0.0, hiss(2)), (2.5, hiss(2)), (60.0, hiss(2)), codec="aac")
    reader = SoundReader(path)
    assert list(reader)[-1].end_s == pytest.approx(62, abs=0.1)
    assert (reader.lost, reader.n_damaged) == ([], 0)


def test_an_empty_packet_does_not_end_the_reading(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.mp4", (0.0, beeps(*BEEPS_S, length_s=4)), codec="aac")
    media = bytearray(path.read_bytes())
    sizes = media.index(b"stsz") + 16 + 4 * 50
    one, two = struct.unpack_from(">II", media, sizes)
    struct.pack_into(">II", media, sizes, 0, one + two)
    path.write_bytes(media)
    assert_heard_at(list(read_sound(path)), *BEEPS_S)


def packed(path: Path, codec: str, payloads: Sequence[bytes], then: Floats) -> Path:
    """A file whose sound track begins with the given packets, 24 ms each, and goes on with sound."""
    with av.open(str(path), "w") as container:
        stream = add_sound(container, codec, RATE_HZ, "mono")
        stream.codec_context.open()
        for number, payload in enumerate(payloads):
            packet = av.Packet(payload)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = 24 * number
            container.mux(packet)
        for frame in frames(then, "mono", 0.024 * len(payloads), 1.0, RATE_HZ):
            encode(container, stream, frame)
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("payload", [b"\x00\x00", b"\xe0\x00"], ids=["damaged", "nothing in it"])
@pytest.mark.parametrize(("n_packets", "is_heard"), [(SILENT_PACKETS_MAX - 10, True), (11_000, False)])
def test_packets_without_sound_end_the_reading_at_last(
    tmp_path: Path, payload: bytes, n_packets: int, is_heard: bool
) -> None:
    path = packed(tmp_path / "nothing.mkv", "aac", [payload] * n_packets, beeps(0.5, length_s=1))
    reader = SoundReader(path)
    windows = list(reader)
    assert bool(onsets_s(windows)) is is_heard
    if not is_heard:
        (lost,) = reader.lost
        assert (windows, reader.n_damaged) == ([], SILENT_PACKETS_MAX)
        assert (lost.start_s, lost.end_s) == pytest.approx((0.0, 240.0), abs=0.1)
