"""Words of subtitles that are pictures are read, with their time and their place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from bitmaps import CANVAS, SMALL, BitmapTrack, DisplaySet, Drawing, filled, painted, write_captions
from clips import make_clip, steady

from vidagent.index.captions import Captions, read_captions
from vidagent.index.looking import Stopped
from vidagent.tools.cues import parse_cues
from vidagent.tools.errors import UnknownVideoError
from vidagent.tools.roles import Pixels, TextLine
from vidagent.tools.screen_text import RapidOcrReader

MEDIA = Path(__file__).parents[2] / "shared" / "media" / "video"
KEY = painted("WHERE IS THE KEY")


class CountingReader(RapidOcrReader):
    """The real reader, which counts the pictures that it is given and tells of each."""

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.n_reads = 0
        self._tell = tell

    def read(self, image: Pixels) -> list[TextLine]:
        self.n_reads += 1
        self._tell()
        return super().read(image)


class DoubtfulReader(RapidOcrReader):
    """A reader that is sure of nothing, and adds what acts on a terminal."""

    def read(self, image: Pixels) -> list[TextLine]:
        whole = (0.0, 0.0, 1.0, 1.0)
        return [
            TextLine("maybe", whole, 0.4),
            TextLine("\x1b[2Jsurely\n", whole, 0.6),
            TextLine(" ", whole, 1.0),
        ]


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader()


def rows(found: Captions) -> list[tuple[float, float, str]]:
    return [(round(s.span.start_s, 3), round(s.span.end_s, 3), s.text) for s in found.sightings]


def test_the_words_painted_are_read_with_their_times(tmp_path: Path, reader: RapidOcrReader) -> None:
    clip = make_clip(tmp_path / "clip.mkv", steady(40, 10.0, 0.5))
    lines = painted("- Who are you?\n- Sherlock Holmes.", top=850)
    sets = [DisplaySet(11.0, (KEY,)), DisplaySet(12.5), DisplaySet(13.0, (lines,)), DisplaySet(15.25)]
    found = read_captions(write_captions(tmp_path / "a.mkv", BitmapTrack(sets), beside=clip), reader)
    assert rows(found) == [
        (1.0, 2.5, "WHERE IS THE KEY"),
        (3.0, 5.25, "- Who are you?"),
        (3.0, 5.25, "- Sherlock Holmes."),
    ]
    assert (found.n_pictures, found.n_damaged) == (2, 0)
    assert min(s.confidence for s in found.sightings) > 0.9


def test_boxes_are_shares_of_the_whole_picture(tmp_path: Path, reader: RapidOcrReader) -> None:
    above = painted("in the garden", left=60, top=30)
    found = read_captions(
        write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (KEY, above))])), reader
    )
    assert [s.text for s in found.sightings] == ["in the garden", "WHERE IS THE KEY"]
    for sighting, drawing in zip(found.sightings, (above, KEY), strict=True):
        height, width = drawing.numbers.shape
        expected = [drawing.left, drawing.top, drawing.left + width, drawing.top + height]
        measured = [share * length for share, length in zip(sighting.box, CANVAS * 2, strict=True)]
        assert measured == pytest.approx(expected, abs=12)


def test_a_caption_that_reaches_over_the_edge_has_its_box_inside(
    tmp_path: Path, reader: RapidOcrReader
) -> None:
    key = painted("WHERE IS THE KEY", left=0, top=560, points=30)
    video = write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (key,))], SMALL, codec="dvbsub"))
    (sighting,) = read_captions(video, reader).sightings
    assert sighting.text == "WHERE IS THE KEY"
    assert all(0 <= share <= 1 for share in sighting.box)
    assert sighting.box[3] > 0.97


@pytest.mark.parametrize(("grey", "outline"), [(255, 0), (255, None), (0, 255), (0, None)])
@pytest.mark.parametrize("points", [22, 60])
def test_dark_and_light_letters_are_read(
    tmp_path: Path, reader: RapidOcrReader, grey: int, outline: int | None, points: int
) -> None:
    drawing = painted("WHERE IS THE KEY", points=points, grey=grey, outline=outline)
    video = write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (drawing,))]))
    assert [s.text for s in read_captions(video, reader).sightings] == ["WHERE IS THE KEY"]


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "dvdsub"), ("a.ts", "dvbsub")])
def test_dvd_and_broadcast_captions_are_read(
    tmp_path: Path, reader: RapidOcrReader, name: str, codec: str
) -> None:
    key = painted("WHERE IS THE KEY", left=150, top=480, points=30)
    sets = [DisplaySet(1.0, (key,)), DisplaySet(3.0)]
    found = read_captions(write_captions(tmp_path / name, BitmapTrack(sets, SMALL, codec=codec)), reader)
    assert [s.text for s in found.sightings] == ["WHERE IS THE KEY"]
    assert found.sightings[0].span.duration_s == pytest.approx(2.0, abs=0.012)


def test_a_line_that_stays_is_one_sighting(tmp_path: Path, reader: RapidOcrReader) -> None:
    above = painted("in the garden", left=60, top=30)
    sets = [
        DisplaySet(0.0, (above,)),
        DisplaySet(1.0, (above, KEY)),
        DisplaySet(2.0, (KEY,)),
        DisplaySet(3.0),
        DisplaySet(4.0, (KEY,)),
        DisplaySet(5.0),
    ]
    found = read_captions(write_captions(tmp_path / "a.mkv", BitmapTrack(sets)), reader)
    assert rows(found) == [
        (0.0, 2.0, "in the garden"),
        (1.0, 3.0, "WHERE IS THE KEY"),
        (4.0, 5.0, "WHERE IS THE KEY"),
    ]


def test_a_line_that_stands_twice_is_two_sightings(tmp_path: Path, reader: RapidOcrReader) -> None:
    both = painted("Go!", left=60, top=900), painted("Go!", left=1500, top=900)
    sets = [DisplaySet(0.0, both), DisplaySet(1.0, both), DisplaySet(2.0)]
    found = read_captions(write_captions(tmp_path / "a.mkv", BitmapTrack(sets)), reader)
    assert rows(found) == [(0.0, 2.0, "Go!"), (0.0, 2.0, "Go!")]
    assert [s.box[0] > 0.5 for s in found.sightings] == [False, True]


def test_what_is_shown_again_is_not_read_again(tmp_path: Path) -> None:
    moved = Drawing(KEY.numbers, KEY.left, 100)
    shown = [DisplaySet(0.5 * n, (KEY if n < 6 else moved,)) for n in range(8)]
    reader = CountingReader()
    video = write_captions(tmp_path / "a.mkv", BitmapTrack([*shown, DisplaySet(4.0)]))
    assert rows(read_captions(video, reader)) == [(0.0, 4.0, "WHERE IS THE KEY")]
    assert reader.n_reads == 1


def test_damage_is_counted_and_the_rest_is_read(tmp_path: Path, reader: RapidOcrReader) -> None:
    sets = [
        DisplaySet(0.0, (KEY,)),
        DisplaySet(1.0, (KEY,), written=0.5),
        DisplaySet(2.0, (KEY,)),
        DisplaySet(3.0),
    ]
    found = read_captions(write_captions(tmp_path / "a.mkv", BitmapTrack(sets)), reader)
    assert rows(found) == [(0.0, 1.0, "WHERE IS THE KEY"), (2.0, 3.0, "WHERE IS THE KEY")]
    assert (found.n_pictures, found.n_damaged) == (2, 1)


def test_the_language_chooses_the_track(tmp_path: Path, reader: RapidOcrReader) -> None:
    tracks = [
        BitmapTrack([DisplaySet(0.0, (painted(text),)), DisplaySet(1.0)], language=language)
        for language, text in (("fre", "Ferme la porte"), ("eng", "Shut the door"))
    ]
    video = write_captions(tmp_path / "a.mkv", *tracks)
    assert [s.text for s in read_captions(video, reader).sightings] == ["Shut the door"]
    assert [s.text for s in read_captions(video, reader, "fr").sightings] == ["Ferme la porte"]


def test_unsure_and_empty_readings_are_left_out_and_words_come_out_plain(tmp_path: Path) -> None:
    video = write_captions(tmp_path / "a.mkv", BitmapTrack([DisplaySet(0.0, (KEY,)), DisplaySet(1.0)]))
    assert rows(read_captions(video, DoubtfulReader())) == [(0.0, 1.0, "surely")]


def test_an_order_to_stop_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    reader = CountingReader(stop.set)
    sets = [DisplaySet(n, (painted(f"line {n}"),)) for n in range(4)]
    video = write_captions(tmp_path / "a.mkv", BitmapTrack(sets))
    with pytest.raises(Stopped):
        read_captions(video, reader, stop=stop)
    assert reader.n_reads == 1


def test_a_line_without_height_does_no_harm(tmp_path: Path, reader: RapidOcrReader) -> None:
    track = BitmapTrack([DisplaySet(0.0, (filled(8000, 1),)), DisplaySet(1.0)], (8000, 100))
    found = read_captions(write_captions(tmp_path / "a.mkv", track), reader)
    assert (found.n_pictures, found.n_damaged) == (1, 0)


def test_a_file_without_captions_says_nothing(tmp_path: Path, reader: RapidOcrReader) -> None:
    assert read_captions(make_clip(tmp_path / "a.mkv", steady(5)), reader) == Captions([], 0, 0)
    with pytest.raises(UnknownVideoError):
        read_captions(tmp_path / "b.mkv", reader)


def test_a_real_film_says_what_its_text_says(reader: RapidOcrReader) -> None:
    if not (MEDIA / "popeye_p1.mkv").is_file():
        pytest.skip("the film is not here")
    found = read_captions(MEDIA / "popeye_p1.mkv", reader)
    written = parse_cues((MEDIA / "popeye_4parts.en.srt").read_bytes()).cues
    assert len(found.sightings) == 20
    for sighting in found.sightings:
        cue = max(written, key=lambda cue: cue.span.overlap_s(sighting.span))
        assert sighting.text in cue.text
        assert sighting.span.start_s == pytest.approx(cue.span.start_s, abs=0.05)
