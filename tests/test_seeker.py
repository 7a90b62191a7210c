"""A seeker gives the picture that is shown at a moment, or says in one line why there is none."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from clips import STEP_S, Look, make_clip, number_in, steady, tone

from vidagent.tools.container import clock_zero_s
from vidagent.tools.errors import MediaError, RequestError, SeekError, UnknownVideoError
from vidagent.tools.picture import Picture
from vidagent.tools.seeker import PictureSeeker

GROUPS = Look(options={"g": "10", "bf": "3", "sc_threshold": "0"})
FILMS = Path(__file__).parents[2] / "shared" / "media" / "video"
N_MOMENTS = 30


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Four seconds of numbered pictures, and a second of nothing before them."""
    return make_clip(tmp_path / "clip.mp4", steady(100, start_s=1.0), look=GROUPS, sound=tone(6.0))


@pytest.fixture
def seeker(clip: Path) -> Iterator[PictureSeeker]:
    """Random access to the clip."""
    with PictureSeeker(clip) as opened:
        yield opened


def number(picture: Picture) -> int:
    return number_in(picture.luma())


@pytest.mark.parametrize("time_s", [0.0, 0.5, 0.999, -3.0, 5.0, 5.5, 100.0, 1e8])
def test_where_nothing_is_shown_the_second_is_named(seeker: PictureSeeker, time_s: float) -> None:
    with pytest.raises(SeekError, match=rf"clip\.mp4: no undamaged picture is shown at .*\({time_s:.3f} s\)"):
        seeker.at(time_s)


@pytest.mark.parametrize("time_s", [float("nan"), float("inf"), float("-inf"), 1e300, -1e300])
def test_what_is_no_moment_is_refused_in_one_line(seeker: PictureSeeker, time_s: float) -> None:
    for times_s in ([time_s], [2.0, time_s], [time_s, 2.0]):
        with pytest.raises(SeekError, match=r"clip\.mp4: .* is not a moment") as refusal:
            list(seeker.at_each(times_s))
        assert "\n" not in str(refusal.value)


def test_a_picture_is_shown_from_its_second_until_that_of_the_next(seeker: PictureSeeker) -> None:
    for place in (0, 1, 9, 10, 11, 57, 99):
        start_s = 1.0 + place * STEP_S
        assert number(seeker.at(start_s)) == place
        assert number(seeker.at(start_s + STEP_S - 0.001)) == place
        if place:
            assert number(seeker.at(start_s - 0.001)) == place - 1


def test_a_second_printed_with_its_last_digits_lost_finds_its_picture(tmp_path: Path) -> None:
    times_s = [n / 30 for n in range(60)]
    look = Look(options=GROUPS.options, rate_hz=30)
    with PictureSeeker(make_clip(tmp_path / "thirty.mov", times_s, look=look)) as seeker:
        for place in (1, 7, 31, 58):
            start_s = seeker.at(times_s[place] + 0.01).pts_s
            assert number(seeker.at(float(f"{start_s:.9f}"))) == place
            assert number(seeker.at(start_s - 1e-8)) == place


def test_in_a_gap_the_picture_before_it_stays(tmp_path: Path) -> None:
    times_s = [*steady(5), *steady(5, start_s=10.0)]
    with PictureSeeker(make_clip(tmp_path / "gap.mkv", times_s)) as seeker:
        assert [number(seeker.at(time_s)) for time_s in (0.15, 0.16, 5.0, 9.99, 10.0)] == [3, 4, 4, 4, 5]


def test_in_a_damaged_stretch_nothing_is_given(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(50), look=Look(options={**GROUPS.options, "bf": "0"}))
    with av.open(str(path)) as container:
        at, size = next((p.pos or 0, p.size) for n, p in enumerate(container.demux(video=0)) if n == 23)
    data = bytearray(path.read_bytes())
    data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    with PictureSeeker(path) as seeker:
        for place in (0, 21, 30, 49):
            assert number(seeker.at((place + 0.5) * STEP_S)) == place
        for place in (23, 26, 29):
            with pytest.raises(SeekError, match="no undamaged picture"):
                seeker.at((place + 0.5) * STEP_S)
        assert number(seeker.at(30.5 * STEP_S)) == 30


def test_moments_come_in_order_of_time_each_as_often_as_asked(seeker: PictureSeeker) -> None:
    times_s = [3.01, 1.5, 4.99, 3.02, 1.5, 1.0]
    given = list(seeker.at_each(times_s))
    assert [time_s for time_s, _ in given] == sorted(times_s)
    assert [number(picture) for _, picture in given] == [0, 12, 12, 50, 50, 99]


def test_no_moments_give_nothing(seeker: PictureSeeker) -> None:
    assert list(seeker.at_each([])) == []


def test_moments_before_one_that_shows_nothing_are_given(seeker: PictureSeeker) -> None:
    given = []
    with pytest.raises(SeekError, match="00:07"):
        given.extend(number(picture) for _, picture in seeker.at_each([7.0, 1.0, 2.0]))
    with pytest.raises(SeekError, match="00:00"):
        next(seeker.at_each([0.2, 2.0]))
    assert number(seeker.at(2.0)) == 25


def test_a_batch_that_was_left_half_way_does_not_disturb_the_next(seeker: PictureSeeker) -> None:
    for _ in range(3):
        left = seeker.at_each([1.1, 1.3, 2.9, 4.0])
        next(left)
        assert number(seeker.at(3.5)) == 62
        assert number(seeker.at(1.02)) == 0


def test_two_batches_can_be_read_side_by_side(seeker: PictureSeeker) -> None:
    one, other = seeker.at_each([1.1, 1.9, 2.7, 3.5, 4.3]), seeker.at_each([1.5, 2.3, 3.1, 3.9, 4.7])
    pairs = [(number(a), number(b)) for (_, a), (_, b) in zip(one, other, strict=True)]
    assert pairs == [(2, 12), (22, 32), (42, 52), (62, 72), (82, 92)]


@pytest.mark.parametrize("is_late", [False, True])
def test_outside_of_its_block_a_seeker_refuses(clip: Path, is_late: bool) -> None:
    seeker = PictureSeeker(clip)
    if is_late:
        with seeker:
            assert number(seeker.at(1.0)) == 0
    with pytest.raises(RequestError, match=r"clip\.mp4: .* inside its with block"):
        seeker.at(1.0)


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownVideoError, match=r"gone\.mp4"), PictureSeeker(tmp_path / "gone.mp4"):
        pass
    with (
        pytest.raises(MediaError, match="no picture"),
        PictureSeeker(make_clip(tmp_path / "talk.m4a", sound=tone(1.0))),
    ):
        pass
    with (
        pytest.raises(RequestError, match="no picture track 1"),
        PictureSeeker(make_clip(tmp_path / "clip.mp4", steady(5)), track=1),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("popeye_p1.mkv", 6.0),
        ("agent327_640x360.mp4", 12.0),
        ("sintel_trailer_854x480.mp4", 12.0),
        ("nasa_webb_13s.mp4", 13.0),
    ],
)
def test_moments_of_a_film_show_what_a_forward_decode_shows(name: str, seconds: float) -> None:
    if not (FILMS / name).exists():
        pytest.skip("the films are not here")
    chance = random.Random(name)
    moments_s = sorted(chance.uniform(0.0, seconds) for _ in range(N_MOMENTS))
    with PictureSeeker(FILMS / name) as seeker:
        track = seeker.at_each(moments_s)
        expected = shown_at(FILMS / name, moments_s)
        for (moment_s, picture), (start_s, brightness) in zip(track, expected, strict=True):
            assert picture.pts_s == pytest.approx(start_s, abs=1e-6)
            assert np.array_equal(picture.luma(), brightness), f"at {moment_s} s"
        singles = chance.sample(range(N_MOMENTS), 5)
        for place in singles:
            assert np.array_equal(seeker.at(moments_s[place]).luma(), expected[place][1])


def shown_at(path: Path, moments_s: list[float]) -> list[tuple[float, np.ndarray]]:
    """The second and the brightness of what a forward decode shows at each moment."""
    starts_s, shown = [], dict[int, np.ndarray]()
    with av.open(str(path)) as container:
        tracks = container.streams.video
        stream = next((s for s in tracks if s.disposition & s.disposition.default), tracks[0])
        stream.thread_type = "AUTO"
        zero_s = clock_zero_s(container)
        for frame in container.decode(stream):
            place = len(starts_s)
            starts_s.append(frame.time - zero_s)
            if place and starts_s[-2] > moments_s[-1]:
                break
            held = frame.to_ndarray()[: frame.height, : frame.width]
            if any(starts_s[-1] <= moment_s < starts_s[-1] + 1.0 for moment_s in moments_s):
                shown[place] = held
    return [(starts_s[place], shown[place]) for place in (bisect_right(starts_s, m) - 1 for m in moments_s)]
