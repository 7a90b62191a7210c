"""``vidagent runs`` lists, shows, replays and compares past questions, whatever has become of their traces."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clips import make_clip, numbered, steady
from commands import Done
from endpoint_servers import likely, says, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import island_of

from vidagent.agent.runs.past import Runs, UnknownRunError
from vidagent.agent.trace import TraceFile
from vidagent.cli.main import run
from vidagent.cli.run_lines import run_lines
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.tools.engines import embedded
from vidagent.tools.models import endpoint
from vidagent.tools.models.endpoint import Retries

Vidagent = Callable[..., Done]
FERRY, LAMP = "When does the ferry leave?", "Why does the lamp go dark?"
HOSTILE = "\x1b[2J\x1b]0;title\x07\u202eevil\nsecond line"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where traces go."""
    return tmp_path / "runs"


@pytest.fixture
def vidagent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path
) -> Vidagent:
    """Commands on a library that remembers the island."""
    island_of(tmp_path / "library.db").library.close()
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(tmp_path / "library.db"))
    monkeypatch.setenv("VIDAGENT_RUNS", str(folder))

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


def write(folder: Path, name: str, *rows: object) -> Path:
    """A trace of somebody else's making."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return path


def alter(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the one trace that there is."""
    (path,) = folder.iterdir()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_runs_are_listed_newest_first_with_what_became_of_them(vidagent: Vidagent, folder: Path) -> None:
    assert vidagent("runs").lines == ["no runs yet"]
    for question in (FERRY, LAMP, "When does the helicopter land?"):
        vidagent("ask", "island", question)
    write(folder, "20200101-101112-abcdef", {"step": "question", "at_s": 0, "text": "Old?"})
    rows = vidagent("runs", "--json").value
    assert [row["question"] for row in rows] == ["When does the helicopter land?", LAMP, FERRY, "Old?"]
    assert rows[2]["answer"] == "00:30.0–00:34.0" and rows[2]["video"]["title"] == "island"
    assert rows[0]["abstained"] is True
    newest, *_, oldest = vidagent("runs").lines
    assert "not found" in newest and "island" in newest and rows[0]["id"] in newest
    assert oldest.startswith("20200101-101112-abcdef  2020-01-01 10:11:12") and "broken off" in oldest
    assert len(vidagent("runs", "--limit", 2).lines) == 2


def test_a_run_that_failed_is_listed_by_its_error(vidagent: Vidagent, folder: Path) -> None:
    failed = vidagent("ask", "island", "?!")
    assert failed.code == 2
    (line,) = vidagent("runs").lines
    assert "RequestError" in line
    assert vidagent("runs", "replay", "last").code == 1


def test_an_id_may_be_shortened_while_one_run_alone_fits(vidagent: Vidagent, folder: Path) -> None:
    write(folder, "20200101-101112-abcdef", {"step": "question", "text": "One?"})
    write(folder, "20200101-101113-abcd12", {"step": "question", "text": "Two?"})
    for name in ("20200101-101112-abcdef", "20200101-101112", "abcdef", "abcde"):
        assert "question: One?" in vidagent("runs", "show", name).out, name
    assert "question: Two?" in vidagent("runs", "show", "last").out
    both = vidagent("runs", "show", "abcd")
    assert (both.code, both.out) == (5, "") and "fits 2 runs" in both.complaint
    for name in ("abc", "", "20210101", "../runs/20200101-101112-abcdef", "/etc/passwd", "*"):
        unknown = vidagent("runs", "show", name)
        assert (unknown.code, unknown.complaint.count("\n")) == (5, 1), name
    assert vidagent("runs", "replay", "20210101").code == vidagent("runs", "diff", "last", "zzzz").code == 5


def test_showing_tells_plan_looks_answer_and_costs(vidagent: Vidagent, folder: Path) -> None:
    vidagent("ask", "island", FERRY, "--from", "0:10", "--to", "1:00", "--min-confidence", "0.1")
    told = vidagent("runs", "show", "last").out
    for part in (
        f"question: {FERRY}", "asked as: when", "min_confidence: 0.1", "within: [10.0, 60.0]", "recall: ",
        "00:30.0–00:34.0  speech  “The ferry leaves at nine.”", "answer: ", "costs: ",
    ):  # fmt: skip
        assert part in told, part
    rows = [json.loads(line) for line in vidagent("runs", "show", "last", "--json").lines]
    (path,) = folder.iterdir()
    assert rows == [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_with_a_model_is_replayed_when_model_and_video_are_gone(
    vidagent: Vidagent, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "Retries", partial(Retries, n_tries=2, first_wait_s=0.01))
    clip = make_clip(tmp_path / "numbers.mkv", steady(10, 0.0, 1.0), numbered())
    with Library(tmp_path / "library.db") as opened:
        ingest(opened, clip, embedded(read_text=False, hear_speech=False))
    words = ("What is shown?", "--option", "a ship", "--option", "a house", "--json")
    with serving(says("{}"), likely(B=-0.1, A=-2.5)) as server:
        asked = vidagent("ask", "numbers", *words, "--reader", f"openai:{server.url}#tiny")
    assert (asked.code, asked.value["option"]) == (0, "B")
    clip.unlink()
    again = vidagent("runs", "replay", "last", "--json")
    assert (again.code, again.complaint, again.out) == (0, "", asked.out)
    told = vidagent("runs", "show", "last").out
    for part in (
        "prompt to openai:",
        "[picture at 00:0",
        "rules: You answer",
        "reply: A 0.083, B 0.917",
        "video LLM: ",
    ):
        assert part in told, part


def test_what_is_told_of_an_answer_is_told_of_its_replay(vidagent: Vidagent) -> None:
    asked = vidagent("ask", "island", FERRY, "--from", "0:10")
    again = vidagent("runs", "replay", "last")
    assert again.code == 0
    assert again.lines == [line for line in asked.lines if not line.startswith("to see, hear or tell more")]


def test_a_replay_that_differs_says_what_and_ends_with_1(vidagent: Vidagent, folder: Path) -> None:
    vidagent("ask", "island", FERRY)
    alter(folder, lambda rows: rows[-1].update(answer="At ten."))
    again = vidagent("runs", "replay", "last")
    assert (again.code, again.complaint.count("\n")) == (1, 1)
    assert 'answer was "At ten.", is "00:30.0\\u201300:34.0"' in again.complaint
    assert again.lines[0] == "00:30.0–00:34.0"


def test_a_replay_without_its_memory_ends_with_5(vidagent: Vidagent, folder: Path) -> None:
    vidagent("ask", "island", FERRY)
    vidagent("rm", "island")
    gone = vidagent("runs", "replay", "last")
    assert (gone.code, gone.out, gone.complaint.count("\n")) == (5, "", 1)
    assert "is not remembered in" in gone.complaint


def test_a_trace_of_an_older_form_says_so(vidagent: Vidagent, folder: Path) -> None:
    vidagent("ask", "island", FERRY)
    alter(folder, lambda rows: rows[0].pop("asked"))
    old = vidagent("runs", "replay", "last")
    assert (old.code, old.out) == (1, "") and "of an older form" in old.complaint
    assert f"question: {FERRY}" in vidagent("runs", "show", "last").out


def test_two_runs_are_compared(vidagent: Vidagent) -> None:
    vidagent("ask", "island", FERRY)
    vidagent("ask", "island", FERRY, "--from", "0:40")
    first = vidagent("runs", "--json").value[1]["id"]
    found = {row["what"]: row for row in vidagent("runs", "diff", first, "last", "--json").value}
    assert {"within", "answer", "moments", "abstained"} <= set(found) and "question" not in found
    assert found["within"]["one"] is None and found["within"]["other"] == [40.0, 240.0]
    assert found["answer"]["one"] == "00:30.0–00:34.0"
    lines = vidagent("runs", "diff", "last", first).lines
    assert lines[lines.index("within:") + 2] == "  + null"
    assert vidagent("runs", "diff", "last", "last").lines == ["no difference"]


def test_damaged_lines_are_left_out_and_told(vidagent: Vidagent, folder: Path) -> None:
    vidagent("ask", "island", FERRY)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(b"\xff\xfe\n[]\n" + b'{"step": ' + b"[" * 100_000 + b"\n" + whole[:-40])
    shown = vidagent("runs", "show", "last")
    assert (shown.code, "4 line(s) of the trace are damaged" in shown.out) == (0, True)
    as_json = vidagent("runs", "show", "last", "--json")
    assert "4 line(s)" in as_json.complaint and all(json.loads(line) for line in as_json.lines)
    again = vidagent("runs", "replay", "last")
    assert (again.code, again.out) == (1, "") and "4 line(s) of its trace are damaged" in again.complaint


def test_a_hostile_trace_does_nothing_to_a_terminal(vidagent: Vidagent, folder: Path) -> None:
    moment = {"start_s": HOSTILE, "end_s": 1e999, "sense": HOSTILE, "quote": HOSTILE}
    write(
        folder,
        "20200101-101112-abcdef",
        {"step": "question", "text": HOSTILE, "kind": HOSTILE, "asked": {"options": [HOSTILE], "models": {HOSTILE: 1}}},
        {"step": "recall", "text": HOSTILE, "moments": [moment, 7, None]},
        {"step": "prompt", "system": HOSTILE, "parts": [HOSTILE, {"time_s": HOSTILE}, 5]},
        {"step": "called", "role": HOSTILE, "method": HOSTILE, "about": HOSTILE, "gave": [HOSTILE]},
        {"step": HOSTILE, HOSTILE: HOSTILE},
        {"step": "answer", "answer": HOSTILE, "video": {"title": HOSTILE}, "notes": [HOSTILE]},
        {"step": "error", "kind": HOSTILE, "text": HOSTILE},
    )  # fmt: skip
    for words in (
        [],
        ["--json"],
        ["show", "last"],
        ["show", "last", "--json"],
        ["diff", "last", "last"],
        ["replay", "last"],
    ):
        done = vidagent("runs", *words)
        assert not {"\x1b", "\x07", "\u202e", "\r"} & {*done.out, *done.complaint}, words
        assert "second line" not in done.lines, words


def test_only_traces_are_looked_at(vidagent: Vidagent, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"step": "question", "text": "secret"}) + "\n")
    write(folder, "notes", {"step": "question", "text": "secret"})
    (folder / "20200101-101112-abcdef.jsonl").symlink_to(secret)
    (folder / "20200101-101112-abcde0.jsonl").mkdir()
    os.mkfifo(folder / "20200101-101112-abcde1.jsonl")
    assert vidagent("runs").lines == ["no runs yet"]
    with pytest.raises(UnknownRunError):
        Runs(folder).find("abcd")


def test_runs_of_one_second_stand_in_order(tmp_path: Path) -> None:
    ids = []
    for _ in range(30):
        trace = TraceFile.of_run(tmp_path)
        trace.close()
        ids.append(trace.path.stem)
    assert [found.id for found in reversed(Runs(tmp_path).newest(30))] == ids


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "text",
    "moments",
    "parts",
    "gave",
    "shares",
    "asked",
    "video",
    "role",
    "took_s",
    "times_s",
    "error",
    "options",
)
STEPS = (
    "question",
    "recall",
    "spotted",
    "pick",
    "prompt",
    "reply",
    "called",
    "clock",
    "answer",
    "error",
    "x",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.dictionaries(st.sampled_from(FIELDS), JSON)), max_size=5)
)
def test_any_trace_can_be_shown(tmp_path: Path, rows: list[tuple[str, dict[str, object]]]) -> None:
    write(tmp_path / "runs", "20200101-101112-abcdef", *({**values, "step": step} for step, values in rows))
    found = Runs(tmp_path / "runs").find("last")
    assert found.n_damaged == 0
    assert list(run_lines(found))
