"""Files of questions: what each line asks, and what is wrong with the line that asks nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from vidagent.cli.batches.lines import BYTES_MAX, lines_of
from vidagent.cli.batches.question_files import form_of, questions_from
from vidagent.cli.batches.questions import CHARACTERS_MAX, Entry, Flaw, Known, Question
from vidagent.tools.errors import RequestError

FILM = ("film.mp4",)


def read(path: Path, content: str | bytes, *videos: str) -> list[Entry]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return questions_from(str(path), form_of(str(path)), videos)


def only(path: Path, row: object) -> Entry:
    (entry,) = read(path, json.dumps(row), *FILM)
    return entry


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    return tmp_path / "questions.jsonl"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "questions.csv"


def test_a_row_names_its_video_or_is_asked_of_all(jsonl: Path) -> None:
    rows = '{"question": "Who?", "video": "own.mp4", "id": "x"}\n{"question": "When?", "else": [1]}\n'
    assert read(jsonl, rows, "a.mp4", "b.mp4") == [
        Question(1, "x", "own.mp4", True, "Who?"),
        Question(2, "2", "a.mp4", False, "When?"),
        Question(2, "2", "b.mp4", False, "When?"),
    ]


def test_options_and_what_is_known_are_taken_over(jsonl: Path) -> None:
    row = {
        "question": "Who?",
        "options": ["Ann", "Bob"],
        "answer": "bob",
        "evidence_s": [[1, 2.5]],
    }
    entry = only(jsonl, row)
    assert isinstance(entry, Question)
    assert (entry.options, entry.known) == (("Ann", "Bob"), Known("B", ((1.0, 2.5),)))


@pytest.mark.parametrize(("answer", "known"), [("b", "B"), ("Ann", "A"), ("neither", "neither"), (3, "3")])
def test_a_known_answer_may_be_a_letter_or_the_words_of_an_option(
    jsonl: Path, answer: object, known: str
) -> None:
    entry = only(jsonl, {"question": "Who?", "options": ["Ann", "Bob"], "answer": answer})
    assert isinstance(entry, Question) and entry.known == Known(known)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1], "not a JSON object"),
        ({"video": "a.mp4"}, "holds no question"),
        ({"question": "  "}, "holds no question"),
        ({"question": 7}, "question has to be a text"),
        ({"question": "?" * (CHARACTERS_MAX + 1)}, "question is longer than 10,000 characters"),
        ({"question": "Who?", "video": "\ud800.mp4"}, "video holds half a character"),
        ({"question": "Who?", "options": "A|B"}, "options have to be a list of texts"),
        ({"question": "Who?", "options": [None]}, "an option has to be a text"),
        ({"question": "Who?", "answer": True}, "answer has to be a text"),
        ({"question": "Who?", "answer": "I", "evidence_s": [[2, 1]]}, "evidence_s has to be a list"),
        (
            {"question": "Who?", "answer": "I", "evidence_s": [[0, float("nan")]]},
            "evidence_s has to be a list",
        ),
        ({"question": "Who?", "answer": "I", "evidence_s": {"0": 1}}, "evidence_s has to be a list"),
    ],
)
def test_a_row_that_makes_no_sense_says_what_is_wrong(jsonl: Path, row: object, message: str) -> None:
    entry = only(jsonl, row)
    assert isinstance(entry, Flaw) and entry.message.startswith(message)


def test_a_flaw_keeps_the_id_that_its_row_tells(jsonl: Path) -> None:
    assert only(jsonl, {"id": "q\x1b[31m7", "question": None}) == Flaw(1, "holds no question", "q7")
    assert only(jsonl, {"id": ["q7"], "question": None}) == Flaw(1, "holds no question")


@pytest.mark.parametrize("line", ["nonsense", "{", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_one_line_that_is_no_json_leaves_the_others_alone(jsonl: Path, line: str) -> None:
    flaw, question = read(jsonl, f'\n{line}\n{{"question": "Who?"}}\n', *FILM)
    assert isinstance(flaw, Flaw) and flaw.line == 2 and flaw.message.startswith("not JSON (")
    assert question == Question(3, "3", "film.mp4", False, "Who?")


def test_mark_line_ends_and_empty_lines_are_no_part_of_questions(tmp_path: Path) -> None:
    entries = read(tmp_path / "q.txt", b"\xef\xbb\xbfWho?\r\n\r\n  \r\nWhen?", *FILM)
    assert [(e.line, e.text) for e in entries if isinstance(e, Question)] == [(1, "Who?"), (4, "When?")]


def test_a_line_in_another_encoding_is_one_flaw(tmp_path: Path) -> None:
    flaw, question = read(tmp_path / "q.txt", b"Caf\xe9?\nWho?\n", *FILM)
    assert flaw == Flaw(1, "not UTF-8 (byte 4)")
    assert isinstance(question, Question)


def test_a_line_without_end_is_not_held_in_memory() -> None:
    class Endless(io.BytesIO):
        """50 MB of one line, then another; says how much was asked for at once."""

        n_left, most = 50, 0

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            self.most = max(self.most, size)
            self.n_left -= 1
            return b"x" * size if self.n_left > 0 else b"x\n" if self.n_left == 0 else b""

    file = Endless()
    assert [line.fault for line in lines_of(file)] == [f"longer than {BYTES_MAX:,} bytes"]
    assert file.most <= BYTES_MAX + 1


def test_the_line_after_a_long_one_is_read() -> None:
    long, other = lines_of(io.BytesIO(b"x" * (2 * BYTES_MAX + 7) + b"\nWho?\n"))
    assert (long.text, bool(long.fault)) == ("", True)
    assert (other.number, other.text, other.fault) == (2, "Who?", "")


def test_a_table_is_read_by_the_names_of_its_columns(table: Path) -> None:
    content = 'Video,Question,options,answer,notes\na.mp4,"Who, then?",Ann|Bob,Bob,x\n,When?\n'
    assert read(table, content, *FILM) == [
        Question(2, "2", "a.mp4", True, "Who, then?", ("Ann", "Bob"), Known("B")),
        Question(3, "3", "film.mp4", False, "When?"),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_of_another_country_is_read_too(table: Path, delimiter: str) -> None:
    content = f"\ufeffquestion{delimiter}video\r\nWho?{delimiter}a.mp4\r\n"
    assert read(table, content) == [Question(2, "2", "a.mp4", True, "Who?")]


def test_lines_of_a_table_are_counted_in_the_file(table: Path) -> None:
    content = b'question\n"Who\nis it?"\n\nCaf\xe9?\n' + b"x" * 200_000 + b"\nWhen?\n"
    entries = read(table, content, *FILM)
    assert [(type(e), e.line) for e in entries] == [(Question, 2), (Flaw, 5), (Flaw, 6), (Question, 7)]


def test_a_quotation_mark_that_is_not_closed_is_a_flaw(table: Path) -> None:
    flaw = read(table, 'question\n"Who?\nWhen?\n', *FILM)[-1]
    assert isinstance(flaw, Flaw) and flaw.line == 2 and flaw.message.startswith("not CSV (")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.txt", "Who?", "a file of plain questions names no video"),
        ("q.csv", "video\na.mp4", 'has no column "question"'),
        ("q.csv", "", 'has no column "question"'),
        ("q.jsonl", " \n\n", "holds no question"),
        ("q.jsonl", b"\xff\xfe{\x00", "is UTF-16"),
    ],
)
def test_a_file_that_asks_nothing_is_refused(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        read(tmp_path / name, content)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path, Path("nul\0.txt")):
        with pytest.raises(RequestError, match="cannot be read as questions"):
            questions_from(str(path), "txt", FILM)


def test_the_form_goes_by_the_name_unless_it_is_given() -> None:
    names = ("a.JSONL", "a.ndjson", "a.csv", "a.txt", "-", "a")
    assert [form_of(name) for name in names] == ["jsonl", "jsonl", "csv", "txt", "txt", "txt"]
    assert form_of("a.json", "jsonl") == "jsonl"
    for name, given in (("a.json", None), ("film.mp4", None), ("a.txt", "xml")):
        with pytest.raises(RequestError, match="--format"):
            form_of(name, given)
