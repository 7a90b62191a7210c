"""An ingestion that is broken off anywhere is gone on with, and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from children import exit_code_of, time_limit
from clips import Pixels, make_clip, numbered, steady, tone

from vidagent.index.freezing import FrozenStateError, frozen, thawed
from vidagent.index.ingest import Ingested, IngestSettings, ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.picture_batches import PictureBatch
from vidagent.index.records import ContentKey, Video
from vidagent.index.segmentation import settings_for
from vidagent.index.turn import Turn
from vidagent.index.unfinished import UnfinishedVideo
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.engines import Engines, Maker
from vidagent.tools.errors import ModelError
from vidagent.tools.roles import SoundWindow, TextLine, Utterance, Vectors, Voiced
from vidagent.tools.screen_text import FakeReader

N_SECONDS = 8
SETTINGS = IngestSettings(batch_s=2.0)
SIGN = TextLine("WAY OUT OF HERE", (0.0, 0.0, 0.5, 0.5), 0.95)
CONTENT = {
    "media": "sha256, title, duration_us, notes, state, segmentation",
    "sample": "t_us, vec",
    "signal": "name, t_us, value",
    "text": "sense, start_us, end_us, body, stems, trust, box",
    "text_part": "start_us, end_us, body",
    "voice": "start_us, end_us",
    "loudness": "start_us, hop_us, levels_db",
    "boundary": "t_us, height, origin, is_final",
    "event": "start_us, end_us, merge_height, gist, salience, mean, is_final",
    "coverage": "sense, engine, share, n_looks, trust",
    "progress": "stage",
}


@dataclass
class PatientRecognizer:
    """Hears a word in every second of sound that it is given, and keeps count of them."""

    heard_s: list[float] = field(default_factory=list)
    name: str = "patient"

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """A stretch of half a second at each whole second."""
        for window in sound:
            for second in range(round(window.start_s), round(window.end_s)):
                if second >= after_s:
                    self.heard_s.append(float(second))
                    span = Span(float(second), second + 0.5)
                    yield Voiced(span, (Utterance(span, f"word {second}.", 0.5),))


@dataclass
class CountingEmbedder(AppearanceEmbedder):
    """Keeps count of the pictures that it is shown, and gives up at one of them."""

    fails_at: int = 1_000_000
    n_seen: int = 0

    def embed_images(self, images: list[Pixels]) -> Vectors:  # type: ignore[override]
        """As usual."""
        self.n_seen += len(images)
        if self.n_seen > self.fails_at:
            raise ModelError("the embedder gave up")
        return super().embed_images(images)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of numbered pictures with a tone."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return make_clip(path, steady(5 * N_SECONDS, step_s=0.2), numbered(), sound=tone(N_SECONDS))


def engines(
    embedder: AppearanceEmbedder | None = None, recognizer: PatientRecognizer | None = None
) -> Engines:
    """Engines with something to find for each sense."""
    heard = recognizer or PatientRecognizer()
    return Engines(
        embedder or AppearanceEmbedder(),
        Maker("fake", lambda: FakeReader([SIGN])),
        Maker("patient", lambda: heard),
    )


def read_in(path: Path, clip: Path, with_engines: Engines | None = None) -> Ingested:
    with Library(path) as library:
        return ingest(library, clip, with_engines or engines(), SETTINGS)


def content(path: Path) -> dict[str, list[str]]:
    """All that is remembered, without ids."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {
            table: sorted(map(str, connection.execute(f"SELECT {columns} FROM {table}")))
            for table, columns in CONTENT.items()
        }


@pytest.fixture(scope="module")
def undisturbed(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is remembered when nothing gets in between."""
    path = tmp_path_factory.mktemp("undisturbed") / "library.db"
    read_in(path, clip)
    return content(path)


def assert_told_as_far_as_stored(path: Path) -> None:
    """Of a video that is still being read the length, the notes and the coverage tell what the rows hold."""
    with Library(path) as library:
        for video in library.videos():
            if not video.is_whole:
                assert_told(library, video)


def assert_told(library: Library, video: Video) -> None:
    memory, embedder = Memory(library, video), AppearanceEmbedder()
    progress = UnfinishedVideo(library, video.id, embedder, settings_for(embedder.name)).progress
    assert video.duration_s == pytest.approx(progress.end_s, abs=1e-6)
    assert any("still being read" in note for note in video.notes) == bool(progress.done or progress.end_s)
    looks = {row.sense: row.n_looks for row in memory.coverage()}
    assert looks.get("picture", 0) == len(memory.samples(embedder.name)[0])
    assert looks.get("speech", 0) == len(memory.texts("speech"))
    assert looks.get("sound", 0) == len(memory.loudness()[0])
    ends_s = [event.span.end_s for event in memory.events()]
    settled_s = min(progress.settled_s, video.duration_s)
    assert max(ends_s, default=0.0) == pytest.approx(settled_s, abs=1e-6)


def dying_at(path: Path, clip: Path, n: int) -> Callable[[], int]:
    """An ingestion that is killed when it has written all of its ``n``-th transaction and is about to commit.

    So every state that is ever committed is left behind once, each with the beginning of the next one.
    """

    def work() -> int:
        left = [n]

        def watch(statement: str) -> None:
            if statement == "COMMIT":
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

        with Library(path) as library:
            library.database.conn.set_trace_callback(watch)
            ingest(library, clip, engines(), SETTINGS)
        return 0

    return work


def test_killed_at_any_write_it_ends_as_if_nothing_had_happened(
    clip: Path, undisturbed: dict[str, list[str]], tmp_path: Path
) -> None:
    for n in range(1, 200):
        path = tmp_path / f"{n}.db"
        code = exit_code_of(dying_at(path, clip, n))
        content(path)
        assert_told_as_far_as_stored(path)
        read_in(path, clip)
        assert content(path) == undisturbed, f"killed at write {n}"
        if code == 0:
            break
        assert code == -signal.SIGKILL
    # Beginning, what is known before, a batch of each sense for two seconds each, and the end.
    assert n > 8


def test_killed_again_and_again_it_comes_to_an_end(
    clip: Path, undisturbed: dict[str, list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "library.db"
    n_deaths = 0
    # Each run gets as far as two batches.
    while exit_code_of(dying_at(path, clip, 3)) and n_deaths < 20:
        n_deaths += 1
    assert 1 < n_deaths < 20
    assert content(path) == undisturbed


def test_an_interruption_while_one_stage_has_not_begun_stops_the_other(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = ThreadPoolExecutor.submit

    def interrupted(self: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
        if work.__name__ == "_listen":
            raise KeyboardInterrupt
        return submit(self, work)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with time_limit(60.0), pytest.raises(KeyboardInterrupt):
        read_in(tmp_path / "library.db", clip)


@pytest.mark.parametrize("storing_s", [0.0, 0.3])
def test_what_was_found_is_not_looked_for_again(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storing_s: float
) -> None:
    add = UnfinishedVideo.add_pictures

    def add_slowly(self: UnfinishedVideo, connection: sqlite3.Connection, batch: PictureBatch) -> None:
        time.sleep(storing_s)
        add(self, connection, batch)

    monkeypatch.setattr(UnfinishedVideo, "add_pictures", add_slowly)
    path, embedder, recognizer = tmp_path / "library.db", CountingEmbedder(fails_at=12), PatientRecognizer()
    with pytest.raises(ModelError):
        read_in(path, clip, engines(embedder))
    again = CountingEmbedder()
    read_in(path, clip, engines(again, recognizer))
    whole = CountingEmbedder()
    read_in(tmp_path / "other.db", clip, engines(whole))
    assert again.n_seen <= whole.n_seen - 8, "two batches of two seconds were stored"


def test_an_unfinished_video_is_shown_as_such(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with pytest.raises(ModelError):
        read_in(path, clip, engines(CountingEmbedder(fails_at=12)))
    with Library(path) as library:
        (video,) = library.videos()
        assert not video.is_whole
        assert 4.0 <= video.duration_s <= N_SECONDS + 0.1
        assert any("still being read" in note for note in video.notes)
        coverage = {row.sense: row.share for row in Memory(library, video).coverage()}
    assert 0.4 < coverage["picture"] < 0.9


def test_other_settings_begin_from_the_beginning(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with pytest.raises(ModelError):
        read_in(path, clip, engines(CountingEmbedder(fails_at=12)))
    with Library(path) as library:
        settings = IngestSettings(samples_per_s=1.0)
        video = ingest(library, clip, engines(), settings).video
        assert len(Memory(library, video).samples("appearance-1")[0]) == pytest.approx(N_SECONDS, abs=1)
        assert library.videos() == [video]


def test_a_damaged_place_to_go_on_from_begins_from_the_beginning(
    clip: Path, undisturbed: dict[str, list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "library.db"
    with pytest.raises(ModelError):
        read_in(path, clip, engines(CountingEmbedder(fails_at=12)))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE progress SET state = x'00112233' WHERE stage = 'pictures'")
    read_in(path, clip)
    assert content(path) == undisturbed


def test_reading_anew_keeps_the_old_until_it_is_done(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    first = read_in(path, clip).video
    with Library(path) as library:
        with pytest.raises(ModelError):
            ingest(library, clip, engines(CountingEmbedder(fails_at=12)), SETTINGS, afresh=True)
        assert library.find("clip") == first
        again = ingest(library, clip, engines(), SETTINGS, afresh=True).video
        assert library.videos() == [again]
        assert again.id != first.id


def test_while_one_reads_others_see_what_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    clip = make_clip(tmp_path / "long.mp4", steady(120, step_s=0.2), numbered(), sound=tone(24.0))
    with pytest.raises(ModelError):
        read_in(path, clip, engines(CountingEmbedder(fails_at=44)))
    with Library(path) as library:
        (video,) = library.videos()
        turn = Turn.of(path, ContentKey(video.sha256))
        assert turn.taken()
        with turn:
            seen = ingest(library, clip, engines(), SETTINGS, waits=False)
            assert seen.video == video
            assert not seen.is_new
            events = Memory(library, video).events()
            assert events
            assert all(event.span.end_s <= video.duration_s for event in events)


def test_who_waits_for_another_finds_the_video_whole(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    found: list[Ingested] = []
    threads = [threading.Thread(target=lambda: found.append(read_in(path, clip))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.is_new for each in found) == [False, False, True]
    assert len({each.video for each in found}) == 1
    assert list(tmp_path.glob("*.lock")) == []


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x01\x00\x00\x00\x00", frozen([1])[:-3], b"\x07" + frozen([1])[1:]]
)
def test_what_is_no_frozen_state_is_refused(data: bytes) -> None:
    with pytest.raises(FrozenStateError):
        thawed(data)


def test_a_state_comes_back_as_it_was() -> None:
    import numpy as np

    state = {
        "a": [1, 2.5, None, True, float("-inf")],
        "planes": [np.arange(6, dtype=np.uint8).reshape(2, 3)] * 2,
    }
    again = thawed(frozen(state))
    assert again["a"] == state["a"]
    assert all((plane == state["planes"][0]).all() and plane.dtype == np.uint8 for plane in again["planes"])
    assert not np.shares_memory(*again["planes"])
