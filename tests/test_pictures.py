"""Pictures come forwards, upright, each with the second at which a player shows it."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from clips import STEP_S, Look, Pixels, make_clip, number_in, numbered, rotate, solid, steady, tone

from vidagent.tools.container import MAX_PIXELS
from vidagent.tools.errors import MediaError, UnknownVideoError, VidagentError
from vidagent.tools.pictures import PictureReader
from vidagent.tools.probe import probe

EVERY_PICTURE = 1e-6
TWENTY_FIVE = Fraction(1, 25)
FINE = Fraction(1, 90_000)
B_FRAMES = {"bf": "3", "g": "25"}
OPEN_GOP = {"bf": "3", "g": "10", "x264-params": "open-gop=1"}
LOOKS = {
    "h264.mp4": Look(),
    "h264.mkv": Look(),
    "h264.mov": Look(),
    "h264.ts": Look(tick=TWENTY_FIVE),
    "h264.flv": Look(),
    "bframes.mp4": Look(options=B_FRAMES),
    "bframes.mkv": Look(options=B_FRAMES),
    "bframes.ts": Look(tick=TWENTY_FIVE, options=B_FRAMES),
    "opengop.mp4": Look(options=OPEN_GOP),
    "opengop.ts": Look(tick=TWENTY_FIVE, options=OPEN_GOP),
    "hevc.mp4": Look("libx265", options={"x265-params": "log-level=none"}),
    "vp8.webm": Look("libvpx", options={"deadline": "realtime"}),
    "mpeg2.mpg": Look("mpeg2video", tick=TWENTY_FIVE, options={"bf": "2"}),
    "mpeg4.avi": Look("mpeg4", tick=TWENTY_FIVE),
    "bframes_mpeg4.avi": Look("mpeg4", tick=TWENTY_FIVE, options={"bf": "2"}),
    "bframes_h264.avi": Look(tick=TWENTY_FIVE, options=B_FRAMES),
    "still.gif": Look("gif", pixel_format="rgb8", tick=Fraction(1, 100)),
}
# AVI stores no presentation times: a file with B-frames begins at its first picture's decoding delay.
LATE_BY_A_PICTURE = {"bframes_mpeg4.avi", "bframes_h264.avi"}

Seen = list[tuple[float, int]]


def seen(path: Path, every_s: float = EVERY_PICTURE) -> Seen:
    """The second and the painted number of each picture that is read."""
    return [(p.pts_s, number_in(p.luma())) for p in PictureReader(path, every_s)]


def assert_true_times(pictures: Seen, times_s: list[float], within_s: float = STEP_S / 2) -> None:
    """Every picture is shown when it was meant to be, and none is missing."""
    assert [number for _, number in pictures] == list(range(len(times_s)))
    assert [pts_s for pts_s, _ in pictures] == pytest.approx(times_s, abs=within_s)


def blanked_packets(path: Path, numbers: set[int]) -> Path:
    """The file with some packets of its picture track filled with ones."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for number in numbers:
        at, size = packets[number]
        data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_each_picture_is_the_one_shown_at_its_second(tmp_path: Path, name: str) -> None:
    times_s = steady(40)
    pictures = seen(make_clip(tmp_path / name, times_s, look=LOOKS[name]))
    first_s = pictures[0][0]
    assert first_s == pytest.approx(0.0, abs=STEP_S + 1e-6 if name in LATE_BY_A_PICTURE else 1e-6)
    assert_true_times([(pts_s - first_s, number) for pts_s, number in pictures], times_s)


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_the_end_lies_after_the_last_picture(tmp_path: Path, name: str) -> None:
    reader = PictureReader(make_clip(tmp_path / name, steady(10), look=LOOKS[name]), EVERY_PICTURE)
    last_s = max(p.pts_s for p in reader)
    assert last_s < reader.end_s <= last_s + 2 * STEP_S


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
def test_the_end_is_known_where_the_encoder_told_no_rate(tmp_path: Path, suffix: str) -> None:
    reader = PictureReader(make_clip(tmp_path / f"clip.{suffix}", steady(10)), EVERY_PICTURE)
    last_s = max(p.pts_s for p in reader)
    assert reader.end_s == pytest.approx(last_s + STEP_S, abs=0.002)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_single_picture_lasts_a_while(tmp_path: Path, suffix: str) -> None:
    reader = PictureReader(make_clip(tmp_path / f"clip.{suffix}", [0.0]), 1.0)
    assert [number_in(p.luma()) for p in reader] == [0]
    assert reader.n_pictures == 1
    assert reader.end_s > 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_rate_that_varies_moves_no_picture(tmp_path: Path, suffix: str) -> None:
    times_s = [0.0, 1.0, 2.0, *steady(60, start_s=3.0, step_s=1 / 60)]
    pictures = seen(make_clip(tmp_path / f"vfr.{suffix}", times_s, look=Look(tick=FINE)))
    assert_true_times(pictures, times_s, within_s=0.001)


def test_a_gap_in_the_pictures_stays_a_gap(tmp_path: Path) -> None:
    times_s = [*steady(5), *steady(5, start_s=10.0)]
    assert_true_times(seen(make_clip(tmp_path / "gap.mkv", times_s)), times_s)


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_a_clock_that_starts_late_is_shown_from_zero(tmp_path: Path, name: str) -> None:
    times_s = steady(20, start_s=100.0)
    path = make_clip(tmp_path / name, times_s, look=Look(tick=TWENTY_FIVE, options=B_FRAMES))
    assert_true_times(seen(path), steady(20))


@pytest.mark.parametrize(
    ("name", "codec"), [("late.mp4", "pcm_s16le"), ("late.mkv", "pcm_s16le"), ("late.ts", "mp2")]
)
def test_pictures_that_start_after_the_sound_start_late(tmp_path: Path, name: str, codec: str) -> None:
    look = Look(tick=TWENTY_FIVE)
    path = make_clip(tmp_path / name, steady(10, start_s=3.0), look=look, sound=tone(4.0), sound_codec=codec)
    assert_true_times(seen(path), steady(10, start_s=3.0), within_s=0.035)


def test_pictures_before_the_start_of_an_edit_list_are_not_shown(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "cut.mp4", steady(40, start_s=-0.4))
    assert b"elst" in path.read_bytes()
    pictures = seen(path)
    assert [number for _, number in pictures] == list(range(10, 40))
    assert [pts_s for pts_s, _ in pictures] == pytest.approx(steady(30), abs=STEP_S / 2)


@pytest.mark.parametrize("suffix", ["mkv", "ts", "mp4"])
def test_no_picture_is_shown_before_zero(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"clip.{suffix}", steady(20, start_s=-0.2), look=Look(options=B_FRAMES))
    assert min(pts_s for pts_s, _ in seen(path)) >= 0


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_a_turned_picture_stands_upright_once(tmp_path: Path, quarter_turns: int) -> None:
    upright, stored = (160, 96), (160, 96) if quarter_turns % 2 == 0 else (96, 160)

    def lying(number: int) -> Pixels:
        # A player turns clockwise, so the stored picture is turned the other way.
        return np.ascontiguousarray(np.rot90(numbered(upright)(number), quarter_turns))

    path = rotate(make_clip(tmp_path / "clip.mp4", steady(5), lying, Look(size=stored)), quarter_turns)
    assert_true_times(seen(path), steady(5))
    picture = next(iter(PictureReader(path, 1.0)))
    assert (picture.luma().shape, picture.rgb().shape) == ((96, 160), (96, 160, 3))
    assert picture.rgb(short_side=48).shape == (48, 80, 3)
    assert number_in(picture.rgb()[..., 1]) == 0


@pytest.mark.parametrize("every_s", [0.1, 0.25, 1.0, 7.0])
def test_each_step_gives_the_first_picture_at_or_after_it(tmp_path: Path, every_s: float) -> None:
    times_s = [0.0, 0.3, 0.52, 0.55, 1.1, 1.9, 2.05, 5.0, 5.04, 5.26, 6.0]
    first_after = {
        next(i for i, t in enumerate(times_s) if t >= k * every_s) for k in range(int(6 / every_s) + 1)
    }
    # The last one's end is the encoder's usual time of 0.04 s.
    staying = {i for i, (t, end) in enumerate(pairwise(times_s)) if end - t > every_s + 0.001}
    pictures = seen(make_clip(tmp_path / "clip.mp4", times_s), every_s)
    assert [number for _, number in pictures] == sorted(first_after | staying)


@pytest.mark.parametrize("name", ["slides.mp4", "slides.mkv", "slides.ts"])
def test_a_picture_that_stays_is_never_passed_over(tmp_path: Path, name: str) -> None:
    times_s = [0.0, 1.0, 2.0, 3.0, 3.1, 10.0]
    pictures = seen(make_clip(tmp_path / name, times_s), 1.0)
    assert [number for _, number in pictures] == [0, 1, 2, 3, 4, 5]


def test_steps_are_counted_from_the_first_picture_and_do_not_drift(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", steady(200))
    assert [number for _, number in seen(path, 0.25)] == [round(np.ceil(k * 6.25)) for k in range(32)]


def test_a_reader_counts_what_it_decoded(tmp_path: Path) -> None:
    reader = PictureReader(make_clip(tmp_path / "clip.mp4", steady(50)), 1.0)
    assert len(list(reader)) == 2
    assert (reader.n_pictures, reader.n_damaged) == (50, 0)
    assert reader.end_s == pytest.approx(2.0, abs=0.001)


def test_a_reader_can_be_started_again(tmp_path: Path) -> None:
    reader = PictureReader(make_clip(tmp_path / "clip.mp4", steady(50)), 0.5)
    first = [p.pts_s for p in reader]
    assert [p.pts_s for p in reader] == first
    assert reader.n_pictures == 50


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("ten.mp4", Look("libx265", pixel_format="yuv420p10le", options={"x265-params": "log-level=none"})),
        ("ten.mkv", Look("ffv1", pixel_format="yuv422p10le")),
        ("ten.mov", Look("prores", pixel_format="yuv422p10le", tick=TWENTY_FIVE)),
        ("grey.mkv", Look("ffv1", pixel_format="gray")),
        ("deep_grey.mkv", Look("ffv1", pixel_format="gray16le")),
        ("rgb.mkv", Look("ffv1", pixel_format="bgr0")),
        ("alpha.mkv", Look("ffv1", pixel_format="yuva420p")),
        ("full.avi", Look("mjpeg", pixel_format="yuvj420p", tick=TWENTY_FIVE)),
        ("odd.mkv", Look("ffv1", size=(161, 97), pixel_format="yuv444p")),
        ("odd_half.mkv", Look("ffv1", size=(161, 97))),
        ("narrow.mkv", Look("ffv1", size=(33, 501))),
    ],
)
def test_every_kind_of_pixel_is_read(tmp_path: Path, name: str, look: Look) -> None:
    path = make_clip(tmp_path / name, steady(5), look=look)
    assert_true_times(seen(path), steady(5))
    picture = next(iter(PictureReader(path, 1.0)))
    width, height = look.size
    assert (picture.luma().shape, picture.luma().dtype) == ((height, width), np.uint8)
    assert (picture.rgb().shape, picture.rgb().dtype) == ((height, width, 3), np.uint8)
    assert number_in(picture.rgb()[..., 1]) == 0


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_colours_and_brightness_are_those_painted(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"clip.{suffix}", steady(3), solid((200, 60, 40)))
    picture = next(iter(PictureReader(path, 1.0)))
    assert np.abs(picture.rgb().astype(int) - (200, 60, 40)).max() <= 6
    # Video levels run from 16 to 235.
    assert picture.luma().mean() == pytest.approx(
        16 + 219 / 255 * (0.299 * 200 + 0.587 * 60 + 0.114 * 40), abs=3
    )


@pytest.mark.parametrize(
    ("short_side", "shape"), [(48, (48, 80, 3)), (96, (96, 160, 3)), (500, (96, 160, 3)), (1, (1, 2, 3))]
)
def test_a_picture_is_shrunk_and_never_enlarged(
    tmp_path: Path, short_side: int, shape: tuple[int, ...]
) -> None:
    picture = next(iter(PictureReader(make_clip(tmp_path / "clip.mp4", steady(3)), 1.0)))
    assert picture.rgb(short_side=short_side).shape == shape


@pytest.mark.parametrize("damaged", [{3}, {0, 7, 19}, set(range(5, 15)), {17}, {18}, {17, 19}, {16, 18}])
def test_damaged_packets_are_counted_and_the_rest_keeps_its_times(tmp_path: Path, damaged: set[int]) -> None:
    look = Look(options={"g": "1", "bf": "0"})
    path = blanked_packets(make_clip(tmp_path / "clip.mp4", steady(20), look=look), damaged)
    reader = PictureReader(path, EVERY_PICTURE)
    pictures = [(p.pts_s, number_in(p.luma())) for p in reader]
    assert [number for _, number in pictures] == [n for n in range(20) if n not in damaged]
    assert all(pts_s == pytest.approx(number * STEP_S, abs=0.001) for pts_s, number in pictures)
    assert reader.n_damaged == len(damaged)
    assert reader.n_pictures == 20 - len(damaged)


@pytest.mark.parametrize("name", ["cut.mkv", "cut.ts", "cut.mp4"])
@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
def test_a_truncated_file_gives_what_is_there_and_claims_no_more(
    tmp_path: Path, name: str, share: float
) -> None:
    look = Look(tick=TWENTY_FIVE, options={"g": "5"})
    options = {"movflags": "faststart"} if name == "cut.mp4" else {}
    path = make_clip(tmp_path / name, steady(100), look=look, options=options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    reader = PictureReader(path, EVERY_PICTURE)
    pictures = [(p.pts_s, number_in(p.luma())) for p in reader]
    whole = pictures[:-2]
    assert 5 <= len(whole) < 98
    assert all(pts_s == pytest.approx(number * STEP_S, abs=STEP_S / 2) for pts_s, number in whole)
    assert reader.end_s <= len(pictures) * STEP_S + 2 * STEP_S


@pytest.mark.parametrize("name", ["flip.mp4", "flip.mkv", "flip.ts", "flip.avi", "flip.flv"])
def test_flipped_bits_end_in_pictures_in_order_or_in_a_named_error(tmp_path: Path, name: str) -> None:
    look = Look("mpeg4" if name == "flip.avi" else "libx264", tick=TWENTY_FIVE)
    data = make_clip(tmp_path / name, steady(50), look=look).read_bytes()
    path = tmp_path / f"damaged_{name}"
    for seed in range(60):
        path.write_bytes(with_flipped_bits(data, seed))
        try:
            times_s = [p.pts_s for p in PictureReader(path, 0.001)]
        except VidagentError:
            continue
        assert all(a < b for a, b in pairwise(times_s)), f"seed {seed}"


def with_flipped_bits(data: bytes, seed: int, n_flips: int = 30) -> bytes:
    """The same bytes but for a few bits, never in the first hundred bytes."""
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(n_flips):
        damaged[chance.randrange(100, len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def huge_picture() -> list[av.Packet]:
    """One picture over the limit, as packets of a third picture."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 8192, MAX_PIXELS // 8192 + 16, "yuvj420p"
    encoder.time_base = TWENTY_FIVE
    frame = av.VideoFrame(encoder.width, encoder.height, "yuvj420p")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = 2
    return [*encoder.encode(frame), *encoder.encode(None)]


def with_a_huge_picture(clip: Path, path: Path) -> Path:
    """The clip with its last picture exchanged for one over the limit; its header stays as it is."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in [*[p for p in source.demux(video=0) if p.size][:2], *huge_picture()]:
            packet.stream = stream
            target.mux(packet)
    return path


def with_a_huge_header(path: Path) -> Path:
    """A video whose header already tells a size over the limit."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 8192, MAX_PIXELS // 8192 + 16, "yuvj420p"
        for packet in huge_picture():
            packet.stream = stream
            target.mux(packet)
    return path


def test_a_picture_over_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    reader = PictureReader(with_a_huge_header(tmp_path / "huge.avi"), 1.0)
    with pytest.raises(MediaError, match=f"limit of {MAX_PIXELS}"):
        next(iter(reader))
    assert reader.n_pictures == 0


def test_a_picture_larger_than_its_header_says_is_not_given_out(tmp_path: Path) -> None:
    look = Look("mjpeg", pixel_format="yuvj420p", tick=TWENTY_FIVE)
    small = make_clip(tmp_path / "small.avi", steady(3), look=look)
    path = with_a_huge_picture(small, tmp_path / "liar.avi")
    assert probe(path).width == 160
    try:
        largest = max(p.luma().size for p in PictureReader(path, EVERY_PICTURE))
    except MediaError:
        return
    assert largest <= MAX_PIXELS


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no picture"):
        list(PictureReader(make_clip(tmp_path / "talk.m4a", sound=tone(1.0)), 1.0))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownVideoError, match=r"gone\.mp4"):
        list(PictureReader(tmp_path / "gone.mp4", 1.0))
