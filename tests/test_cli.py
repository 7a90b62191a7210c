"""The command line as a user meets it: whole processes, their output, and their exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from clips import cut, make_clip, solid, steady, tone

RED, BLUE, BLACK = (230, 10, 10), (10, 10, 220), (0, 0, 0)
SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
TALK_S = 12.0
CONTROLS = {*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)}


def three_colours(number: int) -> object:
    """Eight seconds of black, of red and of blue, at five pictures a second."""
    return solid((BLACK, RED, BLUE)[min(number // 40, 2)], (160, 96))(number)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A silent clip of 24 seconds."""
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "colours.mp4", steady(120, step_s=0.2), three_colours)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the sample, with words on screen and speech, which take a while to read."""
    return cut(SAMPLE, tmp_path_factory.mktemp("talk") / "talk.mp4", TALK_S)


@pytest.fixture(scope="module")
def filled(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that remembers the clip."""
    library = tmp_path_factory.mktemp("library") / "library.db"
    assert run("ingest", clip, library=library).returncode == 0
    return library


def run(*words: object, library: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own, without a terminal."""
    command = [sys.executable, "-m", "vidagent", *map(str, words), "--library", str(library)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **environment}, check=False
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vidagent", "--help"], capture_output=True, text=True, check=True
    )
    assert all(f"\n  {name} " in done.stdout for name in ("ask", "ingest", "ls", "rm", "events"))


def test_version_is_that_of_the_changelog() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vidagent", "--version"], capture_output=True, text=True, check=True
    )
    newest = (Path(__file__).parents[1] / "CHANGELOG.md").read_text().split("## ")[1].split()[0]
    assert done.stdout == f"vidagent {newest}\n"


def test_importing_loads_nothing_heavy() -> None:
    heavy = ["torch", "cv2", "faiss", "transformers", "numpy", "av", "onnxruntime"]
    code = f"import sys, vidagent, vidagent.cli.main; sys.exit(any(m in sys.modules for m in {heavy!r}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ask_reads_an_unknown_video_and_answers(clip: Path, tmp_path: Path) -> None:
    done = run("ask", clip, "When does the screen turn red?", library=tmp_path / "new.db")
    assert done.returncode == 0
    assert done.stdout.startswith("00:07.9–00:15.9\n") or done.stdout.startswith("00:07.8–00:15.8\n")
    assert "no video LLM looked" in done.stdout
    assert "looked at: picture 100%" in done.stdout
    assert done.stderr == ""


def test_json_is_one_object_with_the_documented_fields(clip: Path, filled: Path) -> None:
    done = run("ask", clip, "When does the screen turn red?", "--json", library=filled)
    answer = json.loads(done.stdout)
    document = (Path(__file__).parents[1] / "docs" / "json.md").read_text()
    table = document.split("## The JSON of an answer")[1].split("`source` is")[0]
    documented = {word for row in table.splitlines() for word in row.split("|")[1:2]}
    names = {name.strip("` ") for cell in documented for name in cell.split(",") if "`" in name}
    assert set(answer) == names
    moment = answer["moments"][0]
    assert set(moment) == {"start_s", "end_s", "score", "source", "quote", "trust"}
    assert moment["start_s"] == pytest.approx(8.0, abs=0.26)
    assert moment["end_s"] == pytest.approx(16.0, abs=0.26)
    assert moment["source"] == "picture"


def test_a_second_ingest_does_nothing(clip: Path, filled: Path) -> None:
    done = run("ingest", clip, "--json", library=filled)
    assert json.loads(done.stdout)["new"] is False


def test_force_reads_again(clip: Path, filled: Path) -> None:
    done = run("ingest", clip, "--force", "--json", library=filled)
    assert json.loads(done.stdout)["new"] is True
    assert len(json.loads(run("ls", "--json", library=filled).stdout)) == 1


def test_ingest_says_one_line_on_a_pipe(clip: Path, tmp_path: Path) -> None:
    done = run("ingest", clip, library=tmp_path / "new.db")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_a_moved_file_is_recognised(clip: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here.mp4", tmp_path / "there.mp4"
    shutil.copy(clip, here)
    run("ingest", here, library=tmp_path / "new.db")
    here.rename(there)
    done = run("ingest", there, "--json", library=tmp_path / "new.db")
    assert json.loads(done.stdout)["new"] is False
    assert "there.mp4" in run("ls", library=tmp_path / "new.db").stdout


def test_events_tile_the_video(clip: Path, filled: Path) -> None:
    rows = json.loads(run("events", clip, "--json", library=filled).stdout)
    assert [row["start_s"] for row in rows] == pytest.approx([0.0, 8.0, 16.0], abs=0.6)
    assert [row["start_s"] for row in rows[1:]] == [row["end_s"] for row in rows[:-1]]
    assert rows[-1]["end_s"] == pytest.approx(24.0, abs=0.25)


def test_remove_forgets_and_leaves_the_file(clip: Path, tmp_path: Path) -> None:
    library = tmp_path / "new.db"
    run("ingest", clip, library=library)
    assert run("rm", "colours", library=library).returncode == 0
    assert not any(video["whole"] for video in json.loads(run("ls", "--json", library=library).stdout))
    other = make_clip(tmp_path / "other.mp4", steady(20, step_s=0.2), three_colours)
    run("ingest", other, library=library)
    assert [video["whole"] for video in json.loads(run("ls", "--json", library=library).stdout)] == [True]
    assert clip.exists()
    assert run("rm", "colours", library=library).returncode == 5


def test_abstains_with_code_7_only_where_a_confidence_was_asked_for(clip: Path, filled: Path) -> None:
    question = "When does the submarine surface?"
    plainly = run("ask", clip, question, library=filled)
    strictly = run("ask", clip, question, "--min-confidence", "0.5", library=filled)
    assert plainly.returncode == 0
    assert strictly.returncode == 7
    assert strictly.stdout.startswith("not found")


def test_an_answer_over_the_asked_confidence_is_given(clip: Path, filled: Path) -> None:
    done = run("ask", clip, "When does the screen turn blue?", "--min-confidence", "0.5", library=filled)
    assert done.returncode == 0
    assert not done.stdout.startswith("not found")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ask", "nowhere.mp4", "When?"), 5, "nowhere.mp4"),
        (("ask", "{text}", "When does it end?"), 2, "text.mp4"),
        (("ask", "{empty}", "When does it end?"), 2, "empty"),
        (("ask", "{clip}", "???"), 2, "question is empty"),
        (("ask", "{clip}", "Which?", "--option", "one"), 2, "--option"),
        (("ask", "{clip}"), 2, "QUESTION"),
        (("rm", "nothing like it"), 5, "nothing like it"),
        (("ingest", "{empty}"), 2, "empty.mp4: the file is empty"),
    ],
)
def test_errors_are_one_clear_line(
    clip: Path, filled: Path, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "text.mp4").write_text("this is no video\n" * 50)
    (tmp_path / "empty.mp4").touch()
    places = {
        "clip": clip, "text": tmp_path / "text.mp4", "empty": tmp_path / "empty.mp4", "folder": tmp_path,
    }  # fmt: skip
    before = run("ls", library=filled).stdout
    done = run(*(word.format(**places) for word in words), library=filled)
    assert done.returncode == code
    assert told.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert run("ls", library=filled).stdout == before


def test_sound_alone_is_remembered_with_a_note(tmp_path: Path) -> None:
    song = make_clip(tmp_path / "song.m4a", sound=tone(6.0))
    done = run("ask", song, "When is there silence?", library=tmp_path / "new.db")
    assert done.returncode == 0
    assert "no picture: only the sound was remembered" in done.stdout


def test_a_silent_video_says_so(clip: Path, filled: Path) -> None:
    done = run("ask", clip, "Does anybody speak?", library=filled)
    assert "no sound: nothing could be heard" in done.stdout


def test_a_file_name_cannot_write_to_the_terminal(clip: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "evil\x1b[2J\x1b]0;title\x07[bold]\u202e.mp4"
    shutil.copy(clip, hostile)
    library = tmp_path / "new.db"
    commands = [
        ("ingest", hostile),
        ("ls",),
        ("ask", hostile, "When is it red?\x9b2J\u202e"),
        ("events", hostile),
    ]
    for words in [*commands, *((*words, "--json") for words in commands)]:
        done = run(*words, library=library)
        assert done.returncode == 0
        assert not CONTROLS & {ord(c) for c in done.stdout + done.stderr}
        assert "\u202e" not in done.stdout


def test_a_closed_pipe_is_silent(filled: Path) -> None:
    command = f"{sys.executable} -m vidagent events colours --library {filled} | head -0"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def listen_to_ctrl_c() -> None:
    """Undo what a shell does to a job in the background, of which these tests may be a part."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def n_begun(library: Path) -> int:
    """How many videos are being read; none where there is no library yet."""
    try:
        with closing(sqlite3.connect(f"{library.as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM media WHERE state = 'partial'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_what_was_interrupted_goes_on(talk: Path, tmp_path: Path) -> None:
    library = tmp_path / "new.db"
    command = [sys.executable, "-m", "vidagent", "ingest", str(talk), "--library", str(library)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen_to_ctrl_c
    )
    while not n_begun(library) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130
    assert complaint.startswith("vidagent: interrupted")
    assert len(complaint.splitlines()) == 1
    assert not any(video["whole"] for video in json.loads(run("ls", "--json", library=library).stdout))
    run("ingest", talk, library=library)
    assert [video["whole"] for video in json.loads(run("ls", "--json", library=library).stdout)] == [True]


@pytest.mark.parametrize(("debug", "shows"), [("", "unexpected ZeroDivisionError"), ("1", "Traceback")])
def test_what_nobody_foresaw_is_one_line_unless_asked(debug: str, shows: str) -> None:
    code = "import vidagent.cli.main as m; m.app = lambda: 1 / 0; m.run()"
    environment = {**os.environ, "VIDAGENT_DEBUG": debug}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1
    assert shows in done.stderr
    assert (len(done.stderr.splitlines()) == 1) is (debug == "")


def test_the_library_is_found_by_the_environment(clip: Path, filled: Path) -> None:
    command = [sys.executable, "-m", "vidagent", "ls", "--json"]
    environment = {**os.environ, "VIDAGENT_LIBRARY": str(filled)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert [row["title"] for row in json.loads(done.stdout)] == ["colours"]
