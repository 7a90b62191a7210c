"""The documents say what the program does: the reference is made from it, and what they show is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from conftest import make_findings
from memories import store

from vidagent.cli.main import app, run
from vidagent.index.fingerprint import fingerprint
from vidagent.index.library import Library
from vidagent.index.records import ContentKey
from vidagent.tools import errors
from vidagent.tools.settings import MODEL_SETTINGS, Settings, flag_of, settled, variable_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.append(str(DOCS))
import make_commands  # noqa: E402
import make_recording  # noqa: E402
from _examples import Example, blocks, dead_links, named, prose, shown  # noqa: E402

DOCUMENTS = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if path.name != "commands.md")]
# What is shown and cannot be run here, and why.
NOT_RUN = {
    "models pull": "fetches weights",
    "openai:http": "needs a server",
    "doctor": "measures the machine for a while; tests/test_doctor.py runs it",
}
FOREIGN = ("vllm serve", "pip wheel", "python3 -m venv")
LECTURE = [
    (5.0, 9.0, "Entropy is a measure of disorder, and the second law says that it grows."),
    (60.0, 64.0, "The homework is to read chapter four."),
    (3400.0, 3404.0, "The homework for next week is problem seven."),
]
TALKS = {
    "samples/gull_island.mp4": [
        (229.7, 233.1, "The lamp went dark because lightning hit the tower."),
        (276.5, 279.6, "Mary fired the red rocket to call for help."),
    ],
    "lecture.mp4": LECTURE,
    "lectures/week1.mp4": LECTURE,
    "meeting.mp4": [
        (40.0, 44.0, "Ann presents the budget."),
        (50.0, 55.0, "It was decided that the budget is cut by half."),
        (100.0, 104.0, "The deadline is mentioned: it is the first of May."),
    ],
    "cameras/gate.mp4": [],
}
LENGTHS_S = {"lectures/week1.mp4": 3600.0}
FILM_S = 456.0


def known() -> dict[str, set[str]]:
    """The options of every command, by its words."""
    return {
        command.words.removeprefix("vidagent").strip(): {
            "--help", *(name for parameter in command.parameters for name in parameter.names)
        }
        for command in make_commands.commands_of(app)
    }  # fmt: skip


def unknown(written: Sequence[Example]) -> list[str]:
    """What is wrong with commands as they are written: no such command, or an option that it lacks."""
    options, found = known(), []
    for example in written:
        # What begins with an option is meant for the program as a whole.
        n_words = next((n for n in (2, 1) if " ".join(example.words[:n]) in options), 0)
        if n_words == 0 and not example.text.startswith("-"):
            found.append(f"{example.document}: no such command: {example.text}")
        given = {
            word.split("=")[0] for word in example.words if re.fullmatch(r"-{1,2}[a-z][a-z-]*(=.*)?", word)
        }
        allowed = options[" ".join(example.words[:n_words])] | {"--install-completion"}
        found += [f"{example.document}: {word} in: {example.text}" for word in sorted(given - allowed)]
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader works: the files that the documents name, and ``pristine.db``, which knows them."""
    folder = tmp_path_factory.mktemp("world")
    for number, name in enumerate(TALKS):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "samples" / "gull_island.mp4", path)
        with path.open("ab") as file:
            # A box that no player looks into, so that each is a video of its own.
            file.write(struct.pack(">I4sI", 12, b"free", number))
    with Library(folder / "pristine.db") as library:
        for name, texts in TALKS.items():
            length_s = LENGTHS_S.get(name, FILM_S)
            found = make_findings(texts, [(300.0, 309.0, "DELIVERY")], duration_s=length_s)
            path = folder / name
            store(library, path, ContentKey(fingerprint(path)), "{}", found)
    return folder


@pytest.fixture
def reader(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[Example], str]]:
    """Runs a command in the world as a reader would; gives what it printed, and fails where it fails."""
    for path in world.glob("library.db*"):
        path.unlink()
    shutil.copy(world / "pristine.db", world / "library.db")
    monkeypatch.chdir(world)
    monkeypatch.setenv("VIDAGENT_LIBRARY", "library.db")
    monkeypatch.setenv("VIDAGENT_RUNS", str(world / "runs"))

    def ran(example: Example) -> str:
        words = [found for word in example.words for found in expanded(word)]
        monkeypatch.setattr(sys, "argv", ["vidagent", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        out, complaint = capsys.readouterr()
        assert not ended.value.code, f"{example.document}: {example.text}: {complaint}"
        return out

    yield ran


def expanded(word: str) -> list[str]:
    """What a shell makes of a word."""
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def why_not(example: Example) -> str | None:
    """Why a command is not run here, None where it is."""
    return next((why for part, why in NOT_RUN.items() if part in example.text), None)


def test_the_reference_is_what_the_program_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_commands.main(["--check"]) == 0, capsys.readouterr().out


def test_a_reference_that_has_drifted_is_told(tmp_path: Path) -> None:
    for name in ("commands.md", "vidagent.1"):
        shutil.copy(DOCS / name, tmp_path)
    assert list(make_commands.drifted(tmp_path, app)) == []
    page = tmp_path / "commands.md"
    page.write_text(page.read_text().replace("Default: 20.", "Default: 25.", 1))
    (difference,) = make_commands.drifted(tmp_path, app)
    assert "Default: 25." in difference and "Default: 20." in difference


def test_a_command_and_an_option_that_come_later_are_missed(tmp_path: Path) -> None:
    def sing(loudly: Annotated[bool, typer.Option("--loudly", help="Sing loudly.")] = False) -> None:
        """Sing about a video."""

    later = typer.Typer(help="A program.")
    for name, text in make_commands.made(later).items():
        (tmp_path / name).write_text(text)
    assert list(make_commands.drifted(tmp_path, later)) == []
    later.command()(sing)
    assert all("loudly" in difference for difference in make_commands.drifted(tmp_path, later))
    assert len(list(make_commands.drifted(tmp_path, later))) == 2


def test_the_reference_holds_every_option_that_the_program_takes() -> None:
    def taken(
        command: typer.core.TyperGroup | typer.core.TyperCommand, words: str
    ) -> Iterator[tuple[str, set[str]]]:
        names = [
            n for p in command.params if p.param_type_name == "option" for n in (*p.opts, *p.secondary_opts)
        ]
        yield words, {"--help", *names} - {"--install-completion", "--show-completion"}
        for name, inner in getattr(command, "commands", {}).items():
            yield from taken(inner, f"{words} {name}".strip())

    assert dict(taken(typer.main.get_command(app), "")) == known()


def test_a_line_of_the_manual_is_never_a_request_that_nobody_made() -> None:
    def trap() -> None:
        """.so /etc/passwd"""

    hostile = typer.Typer(help="'so \\n(.z back\\slash")
    hostile.command()(trap)
    for made_of in (app, hostile):
        page = make_commands.manual(made_of)
        requests = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
        assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".br"}
    assert r"back\eslash" in page and "\\&.so /etc/passwd" in page


def test_exit_codes_are_those_of_the_errors_and_the_same_everywhere() -> None:
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert {kind.exit_code for kind in tree} <= set(make_commands.EXIT_CODES)
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert rows == {str(code): text for code, text in make_commands.EXIT_CODES.items()}


def test_every_setting_is_documented_as_it_is() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| `(\w+)` \| (.*?) \|", (DOCS / "settings.md").read_text(), re.MULTILINE
    )
    assert [row[0] for row in rows] == list(Settings.__dataclass_fields__)
    every = set().union(*known().values())
    usual = settled({"language": None}).settings
    for name, flags, variable, default in rows:
        assert variable == variable_of(name)
        assert set(re.findall(r"--[a-z-]+", flags)) == {f for f in (flag_of(name),) if f in every} | (
            {"--online"} if name == "offline" else set()
        )
        if name in (*MODEL_SETTINGS, "device", "language", "offline", "player"):
            assert default == f"`{str(getattr(usual, name)).lower()}`"


def test_every_command_that_a_document_names_is_one() -> None:
    found = [
        problem
        for path in [
            *DOCUMENTS,
            ROOT / "SECURITY.md",
            ROOT / "CONTRIBUTING.md",
            ROOT / "samples" / "README.md",
        ]
        for problem in unknown([*named(path.read_text(), path.name), *shown(path.read_text(), path.name)])
    ]
    assert found == []


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [words for words in known() if words and " " not in words and f"`{words}`" not in readme] == []


def test_every_option_that_stands_alone_is_one_of_some_command() -> None:
    every = set().union(*known().values()) | {"--install-completion"}
    for path in DOCUMENTS:
        assert set(re.findall(r"`(--[a-z][a-z-]+)", prose(path.read_text()))) <= every, path.name


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('vidagent ask film.mp4 "Who?" --no-such', "--no-such in: "),
        ("vidagent ask film.mp4 --limit 3", "--limit in: "),
        ("$ vidagent forget film.mp4", "no such command: forget"),
        ("cd x && vidagent library --json shrink", "--json in: library"),
    ],
)
def test_a_command_that_has_drifted_is_told(line: str, problem: str) -> None:
    assert problem in " ".join(unknown(shown(f"text\n```sh\n{line}\n```\n")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_what_a_document_shows_can_be_done(path: Path, reader: Callable[[Example], str]) -> None:
    for example in shown(path.read_text(), path.name):
        if why_not(example) is None:
            reader(example)


def test_what_cannot_be_done_would_be_told(reader: Callable[[Example], str]) -> None:
    (example,) = shown('```sh\nvidagent ask gone.mp4 "Who?"\n```\n')
    with pytest.raises(
        AssertionError, match=r"README\.md: ask gone\.mp4 Who\?: vidagent: gone\.mp4: no such file"
    ):
        reader(example)


def test_all_is_run_but_what_has_a_reason() -> None:
    written = [example for path in DOCUMENTS for example in shown(path.read_text(), path.name)]
    left_out = [example for example in written if why_not(example)]
    assert {why_not(example) for example in left_out} == set(NOT_RUN.values())
    assert len(written) - len(left_out) > 40
    lines = [line for path in DOCUMENTS for block in blocks(path.read_text()) for line in block.splitlines()]
    others = [line for line in lines if not re.match(r"(\$ )?vidagent |#|$", line)]
    assert [line for line in others if not line.startswith(FOREIGN)] == []


def test_the_python_of_the_readme_finds_what_it_asks_for(reader: Callable[[Example], str]) -> None:
    (code,) = blocks((ROOT / "README.md").read_text(), "python")
    found: dict[str, Any] = {}
    exec(code, found)
    assert [moment.quote for moment in found["answer"].moments] == [TALKS["samples/gull_island.mp4"][0][2]]


def test_settings_in_a_document_are_settings() -> None:
    files = [tomllib.loads(block) for path in DOCUMENTS for block in blocks(path.read_text(), "toml")]
    assert len(files) >= 3
    assert {name for file in files for name in file} <= set(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("search", ("homework",)),
        ("events", ("lecture.mp4",)),
        ("ingest", ("lecture.mp4",)),
        ("ls", ()),
    ],
)
def test_json_has_the_documented_fields(
    command: str, words: tuple[str, ...], reader: Callable[[Example], str]
) -> None:
    (fields,) = re.findall(
        rf"^\| `vidagent {command}` \| .*?`{{(.*?)}}`", (DOCS / "json.md").read_text(), re.MULTILINE
    )
    value = json.loads(reader(Example("json.md", (command, *words, "--json"))))
    assert list(value[0] if isinstance(value, list) else value) == fields.split(", ")


def test_the_recording_is_what_its_script_draws() -> None:
    svg = make_recording.TARGET.read_text(encoding="utf-8")
    scenes = make_recording.scenes_in(svg)
    assert [scene.command for scene in scenes] == list(make_recording.COMMANDS)
    assert make_recording.drawing(scenes) == svg
    assert unknown(shown("```sh\n" + "\n".join(make_recording.COMMANDS) + "\n```\n")) == []
    # It runs no script and fetches nothing.
    assert re.findall(r"https?:[^\"']*", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|@import|url\(|href", svg)


def test_a_recording_that_was_touched_is_told_and_words_cannot_leave_their_place() -> None:
    hostile = make_recording.Scene(
        'vidagent ask a "<b>&amp;"', ("</text><script>", "  two  blanks " + "x" * 300)
    )
    svg = make_recording.drawing([hostile])
    assert make_recording.scenes_in(svg) == [hostile]
    assert "<script" not in svg
    touched = svg.replace("vidagent ask", "vidagent  ask").replace('y="34"', 'y="35"')
    assert make_recording.drawing(make_recording.scenes_in(touched)) != touched


def test_every_link_leads_somewhere() -> None:
    for path in [*DOCUMENTS, DOCS / "commands.md"]:
        assert dead_links(path.read_text(), path.parent) == [], path.name
    planted = "[a](gone.md) [b](commands.md#nowhere) [c](commands.md#exit-codes) [d](#here)\n# There\n"
    assert dead_links(planted, DOCS) == ["gone.md", "commands.md#nowhere", "#here"]


def test_every_document_is_linked_from_another_one() -> None:
    everything = "".join(path.read_text() for path in DOCUMENTS)
    assert [path.name for path in DOCUMENTS[1:] if f"{path.name})" not in everything] == []
    assert os.path.getsize(ROOT / "README.md") and len((ROOT / "README.md").read_text().splitlines()) <= 120
