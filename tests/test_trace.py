"""A run leaves a line for each step, as it happens, also where it fails; one that cannot be written stops nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from memories import island_of

from vidagent.agent.planner import ask
from vidagent.agent.trace import TraceFile, traced
from vidagent.agent.viewer import Viewer
from vidagent.tools.errors import ModelError
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import Prompt


def steps(folder: Path) -> list[dict[str, object]]:
    (file,) = folder.glob("*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_step_is_a_line_and_is_there_before_the_next(tmp_path: Path) -> None:
    with traced(tmp_path / "runs") as trace:
        trace.note("one", value=1)
        assert [row["step"] for row in steps(tmp_path / "runs")] == ["one"]
        trace.note("two", text="‮\x1b[2J\n")
    rows = steps(tmp_path / "runs")
    assert [row["step"] for row in rows] == ["one", "two"]
    assert rows[1]["text"] == "‮\x1b[2J\n"


def test_an_answer_leaves_question_recall_prompt_reply_and_answer(tmp_path: Path) -> None:
    island = island_of(tmp_path / "library.db")
    island.video.path.unlink()
    model = ScriptedModel(lambda prompt: "At nine [00:31].")
    with traced(tmp_path / "runs") as trace:
        answer = ask(island, "When does the ferry leave?", viewer=Viewer(model), trace=trace)
    rows = steps(tmp_path / "runs")
    assert [row["step"] for row in rows] == [
        "question",
        "understanding",
        "recall",
        "prompt",
        "reply",
        "verify",
        "answer",
    ]
    assert rows[4]["text"] == rows[-1]["answer"] == answer.text
    assert "The ferry leaves at nine." in str(rows[3]["parts"])
    island.library.close()


def test_a_model_that_fails_leaves_its_trace_and_says_where(tmp_path: Path) -> None:
    def fail(prompt: Prompt) -> str:
        raise ModelError("http://127.0.0.1:1/v1: the server broke off")

    island = island_of(tmp_path / "library.db")
    island.video.path.unlink()
    with (
        pytest.raises(ModelError, match=r"broke off \(trace: .+\.jsonl\)"),
        traced(tmp_path / "runs") as trace,
    ):
        ask(island, "When does the ferry leave?", viewer=Viewer(ScriptedModel(fail)), trace=trace)
    rows = steps(tmp_path / "runs")
    assert [row["step"] for row in rows] == ["question", "error"]
    assert (rows[-1]["kind"], rows[-1]["exit_code"]) == ("ModelError", 3)
    island.library.close()


def test_where_no_trace_can_be_kept_the_answer_comes_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    island = island_of(tmp_path / "library.db")
    with traced(tmp_path / "file" / "runs") as trace:
        assert not ask(island, "When does the ferry leave?", trace=trace).abstained
    island.library.close()


def test_two_runs_never_share_a_file(tmp_path: Path) -> None:
    traces = [TraceFile.of_run(tmp_path) for _ in range(20)]
    assert len({trace.path for trace in traces}) == 20
    for trace in traces:
        trace.close()
