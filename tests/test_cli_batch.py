"""``vidagent batch``: a row for each question in its order, whatever fails, and on from wherever it was broken off."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import Commands

Row = dict[str, Any]

_SAID = (
    (1, "Mary Baker keeps the lighthouse on Gull Island."),
    (10, "The dog is called Captain."),
    (30, "The ferry leaves at nine."),
)
FERRY, DOG, ABSENT = "When does the ferry leave?", "What is the dog called?", "When does the helicopter land?"
CAPTAIN = "The dog is called Captain."
_WAIT_S = 60.0


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two transcripts, which are read like videos, and quickly."""
    folder = tmp_path / "batch"
    folder.mkdir()
    for title, shift_s in (("a", 0), ("b", 20)):
        cues = [
            f"{number}\n{_stamp(at_s + shift_s)} --> {_stamp(at_s + shift_s + 4)}\n{text}\n"
            for number, (at_s, text) in enumerate(_SAID, 1)
        ]
        (folder / f"{title}.srt").write_text("\n".join(cues))
    return folder


def _stamp(at_s: int) -> str:
    return f"00:{at_s // 60:02d}:{at_s % 60:02d},000"


def questions(folder: Path, *rows: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def ask_both(folder: Path, n: int = 1) -> Path:
    asked = [{"video": f"{title}.srt", "question": text} for text in (FERRY, DOG, ABSENT) for title in "ab"]
    return questions(folder, *asked * n)


def rows_in(text: str) -> list[Row]:
    """Rows without what differs from run to run."""
    return [{k: v for k, v in json.loads(line).items() if k != "elapsed_s"} for line in text.splitlines()]


def test_each_question_has_its_row_in_order(vidagent: Commands, folder: Path) -> None:
    asked = questions(
        folder,
        {"id": "x", "video": "a.srt", "question": FERRY},
        {"id": "y", "video": "b.srt", "question": DOG, "options": ["Rex", "Captain"]},
        {"id": "z", "video": "a.srt", "question": ABSENT},
    )
    done = vidagent("batch", asked, "--jobs", 1)
    first, second, third = rows_in(done.out)
    assert done.code == 0
    assert (first["id"], first["answer"], first["video"]["title"]) == ("x", "00:30.0–00:34.0", "a")
    assert (second["id"], second["option"], second["video"]["title"]) == ("y", "B", "b")
    assert (third["id"], third["abstained"], third["citations"]) == ("z", True, [])
    assert done.complaint == "vidagent: 3 questions: 2 answered, 1 not found, 0 failed\n"


def test_a_row_holds_what_ask_prints(vidagent: Commands, folder: Path) -> None:
    (row,) = rows_in(vidagent("batch", questions(folder, {"video": "a.srt", "question": DOG})).out)
    (alone,) = rows_in(vidagent("ask", folder / "a.srt", DOG, "--json").out)
    assert {name: row[name] for name in alone} == alone
    assert set(row) - set(alone) == {"asked", "id"}


def test_what_fails_is_a_row_and_stops_nothing(vidagent: Commands, folder: Path) -> None:
    (folder.parent / "secret.srt").write_text((folder / "a.srt").read_text())
    (folder / "empty.mp4").touch()
    asked = questions(
        folder,
        {"id": "gone", "video": "gone.srt", "question": DOG},
        {"id": "out", "video": "../secret.srt", "question": DOG},
        "nonsense",
        {"id": "none", "video": "a.srt"},
        {"id": "bare", "question": DOG},
        {"id": "empty", "video": "empty.mp4", "question": DOG},
        {"id": "mark", "video": "a.srt", "question": "?!"},
        {"id": "good", "video": "a.srt", "question": DOG},
    )
    done = vidagent("batch", asked)
    *failures, good = rows_in(done.out)
    assert (done.code, good["id"], good["answer"]) == (6, "good", CAPTAIN)
    codes = [(row["id"], row["line"], row["error"]["exit_code"]) for row in failures]
    assert codes == [
        ("gone", 1, 5), ("out", 2, 2), (None, 3, 2), ("none", 4, 2), ("bare", 5, 2), ("empty", 6, 2), ("mark", 7, 2),
    ]  # fmt: skip
    assert failures[1]["video"] == "../secret.srt" and failures[1]["question"] == DOG
    assert failures[2]["error"]["message"].startswith(f"{asked} line 3: not JSON (")
    *reasons, others, counts = done.complaint.splitlines()
    assert len(reasons) == 3 and any("gone.srt" in reason for reason in reasons)
    assert others.endswith("and 4 other reasons, in the rows")
    assert "1 answered, 0 not found, 7 failed" in counts


def test_nothing_that_a_line_says_reaches_a_terminal(vidagent: Commands, folder: Path) -> None:
    evil = "\x1b]0;owned\x07\u202e"
    asked = questions(folder, {"id": evil, "video": f"{evil}.srt", "question": evil}, evil)
    done = vidagent("batch", asked)
    assert done.code == 6
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.complaint)


def test_anywhere_lets_lines_leave_the_folder(vidagent: Commands, folder: Path) -> None:
    beside = folder.parent / "beside.srt"
    (folder / "a.srt").rename(beside)
    asked = questions(folder, {"video": "../beside.srt", "question": DOG}, {"video": "besi", "question": DOG})
    confined = vidagent("batch", asked)
    assert [row["error"]["exit_code"] for row in rows_in(confined.out)] == [2, 5]
    done = vidagent("batch", asked, "--anywhere", "--jobs", 1)
    assert (done.code, [row["answer"] for row in rows_in(done.out)]) == (0, [CAPTAIN] * 2)


def test_plain_questions_are_asked_of_every_video(vidagent: Commands, folder: Path) -> None:
    (folder / "q.txt").write_text(f"{DOG}\n{FERRY}\n")
    done = vidagent("batch", folder / "q.txt", folder / "a.srt", folder / "b.srt", "--jobs", 1)
    found = [(row["id"], row["video"]["title"], row["answer"]) for row in rows_in(done.out)]
    assert found == [
        ("1", "a", CAPTAIN), ("1", "b", CAPTAIN), ("2", "a", "00:30.0–00:34.0"), ("2", "b", "00:50.0–00:54.0"),
    ]  # fmt: skip


def test_stdin_is_read(vidagent: Commands, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{DOG}\n".encode())))
    assert [row["answer"] for row in rows_in(vidagent("batch", "-", folder / "a.srt").out)] == [CAPTAIN]
    monkeypatch.chdir(folder)
    line = json.dumps({"video": "a.srt", "question": DOG})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    assert vidagent("batch", "-", "--format", "jsonl").code == 0


def test_known_answers_are_graded_and_summed_up(vidagent: Commands, folder: Path) -> None:
    asked = questions(
        folder,
        {"video": "a.srt", "question": FERRY, "answer": "0:30", "evidence_s": [[30, 34]]},
        {"video": "b.srt", "question": FERRY, "answer": "0:30", "evidence_s": [[30, 34]]},
        {"video": "b.srt", "question": DOG, "options": ["Rex", "Captain"], "answer": "Captain"},
        {"video": "a.srt", "question": ABSENT, "answer": "not found"},
    )
    summary, answers = folder / "summary.json", folder / "answers.jsonl"
    command = ("batch", asked, "-o", answers, "--summary", summary, "--jobs", 1)
    done = vidagent(*command)
    assert "3 answered, 1 not found, 0 failed; 3 of 4 right, 1 of 2 with the right seconds" in done.complaint
    assert json.loads(summary.read_text())["accuracy"] == 0.75
    grades = [row["grade"] for row in rows_in(answers.read_text())]
    assert [(grade["is_right"], grade["has_seconds"]) for grade in grades] == [
        (True, True), (False, False), (True, None), (True, None),
    ]  # fmt: skip
    # What is there already counts too.
    assert vidagent(*command).complaint == done.complaint


def test_cut_off_in_the_middle_it_ends_with_the_same_file(vidagent: Commands, folder: Path) -> None:
    asked, answers = ask_both(folder), folder / "answers.jsonl"
    vidagent("batch", asked, "-o", answers, "--jobs", 1)
    whole = answers.read_bytes()
    kept = whole.splitlines(keepends=True)[:3]
    answers.write_bytes(b"".join(kept) + b'{"asked": "0123')
    assert vidagent("batch", asked, "-o", answers, "--jobs", 1).code == 0
    assert rows_in(answers.read_text()) == rows_in(whole.decode())
    assert answers.read_bytes().startswith(b"".join(kept))


def test_a_failure_is_tried_again(vidagent: Commands, folder: Path) -> None:
    asked, answers = ask_both(folder), folder / "answers.jsonl"
    (folder / "a.srt").rename(folder / "later")
    assert vidagent("batch", asked, "-o", answers).code == 6
    (folder / "later").rename(folder / "a.srt")
    assert vidagent("batch", asked, "-o", answers, "--jobs", 1).code == 0
    assert [row["video"]["title"] for row in rows_in(answers.read_text())] == ["a", "b"] * 3


def test_no_file_is_written_over(vidagent: Commands, folder: Path) -> None:
    asked, answers, other = ask_both(folder), folder / "answers.jsonl", folder / "notes.txt"
    other.write_text("mine")
    vidagent("batch", asked, "-o", answers, "--jobs", 1)
    before = answers.read_bytes()
    for words in (
        ("-o", other),
        ("--summary", other),
        ("-o", answers, "--min-confidence", 0.5),
        ("-o", asked, "--force"),
        ("--summary", asked, "--force"),
    ):
        refused = vidagent("batch", asked, *words)
        assert (refused.code, refused.out) == (2, ""), words
    assert (answers.read_bytes(), other.read_text()) == (before, "mine")
    questions(folder, {"video": "a.srt", "question": "Who keeps the lighthouse?"})
    assert vidagent("batch", asked, "-o", answers).code == 2
    assert answers.read_bytes() == before
    assert vidagent("batch", asked, "-o", answers, "--force").code == 0
    assert len(rows_in(answers.read_text())) == 1


def test_what_is_missing_is_told_before_anything_is_written(vidagent: Commands, folder: Path) -> None:
    answers = folder / "answers.jsonl"
    for words, code in (
        (("--reader", "none-such"), (2, 4)),
        (("--budget", "30s"), (2,)),
        (("--format", "x"), (2,)),
    ):
        done = vidagent("batch", ask_both(folder), "-o", answers, *words)
        assert done.code in code and len(done.complaint.splitlines()) == 1
    assert vidagent("batch", folder / "none.txt", "a.mp4", "-o", answers).code == 2
    assert not answers.exists()


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that end with the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def begun(vidagent: Commands, asked: Path, answers: Path, n_before: int = 0) -> subprocess.Popen[str]:
    """A batch in three processes that has just written a row."""
    command = ["batch", asked, "-o", answers, "--jobs", 2, "--library", vidagent.library]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidagent", *map(str, command)], stderr=subprocess.PIPE, text=True
    )
    give_up_s = time.monotonic() + _WAIT_S
    while not answers.exists() or answers.read_bytes().count(b"\n") <= n_before:
        assert process.poll() is None and time.monotonic() < give_up_s
        time.sleep(0.005)
    return process


def below(process: int) -> set[int]:
    """All processes that one has started, and those that they have."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    children = {int(word) for file in lists for word in file.read_text().split()}
    return children.union(*map(below, children))


def test_killed_in_the_middle_it_goes_on_and_nobody_is_left_behind(
    vidagent: Commands, folder: Path, processes: list[subprocess.Popen[str]]
) -> None:
    answers, n_rows = folder / "answers.jsonl", 0
    # So many that they are never done.
    asked = ask_both(folder, 1000)
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        process = begun(vidagent, asked, answers, n_rows)
        processes.append(process)
        children = below(process.pid)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=_WAIT_S)
        assert (process.returncode, len(children) >= 2) == (code, True)
        assert "Traceback" not in complaint
        assert _are_gone(children)
        n_rows = answers.read_bytes().count(b"\n")
    made = rows_in("".join(answers.read_text().splitlines(keepends=True)[:n_rows]))
    undisturbed = rows_in(vidagent("batch", ask_both(folder), "--jobs", 1).out)
    own = ("asked", "id")
    assert [row["id"] for row in made] == [str(number) for number in range(1, n_rows + 1)]
    for number, row in enumerate(made):
        expected = undisturbed[number % len(undisturbed)]
        assert {k: v for k, v in row.items() if k not in own} == {
            k: v for k, v in expected.items() if k not in own
        }


def _are_gone(children: Sequence[int] | set[int]) -> bool:
    give_up_s = time.monotonic() + _WAIT_S
    while any(_runs(child) for child in children):
        if time.monotonic() > give_up_s:
            return False
        time.sleep(0.05)
    return True


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
