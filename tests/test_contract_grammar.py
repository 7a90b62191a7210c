"""What a command line means: a video in place of a command is asked about, and a slip is told with what was meant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from clips import make_clip, steady
from commands import Done
from memories import island_of, memory_of

from vidagent.cli.main import run

FERRY = "When does the ferry leave?"
Vidagent = Callable[..., Done]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of three videos."""
    folder = tmp_path_factory.mktemp("place")
    for memory in (
        island_of(folder / "library.db"),
        *(memory_of(folder / "library.db", title=t) for t in ("talk 1", "talk 2")),
    ):
        memory.library.close()
    return folder


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> Vidagent:
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(place / "library.db"))
    monkeypatch.chdir(place)

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    "words",
    [
        ("island", FERRY),
        ("Isl", FERRY),
        ("island.mp4", FERRY),
        ("./island.mp4", FERRY),
        ("island", "--json", FERRY),
        ("--progress", "none", "island", FERRY),
    ],
)
def test_a_video_in_place_of_a_command_is_asked_about(vidagent: Vidagent, words: tuple[str, ...]) -> None:
    done = vidagent(*words)
    assert done.code == 0 and "00:30.0–00:34.0" in done.out, done.complaint


def test_the_library_that_is_named_is_looked_into(vidagent: Vidagent, tmp_path: Path) -> None:
    memory_of(tmp_path / "other.db", title="lecture").library.close()
    for named in (("--library", tmp_path / "other.db"), (f"--library={tmp_path / 'other.db'}",)):
        done = vidagent("lecture", FERRY, *named)
        assert (done.code, done.complaint) == (0, "")
    assert vidagent("lecture", FERRY).code == 2
    assert vidagent("island", FERRY, "--library", tmp_path / "none.db").code == 2
    assert not (tmp_path / "none.db").exists()


def test_a_name_that_fits_several_videos_is_told_so(vidagent: Vidagent) -> None:
    done = vidagent("talk", FERRY)
    assert (done.code, "fits 2 videos" in done.complaint) == (5, True)


def test_a_file_that_is_missing_is_told_as_that(vidagent: Vidagent) -> None:
    for name in ("holiday.mp4", "films/holiday", "export.mp4"):
        done = vidagent(name, FERRY)
        assert (done.code, done.out) == (5, "")
        assert done.complaint.startswith(f"vidagent: {name}: no such file, and no remembered video")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("evnts", "island"), "events"),
        (("serach", "ferry"), "search"),
        (("aks",), "ask"),
        (("evnts",), "events"),
    ],
)
def test_a_slip_is_told_with_the_nearest_command(
    vidagent: Vidagent, words: tuple[str, ...], meant: str
) -> None:
    done = vidagent(*words)
    assert (done.code, done.out) == (2, "")
    assert f"No such command '{words[0]}'. Did you mean '{meant}'" in done.complaint


def test_a_file_alone_lacks_a_question_and_another_word_alone_is_no_command(vidagent: Vidagent) -> None:
    done = vidagent("island.mp4")
    assert (done.code, done.out) == (2, "") and "no question about island.mp4" in done.complaint
    assert "No such command 'island'" in vidagent("island").complaint


def test_a_command_stays_one_whatever_files_there_are(
    vidagent: Vidagent, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "ls").write_text("no video")
    assert "island" in vidagent("ls").out


def test_options_before_and_unknown_ones_are_no_video(vidagent: Vidagent) -> None:
    done = vidagent("--nonsense", "island", FERRY)
    assert (done.code, done.out) == (2, "") and "--nonsense" in done.complaint
    assert vidagent("--version").out.startswith("vidagent ")


@pytest.mark.parametrize("words", ["events island --json", "--help"])
def test_a_reader_that_has_enough_ends_it_silently_with_code_141(place: Path, words: str) -> None:
    command = f"set -o pipefail; {sys.executable} -m vidagent {words} | true"
    library = {"VIDAGENT_LIBRARY": str(place / "library.db"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=library, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


def test_a_reader_of_messages_that_has_gone_is_no_error_either(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", steady(5))
    told = f"{sys.executable} -m vidagent --progress json probe {film} 2>&1 >/dev/null"
    command = f"{told} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("141\n", "")
