"""``vidagent clip``: stretches, moments and evidence as files, and nothing overwritten or left half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from clips import make_clip, number_in, steady, tone
from commands import Commands, Done
from conftest import Rememberer

from vidagent.index.library import Library
from vidagent.tools.pictures import PictureReader

LENGTH_S = 8.0
HOSTILE = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered pictures, 25 a second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_clip(path, steady(round(LENGTH_S * 25)))


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    return Commands(monkeypatch, capsys, tmp_path / "library.sqlite")


def numbers(path: Path) -> list[int]:
    return [number_in(picture.luma()) for picture in PictureReader(path, 1e-6)]


def test_a_file_is_cut_without_being_remembered(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    target = tmp_path / "clip.mp4"
    done = vidagent("clip", film, "0:02-2.4", "--around", "-3s", "--pad", "0.1s", "-o", target)
    assert (done.code, done.complaint) == (0, "")
    assert done.lines == [
        f"{target}: 00:01.920–00:02.500, 15 picture(s), from 00:00.000 of it on",
        f"{target}: 00:04.920–00:05.100, 5 picture(s), from 00:00.580 of it on",
    ]
    assert numbers(target) == [*range(48, 63), *range(123, 128)]
    assert not vidagent.library.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4"]


def test_json_tells_the_true_seconds(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    target = tmp_path / "clip.mkv"
    done = vidagent("clip", film, "1.01-1.5", "-o", target, "--json")
    assert done.value == {
        "file": str(target),
        "duration_s": 0.46,
        "video": {"id": None, "title": "film", "path": str(film), "duration_s": LENGTH_S},
        "pieces": [{"start_s": 1.04, "end_s": 1.5, "clip_start_s": 0.0, "n_pictures": 12, "lost": []}],
    }


def test_the_evidence_of_a_run_is_cut_in_order(
    vidagent: Commands, film: Path, remember: Rememberer, tmp_path: Path
) -> None:
    video = remember(path=film, duration_s=LENGTH_S).video
    cited = [(6.0, 6.4), (1.0, 1.4), (1.2, 1.6), ("x", 2), (3, 2), (-9, -8)]
    trace(tmp_path / "runs", video.sha256, cited)
    done = vidagent("clip", "--run", "last", "-o", tmp_path / "clip.mp4", "--json")
    assert [(piece["start_s"], piece["end_s"]) for piece in done.value["pieces"]] == [(1.0, 1.6), (6.0, 6.4)]
    assert done.value["video"]["id"] == video.short_id


def trace(folder: Path, sha256: str, cited: list[tuple[object, object]]) -> None:
    """A past run about a video, with these citations."""
    folder.mkdir()
    answer = {"citations": [{"start_s": start_s, "end_s": end_s} for start_s, end_s in cited]}
    steps = [{"step": "question", "video": sha256}, {"step": "answer", **answer}, "damaged"]
    path = folder / "20260102-030405-abcdef.jsonl"
    path.write_text("".join(json.dumps(step) + "\n" for step in steps))


def test_a_run_about_another_video_or_without_evidence_is_refused(
    vidagent: Commands, film: Path, remember: Rememberer, tmp_path: Path
) -> None:
    video = remember(path=film, duration_s=LENGTH_S).video
    trace(tmp_path / "runs", video.sha256, [])
    target = tmp_path / "clip.mp4"
    assert "no evidence" in refused(vidagent("clip", "--run", "last", "-o", target))
    other = make_clip(tmp_path / "other.mp4", steady(5))
    assert "another video" in refused(vidagent("clip", other, "--run", "last", "-o", target))
    assert vidagent("clip", "--run", "99990101", "-o", target).code == 5
    assert not target.exists()


def refused(done: Done) -> str:
    """The one line of a command that refused its words."""
    assert done.code == 2
    assert done.out == ""
    (line,) = done.complaint.splitlines()
    return line


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["1-2"], "-o FILE"),
        (["1-2", "-o", "clip.gif"], ".mp4, .mkv, .webm"),
        (["-o", "clip.mp4"], "--run RUN"),
        (["12", "-o", "clip.mp4"], "--around 12"),
        (["1-99", "-o", "clip.mp4"], "beyond the end"),
        (["9-9.5", "-o", "clip.mp4"], "beyond the end"),
        (["2-1", "-o", "clip.mp4"], "does not end after it begins"),
        (["--around", "1", "--pad", "0", "-o", "clip.mp4"], "--pad"),
        (["1-2", "--pad", "5%", "-o", "clip.mp4"], "not a length"),
        (["1-2", "--evry", "-o", "clip.mp4"], "no such option: --evry"),
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
    assert why in refused(vidagent("clip", film, *words))
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_unless_forced_and_a_link_is_never_followed(
    vidagent: Commands, film: Path, tmp_path: Path
) -> None:
    target, kept = tmp_path / "clip.mp4", tmp_path / "kept.txt"
    kept.write_text("kept")
    target.symlink_to(kept)
    assert "--force" in refused(vidagent("clip", film, "1-1.2", "-o", target))
    assert vidagent("clip", film, "1-1.2", "-o", target, "--force").code == 0
    assert not target.is_symlink()
    assert kept.read_text() == "kept"
    target.unlink()
    target.symlink_to(tmp_path / "nowhere")
    assert "--force" in refused(vidagent("clip", film, "1-1.2", "-o", target))
    (tmp_path / "folder.mp4").mkdir()
    assert "is a folder" in refused(vidagent("clip", film, "1-1.2", "-o", tmp_path / "folder.mp4", "--force"))


def test_a_place_that_cannot_be_written_to_is_an_error(
    vidagent: Commands, film: Path, tmp_path: Path
) -> None:
    done = vidagent("clip", film, "1-2", "-o", tmp_path / "none" / "clip.mp4")
    assert (done.code, done.out) == (1, "")
    assert "cannot be written (No such file or directory)" in done.complaint


def test_without_pictures_or_a_file_there_is_nothing_to_cut(
    vidagent: Commands, library: Library, remember: Rememberer, tmp_path: Path
) -> None:
    talk = tmp_path / "talk.vtt"
    talk.write_text(f"WEBVTT\n\n00:01.000 --> 00:03.000\nHello {HOSTILE}you.\n")
    target = tmp_path / "clip.mp4"
    assert "has no picture" in refused(vidagent("clip", talk, "1-2", "-o", target))
    sound = make_clip(tmp_path / "sound.mp4", sound=tone(1.0))
    assert "has no picture" in refused(vidagent("clip", sound, "0-1", "-o", target))
    gone = remember(title=f"gone{HOSTILE}").video
    gone.path.unlink()
    done = vidagent("clip", gone.short_id, "1-2", "-o", target)
    assert (done.code, done.complaint.count("\n")) == (5, 1)
    assert "\x1b" not in done.complaint


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is another thing")
def test_ctrl_c_leaves_no_half_file(film: Path, tmp_path: Path) -> None:
    words = ["clip", str(film), *["0-8"] * 50, "-o", str(tmp_path / "clip.mp4")]
    code = f"import sys; sys.path[:] = {sys.path!r}; sys.argv[1:] = {words!r}; from vidagent.cli.main import run; run()"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end_s = time.monotonic() + 60.0
    while not any(path.suffix == ".part" and path.stat().st_size for path in tmp_path.iterdir()):
        assert time.monotonic() < end_s and child.poll() is None
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    assert list(tmp_path.iterdir()) == []
