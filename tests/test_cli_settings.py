"""Every command that reads or names a video keeps to the same settings, so that it means the same memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clips import make_clip, solid, steady
from commands import Commands

CUE = "1\n00:00:00,200 --> 00:00:00,900\n{}\n"


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of one colour, with subtitles in two languages beside it."""
    (tmp_path / "film.en.srt").write_text(CUE.format("The harbour is calm."))
    (tmp_path / "film.de.srt").write_text(CUE.format("Der Hafen liegt ruhig da."))
    return make_clip(tmp_path / "film.mkv", steady(5, step_s=0.2), solid((20, 60, 120)))


def languages(library: Path) -> list[str]:
    """In which language each video was remembered."""
    with closing(sqlite3.connect(library)) as connection:
        rows = connection.execute("SELECT json_extract(settings, '$.language') FROM media ORDER BY id")
        return [str(language) for (language,) in rows]


def test_a_language_that_is_set_holds_for_every_command(
    vidagent: Commands, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDAGENT_LANGUAGE", "de")
    for words in (("events", clip), ("ingest", clip), ("ask", clip, "What is said?"), ("events", clip)):
        assert (vidagent(*words).code, languages(vidagent.library)) == (0, ["de"])
    found = vidagent("search", "Hafen", "--video", clip)
    assert (found.code, len(found.lines), "Der Hafen" in found.out) == (0, 1, True)
    exported = vidagent("library", "export", clip, "-o", clip.with_suffix(".db"))
    assert (exported.code, languages(clip.with_suffix(".db"))) == (0, ["de"])
    assert vidagent("rm", clip).code == 0
    assert languages(vidagent.library) == []


def test_a_language_on_the_command_line_comes_before_the_one_that_is_set(
    vidagent: Commands, clip: Path
) -> None:
    vidagent("ingest", clip)
    assert languages(vidagent.library) == ["en"]
    vidagent("events", clip, "--language", "de")
    assert languages(vidagent.library) == ["de"]


def test_what_hears_speech_is_the_same_for_every_command(
    vidagent: Commands, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDAGENT_SPEECH_MODEL", "whisper:nobody")
    for words in (("ingest", clip), ("ask", clip, "What is said?"), ("events", clip)):
        done = vidagent(*words)
        assert (done.code, done.complaint.count("\n")) == (4, 1)
        assert "whisper:nobody" in done.complaint
    assert vidagent("events", clip, "--speech-model", "none").code == 0
    # What is remembered is shown without it.
    title = vidagent("ls", "--json").value[0]["title"]
    assert vidagent("events", title).code == 0


def test_what_is_missing_is_told_before_a_video_is_read(vidagent: Commands, clip: Path) -> None:
    for flag in ("--picture-model", "--text-vectors", "--reader"):
        assert vidagent("ask", clip, "What is said?", flag, "/nowhere").code == 4
    assert vidagent("ingest", clip, "--text-vectors", "/nowhere").code == 4
    assert not vidagent.library.exists()
