"""Text on screen through time: what was written, and from which second to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vidagent.index.text_lines import is_part, likeness_of
from vidagent.index.text_looks import GLANCE_PIXELS
from vidagent.index.text_patches import Place, follow, take_patch
from vidagent.index.text_tracks import ScreenTextWatch, TextSighting
from vidagent.tools.picture import Picture
from vidagent.tools.pictures import PictureReader
from vidagent.tools.roles import Pixels, TextLine, TextReader
from vidagent.tools.screen_text import FakeReader, RapidOcrReader

MEDIA = Path(__file__).parents[2] / "shared" / "media" / "video"
RATE = 12
NEAR_S = 0.26
Scene = Callable[[float], Pixels]


def canvas(size: tuple[int, int] = (480, 270), grey: int = 40) -> Image.Image:
    return Image.new("RGB", size, (grey, grey, grey))


def write(
    image: Image.Image, text: str, left: int, top: int, points: int = 24, share: float = 1.0
) -> Image.Image:
    """Text over the image, ``share`` of it opaque."""
    over = image.copy()
    ImageDraw.Draw(over).text((left, top), text, "white", ImageFont.load_default(points))
    return Image.blend(image, over, share)


def pixels(image: Image.Image) -> Pixels:
    return np.asarray(image)


def texture(seed: int, size: tuple[int, int] = (480, 270)) -> Image.Image:
    """Soft blobs of grey, different for each seed."""
    blobs = np.random.default_rng(seed).integers(0, 150, (9, 16), np.uint8)
    return Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC).convert("RGB")


def clip(path: Path, scene: Scene, length_s: float) -> Path:
    """A video of the scene; its pictures are shown every 1/RATE seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast"})
        height, width = scene(0.0).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(round(length_s * RATE)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(n / RATE), "rgb24")))
        container.mux(stream.encode(None))
    return path


def watch(path: Path, reader: TextReader, until_s: float = float("inf")) -> list[TextSighting]:
    pictures, watched = PictureReader(path, every_s=0.25), ScreenTextWatch(reader)
    sightings: list[TextSighting] = []
    for picture in pictures:
        if picture.pts_s > until_s:
            break
        sightings += watched.feed(picture)
    return sorted(sightings + watched.finish(pictures.end_s), key=lambda sighting: sighting.span)


def only(sightings: Iterable[TextSighting], word: str) -> TextSighting:
    (sighting,) = [sighting for sighting in sightings if word in sighting.text]
    return sighting


def assert_span(sighting: TextSighting, start_s: float, end_s: float, near_s: float = NEAR_S) -> None:
    assert (sighting.span.start_s, sighting.span.end_s) == pytest.approx((start_s, end_s), abs=near_s)


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader()


def test_text_that_comes_and_goes_has_its_seconds(tmp_path: Path, reader: RapidOcrReader) -> None:
    with_text, without = pixels(write(canvas(), "HELLO WORLD", 120, 110)), pixels(canvas())
    path = clip(tmp_path / "a.mp4", lambda s: with_text if 2.0 <= s < 4.5 else without, 6)
    (sighting,) = watch(path, reader)
    assert sighting.text == "HELLO WORLD"
    assert sighting.box == pytest.approx((0.25, 0.41, 0.58, 0.52), abs=0.04)
    assert_span(sighting, 2.0, 4.5)


def test_a_fade_counts_from_about_half(tmp_path: Path, reader: RapidOcrReader) -> None:
    def scene(pts_s: float) -> Pixels:
        share = max(0.0, min(1.0, pts_s - 1.5, 5.5 - pts_s))
        return pixels(write(canvas(), "FADING WORDS", 120, 110, share=share))

    assert_span(only(watch(clip(tmp_path / "a.mp4", scene, 7), reader), "FADING"), 2.0, 5.0)


def test_text_for_less_than_a_second_between_cuts_is_caught(tmp_path: Path, reader: RapidOcrReader) -> None:
    flash = pixels(write(canvas(grey=0), "COMING SOON", 140, 110))

    def scene(pts_s: float) -> Pixels:
        return flash if 3.0 <= pts_s < 3.9 else pixels(texture(int(pts_s / 0.75)))

    assert_span(only(watch(clip(tmp_path / "a.mp4", scene, 6), reader), "COMING SOON"), 3.0, 3.9)


def test_rolling_lines_are_one_sighting_each(tmp_path: Path, reader: RapidOcrReader) -> None:
    names = ["ADA LOVELACE", "GRACE HOPPER", "ALAN TURING", "EDSGER DIJKSTRA", "BARBARA LISKOV"]

    def scene(pts_s: float) -> Pixels:
        image = canvas(grey=0)
        for n, name in enumerate(names):
            image = write(image, name, 140, round(270 + 60 * n - 60 * pts_s), 20)
        return pixels(image)

    sightings = watch(clip(tmp_path / "a.mp4", scene, 10), reader)
    assert len(sightings) == len(names)
    for n, name in enumerate(names):
        # It is whole from 24 pixels above the lower edge until it touches the upper one.
        assert_span(only(sightings, name.split()[1]), n + 24 / 60, n + 272 / 60, near_s=0.4)


def test_a_still_slide_is_read_in_full_once(tmp_path: Path, reader: RapidOcrReader) -> None:
    slide = canvas((1920, 1080), grey=250)
    font = ImageFont.load_default(16)
    ImageDraw.Draw(slide).text((700, 600), "small print of sixteen pixels", "black", font)
    path, watched = clip(tmp_path / "a.mp4", lambda _: pixels(slide), 5), ScreenTextWatch(reader)
    for picture in PictureReader(path, every_s=0.25):
        assert watched.feed(picture) == []
    (sighting,) = watched.finish(5.0)
    assert sighting.text == "small print of sixteen pixels"
    assert_span(sighting, 0.0, 5.0)
    assert watched.n_reads == 1
    assert watched.n_glances + watched.n_reads == len(watched.read_times_s) <= 3


def test_a_caption_stands_while_the_picture_behind_it_moves(tmp_path: Path, reader: RapidOcrReader) -> None:
    wide = texture(1, (1400, 270))

    def scene(pts_s: float) -> Pixels:
        back = wide.crop((round(80 * pts_s), 0, round(80 * pts_s) + 480, 270))
        return pixels(write(back, "a caption that stays", 120, 220)) if 2.0 <= pts_s < 6.0 else pixels(back)

    assert_span(only(watch(clip(tmp_path / "a.mp4", scene, 9), reader), "caption that stays"), 2.0, 6.0)


def test_no_text_gives_no_sightings(tmp_path: Path, reader: RapidOcrReader) -> None:
    wide = texture(2, (1000, 270))

    def scene(pts_s: float) -> Pixels:
        return pixels(wide.crop((round(60 * pts_s), 0, round(60 * pts_s) + 480, 270)))

    assert watch(clip(tmp_path / "a.mp4", scene, 6), reader) == []


def test_the_same_text_twice_is_two_sightings(tmp_path: Path, reader: RapidOcrReader) -> None:
    with_text, without = pixels(write(canvas(), "SAME WORDS", 120, 110)), pixels(canvas())
    path = clip(tmp_path / "a.mp4", lambda s: with_text if 1 <= s < 2.5 or 5.5 <= s < 7 else without, 8)
    first, second = watch(path, reader)
    assert first.text == second.text == "SAME WORDS"
    assert_span(first, 1.0, 2.5)
    assert_span(second, 5.5, 7.0)


def test_one_caption_after_another_in_the_same_place(tmp_path: Path, reader: RapidOcrReader) -> None:
    texts = ("Where are you going?", "To the old harbour.")
    captions = [pixels(write(canvas(), text, 120, 220)) for text in texts]
    first, second = watch(clip(tmp_path / "a.mp4", lambda s: captions[s >= 3], 6), reader)
    assert (first.text, second.text) == texts
    assert_span(first, 0.0, 3.0)
    assert_span(second, 3.0, 6.0)


def test_typed_words_end_as_one_line(tmp_path: Path, reader: RapidOcrReader) -> None:
    command = "$ python train.py --todo"

    def scene(pts_s: float) -> Pixels:
        return pixels(write(canvas(grey=0), command[: 2 + max(0, int((pts_s - 1) * 8))], 30, 30, 20))

    last = watch(clip(tmp_path / "a.mp4", scene, 8), reader)[-1]
    assert last.text.replace(" ", "") == command.replace(" ", "")
    assert 2.5 <= last.span.start_s <= 4.2
    assert last.span.end_s == pytest.approx(8.0, abs=0.1)


def test_a_turned_picture_is_read_upright(tmp_path: Path, reader: RapidOcrReader) -> None:
    upright = pixels(write(canvas((270, 480)), "UPRIGHT", 70, 200))
    path = clip(tmp_path / "a.mp4", lambda _: np.ascontiguousarray(np.rot90(upright)), 3)
    file = path.read_bytes()
    matrix = file.index(b"tkhd") + 4 + 40
    turn = b"".join(v.to_bytes(4, "big", signed=True) for v in (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30))
    path.write_bytes(file[:matrix] + turn + file[matrix + 36 :])
    (sighting,) = watch(path, reader)
    assert sighting.text == "UPRIGHT"
    assert sighting.box == pytest.approx((0.26, 0.42, 0.68, 0.48), abs=0.06)


def test_a_real_trailer(reader: RapidOcrReader) -> None:
    path = MEDIA / "sintel_trailer_854x480.mp4"
    if not path.is_file():
        pytest.skip("the trailer is not here")
    sightings = watch(path, reader, until_s=16.0)
    assert_span(only(sightings, "THE BLENDER FOUNDATION"), 9.3, 11.0, near_s=0.6)


def picture(pts_s: float, image: Image.Image) -> Picture:
    return Picture(pts_s, pts_s + 0.25, av.VideoFrame.from_ndarray(pixels(image), "rgb24"))


def test_an_unchanged_picture_is_not_looked_at_again() -> None:
    fake = FakeReader([TextLine("HELLO", (0.25, 0.41, 0.45, 0.5), 0.99)])
    watched, image = ScreenTextWatch(fake), write(canvas(), "HELLO", 120, 110)
    for n in range(400):
        watched.feed(picture(n / 4, image))
    assert fake.n_finds == watched.n_glances <= 2
    assert watched.n_reads == 0
    assert watched.read_times_s == sorted(watched.read_times_s)


def test_looking_is_bounded_where_everything_moves_all_the_time() -> None:
    fake = FakeReader([])
    watched = ScreenTextWatch(fake)
    for n in range(480):
        watched.feed(picture(n / 4, write(texture(n // 2), "ANY WORDS AT ALL", 120, 110)))
    assert watched.n_glances == fake.n_finds >= 40
    assert fake.n_pixels < (120 * 0.5 + 25) * GLANCE_PIXELS


def test_a_change_of_size_ends_what_was_seen() -> None:
    watched = ScreenTextWatch(FakeReader([TextLine("HELLO", (0.25, 0.41, 0.45, 0.5), 0.99)]))
    for n in range(8):
        assert watched.feed(picture(n / 4, write(canvas(), "HELLO", 120, 110))) == []
    (sighting,) = watched.feed(picture(2.0, canvas((320, 240))))
    assert (sighting.text, sighting.span.end_s) == ("HELLO", 2.0)


def test_the_decoders_picture_is_not_kept() -> None:
    watched = ScreenTextWatch(FakeReader([TextLine("HELLO", (0.25, 0.41, 0.45, 0.5), 0.99)]))
    frame = picture(0.0, write(canvas(), "HELLO", 120, 110)).frame.reformat(format="gray")
    watched.feed(Picture(0.0, 0.25, frame))
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    watched.feed(picture(0.25, write(canvas(), "HELLO", 120, 110)))
    (sighting,) = watched.finish(1.0)
    assert sighting.span.start_s == 0.0


def plane(text: str, left: int = 100, top: int = 60, share: float = 1.0) -> Pixels:
    return np.asarray(write(canvas(), text, left, top, share=share).convert("L"))


def test_a_patch_knows_itself_and_its_contrast() -> None:
    patch = take_patch(plane("HELLO"), (95, 60, 200, 92))
    same = patch.match(plane("HELLO"), 95, 60, (1, 1))
    faded = patch.match(plane("HELLO", share=0.4), 95, 60, (1, 1))
    other = patch.match(plane("WORDS"), 95, 60, (1, 1))
    empty = patch.match(plane(""), 95, 60, (1, 1))
    assert same and faded and other and empty
    assert (same.likeness, same.level) == pytest.approx((1.0, 1.0), abs=0.01)
    assert (faded.likeness, faded.level) == pytest.approx((1.0, 0.4), abs=0.03)
    assert other.likeness < 0.6
    assert empty.level == pytest.approx(0.0, abs=0.01)


def test_a_patch_outside_the_plane_is_nowhere() -> None:
    patch = take_patch(plane("HELLO"), (95, 60, 200, 92))
    assert patch.match(plane("HELLO"), 95, -40, (1, 1)) is None
    assert patch.match(plane("HELLO"), 479, 60, (1, 1)) is None


@pytest.mark.parametrize(("left", "top"), [(100, 30), (140, 60)])
def test_a_moved_line_is_found_again_with_its_speed(left: int, top: int) -> None:
    patch = take_patch(plane("HELLO WORLD"), (95, 60, 270, 92))
    place, match = follow(patch, plane("HELLO WORLD", left, top), Place(1.0, 95, 60), 1.25)
    assert match is not None and match.likeness > 0.9
    assert (place.speed_x, place.speed_y) == pytest.approx(((left - 100) * 4, (top - 60) * 4), abs=4)
    assert place.at(1.5).top_px == pytest.approx(60 + 2 * (top - 60), abs=2)


def test_likeness_of_readings() -> None:
    assert likeness_of("Big Buck", "BigBuck") == 1.0
    assert likeness_of("HELLO", "SOON") < 0.5
    assert is_part("$ python tr", "$ python train.py")
    assert not is_part("$ python train.py", "$ python tr")
