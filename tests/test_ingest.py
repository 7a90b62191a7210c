"""Reading a video into memory: both stages at once, whole or not at all, and only as often as needed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from clips import make_clip, numbered, solid, steady, tone

from vidagent.index.ingest import IngestSettings, ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.engines import Engines, Maker
from vidagent.tools.errors import MediaError, ModelError
from vidagent.tools.roles import (
    READ_PIXELS,
    WHOLE,
    Box,
    Pixels,
    Quad,
    SoundWindow,
    TextLine,
    Utterance,
    Vectors,
    Voiced,
)
from vidagent.tools.screen_text import FakeReader

SIGN = TextLine("WAY OUT", (0.0, 0.0, 0.5, 0.5), 0.95)


@dataclass
class ScriptedRecognizer:
    """Hears the same words in whatever sound it is given, or fails."""

    utterances: Sequence[Utterance] = ()
    failure: Exception | None = None
    name: str = "scripted"

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """The script, after all sound was read."""
        for _ in sound:
            if self.failure:
                raise self.failure
        for utterance in self.utterances:
            yield Voiced(utterance.span, (utterance,))


class FailingEmbedder(AppearanceEmbedder):
    """An embedder that gives up at once."""

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """Never returns."""
        raise ModelError("the embedder gave up")


class FailingReader(FakeReader):
    """A reader that gives up at its first look."""

    def find(self, image: Pixels, window: Box = WHOLE, n_pixels_max: int = READ_PIXELS) -> list[Quad]:
        """Never returns."""
        raise ModelError("the reader gave up")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds with a tone; the pictures carry numbers in their upper half."""
    return make_clip(tmp_path_factory.mktemp("clip") / "made.mp4", steady(100, step_s=0.2), sound=tone(20.0))


@pytest.fixture
def clip(made: Path, tmp_path: Path) -> Path:
    """The clip in a folder where a test may put something beside it."""
    return Path(shutil.copy(made, tmp_path / "clip.mp4"))


def engines(
    reader: FakeReader | None = None, recognizer: ScriptedRecognizer | None = None, failing: bool = False
) -> Engines:
    """Engines that see and hear what they are told."""
    return Engines(
        embedder=FailingEmbedder() if failing else AppearanceEmbedder(),
        reader=Maker("scripted", lambda: reader) if reader else None,
        recognizer=Maker("scripted", lambda: recognizer) if recognizer else None,
    )


def test_what_was_seen_heard_and_read_is_remembered(clip: Path, library: Library) -> None:
    said = Utterance(Span(3.0, 5.0), "turn left at the fountain", 0.4)
    done = ingest(library, clip, engines(FakeReader([SIGN]), ScriptedRecognizer([said])))
    memory = Memory(library, done.video)
    assert [(t.body, t.span) for t in memory.texts("speech")] == [(said.text, said.span)]
    assert {t.body for t in memory.texts("screen")} == {"WAY OUT"}
    assert memory.voice() == [said.span]
    assert len(memory.samples("appearance-1")[0]) == pytest.approx(40, abs=1)
    times_s, levels_db = memory.loudness()
    assert times_s[-1] == pytest.approx(20.0, abs=0.3)
    assert levels_db.max() == pytest.approx(-9, abs=1)


def test_samples_do_not_drift_from_their_rate(clip: Path, library: Library) -> None:
    video = ingest(library, clip, engines(), IngestSettings(samples_per_s=2.0)).video
    times_s, _ = Memory(library, video).samples("appearance-1")
    assert all(abs(time_s - 0.5 * place) <= 0.25 for place, time_s in enumerate(times_s))


def test_every_second_belongs_to_one_event(clip: Path, library: Library) -> None:
    video = ingest(library, clip, engines()).video
    events = Memory(library, video).events()
    assert events[0].span.start_s == 0.0
    assert events[-1].span.end_s == video.duration_s == pytest.approx(20.0, abs=0.1)


def test_coverage_tells_what_was_used(clip: Path, library: Library) -> None:
    video = ingest(library, clip, engines(FakeReader([SIGN]), ScriptedRecognizer())).video
    coverage = {row.sense: row for row in Memory(library, video).coverage()}
    assert set(coverage) == {"picture", "screen", "speech", "sound"}
    assert coverage["screen"].n_looks >= 1
    assert coverage["picture"].share == pytest.approx(1.0, abs=0.02)


def test_report_hears_of_each_stage(clip: Path, library: Library) -> None:
    told: list[tuple[str, float, float | None]] = []
    ingest(library, clip, engines(FakeReader([SIGN])), report=lambda *row: told.append(row))
    assert {stage for stage, _, _ in told} == {"pictures", "text", "sound"}
    assert max(done_s for stage, done_s, _ in told if stage == "pictures") > 19.0
    assert all(total_s == pytest.approx(20.0, abs=0.1) for _, _, total_s in told)


@pytest.mark.parametrize("failing", [True, False], ids=["pictures fail", "sound fails"])
def test_one_failing_stage_stops_the_other_and_no_video_is_whole(
    clip: Path, library: Library, failing: bool
) -> None:
    recognizer = ScriptedRecognizer(failure=None if failing else ModelError("the recogniser gave up"))
    n_threads = threading.active_count()
    with pytest.raises(ModelError, match="gave up"):
        ingest(library, clip, engines(FakeReader([SIGN]), recognizer, failing))
    assert not any(video.is_whole for video in library.videos())
    assert threading.active_count() == n_threads


def test_a_failing_reader_is_named_and_nothing_is_stored(tmp_path: Path, library: Library) -> None:
    # Of a film with sound, what was heard until then would be.
    silent = make_clip(tmp_path / "silent.mp4", steady(20, step_s=0.2), numbered())
    n_threads = threading.active_count()
    with pytest.raises(ModelError, match="the reader gave up"):
        ingest(library, silent, engines(FailingReader([SIGN])))
    assert library.videos() == []
    assert threading.active_count() == n_threads


def test_subtitles_beside_the_video_come_before_the_recogniser(clip: Path, library: Library) -> None:
    (clip.parent / "clip.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nA written line.\n")
    video = ingest(
        library, clip, engines(recognizer=ScriptedRecognizer(failure=ModelError("not asked")))
    ).video
    assert [(t.body, t.trust) for t in Memory(library, video).texts("speech")] == [("A written line.", 1.0)]
    assert not any("low trust" in note for note in video.notes)


def test_new_subtitles_are_read_without_being_asked(clip: Path, library: Library) -> None:
    ingest(library, clip, engines(recognizer=ScriptedRecognizer()))
    (clip.parent / "clip.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nA written line.\n")
    done = ingest(library, clip, engines())
    assert done.is_new
    assert [t.body for t in Memory(library, done.video).texts("speech")] == ["A written line."]
    assert len(library.videos()) == 1


def test_a_copy_without_its_subtitles_is_another_video(clip: Path, library: Library, tmp_path: Path) -> None:
    (clip.parent / "clip.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nA written line.\n")
    ingest(library, clip, engines())
    (tmp_path / "elsewhere").mkdir()
    copy = Path(shutil.copy(clip, tmp_path / "elsewhere" / "copy.mp4"))
    heard = Utterance(Span(1.0, 2.5), "a ridden lion", 0.3)
    done = ingest(library, copy, engines(recognizer=ScriptedRecognizer([heard])))
    assert done.is_new
    assert any("low trust" in note for note in done.video.notes)


def test_a_video_moved_away_from_its_subtitles_is_the_same(
    clip: Path, library: Library, tmp_path: Path
) -> None:
    (clip.parent / "clip.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nA written line.\n")
    first = ingest(library, clip, engines())
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.move(clip, tmp_path / "elsewhere" / "moved.mp4"))
    done = ingest(library, moved, engines())
    assert not done.is_new
    assert (done.video.id, done.video.path) == (first.video.id, moved)


def test_cues_after_the_end_are_left_out(clip: Path, library: Library) -> None:
    lines = ["00:00:18,000 --> 00:00:30,000\nlast", "00:00:40,000 --> 00:00:41,000\nbeyond"]
    (clip.parent / "clip.srt").write_text("".join(f"{n}\n{line}\n\n" for n, line in enumerate(lines, 1)))
    video = ingest(library, clip, engines()).video
    texts = Memory(library, video).texts("speech")
    assert [t.body for t in texts] == ["last"]
    assert texts[0].span.end_s == pytest.approx(video.duration_s)


def test_a_truncated_video_is_remembered_as_far_as_it_goes(
    clip: Path, library: Library, tmp_path: Path
) -> None:
    whole = make_clip(tmp_path / "whole.mkv", steady(200, step_s=0.2), solid((200, 10, 10)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    video = ingest(library, cut, engines()).video
    assert 0 < video.duration_s < 38.0
    assert any("could be read" in note for note in video.notes)


def test_a_file_with_no_decodable_stream_is_refused(library: Library, tmp_path: Path) -> None:
    broken = make_clip(tmp_path / "broken.mkv", steady(20), solid((1, 2, 3)))
    data = bytearray(broken.read_bytes())
    start = data.index(b"\x1fC\xb6u")  # the first cluster: the header before it stays whole
    data[start:] = b"\x00" * (len(data) - start)
    broken.write_bytes(data)
    with pytest.raises(MediaError):
        ingest(library, broken, engines())
    assert library.videos() == []
