"""Which files of a folder are videos, and that every command takes a folder for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import Commands

from vidagent.tools.errors import MediaError
from vidagent.tools.folders import files_of, videos_in

TALK = "1\n00:00:{at_s:02d},000 --> 00:00:{end_s:02d},000\n{text}\n"


def names_of(folder: Path) -> list[str]:
    return [path.name for path in videos_in(folder)]


def talk(path: Path, text: str, at_s: int = 10) -> Path:
    path.write_text(TALK.format(at_s=at_s, end_s=at_s + 4, text=text))
    return path


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two talks, and what is none."""
    folder = tmp_path / "talks"
    folder.mkdir()
    talk(folder / "a.srt", "The ferry leaves at nine.")
    talk(folder / "b.srt", "The ferry is late today.", 20)
    (folder / "notes.txt").write_text("The ferry leaves never.")
    return folder


def test_videos_come_in_the_order_of_their_names_and_nothing_else_does(tmp_path: Path) -> None:
    for name in (
        "b.mp4",
        "a.MKV",
        "c.vtt",
        "d.mp3",
        "-d.webm",
        "e.txt",
        "mp4",
        ".hidden.mp4",
        "._a.mkv",
        "f.mp4.part",
    ):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "folder.mp4" / "inside.mp4").write_text("x")
    (tmp_path / "dead.mp4").symlink_to(tmp_path / "nowhere")
    assert names_of(tmp_path) == ["-d.webm", "a.MKV", "b.mp4", "c.vtt", "d.mp3"]


def test_subtitles_of_a_video_are_no_video_and_others_are(tmp_path: Path) -> None:
    for name in ("talk.mp4", "talk.srt", "talk.en.vtt", "talk.de.forced.ass", "talk show.srt", "talks.vtt"):
        (tmp_path / name).write_text("x")
    assert names_of(tmp_path) == ["talk show.srt", "talk.mp4", "talks.vtt"]


def test_a_folder_stands_for_its_videos_among_other_names(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("x")
    assert files_of(["title", str(tmp_path), "gone.mp4"]) == ["title", str(tmp_path / "a.mp4"), "gone.mp4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="holds no video"):
        files_of(["title", str(tmp_path / "empty")])


def test_a_folder_is_ingested_video_by_video(vidagent: Commands, folder: Path) -> None:
    done = vidagent("ingest", folder)
    assert (done.code, [line.split()[1] for line in done.lines]) == (0, ["a", "b"])
    assert {row["title"] for row in vidagent("ls", "--json").value} == {"a", "b"}


def test_a_batch_asks_each_video_of_a_folder(vidagent: Commands, folder: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.txt"
    questions.write_text("When does the ferry leave?\n")
    done = vidagent("batch", questions, folder, "--jobs", 1)
    assert done.code == 0
    assert ['"title": "a"' in done.lines[0], '"title": "b"' in done.lines[1]] == [True, True]


def test_a_conversation_is_about_each_video_of_a_folder(vidagent: Commands, folder: Path) -> None:
    command = [sys.executable, "-m", "vidagent", "chat", folder, "--library", vidagent.library]
    done = subprocess.run(
        command, input="When does the ferry leave?\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[a] ") and "not found in: [b]" in done.stdout


def test_a_search_looks_into_the_videos_of_a_folder(vidagent: Commands, folder: Path, tmp_path: Path) -> None:
    vidagent("ingest", folder, talk(tmp_path / "other.srt", "Another ferry.", 30))
    found = vidagent("search", "ferry", "--video", folder, "--json")
    assert {row["title"] for row in found.value} == {"a", "b"} and found.complaint == ""
    assert len(vidagent("search", "ferry", "--json").value) == 3


def test_a_search_tells_what_of_a_folder_is_not_remembered(
    vidagent: Commands, folder: Path, tmp_path: Path
) -> None:
    none = vidagent("search", "ferry", "--video", folder)
    assert (none.code, none.out, none.complaint.count("\n")) == (5, "", 1)
    assert f"2 of 2 videos not remembered yet; run: vidagent ingest {folder}" in none.complaint
    vidagent("ingest", folder / "a.srt")
    some = vidagent("search", "ferry", "--video", folder)
    assert (some.code, len(some.lines), "1 of 2 videos not remembered" in some.complaint) == (0, 1, True)


@pytest.mark.parametrize(
    "words", [("ask", "EMPTY", "When?"), ("ingest", "EMPTY"), ("search", "ferry", "--video", "EMPTY"),
              ("chat", "EMPTY"), ("batch", "QUESTIONS", "EMPTY"), ("EMPTY", "When?")],
)  # fmt: skip
def test_a_folder_without_a_video_is_told_in_a_line(
    vidagent: Commands, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "questions.txt").write_text("When does the ferry leave?\n")
    places = {"EMPTY": tmp_path / "empty", "QUESTIONS": tmp_path / "questions.txt"}
    done = vidagent(*(places.get(word, word) for word in words))
    assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
    assert "holds no video" in done.complaint


def test_one_that_cannot_be_read_stops_no_other_from_being_remembered(
    vidagent: Commands, folder: Path
) -> None:
    (folder / "aa.mp4").write_bytes(b"no video")
    done = vidagent("ingest", folder)
    assert (done.code, [line.split()[1] for line in done.lines]) == (6, ["a", "b"])
    assert done.complaint.count("\n") == 1 and "aa.mp4" in done.complaint
    alone = vidagent("ingest", folder / "aa.mp4")
    assert (alone.code, alone.out) == (2, "")
