"""``vidagent ask`` about several videos, a folder, or everything that is remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from clips import make_clip, solid, steady
from commands import Commands
from jsonschema import Draft202012Validator
from memories import memory_of
from typing_terminal import TypingTerminal

from vidagent.agent.answer import Answer
from vidagent.agent.asking import Asking
from vidagent.cli.schema import schema_of
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.rows import write_media
from vidagent.index.videos import all_known, content_of
from vidagent.tools.engines import embedded
from vidagent.tools.models.making import Models
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt
from vidagent.tools.tracks import Tracks

ENTROPY, ABSENT, FERRY = "What is entropy?", "When does the helicopter land?", "When does the ferry leave?"
HOSTILE = "evil\x1b[2J\u202e\nvidagent: not found in 9 videos"
ONLY_A_TRANSCRIPT = "note: a transcript only: there was no picture to see and no sound to hear"
NO_VIDEO_LLM = "no video LLM looked: the answer is put together from what was heard, read and seen"
WEEKS = (
    ("Today we talk about heat.", "Entropy is a measure of disorder."),
    ("The ferry leaves at nine.",),
    ("We count states.", "More of them, that is what we call entropy here, roughly."),
)


def talk(path: Path, *texts: str) -> Path:
    """A transcript, which is a video by itself."""
    cues = [f"00:00:{10 * n:02d}.000 --> 00:00:{10 * n + 4:02d}.000\n{t}\n" for n, t in enumerate(texts, 1)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["WEBVTT\n", *cues]))
    return path


def titles(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["video"]["title"] for row in rows]


def heads(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.startswith("[")]


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder of three lectures, two of which speak of entropy."""
    folder = tmp_path / "course"
    for number, texts in enumerate(WEEKS, 1):
        talk(folder / f"week{number}.vtt", *texts)
    return folder


def test_each_answer_stands_below_its_title_and_what_is_common_is_said_once(
    vidagent: Commands, course: Path
) -> None:
    done = vidagent("ask", course, ENTROPY)
    assert (done.code, done.complaint) == (0, "")
    assert done.lines[:2] == ["[week1]", "Entropy is a measure of disorder."]
    assert done.lines[2].startswith("  00:20.0–00:24.0  “Entropy is a measure")
    assert done.lines[3].startswith("confidence ")
    assert done.lines[4:7] == ["looked at: speech 100% (transcript week1.vtt)", "", "[week3]"]
    assert done.lines[-5:-1] == ["", "not found in 1 video: week2", ONLY_A_TRANSCRIPT, NO_VIDEO_LLM]
    for line in (ONLY_A_TRANSCRIPT, NO_VIDEO_LLM, done.lines[-1]):
        assert done.lines.count(line) == 1


def test_the_surest_answer_comes_first_however_they_are_named(vidagent: Commands) -> None:
    for title, trust in (("a", 0.3), ("b", 1.0), ("c", 0.6)):
        said = [(2, 6, f"The ferry {title} leaves at nine.", trust)]
        memory_of(vidagent.library, speech=said, title=title).library.close()
    rows = vidagent("ask", "a", "b", "c", FERRY, "--json").value
    assert titles(rows) == ["a", "b", "c"]
    sure = {row["video"]["title"]: (row["confidence"], row["moments"][0]["score"]) for row in rows}
    assert sure["b"] > sure["c"] > sure["a"] and sure["b"][0] > sure["a"][0]
    for named in ("abc", "cab", "bca"):
        assert heads(vidagent("ask", *named, FERRY).lines) == ["[b]", "[c]", "[a]"]


def test_one_video_is_told_as_ever(vidagent: Commands, course: Path) -> None:
    alone = vidagent("ask", course / "week1.vtt", ENTROPY)
    assert alone.lines[0] == "Entropy is a measure of disorder." and not heads(alone.lines)
    assert alone.lines[-3:-1] == [ONLY_A_TRANSCRIPT, NO_VIDEO_LLM]
    assert isinstance(vidagent("ask", "week1", ENTROPY, "--json").value, dict)
    assert isinstance(vidagent("ask", "week1", ENTROPY, "--jsonl").value, dict)
    assert vidagent("ask", "week1", ABSENT).lines[0].startswith("not found: ")


def test_what_is_not_found_is_one_line_and_short_where_there_are_many(
    vidagent: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    for number in range(12):
        talk(folder / f"{chr(97 + number)}.vtt", f"Number {number} is about gardens.")
    done = vidagent("ask", folder, ABSENT)
    assert (done.code, done.lines[0]) == (0, "not found in 12 videos: a, b, c and 9 more")
    assert done.lines[1:3] == [ONLY_A_TRANSCRIPT, NO_VIDEO_LLM] and len(done.lines) == 4
    few = vidagent("ask", *(folder / f"{name}.vtt" for name in "dcba"), ABSENT)
    assert few.lines[0] == "not found in 4 videos: d, c, b, a"


def test_a_note_of_some_names_them_and_a_note_of_one_stays_with_it(vidagent: Commands) -> None:
    for title, notes in (("a", ["bent"]), ("b", ["bent", "torn"]), ("c", [])):
        said = [(2, 6, f"The ferry {title} leaves at nine.", 1.0)]
        memory_of(vidagent.library, speech=said, title=title, notes=notes).library.close()
    lines = vidagent("ask", FERRY).lines
    assert [line for line in lines if "bent" in line] == ["note: bent (a, b)"]
    torn, of_b = lines.index("note: torn"), lines.index("[b]")
    assert (
        of_b
        < torn
        < min(n for n, line in enumerate([*lines[of_b + 1 :], "["], of_b + 1) if not line or line == "[")
    )


def test_what_nobody_looked_at_may_hold_it_all_the_same(vidagent: Commands) -> None:
    for title, shares in (("half", {"speech": 0.5}), ("whole", {})):
        said = [(2, 6, f"The garden {title} is green.", 1.0)]
        memory_of(vidagent.library, speech=said, title=title, shares=shares).library.close()
    told = "not found in 2 videos: half, whole ({} not looked at as a whole)"
    assert vidagent("ask", ABSENT).lines[0] == told.format(1)
    with Library(vidagent.library) as library, library.transaction() as connection:
        connection.execute("UPDATE media SET state = 'partial' WHERE title = 'whole'")
    assert vidagent("ask", ABSENT).lines[0] == told.format(2)


def test_json_is_a_list_in_the_order_of_the_names(vidagent: Commands, course: Path) -> None:
    named = [course / f"week{n}.vtt" for n in (2, 3, 1)]
    whole = vidagent("ask", *named, ENTROPY, "--json").value
    assert titles(whole) == ["week2", "week3", "week1"]
    Draft202012Validator(schema_of("ask")).validate(whole)
    lines = [json.loads(line) for line in vidagent("ask", *named, ENTROPY, "--jsonl").lines]
    assert titles(lines) == titles(whole)
    for line in lines:
        Draft202012Validator(schema_of("ask")).validate(line)


def test_a_folder_or_a_library_is_a_list_even_of_one(vidagent: Commands, tmp_path: Path) -> None:
    folder = talk(tmp_path / "one" / "talk.vtt", *WEEKS[0]).parent
    assert titles(vidagent("ask", folder, ENTROPY, "--json").value) == ["talk"]
    assert titles(vidagent("ask", ENTROPY, "--json").value) == ["talk"]
    assert vidagent("ask", ENTROPY).lines[0] == "[talk]"


def test_without_a_video_everything_remembered_is_asked_and_nothing_read(
    vidagent: Commands, course: Path
) -> None:
    vidagent("ingest", course / "week1.vtt", course / "week2.vtt")
    (course / "week1.vtt").unlink()
    assert titles(vidagent("ask", ENTROPY, "--json").value) == ["week1", "week2"]


def test_an_empty_library_is_told_in_a_line(vidagent: Commands) -> None:
    done = vidagent("ask", ENTROPY)
    assert (done.code, done.out, done.complaint.count("\n")) == (5, "", 1)
    assert "no video is remembered" in done.complaint


def test_what_is_read_anew_is_asked_as_it_was_and_what_is_new_as_far_as_it_is(
    library: Library, tmp_path: Path
) -> None:
    memory = memory_of(library.path, title="known")
    key = content_of(memory.video)
    with library.transaction() as connection:
        write_media(connection, memory.video.path, key, "{}", (0, 0), "partial")
    assert [(video.title, video.is_whole) for video in all_known(library, Tracks())] == [("known", True)]
    new = tmp_path / "new.mp4"
    new.write_text("new")
    with library.transaction() as connection:
        write_media(connection, new, type(key)("0" * 64, "", "picture 1"), "{}", (0, 0), "partial")
    assert [video.title for video in all_known(library, Tracks())] == ["known", "new"]
    assert [video.title for video in all_known(library, Tracks(1))] == ["new"]


def test_a_video_by_several_names_is_asked_once(vidagent: Commands, course: Path, tmp_path: Path) -> None:
    week1 = course / "week1.vtt"
    copied = talk(tmp_path / "copy.vtt", *WEEKS[0])
    rows = vidagent(
        "ask", week1, week1, f"{course}/../course/week1.vtt", copied, course, ENTROPY, "--json"
    ).value
    assert len(rows) == 3 and len({row["video"]["id"] for row in rows}) == 3
    assert len(vidagent("ask", week1, week1, ENTROPY, "--json").value) == 1


def test_what_fails_is_a_line_and_the_others_are_answered(vidagent: Commands, course: Path) -> None:
    (course / "broken.mp4").write_text("this is no video\n" * 50)
    done = vidagent("ask", course, "gone.mp4", ENTROPY, "--json")
    assert (done.code, titles(done.value)) == (6, ["week1", "week2", "week3"])
    broken, gone = done.complaint.splitlines()
    assert broken.startswith(f"vidagent: {course / 'broken.mp4'}: not a video")
    assert gone == "vidagent: gone.mp4: no such file, and no remembered video by this name"
    assert heads(vidagent("ask", course, ENTROPY).lines) == ["[week1]", "[week3]"]
    alone = vidagent("ask", "gone.mp4", "lost.mp4", ENTROPY)
    assert (alone.code, alone.out, alone.complaint.count("\n")) == (6, "", 2)


def test_a_library_that_fails_fails_them_all(vidagent: Commands, course: Path) -> None:
    with Library(vidagent.library) as library:
        library.database.conn.execute(
            "CREATE TRIGGER refusing BEFORE INSERT ON media BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    done = vidagent("ask", course, ENTROPY)
    assert (done.code, done.out, done.complaint.count("\n")) == (1, "", 1)
    assert "no room" in done.complaint


def test_a_missing_model_or_no_question_is_told_before_anything_is_read(
    vidagent: Commands, course: Path
) -> None:
    missing = vidagent("ask", course, ENTROPY, "--picture-model", "/nowhere/at/all")
    assert (missing.code, missing.out, missing.complaint.count("\n")) == (4, "", 1)
    for words in (("???",), ("Which?", "--option", "one")):
        done = vidagent("ask", course, *words)
        assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
    assert vidagent("ls", "--json").value == []


def test_abstaining_everywhere_has_its_code(vidagent: Commands, course: Path) -> None:
    for words, code in (((ENTROPY,), 0), ((ABSENT,), 7)):
        assert vidagent("ask", course, *words, "--min-confidence", "0.3").code == code
    assert vidagent("ask", course, "gone.mp4", ABSENT, "--min-confidence", "0.3").code == 6


def test_a_budget_that_is_spent_for_nothing_has_its_code(
    vidagent: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        """As a trained model has them that sees nothing of what is asked for."""
        text = " ".join(part for part in prompt.parts if isinstance(part, str))
        is_white = any(part.image.mean() > 128 for part in prompt.parts if not isinstance(part, str))
        is_so = is_white if "white" in text else "dog" in text or "7 more" in text
        return [0.9, 0.1] if is_so else [0.1, 0.9]

    film = make_clip(tmp_path / "film.mkv", steady(20, 0.0, 1.0), solid((120, 120, 120)))
    with Library(vidagent.library) as library:
        ingest(library, film, embedded(read_text=False))
    model = ScriptedModel(lambda prompt: "not found", chances, FrameBudget(4, 1 << 12))
    monkeypatch.setattr(Models, "reader", lambda models: model)
    asked = ("ask", film, talk(tmp_path / "talk.vtt", *WEEKS[1]))
    done = vidagent(*asked, "What is behind the bright stone?", "--budget", "10frames")
    assert done.code == 8 and "larger --budget" in done.complaint
    assert done.lines[0].startswith("not found in 2 videos: film, talk (1 not")
    found = vidagent(*asked, FERRY, "--budget", "10frames")
    assert (found.code, found.complaint) == (0, "")


@pytest.mark.parametrize("option", [("--session", "a"), ("--sheet", "sheet.png")])
def test_what_is_for_one_video_is_refused(vidagent: Commands, course: Path, option: tuple[str, str]) -> None:
    week = course / "week1.vtt"
    for words in ((course,), (week, course / "week2.vtt"), ()):
        done = vidagent("ask", *words, ENTROPY, *option)
        assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
        assert "are for one video" in done.complaint
    assert vidagent("ls", "--json").value == []


def test_times_hold_for_each_video(vidagent: Commands, course: Path) -> None:
    # The last seconds of each are others.
    done = vidagent("ask", course, ENTROPY, "--from", "-4s")
    assert done.code == 0 and heads(done.lines) == ["[week1]", "[week3]"]
    assert done.lines.count("looked only at 00:20.0–00:24.0") == 2
    late = vidagent("ask", course, ENTROPY, "--from", "15", "--json")
    assert (late.code, titles(late.value)) == (6, ["week1", "week3"])
    assert late.complaint.count("\n") == 1 and "week2.vtt: --from 15 lies beyond the end" in late.complaint
    assert vidagent("ask", course, ENTROPY, "--from", "soon").code == 2


def test_a_hostile_title_writes_nothing_of_its_own(vidagent: Commands, tmp_path: Path) -> None:
    folder = talk(tmp_path / "odd" / f"{HOSTILE}.vtt", *WEEKS[0]).parent
    talk(folder / "[b] no.vtt", *WEEKS[1])
    (folder / f"{HOSTILE}.mp4").write_text("no video")
    for question in (ENTROPY, ABSENT):
        done = vidagent("ask", folder, question)
        written = done.out + done.complaint
        assert done.code == 6 and done.complaint.count("\n") == 1
        assert not {"\x1b", "\u202e"} & set(written)
        assert not any(line.startswith("vidagent: not found") for line in written.splitlines())


@pytest.mark.parametrize(
    "words",
    [("WEEK",), ("COURSE",), ("week",), ("gone.mp4",), ("WEEK", "WEEK2"), ("COURSE", "WEEK"), ("WEEK", "COURSE")],
)  # fmt: skip
def test_a_question_that_is_missing_is_told(vidagent: Commands, course: Path, words: tuple[str, ...]) -> None:
    vidagent("ingest", course / "week1.vtt")
    places = {"WEEK": course / "week1.vtt", "WEEK2": course / "week2.vtt", "COURSE": course}
    done = vidagent("ask", *(places.get(word, word) for word in words))
    assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
    assert "no question about" in done.complaint
    assert len(vidagent("ls", "--json").value) == 1


def test_the_word_ask_may_be_left_out(vidagent: Commands, course: Path) -> None:
    both = vidagent(course / "week1.vtt", course / "week3.vtt", ENTROPY, "--json")
    assert (both.code, titles(both.value)) == (0, ["week1", "week3"])
    assert heads(vidagent(course, ENTROPY).lines) == ["[week1]", "[week3]"]
    assert titles(vidagent("week1", "week3", ENTROPY, "--json").value) == ["week1", "week3"]
    assert "no question about" in vidagent(course / "week1.vtt").complaint


def test_with_lines_each_answer_is_there_before_the_next_and_as_text_none_before_the_last(
    vidagent: Commands, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Asking.answer

    def broken_off(asking: Asking, memory: Any, asked: Any) -> Answer:
        if memory.video.title == "week2":
            raise KeyboardInterrupt
        return real(asking, memory, asked)

    monkeypatch.setattr(Asking, "answer", broken_off)
    lines = vidagent("ask", course, ENTROPY, "--jsonl")
    assert lines.code == 130 and titles([json.loads(line) for line in lines.lines]) == ["week1"]
    for words in ((), ("--json",)):
        done = vidagent("ask", course, ENTROPY, *words)
        assert (done.code, done.out) == (130, "")
        assert "the same command goes on" in done.complaint


def test_only_the_surest_answer_is_illustrated(
    vidagent: Commands, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    asked = ("ask", course, ENTROPY, "--library", vidagent.library)
    with TypingTerminal(*asked) as terminal:
        assert terminal.ended() == 0
    written = terminal.all.decode()
    assert sum("▲" in line for line in written.splitlines()) == 1
    assert written.index("[week1]") < written.index("▲") < written.index("[week3]")
    with TypingTerminal(*asked, "--plain") as terminal:
        assert terminal.ended() == 0
    assert "▲" not in terminal.all.decode()


def test_progress_counts_the_videos(vidagent: Commands, course: Path) -> None:
    done = vidagent("--progress", "json", "ask", course, ENTROPY)
    rows = [json.loads(line) for line in done.complaint.splitlines()]
    assert done.code == 0
    assert next((row["n_done"], row["n_total"]) for row in rows if row["stage"] == "answering") == (0, 3)
    for row in rows:
        Draft202012Validator(schema_of("progress")).validate(row)
