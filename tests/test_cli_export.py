"""``vidagent export``: timelines and answers for players and editors, or one line that says why not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from clips import make_clip, solid, steady, tone
from commands import Commands, Done
from conftest import Rememberer

from vidagent.index.library import Library
from vidagent.index.records import Event
from vidagent.tools.clock import Span

GISTS = ["one\n--> \x1b[31m\u202e", '# "two", three - four;', "-3"]
TITLES = ["one -->", '# "two", three - four;', "-3"]
CONTAINERS = ["mkv", "mp4"]
ALL = [*CONTAINERS, "vtt", "csv", "m3u", "edl", "otio"]
RUN = "20200101-101112-abcdef"
TALK = "<the id of the video>"


class Exports(Commands):
    """Commands in which ``TALK`` stands for an id."""

    video_id = ""

    def __call__(self, *words: object, library: Path | None = None) -> Done:
        return super().__call__("export", *(self.video_id if word is TALK else word for word in words))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with sound."""
    path = tmp_path_factory.mktemp("clips") / "-talk.mp4"
    return make_clip(path, steady(30, step_s=0.2), solid((9, 9, 9)), sound=tone(6.0))


@pytest.fixture
def vidagent(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    clip: Path,
    remember: Rememberer,
) -> Iterator[Exports]:
    """Commands on a library with a video "-talk", whose gists are up to no good."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("VIDAGENT_RUNS", str(folder))
    events = [Event(Span(2.0 * i, 2.0 * (i + 1)), 0.5, gist) for i, gist in enumerate(GISTS)]
    video = remember(path=clip, events=events, duration_s=6.0).video
    (folder / f"{RUN}.jsonl").write_text(json.dumps(answer(video.short_id)) + "\n")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    vidagent = Exports(monkeypatch, capsys, tmp_path / "library.sqlite")
    vidagent.video_id = video.short_id
    yield vidagent
    # Whatever happened, nothing half done lies about.
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def answer(video_id: str) -> dict[str, object]:
    moments = [
        {"start_s": 4.0, "end_s": 5.0, "quote": "later", "source": "speech"},
        {"start_s": 1.0, "end_s": 1.5, "quote": "a red wall", "source": "picture"},
    ]
    return {"step": "answer", "at_s": 1, "citations": moments, "video": {"id": video_id}}


def chapters_of(path: str | Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


@pytest.mark.parametrize("form", ALL)
def test_every_form_is_written_by_its_ending_and_told(vidagent: Exports, form: str) -> None:
    done = vidagent("-o", f"a.{form.upper()}", "--level", "events", "--json", TALK)
    assert (done.code, done.complaint) == (0, "")
    assert (done.value["form"], done.value["path"], done.value["left_out"]) == (form, f"a.{form.upper()}", [])
    assert [row["title"] for row in done.value["written"]] == TITLES
    assert [(row["start_s"], row["end_s"]) for row in done.value["written"]] == [(0, 2), (2, 4), (4, 6)]
    data = Path(f"a.{form.upper()}").read_bytes()
    assert b"\x1b" not in data or form in CONTAINERS
    assert "\u202e".encode() not in data
    if form in CONTAINERS:
        assert chapters_of(f"a.{form.upper()}") == [
            (2.0 * i, 2.0 * (i + 1), title) for i, title in enumerate(TITLES)
        ]


def test_without_a_level_chapters_are_written(vidagent: Exports) -> None:
    rows = vidagent("-o", "a.csv", "--json", TALK).value["written"]
    assert {row["source"] for row in rows} == {"chapter"}


def test_a_form_can_be_named_whatever_the_ending(vidagent: Exports) -> None:
    assert vidagent("--form", "mpv", "-o", "a.edl", TALK).code == 0
    assert Path("a.edl").read_text().startswith("# mpv EDL v0\n")


def test_limits_cut(vidagent: Exports) -> None:
    words = ("--level", "events", "--from", "1", "--to", "3", "-o", "a.csv", "--json", TALK)
    rows = vidagent(*words).value["written"]
    assert [(row["start_s"], row["end_s"]) for row in rows] == [(1, 2), (2, 3)]
    empty = vidagent("--run", "last", "--from", "5.5", "-o", "b.vtt")
    assert (empty.code, empty.complaint.count("\n")) == (2, 1)


def test_what_an_answer_cites_is_exported_with_or_without_the_name_of_its_video(vidagent: Exports) -> None:
    for words in (("--run", "last"), ("--run", RUN, TALK)):
        rows = vidagent("-o", "a.csv", "--force", "--json", *words).value["written"]
        assert [(row["start_s"], row["title"], row["source"]) for row in rows] == [
            (1.0, "a red wall", "picture"), (4.0, "“later”", "speech"),
        ]  # fmt: skip


def test_an_answer_about_another_video_is_not_exported(vidagent: Exports, remember: Rememberer) -> None:
    remember(title="other")
    done = vidagent("other", "--run", "last", "-o", "a.csv")
    assert (done.code, done.out) == (2, "") and "another video" in done.complaint


def test_nothing_is_replaced_without_force(vidagent: Exports) -> None:
    Path("a.vtt").write_text("mine")
    done = vidagent("-o", "a.vtt", TALK)
    assert done.code == 2 and "--force" in done.complaint
    assert Path("a.vtt").read_text() == "mine"
    assert vidagent("-o", "a.vtt", "--force", TALK).code == 0
    assert Path("a.vtt").read_text().startswith("WEBVTT")


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(vidagent: Exports) -> None:
    Path("real.csv").write_text("old")
    Path("link.csv").symlink_to("real.csv")
    assert vidagent("-o", "link.csv", "--force", TALK).code == 0
    assert not Path("link.csv").is_symlink() and Path("link.csv").read_text().startswith("start_s")
    assert Path("real.csv").read_text() == "old"


def test_what_is_read_is_never_replaced(vidagent: Exports, clip: Path) -> None:
    before = clip.read_bytes()
    os.link(clip, "hard.mp4")
    for target in (clip, "hard.mp4", vidagent.library):
        done = vidagent("-o", target, "--form", "mp4", "--force", TALK)
        assert done.code == 2 and "is read itself" in done.complaint
    assert clip.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-o", "a.txt", TALK), 2), (("-o", "a", TALK), 2), ((TALK,), 2),
        (("-o", "a.csv", "--form", "xml", TALK), 2), (("-o", ".", "--form", "csv", TALK), 2),
        (("-o", "a.csv"), 2), (("-o", "a.csv", "--run", "last", "--level", "events"), 2),
        (("-o", "a.edl", "--start-timecode", "noon", TALK), 2),
        (("-o", "/dev/null", "--form", "mp4", TALK), 2),
        (("-o", "nowhere/a.csv", TALK), 1), (("-o", "/proc/a.mp4", TALK), 1),
        (("-o", "/dev/full", "--form", "csv", TALK), 1), (("-o", "n" * 300 + ".csv", TALK), 1),
        (("-o", "a.csv", "nobody"), 5), (("-o", "a.csv", "--run", "99999999"), 5),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(
    vidagent: Exports, words: tuple[str, ...], code: int
) -> None:
    done = vidagent(*words)
    assert (done.code, done.out) == (code, "")
    assert "unexpected" not in done.complaint and "Traceback" not in done.complaint
    assert list(Path().iterdir()) == []


def test_a_track_that_cannot_go_along_is_named_and_nothing_is_left_behind(
    vidagent: Exports, remember: Rememberer, tmp_path: Path, clip: Path
) -> None:
    source = tmp_path / "lossless.mkv"
    with av.open(str(clip)) as opened, av.open(str(source), "w") as made:
        track = made.add_stream_from_template(opened.streams.video[0], opaque=True)
        words = made.add_mux_stream("subrip")
        words.time_base = track.time_base
        for packet in opened.demux(video=0):
            if packet.size:
                packet.stream = track
                made.mux(packet)
    remember(path=source, duration_s=6.0)
    done = vidagent("lossless", "-o", "a.mp4")
    assert (done.code, done.complaint.count("\n")) == (1, 1)
    assert "subtitle track 0 (srt) cannot go into mp4" in done.complaint
    assert not Path("a.mp4").exists()


def test_a_transcript_has_tables_and_nothing_that_needs_pictures(vidagent: Exports, tmp_path: Path) -> None:
    source = tmp_path / "words.vtt"
    source.write_text("WEBVTT\n\n00:01.000 --> 00:04.000\nHello there, all of you.\n")
    assert vidagent(source, "-o", "a.vtt").code == 0
    assert "Hello there" in Path("a.vtt").read_text()
    for form in ("mkv", "m3u"):
        done = vidagent(source, "-o", f"a.{form}")
        assert done.code == 2 and "transcript" in done.complaint


def test_a_video_that_is_gone_or_another_one_now_is_not_exported(
    vidagent: Exports, remember: Rememberer, tmp_path: Path, clip: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes() + b"\0" * 8)
    remember(path=copy, duration_s=6.0)
    copy.write_bytes(clip.read_bytes())
    done = vidagent("copy", "-o", "b.mkv")
    assert done.code == 2 and "changed since" in done.complaint
    copy.unlink()
    assert vidagent("copy", "-o", "b.mkv").code == 5
    assert vidagent("copy", "-o", "b.csv").code == 0
    assert not Path("b.mkv").exists()


def test_what_is_still_being_read_is_exported_so_far_and_said(vidagent: Exports, library: Library) -> None:
    with library.transaction() as connection:
        connection.execute("UPDATE media SET state = 'partial'")
    done = vidagent("-o", "a.csv", TALK)
    assert done.code == 0 and "still being read" in done.complaint


def test_a_device_takes_a_text_as_it_comes(vidagent: Exports) -> None:
    assert vidagent("-o", "/dev/null", "--form", "vtt", TALK).code == 0
    assert Path("/dev/null").is_char_device()
