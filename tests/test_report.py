"""``vidagent report`` writes one page about a video or a run, in which whatever they say is nothing but text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import numpy as np
import pytest
from clips import make_clip, number_in, steady
from commands import Commands
from conftest import Rememberer, make_file
from PIL import Image

from vidagent.cli.pages.lanes import tiled_lane, timeline
from vidagent.cli.pages.video_page import CHAPTERS_MAX, EVENTS_MAX, PICTURES_MAX
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import Event
from vidagent.tools.clock import Span

RUN, OTHER_RUN = "20260102-030405-abcdef01", "20260102-030406-abcd2222"
STEP_S = 0.5
HOSTILE = (
    "<script>pwned()</script><img src=x onerror=pwned()>\"' onload='pwned()' x=\" </style></title></svg>"
    "{{ 7*7 }}{% raw %}&amp;<!--\u202e\x1b[31m javascript:pwned()"
)
SHOWN = HOSTILE.replace("\u202e", "").replace("\x1b[31m", "")
ELEMENTS = set(
    "html head meta title link style body a header p span main h1 h2 h3 section dl div dt dd svg desc defs pattern"
    " rect text details summary table thead tbody tr th td ol ul li img blockquote pre code em footer".split()
)
VOID = {"meta", "link", "img"}
Rows = Callable[..., Path]


@dataclass
class Page(HTMLParser):
    """A page as a browser takes it: its elements with their attributes, and the words between them."""

    html: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    style: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def links(self) -> list[str]:
        return [a["href"] for a in self.all("a") if not a["href"].startswith("#")]


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    return Commands(monkeypatch, capsys, tmp_path / "library.sqlite")


@pytest.fixture
def page(vidagent: Commands, tmp_path: Path) -> Callable[..., Page]:
    """Writes the page of a name and reads it."""

    def read(name: object, *words: object) -> Page:
        done = vidagent("report", name, "-o", tmp_path / "page.html", "--force", *words)
        assert (done.code, done.complaint) == (0, ""), done.complaint
        return Page((tmp_path / "page.html").read_text("utf-8"))

    return read


@pytest.fixture
def trace(tmp_path: Path) -> Rows:
    """Writes the trace of a run."""

    def write(*rows: dict[str, Any], name: str = RUN) -> Path:
        (tmp_path / "runs").mkdir(exist_ok=True)
        path = tmp_path / "runs" / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures with their numbers, one each half second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", steady(60, step_s=STEP_S))


@pytest.fixture
def filmed(remember: Rememberer, clip: Path) -> Memory:
    """The memory of the clip: three events, of which the second stands out."""
    spans = [Span(0.0, 10.0), Span(10.0, 20.0), Span(20.0, 30.0)]
    events = [Event(span, 0.5, f"part {i}", salience=0.9 - abs(i - 1)) for i, span in enumerate(spans)]
    texts = [(11.0, 14.0, "The ferry leaves at nine.")]
    return remember(path=clip, texts=texts, events=events, duration_s=30.0, notes=["a note"])


@pytest.fixture
def told(remember: Rememberer) -> Memory:
    """The memory of a video whose file is gone."""
    memory = remember(title="told", duration_s=30.0, notes=["a note"])
    memory.video.path.unlink()
    return memory


def question(
    memory: Memory | None, text: str = "When does the ferry leave?", **more: object
) -> dict[str, Any]:
    asked = {"sidecar": "", "tracks": "", "options": [], "within": None}
    sha256 = memory.video.sha256 if memory else "0" * 64
    return {
        "step": "question",
        "at_s": 0.0,
        "text": text,
        "kind": "when",
        "video": sha256,
        "asked": asked | more,
    }


def answer(**more: object) -> dict[str, Any]:
    moment = {"start_s": 11.0, "end_s": 14.0, "score": 0.9, "source": "speech", "trust": 1.0}
    gap = {
        "sense": "picture",
        "engine": "made up",
        "share": 0.5,
        "n_looks": 7,
        "trust": 0.5,
        "gap": [3.0, 9.0],
    }
    usual = {
        "step": "answer", "at_s": 0.5, "answer": "at nine", "option": None, "abstained": False, "confidence": 0.8,
        "moments": [{**moment, "quote": "The ferry leaves at nine."}], "coverage": [gap], "notes": ["noted"],
        "reader": "extractive", "video": {"title": "clip", "duration_s": 30.0, "path": "/etc/passwd"},
    }  # fmt: skip
    return usual | more


def test_the_page_of_a_run_tells_what_was_asked_answered_proven_and_left_out(
    page: Callable[..., Page], trace: Rows, filmed: Memory
) -> None:
    trace(question(filmed, within=[5.0, 25.0]), answer())
    found = page(RUN)
    for part in (
        "When does the ferry leave?", "Answer at nine", "Confidence 0.80", "Play 00:11.0–00:14.0",
        "“The ferry leaves at nine.”", "speech · score 0.90", "picture 50%", "made up low trust",
        "Play 00:03.0–00:09.0", "noted", "No video LLM looked", "Looked only at 00:05.0–00:25.0", "asked as: when", RUN,
    ):  # fmt: skip
        assert part in found.text, part
    assert found.all("details") and not any("open" in details for details in found.all("details"))
    assert next(tag for tag, _ in found.elements if tag in ("h1", "h2", "h3")) == "h1"
    assert len(found.all("h1")) == 1


def test_a_picture_is_that_of_its_second_and_says_which(
    page: Callable[..., Page], trace: Rows, filmed: Memory
) -> None:
    trace(question(filmed), answer())
    (picture,) = page(RUN).all("img")
    # The middle of the moment is 12.5 s, at which the twenty-sixth picture is shown.
    assert number_in(luma(picture["src"])) == round(12.5 / STEP_S)
    assert picture["alt"] == "The picture shown at 00:12.5"
    assert (picture["width"], picture["height"]) == ("160", "96")


def luma(address: str) -> Any:
    data = base64.b64decode(address.removeprefix("data:image/jpeg;base64,"), validate=True)
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def test_the_page_of_a_video_tells_its_chapters_events_coverage_and_past_questions(
    page: Callable[..., Page], trace: Rows, filmed: Memory
) -> None:
    trace(question(filmed), answer())
    trace(question(None, "About another video?"), name=OTHER_RUN)
    found = page("clip")
    for part in (
        "clip vidagent",
        "Length 00:30.0",
        "part 1",
        "words on screen 100%",
        "a note",
        "at nine",
        RUN,
    ):
        assert part in found.text.replace("· ", ""), part
    assert "About another video?" not in found.text
    shown = {number_in(luma(picture["src"])) for picture in found.all("img")}
    assert {round(time_s / STEP_S) for time_s in (5.0, 15.0, 25.0)} <= shown


@pytest.mark.parametrize("where", ["run", "video"])
def test_whatever_is_said_is_text_and_adds_no_element_and_no_attribute(
    page: Callable[..., Page], trace: Rows, remember: Rememberer, where: str, tmp_path: Path
) -> None:
    tame, hostile = (written(page, trace, remember, text, where) for text in ("t" * len(HOSTILE), HOSTILE))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in tame.elements]
    assert {tag for tag, _ in hostile.elements} <= ELEMENTS
    assert [sorted(a) for _, a in hostile.elements] == [sorted(a) for _, a in tame.elements]
    names = {name for _, attributes in hostile.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert SHOWN in hostile.text
    assert not set("\u202e\x1b") & set(hostile.html)
    assert all(href.startswith("./") for href in hostile.links)


def written(page: Callable[..., Page], trace: Rows, remember: Rememberer, text: str, where: str) -> Page:
    events = [Event(Span(0.0, 30.0), 1.0, text), Event(Span(30.0, 60.0), 0.0, text)]
    memory = remember(title=text[0], events=events, texts=[(1.0, 2.0, text)], notes=[text])
    memory.video.path.unlink()
    with memory.library.transaction() as connection:
        connection.execute("UPDATE media SET title = ? WHERE id = ?", (text, memory.video.id))
        connection.execute("UPDATE coverage SET engine = ?", (text,))
    moment = {"start_s": 1, "end_s": 2, "quote": text, "source": text}
    trace(
        question(memory, text, options=[text], models={text: text}),
        {"step": text, "at_s": 0, text: text},
        answer(answer=text, option=text, moments=[moment], notes=[text], reader=text),
    )
    return page(RUN if where == "run" else memory.video.short_id)


def test_the_policy_allows_the_one_style_and_pictures_within_the_page(
    page: Callable[..., Page], told: Memory
) -> None:
    found = page("told")
    (policy,) = [m["content"] for m in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert found.all("html") == [{"lang": "en"}]
    assert found.html.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "name",
    [
        b"javascript:alert(1).mp4", b"a b#t=1?x&\"'<>%41.mp4", b"data:text,x.mp4", b"-o.mp4", "ü–.mp4".encode(),
        b"\xff.mp4",
    ],
)  # fmt: skip
def test_a_link_leads_to_the_file_of_any_name_and_has_no_scheme(
    page: Callable[..., Page], trace: Rows, remember: Rememberer, tmp_path: Path, name: bytes
) -> None:
    file = make_file(tmp_path / os.fsdecode(name), "content")
    trace(question(remember(path=file)), answer())
    file.unlink()
    found = page(RUN)
    assert found.links
    for link in found.links:
        whole = urlsplit(urljoin((tmp_path / "page.html").as_uri(), link))
        assert (urlsplit(link).scheme, whole.scheme, whole.query) == ("", "file", "")
        assert unquote_to_bytes(whole.path) == os.fsencode(file)
    assert found.links[-2].endswith("#t=3,9") and "#t=11,14" in "".join(found.links)


def test_a_transcript_is_not_linked(page: Callable[..., Page], remember: Rememberer, tmp_path: Path) -> None:
    remember(path=make_file(tmp_path / "talk.vtt"), texts=[(1.0, 2.0, "said")])
    assert page("talk").links == []


def test_without_the_file_there_are_no_pictures_and_the_page_says_so(
    page: Callable[..., Page], trace: Rows, remember: Rememberer, clip: Path, tmp_path: Path
) -> None:
    file = tmp_path / "moved.mp4"
    file.write_bytes(clip.read_bytes())
    trace(question(remember(path=file, duration_s=30.0)), answer())
    assert len(page(RUN).all("img")) == 1
    file.write_bytes(clip.read_bytes() + b"more")
    changed = page(RUN)
    file.unlink()
    for found in (changed, page(RUN), page("moved")):
        assert found.all("img") == [] and "There are no pictures here" in found.text


def test_a_file_that_is_no_video_any_more_costs_only_its_pictures(
    page: Callable[..., Page], remember: Rememberer, tmp_path: Path
) -> None:
    remember(path=make_file(tmp_path / "talk.mp4", "no video"))
    found = page("talk")
    assert found.all("img") == [] and "Pictures missing because they cannot be read: 1." in found.text


def test_a_forgotten_video_leaves_the_answer_and_no_path_of_a_trace_is_opened(
    page: Callable[..., Page], trace: Rows, vidagent: Commands, clip: Path
) -> None:
    trace(question(None), answer(video={"title": "clip", "duration_s": 30.0, "path": str(clip)}))
    found = page("last")
    assert "The ferry leaves at nine." in found.text and "does not remember the video" in found.text
    assert found.links == [] and found.all("img") == [] and len(found.all("svg")) > 1


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"step": "question", "text": 7, "video": ["x"], "asked": "no"}],
        [{"step": "question", "text": "Why?"}, {"step": "error", "kind": "ModelError", "text": "it failed"}],
        [
            answer(
                moments=[{"start_s": 9, "end_s": 1}, {"start_s": 1e400}, 5, {}],
                coverage=[7, {"gap": [1]}, None],
            )
        ],
        [answer(confidence=1e308, video={"duration_s": -4}, moments="x", coverage={}, notes=[{}], reader=3)],
        [answer(moments=[{"start_s": 1e250, "end_s": 1e299, "quote": None}], video={"duration_s": 1e299})],
        [{"step": "prompt", "parts": [{"time_s": "x"}, {"time_s": -1}, {"time_s": 5}, "text"]}, answer()],
    ],
)
def test_a_trace_of_any_content_makes_a_page(
    page: Callable[..., Page], trace: Rows, vidagent: Commands, rows: list[dict[str, Any]]
) -> None:
    trace(*rows)
    found = page(RUN)
    assert RUN in found.text
    assert any(part in found.text for part in ("Answer", "No answer"))


def test_a_run_without_an_answer_says_what_came_instead(
    page: Callable[..., Page], trace: Rows, told: Memory
) -> None:
    trace(question(told), answer(abstained=True, answer="not found: nothing said so"))
    found = page(RUN).text
    assert "Not found nothing said so" in found and "Nearest moments" in found
    trace(question(told), {"step": "error", "kind": "ModelError", "text": "it failed"})
    assert "No answer ModelError: it failed" in page(RUN).text


def test_many_events_leave_a_small_page_that_says_what_is_not_there(
    page: Callable[..., Page], remember: Rememberer
) -> None:
    n_events = EVENTS_MAX + 30
    step_s = 36000.0 / n_events
    events = [
        Event(Span(i * step_s, (i + 1) * step_s), 0.9, "A sentence that tells of it. " * 3)
        for i in range(n_events)
    ]
    remember(title="long", events=events, duration_s=36000.0).video.path.unlink()
    found = page("long")
    n_chapters_left_out = n_events - CHAPTERS_MAX
    assert f"Chapters left out here, which stand out less: {n_chapters_left_out}" in found.text
    assert "Events left out here, which stand out less: 30" in found.text
    assert f"Chapters {n_events} Events {n_events}" in found.text
    assert len(found.html) < 500_000


def test_no_more_pictures_than_a_page_can_hold_are_read(
    page: Callable[..., Page], remember: Rememberer, clip: Path
) -> None:
    n = PICTURES_MAX + 7
    events = [Event(Span(30.0 * i / n, 30.0 * (i + 1) / n), 0.9, "a part") for i in range(n)]
    remember(path=clip, events=events, duration_s=30.0)
    found = page("clip")
    assert len(found.all("img")) == PICTURES_MAX
    assert "Pictures left out to keep this page small: 7." in found.text


def test_a_page_that_is_there_is_overwritten_only_by_force(
    vidagent: Commands, told: Memory, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "page.html"
    target.parent.mkdir()
    done = vidagent("report", "told", "-o", target, "--json")
    assert done.value == {"path": str(target), "bytes": target.stat().st_size}
    target.write_text("mine")
    refused = vidagent("report", "told", "-o", target)
    assert (refused.code, target.read_text()) == (2, "mine") and "--force" in refused.complaint
    assert vidagent("report", "told", "-o", target, "--force").code == 0
    assert target.read_text().startswith("<!DOCTYPE html>")
    link = target.with_name("link.html")
    link.symlink_to(tmp_path / "nowhere")
    assert vidagent("report", "told", "-o", link).code == 2
    assert sorted(path.name for path in target.parent.iterdir()) == ["link.html", "page.html"]


@pytest.mark.parametrize(
    ("name", "code"), [("clip.mp4", 2), ("page", 2), ("folder.html", 2), ("missing/page.html", 1)]
)
def test_what_cannot_be_a_page_is_refused_in_one_line(
    vidagent: Commands, told: Memory, tmp_path: Path, name: str, code: int
) -> None:
    (tmp_path / "folder.html").mkdir()
    before = sorted(tmp_path.iterdir())
    done = vidagent("report", "told", "-o", tmp_path / name, "--force")
    assert (done.code, done.out, done.complaint.count("\n")) == (code, "", 1)
    assert sorted(tmp_path.iterdir()) == before


def test_a_name_is_a_file_a_run_or_a_video_and_never_one_of_two(
    vidagent: Commands, page: Callable[..., Page], trace: Rows, told: Memory, tmp_path: Path
) -> None:
    trace(question(told), answer())
    assert "past question" in page("last").text and "past question" in page("20260102").text
    assert "Chapters" in page(told.video.short_id).text
    make_file(told.video.path)
    assert "Chapters" in page(told.video.path).text
    with told.library.transaction() as connection:
        connection.execute("UPDATE media SET title = '20260102 holiday'")
    both = vidagent("report", "20260102", "-o", tmp_path / "both.html")
    assert both.code == 2 and RUN in both.complaint and "holiday" in both.complaint
    unknown = vidagent("report", "nothing", "-o", tmp_path / "none.html")
    assert (
        unknown.code == 5
        and "no such run" in unknown.complaint
        and "no remembered video" in unknown.complaint
    )
    assert vidagent("report", "last", "-o", tmp_path / "new.html", library=tmp_path / "other").code == 0


def test_the_axis_has_few_round_seconds(library: Library) -> None:
    for duration_s, labels in {
        0.4: ["00:00"], 7.0: ["00:00", "00:02", "00:04", "00:06"], 240.0: ["00:00", "01:00", "02:00", "03:00", "04:00"],
        36000.0: ["00:00", "3:00:00", "6:00:00", "9:00:00"],
    }.items():  # fmt: skip
        made = timeline(duration_s, [tiled_lane("Chapters", "chapter", [Span(0.0, duration_s)], duration_s)])
        assert made is not None and [tick.label for tick in made.ticks] == labels, duration_s
    assert timeline(0.0, []) is None
