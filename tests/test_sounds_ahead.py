"""Sounds are learnt before anything is asked: by ``vidagent ingest`` and by ``vidagent.remember``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clips import make_clip, solid, steady
from commands import Commands
from pitches import heard
from tiny_embedders import make_clap

import vidagent

LENGTH_S = 12.0
N_WINDOWS = 4
"""One every 2.5 s; the last one is short."""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    return make_clap(tmp_path_factory.mktemp("models") / "clap")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "tones.mov"
    sound = heard(LENGTH_S, [(4.0, 6.0, 300.0)])
    return make_clip(path, steady(24, 0.0, 0.5), solid((90, 90, 90)), sound=sound, sound_codec="pcm_s16le")


def sounds(library: Path) -> list[tuple[str, int, int]]:
    """By model of sounds, how many videos it knows all of, and how many windows of them."""
    with closing(sqlite3.connect(library)) as connection:
        return connection.execute(
            "SELECT engine, count(*), sum(n_looks) FROM coverage WHERE sense = 'sound'"
            " AND engine IN (SELECT name FROM model) GROUP BY engine"
        ).fetchall()


def test_ingest_learns_the_sounds_of_each_video_once(command: Commands, clip: Path, clap: Path) -> None:
    assert command("ingest", clip).code == 0
    assert sounds(command.library) == []
    done = command("ingest", clip, "--sound-model", clap, "--device", "cpu")
    assert (done.code, done.complaint, "already remembered" in done.out) == (0, "", True)
    ((engine, n_videos, n_windows),) = sounds(command.library)
    assert (n_videos, n_windows) == (1, N_WINDOWS)
    assert command("ingest", clip, "--sound-model", clap, "--device", "cpu").code == 0
    assert sounds(command.library) == [(engine, n_videos, n_windows)]
    # A question has nothing left to learn: the file is not needed for it any more.
    os.rename(clip, clip.with_name("away.mov"))
    found = command(
        "ask", "tones", "When is a bell heard?", "--sound-model", clap, "--device", "cpu", "--json"
    )
    assert (found.code, sounds(command.library)) == (0, [(engine, n_videos, n_windows)])
    assert engine in [row["engine"] for row in found.value["coverage"]]


def test_what_has_no_sound_is_known_at_once(command: Commands, clap: Path, tmp_path: Path) -> None:
    silent = make_clip(tmp_path / "silent.mkv", steady(5), solid((9, 9, 9)))
    words = tmp_path / "words.vtt"
    words.write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nThe harbour is calm.\n")
    done = command("ingest", silent, words, "--sound-model", clap, "--device", "cpu")
    assert (done.code, done.complaint, len(done.lines)) == (0, "", 2)
    assert sounds(command.library) == []
    asked = command("ask", words, "When is the harbour calm?", "--sound-model", clap, "--device", "cpu")
    assert (asked.code, asked.complaint, "The harbour is calm." in asked.out) == (0, "", True)


def test_a_missing_model_is_told_before_a_video_is_read(command: Commands, clip: Path) -> None:
    done = command("ingest", clip, "--sound-model", "/nowhere")
    assert (done.code, done.out, done.complaint.count("\n")) == (4, "", 1)
    assert not command.library.exists()
    chosen = vidagent.settings(library=command.library, sound_model="/nowhere")
    with pytest.raises(vidagent.CapabilityError):
        vidagent.remember(clip, settings=chosen)
    assert not command.library.exists()


def test_remember_learns_the_sounds_too(clip: Path, clap: Path, tmp_path: Path) -> None:
    chosen = vidagent.settings(library=tmp_path / "own.db", sound_model=str(clap), device="cpu")
    assert vidagent.remember(clip, settings=chosen).duration_s == pytest.approx(LENGTH_S, abs=0.1)
    assert [row[1:] for row in sounds(tmp_path / "own.db")] == [(1, N_WINDOWS)]
