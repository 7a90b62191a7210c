"""A run comes out again without its models, without its file, from the memory and the trace alone; or says why not."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import make_clip, numbered, steady
from conftest import Rememberer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import island_of
from pitches import HIGH_HZ, LOW_HZ, Pitches, heard

from vidagent.agent.answer import Answer
from vidagent.agent.footage import FilmedMemory
from vidagent.agent.methods.spending import Budget
from vidagent.agent.planner import ask
from vidagent.agent.runs.calls import AS_BEFORE, packed, unpacked
from vidagent.agent.runs.past import Run, read_run
from vidagent.agent.runs.recording import Asked, Recorder
from vidagent.agent.runs.replay import Replay, replay
from vidagent.agent.runs.script import ReplayError
from vidagent.agent.searching import SEARCHING, Searching
from vidagent.agent.trace import traced
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.meaning import Meaning
from vidagent.index.memory import Memory
from vidagent.index.picture_meaning import PictureMeaning
from vidagent.index.sound_meaning import SoundMeaning
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.engines import Maker, embedded
from vidagent.tools.errors import ModelError, UnknownVideoError, VidagentError
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.picture import Picture
from vidagent.tools.roles import (
    Detection,
    FrameBudget,
    Pixels,
    Prompt,
    SoundWindow,
    Spotted,
    TextLine,
    Utterance,
    Voiced,
)
from vidagent.tools.screen_text import FakeReader
from vidagent.tools.seeker import PictureSeeker

LENGTH_S = 60.0
BEEPS = [(20.0, 22.0, LOW_HZ), (40.0, 50.0, HIGH_HZ)]
Rows = list[dict[str, Any]]
Change = Callable[[Rows], object]


@dataclass
class Models:
    """What a run may be answered by."""

    reader: ScriptedModel | None = None
    is_untrained: bool = False
    searching: Searching = SEARCHING
    meaning: Any = None
    pictures: Any = None
    sounds: Any = None
    spotter: Any = None
    text_reader: Any = None
    recognizer: Any = None


def recorded(memory: Memory, asked: Asked, folder: Path, models: Models | None = None) -> tuple[Answer, Path]:
    """The answer to a question, asked as the command does it, and its trace."""
    m = models or Models()
    with traced(folder) as trace:
        recorder = Recorder(trace)
        texts, sounds = recorder.texts(m.meaning), recorder.sounds(m.sounds)
        pictures, spotter = recorder.pictures(m.pictures), recorder.spotter(m.spotter)
        if pictures:
            PictureMeaning(memory.library, pictures).learn(memory.video)
        meaning = Meaning(memory.library, texts) if texts else None
        if meaning:
            meaning.learn()
        hearing = SoundMeaning(memory.library, sounds) if sounds else None
        if hearing:
            hearing.learn(memory.video)
        memory = recorder.begin(memory, asked)
        reader = m.reader and recorder.viewer(
            m.reader, lambda model: FrameBudget(6, 1 << 20), lambda _: m.is_untrained, m.searching
        )
        answer = ask(
            memory, asked.text, asked.options, asked.min_confidence, asked.within, meaning=meaning,
            session=recorder.session(memory, asked.session), pictures=pictures, sounds=hearing, spotter=spotter,
            text_reader=recorder.text_reader(m.text_reader), recognizer=recorder.recognizer(m.recognizer),
            viewer=reader, trace=recorder,
        )  # fmt: skip
    return answer, max(folder.glob("*.jsonl"))


def bytes_of(answer: Answer | None) -> str:
    assert answer is not None
    return json.dumps(answer.to_json())


def assert_same(answer: Answer, trace: Path, library: Library) -> Replay:
    again = replay(read_run(trace), library)
    assert again.difference == ""
    assert bytes_of(again.answer) == bytes_of(answer)
    return again


def changed(trace: Path, change: Change) -> Run:
    """The run, after somebody has been at its trace."""
    rows: Rows = [json.loads(line) for line in trace.read_text().splitlines()]
    change(rows)
    trace.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_run(trace)


def calls(rows: Rows, role: str, method: str) -> Rows:
    found = [row for row in rows if (row.get("role"), row.get("method")) == (role, method)]
    assert found
    return found


def sure(prompt: Prompt, answers: Sequence[str]) -> list[float]:
    return [0.7, *[0.3 / (len(answers) - 1)] * (len(answers) - 1)]


def cites(prompt: Prompt) -> str:
    return f"It is a number [{prompt.times_s[0]}]." if prompt.times_s else "Nothing [00:02]."


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A numbered picture a second, with a bell and applause in its sound."""
    path = tmp_path_factory.mktemp("clip") / "numbers.mov"
    return make_clip(
        path,
        steady(int(LENGTH_S), 0.0, 1.0),
        numbered(),
        sound=heard(LENGTH_S, BEEPS),
        sound_codec="pcm_s16le",
    )


@pytest.fixture(scope="module")
def remembered(clip: Path) -> Path:
    path = clip.with_name("library.db")
    with Library(path) as library:
        ingest(library, clip, embedded(read_text=False, hear_speech=False))
    return path


@pytest.fixture
def film(clip: Path, remembered: Path, tmp_path: Path) -> Iterator[Memory]:
    """The clip in a place where it can be deleted."""
    with Library(Path(shutil.copy(remembered, tmp_path / "library.db"))) as library:
        file = Path(shutil.copy2(clip, tmp_path / "numbers.mov"))
        with library.transaction() as connection:
            connection.execute("UPDATE media SET path = ?", (str(file),))
        video = library.videos()[0]
        yield FilmedMemory(library, video, Decoder(file))


@pytest.fixture(scope="module")
def painted(clip: Path, remembered: Path) -> str:
    """The trace of a run in which a model looked at the clip and answered."""
    with Library(remembered) as library:
        memory = FilmedMemory(library, library.videos()[0], Decoder(clip))
        model = Models(ScriptedModel(cites, sure))
        _, trace = recorded(memory, Asked("What is painted there?"), clip.with_name("runs"), model)
    return trace.read_text()


@pytest.fixture
def trace(painted: str, tmp_path: Path) -> Path:
    """The same in a file that may be altered."""
    path = tmp_path / "run.jsonl"
    path.write_text(painted)
    return path


@pytest.fixture
def island(tmp_path: Path) -> Iterator[Memory]:
    memory = island_of(tmp_path / "library.db")
    yield memory
    memory.library.close()


@pytest.mark.parametrize(
    "asked",
    [
        Asked("When does the ferry leave?"),
        Asked("When does the helicopter land?"),
        Asked("What hit the tower?", ("a ship", "lightning"), 0.99),
        Asked("When does the title NORTH HARBOR appear?", within=Span(68.0 + 1 / 3, 240.0)),
        Asked("What does the whale do with the ferry?", min_confidence=0.0),
    ],
    ids=lambda asked: asked.text,
)
def test_what_the_memory_answers_comes_out_again(island: Memory, tmp_path: Path, asked: Asked) -> None:
    answer, trace = recorded(island, asked, tmp_path / "runs")
    assert assert_same(answer, trace, island.library).within == asked.within


def test_a_moved_and_renamed_file_makes_no_difference(film: Memory, tmp_path: Path) -> None:
    gone = film.video.path.rename(tmp_path / "kept.mov")
    answer, trace = recorded(
        film, Asked("What is painted there?"), tmp_path / "runs", Models(ScriptedModel(cites, sure))
    )
    assert any("numbers.mov is gone" in note for note in answer.notes)
    with film.library.transaction() as connection:
        connection.execute("UPDATE media SET path = ?, title = 'kept', mtime_ns = 1", (str(gone),))
    again = assert_same(answer, trace, film.library).answer
    assert again is not None and again.video.title == "numbers"


def test_what_a_model_saw_comes_out_again_without_model_and_file(film: Memory, tmp_path: Path) -> None:
    model = ScriptedModel(cites, sure)
    answer, trace = recorded(film, Asked("What is painted there?"), tmp_path / "runs", Models(model))
    assert answer.reader == "scripted" and model.prompts
    n_prompts = len(model.prompts)
    film.video.path.unlink()
    assert_same(answer, trace, film.library)
    assert len(model.prompts) == n_prompts


def test_a_file_that_was_gone_is_gone_in_the_replay(film: Memory, tmp_path: Path) -> None:
    kept = film.video.path.rename(tmp_path / "kept.mov")
    answer, trace = recorded(
        film, Asked("What is painted there?"), tmp_path / "runs", Models(ScriptedModel(cites, sure))
    )
    assert any(f"{film.video.path} is gone" in note for note in answer.notes)
    kept.rename(film.video.path)
    assert_same(answer, trace, film.library)


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel(cites),
        ScriptedModel(lambda prompt: "not found", sure),
        ScriptedModel(lambda prompt: "B", sure, FrameBudget(3, 1 << 16), "another"),
    ],
)
@pytest.mark.parametrize(("options", "is_untrained"), [((), True), (("a cat", "a number"), False)])
def test_whatever_the_model_says_comes_out_again(
    film: Memory, tmp_path: Path, model: ScriptedModel, options: tuple[str, ...], is_untrained: bool
) -> None:
    asked = Asked("What is painted there?", options, within=Span(3.0, 30.0))
    answer, trace = recorded(film, asked, tmp_path / "runs", Models(model, is_untrained))
    assert_same(answer, trace, film.library)


def test_a_model_that_failed_fails_again(film: Memory, tmp_path: Path) -> None:
    def fail(prompt: Prompt) -> str:
        raise ModelError("http://127.0.0.1:1/v1: the server broke off")

    with pytest.raises(ModelError):
        recorded(film, Asked("What is it?"), tmp_path / "runs", Models(ScriptedModel(fail)))
    again = replay(read_run(next((tmp_path / "runs").iterdir())), film.library)
    assert (again.answer, again.difference) == (None, "")
    assert again.error == "http://127.0.0.1:1/v1: the server broke off"


def test_vectors_of_texts_are_given_again_to_the_last_bit(island: Memory, tmp_path: Path) -> None:
    asked = Asked("How did the beacon come to be out of order?")
    with_it, trace = recorded(island, asked, tmp_path / "runs", Models(meaning=Letters()))
    assert calls(lines(trace), "texts", "embed_query")
    assert_same(with_it, trace, island.library)


def test_likelihoods_of_pictures_are_given_again(film: Memory, tmp_path: Path) -> None:
    asked = Asked("When is a white wall seen?")
    answer, trace = recorded(
        film, asked, tmp_path / "runs", Models(ScriptedModel(cites, sure), pictures=Colours())
    )
    # The question's own words are looked for more than once, and a caption besides.
    asked_for = [
        call for call in calls(lines(trace), "pictures", "likelihoods") if call["about"] == asked.text
    ]
    first, *others = asked_for
    assert "base64" in first["gave"] and others
    assert all(call["gave"] == AS_BEFORE for call in others)
    assert_same(answer, trace, film.library)


def test_what_a_model_of_sound_makes_of_words_is_given_again(film: Memory, tmp_path: Path) -> None:
    asked = Asked("When is a bell heard?")
    answer, trace = recorded(film, asked, tmp_path / "runs", Models(sounds=Pitches()))
    assert not answer.abstained and answer.moments[0].source == "sound"
    film.video.path.unlink()
    assert_same(answer, trace, film.library)


def test_what_a_spotter_heard_is_given_again(remember: Rememberer, tmp_path: Path) -> None:
    asked = Asked('When does she say "copper wire" for the lamp?')
    memory = remember(
        texts=[(1.0, 5.0, "she repairs the lamp with popcorn")],
        shown=[(20.0, 24.0, "A wire for the lamp")],
        trust=0.3,
    )
    answer, trace = recorded(memory, asked, tmp_path / "runs", Models(spotter=Ears(Span(21.25, 22.125))))
    assert "perhaps: copper wire" in [moment.quote for moment in answer.moments]
    memory.video.path.unlink()
    assert_same(answer, trace, memory.library)


def test_what_a_detector_found_is_given_again(film: Memory, tmp_path: Path) -> None:
    searching = Searching("tstar", detector=Eyes())
    answer, trace = recorded(
        film,
        Asked("Where is the cat?"),
        tmp_path / "runs",
        Models(ScriptedModel(cites, sure), False, searching),
    )
    assert calls(lines(trace), "detector", "detect")
    film.video.path.unlink()
    assert_same(answer, trace, film.library)


def test_what_was_done_on_the_way_is_given_again(film: Memory, tmp_path: Path) -> None:
    orders = [
        '{"act": "look", "from": "0:10", "to": "0:14"}',
        '{"act": "read", "from": "0:10", "to": "0:12"}',
        '{"act": "hear", "from": "0:19", "to": "0:23"}',
        '{"act": "compare", "spans": [{"from": 5, "to": 6}, {"from": 50, "to": 51}]}',
        '{"act": "detect", "words": ["a cat"], "from": "0:30", "to": "0:40"}',
        '{"act": "recall", "words": ["a number"]}',
        '{"act": "answer"}',
    ]
    given_ = iter(orders)

    def script(prompt: Prompt) -> str:
        return next(given_) if '"act"' in prompt.system else "not found"

    models = Models(
        ScriptedModel(
            script, lambda prompt, answers: [0.2, *[0.8 / (len(answers) - 1)] * (len(answers) - 1)]
        ),
        searching=Searching(detector=Eyes()),
        text_reader=Maker("fake", lambda: FakeReader([TextLine("KEEP OUT", (0.1, 0.1, 0.9, 0.3), 0.9)])),
        recognizer=Maker("clerk", Clerk),
    )
    answer, trace = recorded(film, Asked("What is behind the stone?"), tmp_path / "runs", models)
    acts = [row for row in lines(trace) if row["step"] == "act"]
    assert [row["act"] for row in acts] == ["look", "read", "hear", "compare", "detect", "recall"]
    assert any("KEEP OUT" in text for row in acts for text in row["texts"])
    assert [text[3] for text in acts[2]["texts"]] == ["a beep"]
    assert acts[4]["found"] and calls(lines(trace), "recognizer", "listen")
    film.video.path.unlink()
    assert_same(answer, trace, film.library)


def test_a_second_look_without_a_video_llm_is_given_again(film: Memory, tmp_path: Path) -> None:
    reader = Maker("fake", lambda: FakeReader([TextLine("KEEP OUT", (0.1, 0.1, 0.9, 0.3), 0.9)]))
    asked = Asked('When does "KEEP OUT" appear on screen?', within=Span(10.0, 20.0))
    answer, trace = recorded(film, asked, tmp_path / "runs", Models(text_reader=reader))
    assert not answer.abstained and answer.moments[0].quote == "KEEP OUT"
    assert 10.0 <= answer.moments[0].span.start_s < answer.moments[0].span.end_s <= 20.0
    film.video.path.unlink()
    assert_same(answer, trace, film.library)


def test_the_clock_goes_as_it_went(film: Memory, tmp_path: Path) -> None:
    def slow(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        time.sleep(0.05)
        return sure(prompt, answers)

    searching = Searching("spotlight", Budget(seconds=0.12, calls=99, frames=999))
    answer, trace = recorded(
        film,
        Asked("What is painted there?"),
        tmp_path / "runs",
        Models(ScriptedModel(cites, slow), False, searching),
    )
    assert any("ended at its budget" in note for note in answer.notes)
    assert_same(answer, trace, film.library)


def test_a_session_is_as_it_was_before_the_question_and_is_left_alone(island: Memory, tmp_path: Path) -> None:
    def state() -> list[list[tuple[object, ...]]]:
        tables = ("session", "session_event", "session_citation")
        return [island.library.rows(f"SELECT * FROM {table}") for table in tables]

    recorded(island, Asked("When does the ferry leave?", session="a"), tmp_path / "runs")
    asked = Asked("And what is said right after that?", session="a")
    answer, trace = recorded(island, asked, tmp_path / "runs")
    assert answer.text == "Three boats are out in the morning."
    recorded(island, Asked("When does the storm come?", session="a"), tmp_path / "others")
    before = state()
    assert all(before)
    assert_same(answer, trace, island.library)
    assert state() == before


def test_what_later_models_make_of_the_video_makes_no_difference(film: Memory, tmp_path: Path) -> None:
    answer, trace = recorded(film, Asked("When is a bell heard?"), tmp_path / "runs")
    SoundMeaning(film.library, Pitches()).learn(film.video)
    assert len(film.coverage()) > len(answer.coverage)
    assert_same(answer, trace, film.library)


def test_a_video_that_is_forgotten_or_changed_is_told(island: Memory, tmp_path: Path) -> None:
    _, trace = recorded(island, Asked("When does the ferry leave?"), tmp_path / "runs")
    with island.library.transaction() as connection:
        connection.execute("UPDATE text SET trust = 0.5 WHERE body LIKE 'The ferry%'")
    with pytest.raises(UnknownVideoError, match="island is not what it was"):
        replay(read_run(trace), island.library)
    island.library.remove(island.video)
    with pytest.raises(UnknownVideoError, match="is not remembered in"):
        replay(read_run(trace), island.library)


def test_another_reply_gives_another_answer_which_is_told(film: Memory, trace: Path) -> None:

    def other(rows: Rows) -> None:
        for row in calls(rows, "reader", "probabilities"):
            row["gave"] = [0.51, 0.49]

    again = replay(changed(trace, other), film.library)
    assert again.answer is not None and again.answer.confidence == 0.51
    assert "comes to something else now: confidence was 0.7, is 0.51" in again.difference
    assert "\n" not in again.difference


def test_another_question_than_in_the_run_is_told_with_its_line(film: Memory, trace: Path) -> None:
    line = next(n for n, row in enumerate(lines(trace), 1) if row.get("method") == "stream")

    def other(rows: Rows) -> None:
        question(rows)["text"] = "What is written there?"

    with pytest.raises(ReplayError, match=f"line {line} of the trace: the reader is asked otherwise"):
        replay(changed(trace, other), film.library)


def question(rows: Rows) -> dict[str, Any]:
    asked: dict[str, Any] = next(row for row in rows if row["step"] == "question")["asked"]
    return asked


def lines(trace: Path) -> Rows:
    return [json.loads(line) for line in trace.read_text().splitlines()]


def _without_calls(rows: Rows) -> None:
    rows[:] = [row for row in rows if row.get("method") != "stream"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: next(r for r in rows if r["step"] == "question").pop("asked"), "of an older form"),
        (lambda rows: question(rows).update(form=99), "of another form"),
        (lambda rows: question(rows).update(text=7), "the question cannot be read"),
        (lambda rows: question(rows).update(within=[5, 1]), "the question cannot be read"),
        (lambda rows: question(rows).pop("options"), "the question cannot be read"),
        (lambda rows: question(rows)["models"].update(reader=[]), "how pictures were searched cannot be read"),
        (lambda rows: rows.pop(), "broken off before its answer"),
        (lambda rows: rows.clear(), "before its question was understood"),
        (_without_calls, "the reader is asked otherwise now than in the run \\(stream, not probabilities\\)"),
        (lambda rows: calls(rows, "reader", "stream")[0].update(gave=[1]), "what the reader gave cannot be read"),
        (lambda rows: calls(rows, "reader", "probabilities")[0].update(gave=[1.0]), "cannot be read"),
        (lambda rows: calls(rows, "reader", "probabilities")[0].update(gave=[-7, 8]), "cannot be read"),
        (lambda rows: calls(rows, "reader", "measured")[0].update(gave={"n_frames": -1}), "cannot be read"),
        (lambda rows: calls(rows, "file", "at_each")[0].update(gave=[[0, 0, 1 << 40, 9]]), "the file gave cannot"),
        (lambda rows: calls(rows, "file", "at_each")[0].update(gave=[["/etc/passwd", 0]]), "the file gave cannot"),
    ],
)  # fmt: skip
def test_a_trace_that_is_damaged_old_or_hostile_ends_in_one_line(
    film: Memory, trace: Path, change: Change, said: str
) -> None:
    with pytest.raises(ReplayError, match=said) as told:
        replay(changed(trace, change), film.library)
    assert "\n" not in str(told.value)


ODD = st.sampled_from([None, True, -1, 1e308, float("nan"), 1 << 70, "", "x", [], [[]], {}, {"kind": "<f4"}])


def places(value: Any, *above: Any) -> list[tuple[Any, ...]]:
    """Where something stands in a value of JSON."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [above, *(place for key in keys for place in places(value[key], *above, key))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), ODD)
def test_whatever_stands_in_a_trace_it_ends_in_a_line_of_ours(
    film: Memory, trace: Path, painted: str, chance: random.Random, odd: object
) -> None:
    trace.write_text(painted)

    def put(rows: Rows) -> None:
        *above, last = chance.choice([place for place in places(rows) if place])
        holder: Any = rows
        for key in above:
            holder = holder[key]
        holder[last] = odd

    try:
        replay(changed(trace, put), film.library)
    except VidagentError as error:
        assert "\n" not in str(error)


def test_a_trace_names_no_path_that_is_read(film: Memory, tmp_path: Path) -> None:
    _, trace = recorded(film, Asked("When is a bell heard?"), tmp_path / "runs")
    fifo = tmp_path / "fifo"

    def other(rows: Rows) -> None:
        rows[-1]["video"]["path"] = str(fifo)

    # Whoever opened it would wait for ever.
    os.mkfifo(fifo)
    again = replay(changed(trace, other), film.library)
    assert again.answer is not None and again.difference == ""


def test_an_error_of_a_trace_is_one_of_ours(film: Memory, trace: Path) -> None:

    def other(rows: Rows) -> None:
        calls(rows, "reader", "stream")[0]["error"] = {"kind": "SystemExit", "text": "bye"}

    again = replay(changed(trace, other), film.library)
    assert (again.answer, again.error) == (None, "bye")
    assert "kind was null, is" in again.difference and VidagentError.__name__ in again.difference


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8", ">f4"])
def test_numbers_are_kept_exactly(kind: str) -> None:
    numbers = np.random.default_rng(5).normal(size=(3, 7)).astype(kind)
    row = json.loads(json.dumps(packed(numbers)))
    back = unpacked(row, (3, 7))
    assert np.array_equal(back, numbers) and back.dtype.itemsize == numbers.dtype.itemsize
    for bad in (
        None,
        [],
        {**row, "kind": "O"},
        {**row, "base64": "?"},
        {**row, "base64": row["base64"][:-8]},
    ):
        with pytest.raises(ValueError):
            unpacked(bad, (3, 7))
    with pytest.raises(ValueError, match="no numbers of shape"):
        unpacked(row, (7, 3))
    with pytest.raises(ValueError, match="not finite"):
        unpacked(packed(np.array([np.nan], np.float32)), (1,))


@dataclass
class Decoder:
    """Reads pictures in this process, which is quicker than in one of its own."""

    path: Path

    def at_each(self, times_s: Sequence[float]) -> Iterator[tuple[float, Picture]]:
        with PictureSeeker(self.path) as seeker:
            yield from seeker.at_each(times_s)


class Colours(AppearanceEmbedder):
    """The embedded colours, as a model that came later."""

    name = "colours"


class Letters:
    """A model of texts that goes by the letters in them."""

    name, dimension = "letters", 32

    def embed_passages(self, texts: Sequence[str]) -> Any:
        rows = np.array([[text.lower().count(chr(97 + i % 26)) + 0.1 for i in range(32)] for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def embed_query(self, text: str) -> Any:
        return self.embed_passages([text])[0]


@dataclass
class Ears:
    """A spotter that has listened already."""

    span: Span
    name: str = "ears"

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        if sound != ():
            yield from (Spotted(phrase, self.span, 0.3) for phrase in phrases)


class Clerk:
    """A recogniser that writes down one thing wherever it listens."""

    name = "clerk"

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        for window in sound:
            span = Span(window.start_s + 1.0, window.start_s + 3.0)
            yield Voiced(span, (Utterance(span, "a beep", 0.4),))


class Eyes:
    """A detector that finds a cat where the picture is brightest."""

    name = "eyes"

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        return [[Detection(targets[0], (0.0, 0.0, 1.0, 1.0), float(i.mean()) / 255)] for i in images]
