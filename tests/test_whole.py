"""The whole of ``ask`` with a tiny model in every role, each loaded by the same code as a real one."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import pytest
from clips import cut
from tiny_shelf import make_shelf

from vidagent.cli.main import run

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
TALK_S = 24.0


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shelf(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the sample."""
    return cut(SAMPLE, tmp_path_factory.mktemp("talk") / "talk.mp4", TALK_S)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library") / "library.db"


def ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["vidagent", "ask", *map(str, words), "--json"])
    with pytest.raises(SystemExit) as ended:
        run()
    out, complaint = capsys.readouterr()
    assert (ended.value.code or 0, complaint) == (0, "")
    answer: dict[str, Any] = json.loads(out)
    return answer


def picture_times_s(path: Path) -> set[float]:
    """The second of every picture, by a plain decode."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return {round(float(frame.pts * stream.time_base), 6) for frame in container.decode(stream)}


def test_every_role_is_played_by_the_shelf_and_every_second_is_true(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shelf: Path,
    talk: Path,
    library: Path,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    words = (talk, "What is the story about?", "--library", library, "--models", shelf, "--offline")
    answer = ask(monkeypatch, capsys, *words)
    engines = {row["engine"].split("@")[0] for row in answer["coverage"]}
    assert {"appearance-1", "rapidocr", "whisper:small-talk"} <= engines
    assert any("--clip" in engine for engine in engines)
    assert any("--clap" in engine for engine in engines)
    assert answer["reader"] == "transformers:tiny/smolvlm"
    assert (answer["abstained"], answer["confidence"]) == (False, 0.0)
    assert any("never trained" in note for note in answer["notes"])

    (trace,) = (tmp_path / "runs").glob("*.jsonl")
    rows = [json.loads(line) for line in trace.read_text().splitlines()]
    prompt = next(row for row in rows if row["step"] == "prompt")
    stamps = [part["time_s"] for part in prompt["parts"] if isinstance(part, dict)]
    assert len(stamps) > 4
    assert set(stamps) <= picture_times_s(talk)
    for moment in answer["moments"]:
        assert 0 <= moment["start_s"] <= moment["end_s"] <= answer["video"]["duration_s"]

    with closing(sqlite3.connect(library)) as connection:
        seen = connection.execute(
            "SELECT name, count(*) FROM sample JOIN model ON model.id = model_id GROUP BY name ORDER BY name"
        ).fetchall()
    n_of = {name.split("@")[0]: count for name, count in seen}
    assert n_of["tiny--clip"] in (round(TALK_S), round(TALK_S) + 1)
    # A window of five seconds begins every two and a half.
    assert n_of["tiny--clap"] == pytest.approx(TALK_S / 2.5, abs=1)


def test_options_are_weighed_and_a_second_ask_reads_nothing_again(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shelf: Path,
    talk: Path,
    library: Path,
) -> None:
    words = (
        talk,
        "What is shown? A) a ship B) a house",
        "--library",
        library,
        "--models",
        shelf,
        "--offline",
    )
    first, second = (ask(monkeypatch, capsys, *words) for _ in range(2))
    assert first["option"] in ("A", "B")
    assert (first["option"], first["answer"], first["moments"]) == (
        second["option"], second["answer"], second["moments"],
    )  # fmt: skip


def test_who_is_set_aside_does_not_play(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shelf: Path,
    talk: Path,
    library: Path,
) -> None:
    words = (
        talk,
        "When can LIGHTHOUSE be read?",
        "--library",
        library,
        "--models",
        shelf,
        "--reader",
        "extractive",
    )
    answer = ask(monkeypatch, capsys, *words, "--picture-model", "appearance", "--text-vectors", "none")
    assert answer["reader"] == "extractive"
    assert answer["moments"][0]["quote"] == "LIGHTHOUSE"


def test_a_detector_zooms_in_on_pictures_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shelf: Path,
    talk: Path,
    library: Path,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    question = "When does the dog jump over the fence?"
    ask(monkeypatch, capsys, talk, question, "--library", library, "--models", shelf, "--strategy", "tstar")
    (trace,) = (tmp_path / "runs").glob("*.jsonl")
    rows = [json.loads(line) for line in trace.read_text().splitlines()]
    (zoom,) = [row for row in rows if row["step"] == "zoom"]
    assert zoom["targets"][:3] == ["dog", "jump", "fence"]
    times_s = [look["time_s"] for look in zoom["looks"] if "time_s" in look]
    assert len(times_s) >= 16
    assert {round(t, 6) for t in times_s} <= picture_times_s(talk)
    (pick,) = [row for row in rows if row["step"] == "pick"]
    assert pick["strategy"] == "tstar"
