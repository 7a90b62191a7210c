"""The file of answers: it goes on from where it was broken off, and takes no other file for itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from vidagent.cli.batches.answer_file import answers_in
from vidagent.cli.batches.questions import Known, Question
from vidagent.cli.batches.rows import Failure, Row, answer_row, failure_row, key_of, known_row
from vidagent.tools.errors import RequestError, VidagentError

WHO, WHEN, WHAT = (
    Question(line, str(line), "film.mp4", True, text)
    for line, text in enumerate(("Who?", "When?", "What?"), 1)
)
ALL = (WHO, WHEN, WHAT)


def key(question: Question) -> str:
    return key_of(question, {})


def answered(question: Question) -> Row:
    grade = {"grade": known_row(question)} if question.known else {}
    return answer_row(key(question), question, {"answer": f"{question.text} \u200b\ud800", **grade})


def failed(question: Question) -> Row:
    return failure_row(key(question), question, Failure("broken", 3))


def go_on(path: Path, asked: Sequence[Question] = ALL, force: bool = False, fails: bool = False) -> list[int]:
    """Answers what has no answer yet; which rows were kept."""
    noted: list[Row] = []
    with answers_in(path, [key(each) for each in asked], asked, noted.append, force) as answers:
        kept = sorted(answers.kept)
        assert len(noted) == len(kept)
        for number, question in enumerate(asked):
            if number not in kept:
                answers.write(number, failed(question) if fails else answered(question))
    return kept


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def test_rows_stand_in_the_order_of_questions_and_nothing_else_is_left(path: Path) -> None:
    assert go_on(path) == []
    assert [row["id"] for row in rows(path)] == ["1", "2", "3"]
    assert list(path.parent.iterdir()) == [path]


def test_cut_off_anywhere_it_becomes_the_same_file(path: Path) -> None:
    go_on(path)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for n_bytes in range(0, len(whole), 7):
        path.write_bytes(whole[:n_bytes])
        assert go_on(path) == list(range(sum(end <= n_bytes for end in ends)))
        assert path.read_bytes() == whole


def test_failures_are_tried_again_and_take_their_place(path: Path) -> None:
    go_on(path, [WHO])
    go_on(path, [WHO, WHEN], fails=True)
    assert ["error" in row for row in rows(path)] == [False, True]
    assert go_on(path, ALL) == [0]
    go_on(path.with_name("undisturbed.jsonl"))
    assert path.read_bytes() == path.with_name("undisturbed.jsonl").read_bytes()


def test_a_question_that_came_in_between_takes_its_place(path: Path) -> None:
    go_on(path, [WHO, WHAT])
    assert go_on(path, ALL) == [0, 2]
    assert [row["id"] for row in rows(path)] == ["1", "2", "3"]


def test_a_question_asked_twice_has_two_rows(path: Path) -> None:
    go_on(path, [WHO])
    assert go_on(path, [WHO, WHO]) == [0]
    assert len(rows(path)) == 2


def test_a_row_graded_by_another_known_answer_is_made_anew(path: Path) -> None:
    known = [Question(**{**vars(WHO), "known": Known(answer, ((1.0, 2.0),))}) for answer in ("Ann", "Bob")]
    go_on(path, [known[0]])
    assert go_on(path, [known[0]]) == [0]
    assert go_on(path, [known[1]]) == []
    assert [row["grade"] for row in rows(path)] == [known_row(known[1])]
    assert go_on(path, [WHO]) == []


@pytest.mark.parametrize(
    "change", [{"id": "9"}, {"video": "a.mp4"}, {"text": "Why?"}, {"options": ("A", "B")}]
)
def test_answers_to_other_questions_are_left_alone(path: Path, change: dict[str, object]) -> None:
    other = Question(**{**vars(WHO), **change})
    go_on(path, [WHO])
    before = path.read_bytes()
    with pytest.raises(RequestError, match="--force begins it anew"):
        go_on(path, [other])
    assert path.read_bytes() == before
    assert go_on(path, [other], force=True) == []
    assert [row["asked"] for row in rows(path)] == [key(other)]


def test_another_manner_of_answering_is_another_key() -> None:
    assert key_of(WHO, {"reader": "a"}) != key_of(WHO, {"reader": "b"})


@pytest.mark.parametrize(
    "content",
    [
        b"dear diary",
        b"\n",
        b"[1]\n",
        b'{"asked": 7}\n',
        b'{"asked": "x", \n',
        b"\x00" * 9000,
        b'{"question": "Who?"}\n',
    ],
)
def test_no_other_file_is_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RequestError, match="--force begins it anew"):
        go_on(path)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_file_is_begun(path: Path) -> None:
    path.touch()
    assert go_on(path) == []


def test_links_and_folders_are_no_files_of_answers(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("")
    path.symlink_to(precious)
    with pytest.raises(RequestError, match="no file of answers"):
        go_on(path)
    with pytest.raises(RequestError, match="is a folder"):
        go_on(tmp_path, force=True)
    go_on(path, force=True)
    assert precious.read_text() == "" and not path.is_symlink()


def test_one_process_writes_at_a_time(path: Path) -> None:
    with answers_in(path, [key(WHO)], [WHO], lambda row: None):
        with pytest.raises(RequestError, match="another process writes"):
            go_on(path, force=True)
        assert path.read_bytes() == b""


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(VidagentError, match="cannot be written") as refused:
        go_on(tmp_path / "none" / "answers.jsonl")
    assert "library" not in str(refused.value)
