"""Exact cuts: each picture of a cut is the one of the video, at its own distance, and the sound stays in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import RATE_HZ, Look, Samples, make_clip, number_in, numbered, rotate, solid, steady

from vidagent.tools.clock import Span
from vidagent.tools.cut_sound import SoundRow
from vidagent.tools.cutting import Piece, cut
from vidagent.tools.errors import MediaError, RequestError, VidagentError
from vidagent.tools.measure import measure
from vidagent.tools.pictures import PictureReader
from vidagent.tools.roles import SoundWindow
from vidagent.tools.sound import read_sound

ALL_S = 1e-6
LENGTH_S = 6.0
# A click lies in the middle of each second.
CLICKS_S = [second + 0.5 for second in range(int(LENGTH_S))]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered pictures at uneven distances, of which the last stays for 1.4 s, with a click in each second."""
    steps_s = np.random.default_rng(0).choice([0.02, 0.04, 0.1], 200)
    times_s = [float(time_s) for time_s in np.round(np.cumsum(steps_s), 3) if time_s < 4.6]
    sound: Samples = np.zeros(round(RATE_HZ * LENGTH_S), np.float32)
    for click_s in CLICKS_S:
        first = round(click_s * RATE_HZ)
        sound[first : first + 160] = 0.9
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_clip(path, [0.0, *times_s, 4.6, 6.0], sound=sound)


def truth(film: Path, pieces: list[Piece]) -> list[tuple[float, int]]:
    """Second and number of each picture that a cut of a film has to show."""
    starts_s = [picture.pts_s for picture in PictureReader(film, ALL_S)]
    return [
        (piece.at_s + start_s - piece.span.start_s, number % 256)
        for piece in pieces
        for number, start_s in enumerate(starts_s)
        if piece.span.start_s - 1e-6 <= start_s < piece.span.end_s - 1e-6
    ]


def shown(path: Path) -> list[tuple[float, int]]:
    return [(picture.pts_s, number_in(picture.luma())) for picture in PictureReader(path, ALL_S)]


def clicks_s(path: Path) -> list[float]:
    """The seconds at which a click begins."""
    rate_hz, found = 48_000, [-1.0]
    for window in read_sound(path, rate_hz=rate_hz):
        for place in np.flatnonzero(np.abs(window.samples) > 0.3):
            second = window.start_s + place / rate_hz
            if second - found[-1] > 0.2:
                found.append(second)
    return found[1:]


TWO = [Span(1.005, 2.9), Span(3.31, 4.0)]


@pytest.mark.parametrize(
    ("ending", "spans", "tick_s"),
    [(".mp4", TWO, 1e-9), (".mkv", TWO[:1], 0.00051), (".webm", TWO[1:], 0.00051)],
)
def test_pictures_keep_their_distances_and_sound_its_place(
    film: Path, tmp_path: Path, ending: str, spans: list[Span], tick_s: float
) -> None:
    path = tmp_path / "cut"
    pieces = cut(film, spans, path, ending)
    starts_s = [picture.pts_s for picture in PictureReader(film, ALL_S)]
    first_s = [min(start_s for start_s in starts_s if start_s >= span.start_s) for span in spans]
    assert [piece.span for piece in pieces] == [
        Span(start_s, span.end_s) for start_s, span in zip(first_s, spans, strict=True)
    ]
    wanted, got = truth(film, pieces), shown(path)
    assert [number for _, number in got] == [number for _, number in wanted]
    assert [time_s for time_s, _ in got] == pytest.approx([time_s for time_s, _ in wanted], abs=tick_s)
    assert sum(piece.n_pictures for piece in pieces) == len(got)
    due_s = [
        piece.at_s + click_s - piece.span.start_s
        for piece in pieces
        for click_s in CLICKS_S
        if piece.span.start_s <= click_s < piece.span.end_s
    ]
    assert clicks_s(path) == pytest.approx(due_s, abs=0.002)
    ends_s = [track.end_s for track in measure(path).tracks]
    assert ends_s == pytest.approx([pieces[-1].end_s] * 2, abs=0.002)


def test_a_picture_that_stays_is_shown_from_the_start_on(film: Path, tmp_path: Path) -> None:
    (piece,) = cut(film, [Span(4.8, 5.7)], tmp_path / "cut", ".mp4")
    assert (piece.span, piece.n_pictures) == (Span(4.8, 5.7), 1)
    assert measure(tmp_path / "cut").duration_s == pytest.approx(0.9, abs=0.001)
    assert clicks_s(tmp_path / "cut") == pytest.approx([0.7], abs=0.002)


def test_turned_and_odd_pictures_stand_upright_with_even_sides(tmp_path: Path) -> None:
    turned = rotate(
        make_clip(tmp_path / "turned.mp4", steady(5), numbered((96, 160)), Look(size=(96, 160))), 1
    )
    odd = make_clip(
        tmp_path / "odd.mkv", steady(5), solid((200, 30, 30), (51, 35)),
        Look("ffv1", (51, 35), "yuv444p"),
    )  # fmt: skip
    for path, size in ((turned, (160, 96)), (odd, (50, 34))):
        cut(path, [Span(0.0, 0.2)], tmp_path / "cut", ".mp4")
        picture = next(iter(PictureReader(tmp_path / "cut", ALL_S)))
        assert (picture.frame.width, picture.frame.height, picture.n_turns) == (*size, 0)
    assert picture.rgb()[10, 10] == pytest.approx([200, 30, 30], abs=8)


def test_what_cannot_be_cut_is_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"\.mp4, \.mkv, \.webm"):
        cut(film, [Span(0.0, 1.0)], tmp_path / "cut", ".gif")
    with pytest.raises(RequestError, match="no undamaged picture is shown from 00:07"):
        cut(film, [Span(7.0, 8.0)], tmp_path / "cut", ".mp4")
    with pytest.raises(VidagentError, match="cannot be written"):
        cut(film, [Span(0.0, 0.1)], tmp_path / "none" / "cut", ".mp4")
    sound = make_clip(tmp_path / "sound.mp4", sound=np.zeros(RATE_HZ, np.float32))
    with pytest.raises(MediaError, match="no picture"):
        cut(sound, [Span(0.0, 1.0)], tmp_path / "cut", ".mp4")


def test_silence_lies_wherever_there_is_no_sound() -> None:
    windows = [SoundWindow(10.5, np.ones(5, np.float32), 10), SoundWindow(12.0, np.ones(10, np.float32), 10)]
    row = SoundRow(iter(windows), 10.0, 10)
    taken = np.concatenate([row.take(n) for n in (3, 4, 0, 20, 13)])
    assert taken.tolist() == [0.0] * 5 + [1.0] * 5 + [0.0] * 10 + [1.0] * 10 + [0.0] * 10
    early = SoundRow(iter([SoundWindow(9.5, np.ones(10, np.float32), 10)]), 10.0, 10)
    assert early.take(8).tolist() == [1.0] * 5 + [0.0] * 3
