"""``vidagent ask`` with a model server that fails: one line that says so, code 3, and a trace of how far it came."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from clips import make_clip, numbered, steady
from commands import Commands
from endpoint_servers import (
    Act,
    answers,
    breaks_off_after,
    closes,
    event,
    falls_silent_after,
    hangs,
    likely,
    refuses,
    says,
    sends,
    serving,
    speaks_no_http,
)

from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.tools.engines import embedded
from vidagent.tools.models import endpoint
from vidagent.tools.models.endpoint import Deadlines, Retries
from vidagent.tools.models.measuring import Measured, remember

QUESTION = "What is painted there?"
# Long enough for a server on a machine that is busy, but for what a test waits for.
PATIENT = partial(Deadlines, first_s=20.0, silence_s=20.0, whole_s=60.0)
IMPATIENT = {
    "hangs": partial(PATIENT, first_s=0.5),
    "falls silent": partial(PATIENT, silence_s=0.5),
    "keeps alive": partial(PATIENT, silence_s=0.5),
    "is slow": partial(PATIENT, whole_s=2.0),
}
# It kills itself in the middle of its first answer.
_DOOMED = """
import os, signal, sys, time
sys.path[:] = {path!r}
from endpoint_servers import event, serving
def dies(answer):
    answer.begin()
    answer.send(event("It is"))
    os.kill(os.getpid(), signal.SIGKILL)
with serving(dies) as server:
    print(server.url, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that remembers one clip of numbered pictures."""
    folder = tmp_path_factory.mktemp("library")
    clip = make_clip(folder / "numbers.mkv", steady(10, 0.0, 1.0), numbered())
    with Library(folder / "library.db") as opened:
        ingest(opened, clip, embedded(read_text=False, hear_speech=False))
    return folder / "library.db"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where traces go."""
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def vidagent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: Path, runs: Path
) -> Commands:
    """Commands that wait for a server only as long as a test can."""
    monkeypatch.setattr(endpoint, "Deadlines", PATIENT)
    monkeypatch.setattr(endpoint, "Retries", partial(Retries, n_tries=2, first_wait_s=0.01))
    # What the server of a test has to say about whoever hangs up is no complaint of the command.
    monkeypatch.setattr(ThreadingHTTPServer, "handle_error", lambda *_: None)
    return Commands(monkeypatch, capsys, library)


def steps(runs: Path) -> list[dict[str, Any]]:
    """The steps of the one trace that there is."""
    (trace,) = runs.glob("*.jsonl")
    return [json.loads(line) for line in trace.read_text().splitlines()]


def assert_failed(vidagent: Commands, runs: Path, url: str, said: str) -> None:
    """Asks a server: it fails in one line, which is the last step of the trace too."""
    done = vidagent("ask", "numbers", QUESTION, "--reader", f"openai:{url}#tiny")
    assert (done.code, done.out, done.complaint.count("\n")) == (3, "", 1)
    assert done.complaint.startswith(f"vidagent: {url}: ")
    assert said in done.complaint
    (trace,) = runs.glob("*.jsonl")
    assert str(trace) in done.complaint
    rows = steps(runs)
    assert rows[0]["step"] == "question"
    assert (rows[-1]["step"], rows[-1]["exit_code"]) == ("error", 3)
    assert said in rows[-1]["text"]


@contextmanager
def doomed() -> Iterator[str]:
    """The address of a server in a process of its own."""
    code = _DOOMED.format(path=[str(Path(__file__).parent), *sys.path])
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_a_server_that_is_killed_while_it_answers(vidagent: Commands, runs: Path) -> None:
    with doomed() as url:
        assert_failed(vidagent, runs, url, "broke off in the middle")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (breaks_off_after(event("It is")), "broke off in the middle"),
        (closes, "connection was closed before a word"),
        pytest.param(hangs, "said nothing for 0.5 s", id="hangs"),
        pytest.param(falls_silent_after(event("It is")), "fell silent for 0.5 s", id="falls silent"),
        pytest.param(
            falls_silent_after(event("It is"), sends_comments=True), "fell silent for 0.5 s", id="keeps alive"
        ),
        pytest.param(says(*["It is"] * 500, pause_s=0.1), "was not done after 2 s", id="is slow"),
        (speaks_no_http, "does not speak HTTP as expected"),
        (sends(b"data: {nonsense\n\n"), "sent something that is no JSON"),
        (answers(b"<html>\x1b[31m</html>", "text/html"), "text/html where a stream of events was due"),
        (refuses(500, {"error": {"message": "out of\nmemory \x1b[2J"}}), "the server refused (500): out of memory"),
        (refuses(503, b"busy"), "the server refused (503): busy"),
        (refuses(401, b""), "wants a key; set VIDAGENT_API_KEY"),
        (refuses(404, b""), "there is no model"),
    ],
)  # fmt: skip
def test_a_server_that_fails(
    vidagent: Commands,
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    act: Act,
    said: str,
) -> None:
    monkeypatch.setattr(endpoint, "Deadlines", IMPATIENT.get(request.node.callspec.id, PATIENT))
    with serving(act) as server:
        assert_failed(vidagent, runs, server.url, said)


def test_a_server_that_is_not_there(vidagent: Commands, runs: Path) -> None:
    with serving(hangs) as server:
        pass
    assert_failed(vidagent, runs, server.url, "is the server running?")


def test_a_server_that_answers_leaves_a_trace_that_ends_with_the_answer(
    vidagent: Commands, runs: Path
) -> None:
    with serving(says("{}"), says("A number."), refuses(400, b"no logprobs here")) as server:
        done = vidagent("ask", "numbers", QUESTION, "--reader", f"openai:{server.url}#tiny", "--json")
    assert (done.code, done.complaint, done.value["answer"]) == (0, "", "A number.")
    done_steps = [row["step"] for row in steps(runs) if row["step"] not in ("called", "clock")]
    assert done_steps[-2:] == ["reply", "answer"]


@pytest.mark.parametrize(
    ("acts", "reply"),
    [
        ([likely(B=-0.1, A=-2.5)], {"shares": {"A": 0.083173, "B": 0.916827}}),
        ([refuses(400, b"no logprobs here")] * 2 + [says("b) a house")], {"text": "b) a house"}),
    ],
)
def test_what_became_of_each_option_is_traced(
    vidagent: Commands, runs: Path, acts: list[Act], reply: dict[str, object]
) -> None:
    words = ("What is shown?", "--option", "a ship", "--option", "a house")
    with serving(says("{}"), *acts) as server:
        done = vidagent("ask", "numbers", *words, "--reader", f"openai:{server.url}#tiny", "--json")
    assert (done.code, done.value["option"]) == (0, "B")
    (traced,) = (row for row in steps(runs) if row["step"] == "reply")
    assert {name: traced[name] for name in traced if name not in ("step", "at_s")} == reply


def test_a_model_that_was_measured_to_be_too_sure_is_believed_less(
    vidagent: Commands, runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIDAGENT_MODELS", str(tmp_path / "models"))
    words = ("What is shown?", "--option", "a ship", "--option", "a house", "--device", "cpu", "--json")
    told = []
    for temperature in (1.0, 2.0):
        with serving(says("{}"), likely(B=math.log(0.9), A=math.log(0.1))) as server:
            name = f"openai:{server.url}#tiny"
            measured = Measured(None, None, 8, 1 << 20, 9.0, 48, 36, temperature)
            remember(tmp_path / "models", name, "cpu", measured)
            told.append(vidagent("ask", "numbers", *words, "--reader", name).value)
    as_told, cooled = told
    assert (as_told["answer"], cooled["answer"]) == ("a house", "a house")
    assert as_told["confidence"] == pytest.approx(0.9, abs=1e-3)
    # The odds of 9 : 1 are 3 : 1 at twice the temperature.
    assert cooled["confidence"] == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize(
    ("words", "strategy", "n_pictures"),
    [
        (("--strategy", "uniform"), "uniform", 6),
        (("--strategy", "uniform", "--budget", "6frames"), "uniform", 3),
        (("--budget", "30s,64frames"), "uniform", 6),
    ],
)
def test_pictures_are_found_and_counted_as_the_user_says(
    vidagent: Commands, runs: Path, words: tuple[str, ...], strategy: str, n_pictures: int
) -> None:
    with serving(says("{}"), says("A number."), refuses(400, b"no logprobs here")) as server:
        done = vidagent("ask", "numbers", QUESTION, "--reader", f"openai:{server.url}#tiny", *words, "--json")
    assert done.code == 0
    (pick,) = [row for row in steps(runs) if row["step"] == "pick"]
    assert (pick["strategy"], len(pick["times_s"])) == (strategy, n_pictures)
    looked = done.value["coverage"][-1]
    assert (looked["engine"], looked["n_looks"]) == (f"openai:{server.url}#tiny", n_pictures)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--strategy", "magic"), "magic: no strategy; there are auto, uniform"),
        (("--budget", "64cows"), "'64cows': no budget"),
        (("--exhaustive", "--strategy", "tass"), "cannot go by tass"),
        (("--exhaustive", "--reader", "extractive"), "are for a video LLM"),
        (("--budget", "64frames", "--reader", "extractive"), "are for a video LLM"),
    ],
)
def test_how_to_search_is_refused_where_it_makes_no_sense(
    vidagent: Commands, words: tuple[str, ...], said: str
) -> None:
    done = vidagent("ask", "numbers", QUESTION, "--reader", "openai:http://127.0.0.1:9#tiny", *words)
    assert (done.code, done.out, done.complaint.count("\n")) == (2, "", 1)
    assert said in done.complaint
