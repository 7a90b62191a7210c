"""Ten hours are read in memory that stays as it is, with as many files open as at the start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from children import child_ids, n_open_files, resident_mb, time_limit

from vidagent.tools.guarded import GuardedPictures, GuardedSound

HOURS = 10
HOUR_S = 3600
LENGTH_S = HOURS * HOUR_S
RATE_HZ = 2000
WINDOW_S = 600.0
OVERLAP_S = 5.0
MB_AN_HOUR = 5.0


def write_long(path: Path) -> Path:
    """Ten hours of one picture a second, whose brightness tells the minute, and of sound that tells it too."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=1, options={"g": "60"})
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("flac", rate=RATE_HZ, layout="mono", options={"compression_level": "5"})
        sound.format = "s16"
        for minute in range(LENGTH_S // 60):
            for second in range(minute * 60, minute * 60 + 60):
                container.mux(pictures.encode(picture(second)))
            container.mux([packet for frame in minute_of_sound(minute) for packet in sound.encode(frame)])
        container.mux([*pictures.encode(None), *sound.encode(None)])
    return path


def picture(second: int) -> av.VideoFrame:
    grey = np.full((72, 64), 128, np.uint8)
    grey[:48] = brightness(second // 60)
    frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
    frame.pts, frame.time_base = second, Fraction(1)
    return frame


def brightness(minute: int) -> int:
    return 40 + minute % 160


def minute_of_sound(minute: int) -> Iterator[av.AudioFrame]:
    for second in range(minute * 60, minute * 60 + 60):
        level = np.full((1, RATE_HZ), level_of(minute), np.int16)
        frame = av.AudioFrame.from_ndarray(level, format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), second * RATE_HZ
        yield frame


def level_of(minute: int) -> int:
    return 50 * (minute + 1)


@pytest.fixture(scope="module")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_long(tmp_path_factory.mktemp("long") / "long.mkv")


@dataclass
class Gauge:
    """What this process and its children hold, noted once for each hour of video."""

    before: set[int] = field(default_factory=child_ids)
    own_mb: list[float] = field(default_factory=list)
    childrens_mb: list[float] = field(default_factory=list)
    open_files: list[list[int]] = field(default_factory=list)

    def note(self, reached_s: float) -> None:
        """Measure, where another hour has been reached; at the end the reading process closes its files."""
        n_hours = len(self.own_mb) + 1
        if reached_s < n_hours * HOUR_S or n_hours == HOURS:
            return
        children = sorted(child_ids() - self.before)
        self.own_mb.append(resident_mb(os.getpid()))
        self.childrens_mb.append(sum(map(resident_mb, children)))
        self.open_files.append([n_open_files(process) for process in (os.getpid(), *children)])

    def assert_flat(self) -> None:
        """Memory does not grow after the first hour, and no file is left open."""
        assert len(self.own_mb) == HOURS - 1
        for held_mb in (self.own_mb, self.childrens_mb):
            slope = np.polyfit(np.arange(len(held_mb) - 1), held_mb[1:], 1)[0]
            assert slope < MB_AN_HOUR, held_mb
        assert all(len(files) == 2 and files == self.open_files[0] for files in self.open_files)


def test_ten_hours_of_pictures_are_read_in_flat_memory(long_video: Path) -> None:
    gauge, reader, n_pictures = Gauge(), GuardedPictures(long_video, every_s=1.0), 0
    with time_limit(240):
        for picture in reader:
            assert picture.pts_s == n_pictures
            assert abs(int(picture.luma()[20, 20]) - brightness(n_pictures // 60)) < 4
            n_pictures += 1
            gauge.note(picture.end_s)
    assert (n_pictures, reader.n_pictures, reader.end_s, reader.lost) == (LENGTH_S, LENGTH_S, LENGTH_S, [])
    gauge.assert_flat()


def test_ten_hours_of_sound_are_heard_in_windows_that_join_without_a_seam(long_video: Path) -> None:
    gauge, n_samples, heard_s = Gauge(), 0, 0.0
    reader = GuardedSound(long_video, rate_hz=RATE_HZ, window_s=WINDOW_S, overlap_s=OVERLAP_S)
    with time_limit(240):
        for window in reader:
            assert len(window.samples) <= WINDOW_S * RATE_HZ
            repeated_s = heard_s - window.start_s
            assert repeated_s == pytest.approx(OVERLAP_S if n_samples else 0.0, abs=1e-4)
            new = window.samples[round(repeated_s * RATE_HZ) :]
            expected = [level_of((n_samples + place) // RATE_HZ // 60) for place in (0, len(new) - 1)]
            assert [round(float(new[i]) * 32768) for i in (0, -1)] == pytest.approx(expected, abs=1)
            n_samples, heard_s = n_samples + len(new), window.end_s
            gauge.note(window.end_s)
    assert n_samples == LENGTH_S * RATE_HZ
    assert (reader.end_s, reader.n_damaged, reader.lost) == (pytest.approx(LENGTH_S), 0, [])
    gauge.assert_flat()
