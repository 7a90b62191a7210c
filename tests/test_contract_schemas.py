"""Whatever a command prints as JSON is as its published schema says, and neither has a field that the other lacks."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clips import make_clip, solid, steady, tone
from commands import Done
from conftest import make_findings
from hub import Hub, serving
from jsonschema import Draft202012Validator, ValidationError
from memories import island_of, store
from typer.main import get_command

from vidagent.cli import doctor
from vidagent.cli.main import app, run
from vidagent.cli.schema import names, schema_of
from vidagent.index.fingerprint import fingerprint
from vidagent.index.library import Library
from vidagent.index.records import ContentKey, Event
from vidagent.tools.clock import Span

MODEL = "sentence-transformers:somebody/minilm"
SAID = [(0.0, 1.0, "The ferry leaves at nine.")]
FERRY, ABSENT = "When does the ferry leave?", "When does the helicopter land?"
# What is no command, or prints JSON without being asked.
UNASKED = {"batch", "batch summary", "progress"}
Vidagent = Callable[..., Done]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of an island and a short film, which is really there, and with two runs."""
    folder = tmp_path_factory.mktemp("place")
    island_of(folder / "library.db").library.close()
    film = make_clip(folder / "film.mp4", steady(20, step_s=0.1), solid((9, 9, 9)), sound=tone(2.0))
    events = [Event(Span(0.0, 1.0), 0.5, "one"), Event(Span(1.0, 2.0), 0.5, "two")]
    found = make_findings(SAID, [(0.5, 1.5, "Pier 2")], duration_s=2.0, events=events)
    with Library(folder / "library.db") as library:
        store(library, film, ContentKey(fingerprint(film)), "{}", found)
    shutil.copy(folder / "library.db", folder / "other.db")
    (folder / "talk.srt").write_text("1\n00:00:00,000 --> 00:00:04,000\nGood evening.\n")
    (folder / "questions.txt").write_text(f"{FERRY}\n?!\n")
    return folder


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> Vidagent:
    """Commands in that folder."""
    for name in ("runs", "models"):
        monkeypatch.setenv(f"VIDAGENT_{name.upper()}", str(place / name))
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(place / "library.db"))
    monkeypatch.chdir(place)
    # The rest of it takes long, and has no other form.
    monkeypatch.setattr(doctor, "_CHECKS", (doctor._library, doctor._disk))

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


def check(name: str, value: object) -> None:
    Draft202012Validator(schema_of(name)).validate(value)


def values(out: str) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


def json_commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The commands that take ``--json``."""
    if any("--json" in parameter.opts for parameter in command.params):
        yield " ".join(path)
    for name, inner in getattr(command, "commands", {}).items():
        yield from json_commands(inner, (*path, name))


CASES: list[tuple[str, tuple[object, ...]]] = [
    ("ask", ("ask", "island", FERRY)),
    ("ask", ("ask", "island", ABSENT)),
    ("ask", ("ask", "island", "What is the dog called?", "--option", "Rex", "--option", "Captain")),
    ("ask", ("ask", "island", "film", FERRY)),
    ("ask", ("ask", ABSENT)),
    ("clip", ("clip", "film.mp4", "0-0.5", "--force", "-o", "clip.mp4")),
    ("config", ("config",)),
    ("doctor", ("doctor",)),
    ("events", ("events", "film")),
    ("export", ("export", "film", "--force", "-o", "film.vtt")),
    ("frames", ("frames", "film", "0:01")),
    ("frames", ("frames", "film", "--n", 1, "--force", "-o", "pictures")),
    ("ingest", ("ingest", "talk.srt")),
    ("library check", ("library", "check")),
    ("library compact", ("library", "compact")),
    ("library import", ("library", "import", "other.db")),
    ("library merge", ("library", "merge", "other.db")),
    ("library export", ("library", "export", "film", "-o", "one.db")),
    ("ls", ("ls",)),
    ("models", ("models",)),
    ("probe", ("probe", "film.mp4")),
    ("probe", ("probe", "film.mp4", "--quick")),
    ("report", ("report", "film", "--force", "-o", "film.html")),
    ("rm", ("rm", "talk")),
    ("schema", ("schema",)),
    ("schema", ("schema", "ask")),
    ("search", ("search", "ferry")),
    ("show", ("show", "film", "0:01")),
    ("show", ("show", "island", "0:31")),
    ("when", ("when", "island", "ferry")),
    ("when", ("when", "island", "storm", "--then", "lamp", "--within", "60s", "--without", "ferry")),
    ("when", ("when", "island", "helicopter")),
]  # fmt: skip
ELSEWHERE = {"models check", "models pull", "runs", "runs diff", "runs replay", "runs show"}


@pytest.mark.parametrize(("name", "words"), CASES)
def test_output_is_as_its_schema_says(vidagent: Vidagent, name: str, words: tuple[object, ...]) -> None:
    done = vidagent(*words, "--json")
    assert done.code == 0, done.complaint
    if words[:2] == ("schema", "ask"):
        check(name, done.value)
        return
    (value,) = values(done.out)
    check(name, value)


def test_runs_are_as_their_schemas_say(vidagent: Vidagent, place: Path) -> None:
    for question in (FERRY, ABSENT, "?!"):
        vidagent("ask", "island", question)
    (place / "runs" / "20200101-101112-abcdef.jsonl").write_text('{"step": "question", "text": "Old?"}\n')
    check("runs", vidagent("runs", "--json").value)
    failed, absent, *_ = (row["id"] for row in vidagent("runs", "--json").value)
    check("runs replay", vidagent("runs", "replay", absent, "--json").value)
    check("runs diff", vidagent("runs", "diff", failed, absent, "--json").value)
    steps = values(vidagent("runs", "show", absent, "--json").out)
    for step in steps:
        check("runs show", step)
    assert len(steps) > 3


def test_models_are_as_their_schemas_say(vidagent: Vidagent, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"config.json": b"{}", "model.safetensors": b"w" * 50}
    with serving(Hub({"somebody/minilm": files})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        check("models pull", vidagent("models", "pull", MODEL, "--json").value)
    check("models check", vidagent("models", "check", "--json").value)
    shown = vidagent("models", "--json").value
    check("models", shown)
    shutil.rmtree(Path(shown[3]["present"][0]["path"]))


def test_batches_are_as_their_schemas_say(vidagent: Vidagent, place: Path) -> None:
    done = vidagent("batch", "questions.txt", "island", "--jobs", 1, "--summary", "counts.json")
    answered, failed = values(done.out)
    check("batch", answered)
    check("batch", failed)
    assert (done.code, "error" in failed) == (6, True)
    check("batch summary", json.loads((place / "counts.json").read_text()))


def test_every_command_that_prints_json_has_a_schema_that_is_tested() -> None:
    asked = set(json_commands(get_command(app)))
    assert asked | UNASKED == set(names())
    assert {name for name, _ in CASES} | ELSEWHERE == asked


def test_every_schema_is_one_and_leaves_nothing_open() -> None:
    for name in names():
        schema = schema_of(name)
        Draft202012Validator.check_schema(schema)
        if name not in ("runs show", "schema"):
            loose = [at for at in _objects(schema, name) if not _is_closed(at)]
            assert loose == [schema.get("$defs", {}).get("answer")] * ("answer" in schema.get("$defs", {})), (
                name
            )


def _objects(value: Any, name: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for part in value.values():
            yield from _objects(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part, name)


def _is_closed(schema: dict[str, Any]) -> bool:
    return False in (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))


def test_a_planted_field_or_a_missing_one_or_another_kind_of_value_is_found(vidagent: Vidagent) -> None:
    answer = vidagent("ask", "island", FERRY, "--json").value
    check("ask", answer)
    wrong = [copy.deepcopy(answer) for _ in range(4)]
    wrong[0]["planted"] = 1
    wrong[1]["moments"][0]["planted"] = 1
    del wrong[2]["video"]["title"]
    wrong[3]["confidence"] = "high"
    for each in wrong:
        with pytest.raises(ValidationError):
            check("ask", each)


def test_schemas_are_printed_by_name(vidagent: Vidagent) -> None:
    assert vidagent("schema").lines == names()
    assert vidagent("schema", "runs", "diff").value == schema_of("runs diff")
    unknown = vidagent("schema", "nonsense\x1b[2J")
    assert (unknown.code, unknown.out, unknown.complaint.count("\n")) == (2, "", 1)
    assert "nonsense" in unknown.complaint and "runs diff" in unknown.complaint


def test_lists_come_as_lines_where_that_is_asked_for(vidagent: Vidagent) -> None:
    for words in (("search", "the"), ("schema",), ("events", "film"), ("when", "island", "storm")):
        whole, lines = vidagent(*words, "--json").value, values(vidagent(*words, "--jsonl").out)
        assert len(whole) > 1 and lines == whole, words
    (one,) = values(vidagent("show", "film", "0:01", "--jsonl").out)
    check("show", one)
    # What was asked of one command holds for that one only.
    assert isinstance(vidagent("ls", "--json").value, list)
