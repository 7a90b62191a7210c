"""With ``--offline`` nothing of a command, nor of the processes that it starts, reaches for the network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from clips import cut, make_clip, solid, steady
from commands import Done
from tiny_shelf import make_shelf

from vidagent.cli.main import run
from vidagent.tools.models.measuring import RECORDS

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
TALK_S = 8.0
ELSEWHERE = "openai:http://models.example.com:8000/v1#tiny"
HUB_MODEL = "sentence-transformers:somebody/minilm"
# Every Python process that finds this as its sitecustomize runs it, as the process of the tests does.
GUARD = """
import errno, os, socket, sys

ASKED = {"connect": 1, "sendto": 1, "sendmsg": 1, "getaddrinfo": 0, "gethostbyname": 0, "gethostbyaddr": 0}
HERE = {"127.0.0.1", "::1", "localhost", b"localhost", "", None}

def guard(event, arguments):
    if not event.startswith("socket.") or "NETWORK_LOG" not in os.environ:
        return
    name = event.removeprefix("socket.")
    place = arguments[ASKED[name]] if name in ASKED else None
    if name in ("connect", "sendto", "sendmsg") and arguments[0].family == socket.AF_UNIX:
        return
    if (place[0] if isinstance(place, tuple) else place) in HERE:
        return
    with open(os.environ["NETWORK_LOG"], "a") as log:
        log.write(f"{name} {place}\\n")
    if name.startswith("get"):
        raise socket.gaierror(socket.EAI_NONAME, "no names are known here")
    raise OSError(errno.ENETUNREACH, "there is no network here")

sys.addaudithook(guard)
"""
exec(GUARD, {})
Run = Callable[..., Done]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where every attempt to leave this machine is written down; each of them fails meanwhile."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "guard"), *sys.path]))
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "network.log"
    monkeypatch.setenv("NETWORK_LOG", str(path))
    return path


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the sample."""
    return cut(SAMPLE, tmp_path_factory.mktemp("talk") / "talk.mp4", TALK_S)


@pytest.fixture(scope="module", params=["no model", "a model in every role"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    return folder if request.param == "no model" else make_shelf(folder)


@pytest.mark.usefixtures("one_thread")
def test_a_video_is_remembered_and_asked_about(
    vidagent: Run, log: Path, shelf: Path, talk: Path, tmp_path: Path
) -> None:
    places = ("--library", tmp_path / "library.db", "--models", shelf, "--offline", "--json")
    ingested = vidagent("ingest", talk, *places)
    assert (ingested.code, ingested.complaint, ingested.value["new"]) == (0, "", True)
    asked = vidagent("ask", talk, "What is the story about?", *places)
    assert (asked.code, asked.complaint) == (0, "")
    is_played = any(shelf.iterdir())
    assert asked.value["reader"] == ("transformers:tiny/smolvlm" if is_played else "extractive")
    engines = {row["engine"].split("@")[0] for row in asked.value["coverage"]}
    assert ("whisper:small-talk" in engines, "pocketsphinx" in engines) == (is_played, not is_played)
    # Whether the reader is trained is kept for the next process.
    assert (shelf / RECORDS).exists() == is_played
    assert not log.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("models", "pull", HUB_MODEL),
        ("models", "pull", "reader"),
        ("ask", "TALK", "What is it?", "--reader", ELSEWHERE, "--library", "LIBRARY"),
    ],
)
def test_what_lies_elsewhere_is_refused_before_anything_is_asked_or_read(
    vidagent: Run, log: Path, talk: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    places = {"TALK": talk, "LIBRARY": tmp_path / "library.db"}
    done = vidagent(*(places.get(word, word) for word in words), "--offline", "--models", tmp_path / "models")
    assert (done.code, done.out, done.complaint.count("\n")) == (4, "", 1)
    assert "offline" in done.complaint
    assert not log.exists() and not (tmp_path / "library.db").exists()


def test_the_same_commands_reach_for_the_network_without_it(vidagent: Run, log: Path, tmp_path: Path) -> None:
    models = ("--online", "--models", tmp_path / "models")
    pulled = vidagent("models", "pull", HUB_MODEL, *models)
    assert (pulled.code, pulled.complaint.count("\n")) == (3, 1)
    assert log.read_text().startswith("getaddrinfo huggingface.co")
    log.unlink()
    clip = make_clip(tmp_path / "clip.mkv", steady(3, step_s=0.5), solid((20, 60, 120)))
    places = (*models, "--library", tmp_path / "library.db")
    asked = vidagent("ask", clip, "What is it?", "--reader", ELSEWHERE, *places)
    assert (asked.code, asked.complaint.count("\n")) == (3, 1)
    assert "getaddrinfo models.example.com" in log.read_text()


def test_processes_that_a_command_starts_are_watched_too(log: Path) -> None:
    tries = "import socket; socket.create_connection(('192.0.2.1', 9), 1)"
    assert subprocess.run([sys.executable, "-c", tries], capture_output=True).returncode == 1
    assert log.read_text() == "getaddrinfo 192.0.2.1\n"
