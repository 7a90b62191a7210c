"""``vidagent frames``: pictures by their true seconds, as files, on a sheet and in the terminal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import make_clip, number_in
from commands import Commands
from conftest import Rememberer
from PIL import Image

from vidagent.cli.sheet import sheet
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span
from vidagent.tools.errors import RequestError
from vidagent.tools.roles import Pixels

STEP_S = 0.07
TIMES_S = [round(0.1 * (place // 2) + STEP_S * (place % 2), 3) for place in range(80)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered pictures at two distances in turn: 0, 0.07, 0.1, 0.17, ... 3.97."""
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", TIMES_S)


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.sqlite")


def number(path: Path) -> int:
    return number_in(np.asarray(Image.open(path).convert("L")))


def test_pictures_are_named_by_the_second_from_which_on_they_are_shown(
    vidagent: Commands, film: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "pictures"
    done = vidagent("frames", film, "1.05", "1.06", "50%", "-0.92s", "100%", "-o", folder)
    assert (done.code, done.complaint) == (0, "")
    names = ["frame-000001.000000s.png", "frame-000002.000000s.png", "frame-000003.070000s.png",
             "frame-000003.970000s.png"]  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == names
    assert [number(folder / name) for name in names] == [20, 40, 61, 79]
    assert done.lines[0] == f"00:01.000  {folder / names[0]}"
    assert not vidagent.library.exists()


def test_a_stretch_gives_so_many_pictures_or_one_in_so_much_time(vidagent: Commands, film: Path) -> None:
    rows = vidagent("frames", film, "1-2", "3..3.4", "--n", "2", "--json").value
    assert [row["pts_s"] for row in rows] == [1.2, 1.7, 3.1, 3.3]
    assert {row["file"] for row in rows} == {None}
    rows = vidagent("frames", film, "1.05-2.1", "--every", "0.5s", "--json").value
    assert [row["pts_s"] for row in rows] == [1.0, 1.57, 2.07]


def test_all_of_the_video_is_looked_at_where_nothing_is_named(vidagent: Commands, film: Path) -> None:
    lines = vidagent("frames", film).lines
    assert len(lines) == 12
    assert (lines[0], lines[-1]) == ("00:00.100", "00:03.800")


def test_a_still_picture_is_given_once(vidagent: Commands, tmp_path: Path) -> None:
    slides = make_clip(tmp_path / "slides.mp4", [0.0, 5.0, 9.0])
    assert vidagent("frames", slides, "--n", "6").lines == ["00:00.000", "00:05.000"]
    assert vidagent("frames", slides, "1", "2", "6").lines == ["00:00.000", "00:05.000"]


def test_a_sheet_holds_a_thumbnail_for_each(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    done = vidagent("frames", film, "--n", "5", "--sheet", path)
    assert done.lines == [f"{path}: 5 picture(s), 00:00.4 to 00:03.6"]
    tiles = thumbnails(path)
    assert [number_in(tile) for tile in tiles] == [8, 24, 40, 56, 72]
    assert "--force" in vidagent("frames", film, "--sheet", path).complaint


def thumbnails(path: Path) -> list[Pixels]:
    """The five thumbnails of a sheet of two columns, as brightness; each is 160 by 96 in a column of 320."""
    paper = np.asarray(Image.open(path).convert("L"))
    lefts, row_height = (8 + 80, 8 + 328 + 80), 96 + 34
    return [
        paper[top : top + 96, left : left + 160]
        for place in range(5)
        for top, left in [(8 + place // 2 * row_height, lefts[place % 2])]
    ]


def test_a_sheet_of_spans_shows_their_middles_and_leaves_out_what_cannot_be_shown(
    film: Path, remember: Rememberer, tmp_path: Path
) -> None:
    memory: Memory = remember(path=film, duration_s=60.0)
    path = tmp_path / "sheet.png"
    assert sheet(memory, [Span(1.0, 1.1), Span(30.0, 40.0), Span(2.0, 2.1)], path) == [1.0, 2.0]
    assert Image.open(path).size == (8 + 328, 8 + 2 * 130)
    with pytest.raises(RequestError, match="already"):
        sheet(memory, [Span(1.0, 1.1)], path)
    with pytest.raises(RequestError, match="no picture"):
        sheet(memory, [Span(30.0, 40.0)], tmp_path / "none.png")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["5"], "beyond the end"),
        (["--n", "2", "--every", "1s"], "choose one"),
        (["--every", "0"], "longer than 0"),
        (["--every", "5%"], "not a length"),
        (["-o", "folder", "--sheet", "sheet.png"], "choose one"),
        (["soon"], "not a time"),
        (["--frm", "2"], "no such option: --frm"),
    ],
)
def test_slips_are_told_in_one_line(
    vidagent: Commands,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = vidagent("frames", film, *words)
    assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
    assert why in done.complaint
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_kept_unless_forced(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    kept = tmp_path / "frame-000001.000000s.png"
    kept.write_text("kept")
    assert vidagent("frames", film, "1", "-o", tmp_path).code == 2
    assert kept.read_text() == "kept"
    assert vidagent("frames", film, "1", "-o", tmp_path, "--force").code == 0
    assert number(kept) == 20
    done = vidagent("frames", film, "1", "-o", kept)
    assert (done.code, done.out) == (1, "")


def test_a_transcript_has_no_pictures(vidagent: Commands, library: Library, tmp_path: Path) -> None:
    talk = tmp_path / "talk.srt"
    talk.write_text("1\n00:00:01,000 --> 00:00:03,000\nHello.\n")
    done = vidagent("frames", talk, "1")
    assert (done.code, done.complaint) == (2, f"vidagent: {talk}: has no picture\n")
