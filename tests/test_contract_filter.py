"""Nothing that a video, its name, a trace or a command line holds gets through to a terminal, by any command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from clips import make_clip, solid, steady, tone
from commands import Done
from conftest import make_findings
from memories import store
from typing_terminal import TypingTerminal

from vidagent.cli.main import run
from vidagent.cli.progress import Form, progress, shown_as
from vidagent.index.fingerprint import fingerprint
from vidagent.index.library import Library
from vidagent.index.records import ContentKey, Event
from vidagent.tools.clock import Span

Vidagent = Callable[..., Done]

# OSC 0, 8 and 52, CSI, both as C1, BEL, a Unicode tag, bidi controls, markup, and an OSC that never ends.
ATTACKS = (
    "\x1b]0;owned\x07", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;ZXZpbA==\x07", "\x1b[2J\x1b[31m",
    "\x9b2J", "\x9d0;owned\x9c", "\x07\x08\x0b\x7f", "\u202e\u2066\u200b\U000e0041", "[/nope][bold]", "\x1b]0;unended",
)  # fmt: skip
EVIL = "".join(f"ferry {attack}" for attack in ATTACKS)
NAME = "ferry [nope][bold]\x1b]0;owned\x07\x1b[2J\x9b2J\x07\u202e\x1b]8;;evil\x1b\\sea"
RUN = "20200101-101112-abcdef"
_HARMLESS = {"\n"}


def unsafe(text: str) -> set[str]:
    """What of a text could act on a terminal, or turn its letters round."""
    return {c for c in text.replace("\r\n", "\n") if unicodedata.category(c)[0] == "C"} - _HARMLESS


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library whose only film means harm wherever it can, and with a run that does so, too."""
    folder = tmp_path_factory.mktemp("place")
    film = chaptered(
        make_clip(folder / "bare.mp4", steady(10, step_s=0.2), solid((9, 9, 9)), sound=tone(2.0))
    )
    film = film.rename(folder / f"{NAME}.mkv")
    gists = [Event(Span(0.0, 1.0), 0.5, EVIL), Event(Span(1.0, 2.0), 0.5, f"{EVIL} again")]
    found = make_findings([(0.0, 2.0, EVIL)], [(0.0, 2.0, EVIL)], duration_s=2.0, events=gists, notes=[EVIL])
    with Library(folder / "library.db") as library:
        store(library, film, ContentKey(fingerprint(film)), "{}", found)
    (folder / "runs").mkdir()
    (folder / "runs" / f"{RUN}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in trace()))
    (folder / "new.srt").write_text(f"1\n00:00:00,000 --> 00:00:02,000\n{EVIL}\n")
    (folder / f"{NAME}.srt.txt").write_text(EVIL)
    (folder / "questions.txt").write_text(f"When does the ferry leave? {NAME}\n")
    (folder / "broken.db").write_text(EVIL)
    return folder


def chaptered(path: Path) -> Path:
    """The same film with names of chapters and tracks."""
    named = path.with_name("named.mkv")
    with av.open(str(path)) as source, av.open(str(named), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for stream in streams.values():
            stream.metadata["title"] = EVIL
        second = {"id": 1, "start": 0, "end": 2, "time_base": Fraction(1), "metadata": {"title": EVIL}}
        target.set_chapters([second])  # type: ignore[list-item]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return named


def trace() -> list[dict[str, object]]:
    """A run of somebody else's making."""
    moment = {"start_s": 0.5, "end_s": 1.5, "quote": EVIL, "source": "speech", "score": 1, "trust": 1}
    about = {"id": "", "title": EVIL, "path": EVIL, "duration_s": 2.0}
    return [
        {"step": "question", "at_s": 0, "text": EVIL, "video": EVIL, "kind": EVIL},
        {"step": EVIL, "at_s": 0, EVIL: EVIL},
        {"step": "prompt", "at_s": 0, "model": EVIL, "system": EVIL, "parts": [EVIL], "reply": EVIL},
        {
            "step": "answer",
            "at_s": 1,
            "answer": EVIL,
            "citations": [moment],
            "moments": [moment],
            "video": about,
        },
        {"step": "error", "at_s": 2, "kind": EVIL, "text": EVIL},
    ]


@pytest.fixture
def vidagent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path
) -> Iterator[Vidagent]:
    """Commands in that folder, all of whose output is harmless."""
    monkeypatch.setenv("VIDAGENT_RUNS", str(place / "runs"))
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(place / "library.db"))
    monkeypatch.chdir(place)

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        done = Done(int(ended.value.code or 0), *capsys.readouterr())
        assert not unsafe(done.out + done.complaint), words
        return done

    yield call


def test_the_attacks_would_be_seen() -> None:
    assert all(unsafe(attack) for attack in ATTACKS if "nope" not in attack)
    assert not unsafe("plain “words”, one\nafter another\r\n")


COMMANDS: list[tuple[object, ...]] = [
    ("ask", "ferry", "When does the ferry leave? " + EVIL),
    ("ask", "When does the ferry leave? " + EVIL),
    ("ask", "When does the helicopter land?"),
    ("ask", "ferry", "Which is it?", "--option", EVIL, "--option", f"{EVIL} too"),
    ("search", "ferry"),
    ("events", "ferry"),
    ("show", "ferry", "0:01"),
    ("when", "ferry", "ferry"),
    ("when", "ferry", f"ferry {EVIL}", "--then", f"ferry {EVIL}"),
    ("ls",),
    ("probe", "ferry"),
    ("runs",),
    ("runs", "show", RUN),
    ("runs", "diff", RUN, "last"),
    ("export", "ferry", "--force", "-o", f"{NAME}.vtt"),
    ("library", "check"),
    ("ingest", "new.srt"),
]


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words[:2]) if words[0] != "ask" else "ask"
)
def test_no_command_lets_anything_through(vidagent: Vidagent, words: tuple[object, ...]) -> None:
    assert vidagent(*words).code == 0
    made = vidagent(*words, "--json")
    assert made.code == 0
    for line in made.lines:
        json.loads(line)


def test_other_forms_and_files_let_nothing_through(vidagent: Vidagent) -> None:
    for words in (
        ("events", "ferry", "--csv"), ("events", "ferry", "--vtt"), ("when", "ferry", "ferry", "--csv"),
        ("export", "ferry", "--force", "-o", "/dev/stdout", "--form", "csv"),
        ("export", "ferry", "--force", "-o", f"{NAME}-out.mkv"),
        ("frames", "ferry", "0:01"),
        ("report", RUN, "--force", "-o", f"{NAME}.html", "--json"), ("batch", "questions.txt", "ferry"),
    ):  # fmt: skip
        assert vidagent(*words).code == 0, words


def test_markup_is_no_markup(vidagent: Vidagent) -> None:
    for words in (("search", "ferry"), ("events", "ferry"), ("ls",), ("runs", "show", RUN)):
        assert "[bold]" in vidagent(*words).out, words


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ask", EVIL, "When?"), 5),
        (("ask", "ferry", "\x07?!"), 2),
        (("ingest", NAME + ".srt.txt"), 2),
        (("ingest", EVIL), 5),
        (("probe", EVIL), 5),
        (("show", "ferry", EVIL), 2),
        (("clip", "ferry", EVIL, "-o", "clip.mp4"), 2),
        (("clip", "ferry", "0-1", "-o", f"nowhere{NAME}/clip.mp4"), 1),
        (("frames", "ferry", "--every", EVIL), 2),
        (("export", "ferry", "-o", f"{NAME}.xyz"), 2),
        (("report", EVIL, "-o", "page.html"), 5),
        (("runs", "show", EVIL), 5),
        (("runs", "replay", RUN), 1),
        (("events", "ferry", "--level", EVIL), 2),
        (("search", "ferry", "--limit", EVIL), 2),
        (("ls", f"--{EVIL}"), 2),
        (("ls", EVIL), 2),
        (("schema", EVIL), 2),
        (("batch", EVIL), 2),
        (("chat", EVIL), 5),
        (("models", "pull", EVIL), 2),
        (("--progress", EVIL, "ls"), 2),
        ((f"\u202e{EVIL}",), 2),
        (("ls", "--library", "broken.db"), 1),
    ],
    ids=lambda value: str(value[0])[:12].strip("\u202e") if isinstance(value, tuple) else None,
)
def test_errors_let_nothing_through(vidagent: Vidagent, words: tuple[object, ...], code: int) -> None:
    done = vidagent(*words)
    assert (done.code, done.out) == (code, ""), done.complaint


def test_progress_lets_nothing_through(capsys: pytest.CaptureFixture[str], vidagent: Vidagent) -> None:
    with shown_as(Form.json), progress(EVIL) as report:
        report("pictures", 1.0, 2.0)
    told = capsys.readouterr().err
    assert told and not unsafe(told)
    assert vidagent("--progress", "json", "search", "ferry").complaint


def test_a_terminal_sees_nothing_of_it_while_a_film_is_read(place: Path, tmp_path: Path) -> None:
    """What draws the line is allowed to move the cursor and to clear; titles are not."""
    film = tmp_path / f"{NAME}.mkv"
    film.write_bytes(next(place.glob("*ferry*.mkv")).read_bytes())
    with TypingTerminal("ingest", film, "--library", tmp_path / "new.db") as terminal:
        assert terminal.ended() == 0
    text = terminal.all.decode()
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] ferry", text)
    assert not unsafe(re.sub(r"\x1b\[(\?25[hl]|[0-9]*[AK]|0?m)|\r", "", text))


def test_a_command_line_is_repeated_harmlessly_by_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "VIDAGENT_LIBRARY": str(tmp_path / "none.db")}
    command = [sys.executable, "-m", "vidagent", f"evil\udcff{EVIL}", f"--{EVIL}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2 and done.stdout == "" and "evil" in done.stderr
    assert not unsafe(done.stderr)
