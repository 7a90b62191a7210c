"""Subtitles that are pictures are shown when, where and as a player shows them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from av.stream import Disposition
from bitmaps import CANVAS, SMALL, BitmapTrack, DisplaySet, Drawing, filled, painted, write_captions
from clips import make_clip, steady

from vidagent.tools import bitmap_subtitles
from vidagent.tools.bitmap_subtitles import BitmapReader, CaptionPicture, read_bitmaps
from vidagent.tools.cues import parse_cues
from vidagent.tools.errors import MediaError, UnknownVideoError
from vidagent.tools.roles import Box

MEDIA = Path(__file__).parents[2] / "shared" / "media" / "video"
KEY = painted("WHERE IS THE KEY")
MARGIN_PX = 8
WORD = painted("yes", left=300, top=500, points=30)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures from 10 to 30 s of the file's own time, which a player calls 0 to 20 s."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", steady(40, 10.0, 0.5))


def spans(path: Path, language: str = "en") -> list[tuple[float, float]]:
    return [(p.span.start_s, p.span.end_s) for p in read_bitmaps(path, language=language)]


def within_ms(*expected: tuple[float, float]) -> list[object]:
    return [pytest.approx(span, abs=0.001) for span in expected]


def box_of(drawing: Drawing, canvas: tuple[int, int]) -> Box:
    height, width = drawing.numbers.shape
    right, bottom = drawing.left + width, drawing.top + height
    return drawing.left / canvas[0], drawing.top / canvas[1], right / canvas[0], bottom / canvas[1]


@pytest.mark.parametrize("name", ["talk.mkv", "talk.m2ts"])
def test_each_is_shown_until_the_next_one_or_an_empty_one(tmp_path: Path, clip: Path, name: str) -> None:
    sets = [
        DisplaySet(10.0, (KEY,)),
        DisplaySet(11.617),
        DisplaySet(13.251, (WORD,)),
        DisplaySet(14.5, (KEY,)),
    ]
    video = write_captions(tmp_path / name, BitmapTrack([*sets, DisplaySet(16.003)]), beside=clip)
    assert spans(video) == within_ms((0.0, 1.617), (3.251, 4.5), (4.5, 6.003))


def test_the_last_one_stays_as_long_as_its_packet_says_or_ten_seconds(tmp_path: Path, clip: Path) -> None:
    for claimed_s, end_s in ((None, 15.0), (12.5, 17.5)):
        sets = [DisplaySet(15.0, (KEY,), claimed_s=claimed_s)]
        video = write_captions(tmp_path / "talk.mkv", BitmapTrack(sets), beside=clip)
        assert spans(video) == within_ms((5.0, end_s))


def test_a_clear_screen_is_believed_before_the_length_that_a_packet_claims(
    tmp_path: Path, clip: Path
) -> None:
    sets = [
        DisplaySet(11.0, (KEY,), claimed_s=1.0),
        DisplaySet(13.0),
        DisplaySet(14.0, (KEY,), claimed_s=1.0),
        DisplaySet(17.0, (WORD,), claimed_s=9.0),
        DisplaySet(18.0),
    ]
    video = write_captions(tmp_path / "talk.mkv", BitmapTrack(sets), beside=clip)
    assert spans(video) == within_ms((1.0, 3.0), (4.0, 5.0), (7.0, 8.0))


def test_what_lies_before_the_clock_starts_is_not_seen(tmp_path: Path, clip: Path) -> None:
    sets = [DisplaySet(7.0, (KEY,)), DisplaySet(8.0), DisplaySet(9.0, (KEY,)), DisplaySet(10.25)]
    video = write_captions(tmp_path / "talk.mkv", BitmapTrack(sets), beside=clip)
    assert spans(video) == within_ms((0.0, 0.25))


def test_of_two_at_the_same_time_the_second_is_seen(tmp_path: Path, clip: Path) -> None:
    sets = [DisplaySet(11.0, (KEY,)), DisplaySet(11.0, (WORD,)), DisplaySet(12.0)]
    video = write_captions(tmp_path / "talk.mkv", BitmapTrack(sets), beside=clip)
    assert spans(video) == within_ms((1.0, 2.0))


def test_the_picture_is_cut_out_around_what_is_drawn(tmp_path: Path) -> None:
    wide = Drawing(np.pad(WORD.numbers, ((20, 30), (700, 800))), 100, 600)
    (picture,) = read_bitmaps(write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (wide,))])))
    height, width = WORD.numbers.shape
    left, top, right, bottom = box_of(Drawing(WORD.numbers, 800, 620), CANVAS)
    margins = [side * MARGIN_PX / length for side, length in zip((-1, -1, 1, 1), CANVAS * 2, strict=True)]
    # Glyphs may leave a pixel of their bitmap empty.
    assert picture.box == pytest.approx(np.add((left, top, right, bottom), margins), abs=0.003)
    assert picture.image.shape == pytest.approx((height + 2 * MARGIN_PX, width + 2 * MARGIN_PX, 3), abs=4)
    assert picture.image.dtype == np.uint8


def test_bitmaps_of_one_showing_are_one_picture(tmp_path: Path) -> None:
    above, below = filled(40, 20, left=100, top=50), filled(60, 30, left=1000, top=900)
    (picture,) = read_bitmaps(
        write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (below, above))]))
    )
    inner = picture.image[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX, 0]
    assert inner.shape == (880, 960)
    assert inner[:20, :40].min() == inner[-30:, -60:].min() == 255
    assert inner[20:-30].max() == inner[:, 40:-60].max() == 0


@pytest.mark.parametrize(
    ("grey", "outline", "ground"),
    [(255, 0, 0), (255, None, 0), (0, 255, 0), (0, None, 255), (60, None, 255), (90, 0, 255)],
)
def test_letters_stand_out_from_the_ground(
    tmp_path: Path, grey: int, outline: int | None, ground: int
) -> None:
    drawing = painted("yes", grey=grey, outline=outline)
    (picture,) = read_bitmaps(write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (drawing,))])))
    assert set(picture.image[0].ravel().tolist()) == {ground}
    assert np.ptp(picture.image) > 160


def test_colours_and_opacity_come_out_as_they_were_written(tmp_path: Path) -> None:
    numbers = np.repeat(np.array([[15 * 16 + 15, 8 * 16 + 15, 15 * 16 + 5]], np.uint8), 10, 0).repeat(10, 1)
    track = BitmapTrack([DisplaySet(0.0, (Drawing(numbers, 0, 0),))])
    (picture,) = read_bitmaps(write_captions(tmp_path / "a.mkv", track))
    row = picture.image[MARGIN_PX, MARGIN_PX:-MARGIN_PX, 0]
    assert row[[5, 15, 25]].tolist() == pytest.approx([255, 136, 85], abs=2)


def test_the_steps_of_a_fade_that_cannot_be_seen_are_left_out(tmp_path: Path) -> None:
    steps = [DisplaySet(n, (painted("yes", opacity=17 * n),)) for n in range(16)]
    pictures = list(read_bitmaps(write_captions(tmp_path / "a.mkv", BitmapTrack(steps))))
    assert [p.span.start_s for p in pictures] == pytest.approx(range(2, 16), abs=0.001)


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "dvdsub"), ("a.mkv", "dvbsub"), ("a.ts", "dvbsub")])
def test_dvd_and_broadcast_tracks(tmp_path: Path, clip: Path, name: str, codec: str) -> None:
    key = painted("WHERE IS THE KEY", left=150, top=480, points=30)
    sets = [DisplaySet(11.0, (key,)), DisplaySet(12.5), DisplaySet(14.0, (key,)), DisplaySet(16.0, (key,))]
    video = write_captions(
        tmp_path / name, BitmapTrack([*sets, DisplaySet(18.0)], SMALL, codec=codec), beside=clip
    )
    pictures = list(read_bitmaps(video))
    # The clock of a DVD's packets counts 1024 ticks of 90 kHz.
    assert [(p.span.start_s, p.span.end_s) for p in pictures] == [
        pytest.approx(span, abs=0.012) for span in ((1.0, 2.5), (4.0, 6.0), (6.0, 8.0))
    ]
    # A DVD's track that names no size has that of the pictures.
    canvas = SMALL if codec == "dvbsub" else (160, 96)
    assert pictures[0].box == pytest.approx(box_of(key, canvas), abs=(MARGIN_PX + 3) / min(canvas))
    assert np.ptp(pictures[0].image) > 200


def test_the_wanted_language_comes_first_and_forced_ones_last(tmp_path: Path) -> None:
    def track(at_s: float, language: str, flags: Disposition = Disposition(0)) -> BitmapTrack:  # noqa: B008
        return BitmapTrack(
            [DisplaySet(at_s, (WORD,)), DisplaySet(at_s + 0.5)], language=language, disposition=flags
        )

    video = write_captions(
        tmp_path / "a.mkv",
        BitmapTrack([DisplaySet(0.0)], language="eng", disposition=Disposition.default),
        track(1.0, "eng", Disposition.forced | Disposition.default),
        track(2.0, "fre", Disposition.default),
        track(3.0, "eng"),
        track(4.0, "eng", Disposition.default),
    )
    assert spans(video) == within_ms((4.0, 4.5))
    assert spans(video, "fr") == within_ms((2.0, 2.5))


def test_a_damaged_packet_ends_what_was_shown_and_is_counted(tmp_path: Path) -> None:
    sets = [
        DisplaySet(0.0, (KEY,)),
        DisplaySet(2.0, (KEY,), written=0.5),
        DisplaySet(4.0, (WORD,)),
        DisplaySet(5.0, (KEY,), has_end=False),
        DisplaySet(6.0, (WORD,)),
        DisplaySet(7.0),
        DisplaySet(8.0, (KEY,), has_end=False),
    ]
    reader = BitmapReader(write_captions(tmp_path / "a.m2ts", BitmapTrack(sets)))
    assert [(p.span.start_s, p.span.end_s) for p in reader] == within_ms((0.0, 2.0), (4.0, 5.0), (6.0, 7.0))
    assert (reader.n_pictures, reader.n_damaged) == (3, 3)
    assert len(list(reader)) == 3
    assert (reader.n_pictures, reader.n_damaged) == (3, 3)


@pytest.mark.parametrize("name", ["a.mkv", "a.m2ts"])
def test_no_change_of_bytes_raises(tmp_path: Path, name: str) -> None:
    sets = [DisplaySet(n, (KEY, WORD) if n % 2 else ()) for n in range(6)]
    whole = write_captions(tmp_path / name, BitmapTrack(sets)).read_bytes()
    chance = random.Random(1)
    n_damaged = n_read = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(len(data))] = chance.choice([0, 255, chance.randrange(256)])
        (tmp_path / name).write_bytes(data)
        reader = BitmapReader(tmp_path / name)
        try:
            assert all(p.image.size and p.span.duration_s > 0 for p in reader)
        except MediaError:
            continue
        n_read += reader.n_pictures
        n_damaged += reader.n_damaged
    assert n_read > 60
    assert n_damaged > 10


def test_a_huge_bitmap_is_refused(tmp_path: Path) -> None:
    huge = filled(16_000, 16_000)
    sets = [DisplaySet(0.0, (huge,)), DisplaySet(1.0, (WORD,)), DisplaySet(2.0)]
    tracks = [BitmapTrack(sets[:1], (16_384, 16_384)), BitmapTrack(sets[1:])]
    reader = BitmapReader(write_captions(tmp_path / "a.mkv", *tracks))
    assert [(p.span.start_s, p.span.end_s) for p in reader] == within_ms((1.0, 2.0))
    assert reader.n_damaged == 1


@pytest.mark.parametrize("codec", ["", "dvdsub", "dvbsub"])
def test_bitmaps_over_the_limit_are_refused_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    corners = (filled(10, 10), filled(10, 10, left=SMALL[0] - 10, top=SMALL[1] - 10))
    track = BitmapTrack([DisplaySet(0.0, corners), DisplaySet(1.0)], SMALL, codec=codec)
    reader = BitmapReader(write_captions(tmp_path / "a.mkv", track))
    assert (len(list(reader)), reader.n_damaged) == (1, 0)
    # Enough for the screen but not for a margin around it.
    monkeypatch.setattr(bitmap_subtitles, "MAX_PIXELS", SMALL[0] * SMALL[1])
    assert (len(list(reader)), reader.n_damaged) == (0, 1)


def test_regions_of_broadcasts_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    near = (filled(300, 300), filled(300, 300))
    track = BitmapTrack([DisplaySet(0.0, near[:1]), DisplaySet(1.0, near)], SMALL, codec="dvbsub")
    video = write_captions(tmp_path / "a.mkv", track)
    monkeypatch.setattr(bitmap_subtitles, "MAX_PIXELS", 720 * 576 - 1)
    assert BitmapReader(video).n_damaged == 0
    reader = BitmapReader(video)
    assert (len(list(reader)), reader.n_damaged) == (0, 2)


def test_no_more_than_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = [DisplaySet(n, (WORD,)) for n in range(5)]
    video = write_captions(tmp_path / "a.mkv", BitmapTrack(sets))
    monkeypatch.setattr(bitmap_subtitles, "PICTURES_MAX", 3)
    assert spans(video) == within_ms((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    empty = [DisplaySet(n) for n in range(5)]
    video = write_captions(tmp_path / "a.mkv", BitmapTrack([*empty, DisplaySet(6.0, (WORD,))]))
    assert spans(video) == []


def test_a_file_without_such_tracks_shows_nothing(tmp_path: Path, clip: Path) -> None:
    reader = BitmapReader(clip)
    assert (list(reader), reader.n_damaged) == ([], 0)
    (tmp_path / "a.mkv").write_text("not a video")
    with pytest.raises(MediaError):
        list(BitmapReader(tmp_path / "a.mkv"))
    with pytest.raises(UnknownVideoError):
        list(BitmapReader(tmp_path / "b.mkv"))


def test_a_real_film_shows_its_captions_when_the_text_says(tmp_path: Path) -> None:
    if not (MEDIA / "popeye_p1.mkv").is_file():
        pytest.skip("the film is not here")
    written = parse_cues((MEDIA / "popeye_4parts.en.srt").read_bytes()).cues
    pictures: list[CaptionPicture] = list(read_bitmaps(MEDIA / "popeye_p1.mkv"))
    # One of the film's captions is missing in the track, and its last packet is cut short.
    assert len(pictures) == 13
    for picture in pictures[:-1]:
        best = max(written, key=lambda cue: cue.span.overlap_s(picture.span))
        # The film's captions keep to its pictures, 24 a second.
        assert picture.span.start_s == pytest.approx(best.span.start_s, abs=0.05)
        assert picture.span.end_s == pytest.approx(best.span.end_s, abs=0.05)
