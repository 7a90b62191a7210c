"""Where the lines of a batch may lead: to files in its folder, and out of it only where that is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidagent.cli.batches.places import Places
from vidagent.tools.errors import MediaError, RequestError, UnknownVideoError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of videos, with a secret beside it and links that lead there."""
    folder = tmp_path / "questions"
    (folder / "videos").mkdir(parents=True)
    (tmp_path / "secret.mp4").write_text("secret")
    for name in ("-y.mp4", "http:evil.mp4", "two\nlines.mp4", "videos/film.mp4", "~", "film.mp4", "Film.mp4"):
        (folder / name).write_text(name)
    (folder / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (folder / "inside.mp4").symlink_to("videos/film.mp4")
    (folder / "up").symlink_to(tmp_path)
    (folder / "videos" / "loop.mp4").symlink_to("loop.mp4")
    return folder


@pytest.mark.parametrize("name", ["-y.mp4", "http:evil.mp4", "two\nlines.mp4", "videos/film.mp4", "~"])
def test_an_odd_name_is_that_of_a_file(folder: Path, name: str) -> None:
    assert Places(folder).place(name) == str(folder.resolve() / name)


def test_links_are_followed_inside(folder: Path) -> None:
    film = str(folder.resolve() / "videos" / "film.mp4")
    assert Places(folder).place("inside.mp4") == film
    assert Places(folder).place("videos/../inside.mp4") == film
    assert Places(folder).place(film) == film


@pytest.mark.parametrize(
    "name",
    [
        "../secret.mp4",
        "out.mp4",
        "up/secret.mp4",
        "videos/../../secret.mp4",
        "/etc/hostname",
        "..",
        "../none.mp4",
    ],
)
def test_a_way_out_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(RequestError, match="outside the folder of the questions") as refused:
        Places(folder).place(name)
    # Not by what is there, which is nobody's business.
    assert type(refused.value) is RequestError


def test_a_folder_of_the_same_beginning_is_another_one(folder: Path) -> None:
    beside = folder.with_name("questions-of-others")
    beside.mkdir()
    (beside / "film.mp4").write_text("film")
    with pytest.raises(RequestError, match="outside"):
        Places(folder).place("../questions-of-others/film.mp4")


@pytest.mark.parametrize(
    "name", ["none.mp4", "nul\0.mp4", "x" * 300 + ".mp4", "videos/loop.mp4", "gull island"]
)
def test_what_is_no_file_is_missed(folder: Path, name: str) -> None:
    with pytest.raises(UnknownVideoError, match="no such file"):
        Places(folder).place(name)


def test_a_folder_is_no_video(folder: Path) -> None:
    for name in ("videos", "."):
        with pytest.raises(MediaError, match="not a file"):
            Places(folder).place(name)


def test_twins_by_case_are_two_files_where_they_are(folder: Path) -> None:
    places = Places(folder)
    read = {Path(places.place(name)).read_text() for name in ("film.mp4", "Film.mp4")}
    assert len(read) == len({file.name for file in folder.iterdir() if file.name.lower() == "film.mp4"})


def test_anywhere_takes_every_file_and_leaves_other_names_to_the_library(folder: Path) -> None:
    places = Places(folder, anywhere=True)
    assert Path(places.place("../secret.mp4")).read_text() == "secret"
    assert Path(places.place("out.mp4")).read_text() == "secret"
    assert places.place("gull island") == "gull island"
    assert places.place("nul\0.mp4") == "nul\0.mp4"
