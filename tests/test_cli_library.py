"""The library file can be looked after from the command line: check, compact, export, import, merge."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import Commands
from memories import island_of, memory_of

VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nThe lighthouse burns.\n"


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    """Commands on a library that remembers a film and a talk."""
    folder = tmp_path / "data"
    folder.mkdir()
    island_of(folder / "library.db").library.close()
    memory_of(
        folder / "library.db", speech=[(1, 4, "The harbour is calm.", 1.0)], title="talk"
    ).library.close()
    return Commands(monkeypatch, capsys, folder / "library.db")


def alter(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def titles(vidagent: Commands, library: Path | None = None) -> list[str]:
    return sorted(row["title"] for row in vidagent("ls", "--json", library=library).value)


def test_a_sound_library_is_said_to_be(vidagent: Commands) -> None:
    done = vidagent("library", "check")
    assert (done.code, done.lines, done.complaint) == (0, [f"{vidagent.library}: sound"], "")
    done = vidagent("library", "check", "--json")
    assert (done.code, done.value) == (0, [])


def test_each_finding_is_one_line_that_says_what_to_do(vidagent: Commands) -> None:
    alter(vidagent.library, "UPDATE event SET end_us = 5")
    done = vidagent("library", "check")
    assert done.code == 1
    assert len(done.lines) == 2
    assert all("vidagent ingest --force" in line for line in done.lines)
    rows = vidagent("library", "check", "--json")
    assert rows.code == 1
    assert [f"{row['what']}; {row['remedy']}" for row in rows.value] == done.lines


def test_compacting_tells_the_bytes_before_and_after(vidagent: Commands) -> None:
    vidagent("rm", "island")
    done = vidagent("library", "compact")
    assert done.code == 0
    match = re.fullmatch(r"([\d,]+) bytes before, ([\d,]+) bytes after\n", done.out)
    assert match
    before, after = (int(number.replace(",", "")) for number in match.groups())
    assert after < before
    again = vidagent("library", "compact", "--json").value
    assert again["after_bytes"] == after == vidagent.library.stat().st_size
    assert vidagent("library", "check").code == 0


def test_a_video_goes_out_and_into_another_library(vidagent: Commands, tmp_path: Path) -> None:
    out, other = tmp_path / "out.db", tmp_path / "other.db"
    done = vidagent("library", "export", "island", "-o", out)
    assert (done.code, done.complaint) == (0, "")
    assert re.fullmatch(rf"[0-9a-f]{{8}}  island  written to {out}\n", done.out)
    assert titles(vidagent, out) == ["island"]
    done = vidagent("library", "import", out, library=other)
    assert re.fullmatch(r"[0-9a-f]{8}  island  added\n", done.out)
    assert vidagent("library", "import", out, library=other).out == done.out.replace(
        "added", "there already, kept"
    )
    question = ("ask", "island", "When does Captain bark at the box?", "--json")
    there, here = vidagent(*question, library=other).value, vidagent(*question).value
    assert (there["answer"], there["moments"]) == (here["answer"], here["moments"])
    assert not there["abstained"]


def test_several_files_are_merged_and_each_video_is_named(vidagent: Commands, tmp_path: Path) -> None:
    one, two, all_of_them = tmp_path / "one.db", tmp_path / "two.db", tmp_path / "all.db"
    vidagent("library", "export", "island", "-o", one)
    vidagent("library", "export", "island", "talk", "-o", two)
    alter(two, "UPDATE media SET state = 'partial' WHERE title = 'talk'")
    rows = vidagent("library", "merge", one, two, "--json", library=all_of_them).value
    fates = {fate: [row["title"] for row in videos] for fate, videos in rows.items()}
    assert fates == {"added": ["island"], "kept": ["island"], "replaced": [], "left_out": ["talk"]}
    lines = vidagent("library", "merge", one, two, library=all_of_them).lines
    assert lines[-1].endswith("  talk  left out: not read to its end")
    assert titles(vidagent, all_of_them) == ["island"]


def test_a_transcript_is_ingested_exported_and_asked(vidagent: Commands, tmp_path: Path) -> None:
    (tmp_path / "speech.vtt").write_text(VTT)
    assert vidagent("ingest", tmp_path / "speech.vtt").code == 0
    assert titles(vidagent) == ["island", "speech", "talk"]
    assert vidagent("library", "export", tmp_path / "speech.vtt", "-o", tmp_path / "out.db").code == 0
    done = vidagent("ask", "speech", "What burns?", library=tmp_path / "out.db")
    assert "The lighthouse burns." in done.out
    assert "note: a transcript only: there was no picture to see and no sound to hear" in done.lines
    assert "looked at: speech 100% (transcript speech.vtt)" in done.lines
    events = vidagent("events", tmp_path / "speech.vtt", "--json").value
    assert (events[0]["start_s"], events[-1]["end_s"]) == (0.0, 4.0)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("library", "export", "island", "-o", "{library}", "--force"), 2, "the library itself"),
        (("library", "export", "island", "-o", "{there}"), 2, "--force"),
        (("library", "export", "island"), 2, "--output"),
        (("library", "export", "walrus", "-o", "{new}"), 5, "walrus"),
        (("library", "import", "{new}"), 1, "no library there"),
        (("library", "import", "{there}"), 1, "not a vidagent library"),
        (("library", "merge"), 2, "FILE"),
        (("ingest", "{bad}"), 2, "bad.vtt"),
        (("ask", "{bad}", "What burns?"), 2, "bad.vtt"),
    ],
)
def test_errors_are_one_line_and_leave_all_as_it_was(
    vidagent: Commands, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "there.db").write_text("this is a note and no library\n" * 99)
    (tmp_path / "bad.vtt").write_text("this is no transcript\n")
    places = {name: tmp_path / f"{name}.db" for name in ("there", "new")} | {
        "library": vidagent.library, "bad": tmp_path / "bad.vtt",
    }  # fmt: skip
    done = vidagent(*(word.format(**places) for word in words))
    assert done.code == code
    assert told in done.complaint
    assert "Traceback" not in done.complaint
    assert (tmp_path / "there.db").read_text().startswith("this is a note")
    assert not (tmp_path / "new.db").exists()
    assert titles(vidagent) == ["island", "talk"]
    assert vidagent("library", "check").code == 0


def test_a_check_of_no_library_makes_none(vidagent: Commands, tmp_path: Path) -> None:
    for command in ("check", "compact"):
        done = vidagent("library", command, library=tmp_path / "none.db")
        assert (done.code, done.out) == (1, "")
        assert len(done.complaint.splitlines()) == 1
    assert not (tmp_path / "none.db").exists()


def test_the_name_of_a_strangers_video_cannot_write_to_the_terminal(
    vidagent: Commands, tmp_path: Path
) -> None:
    out = tmp_path / "out.db"
    vidagent("library", "export", "island", "-o", out)
    hostile = "evil\x1b[2J\x1b]0;title\x07\u202e"
    with closing(sqlite3.connect(out)) as connection, connection:
        connection.execute("UPDATE media SET sha256 = 'fe', title = ?, path = ?", (hostile, f"/{hostile}"))
    for words in (
        ("library", "import", out),
        ("ls",),
        ("library", "export", "evil", "-o", tmp_path / "new.db"),
    ):
        done = vidagent(*words)
        assert done.code == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.complaint)
    as_json = vidagent("library", "import", out, "--json")
    assert "\x1b" not in as_json.out
    assert json.loads(as_json.out)["kept"][0]["title"] == hostile
