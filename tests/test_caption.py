"""Pictures are found by what would be seen in them, as a video LLM describes it, and not by the question alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from clips import make_clip, solid, steady

from vidagent.agent.caption import N_WORDS_MAX, caption_of
from vidagent.agent.footage import FilmedMemory
from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.agent.searching import Searching
from vidagent.agent.viewer import Viewer
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.picture_meaning import PictureMeaning
from vidagent.tools.engines import embedded
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Pixels, Prompt, Vectors
from vidagent.tools.seeker import PictureSeeker

QUESTION = understand("How old is the keeper of the tower?", 60.0)
CAPTION = "A crimson wall fills the picture."
RED, GREY = (210, 20, 20), (120, 120, 120)


class Knowing:
    """A model of pictures that knows what crimson is, and nothing else."""

    name, dimension = "knowing", 3

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        means = np.array([image.reshape(-1, 3).mean(axis=0) for image in images], np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def embed_text(self, text: str) -> Vectors | None:
        return np.array([1, 0, 0], np.float32) if "crimson" in text.lower() else None

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        vector = self.embed_text(text)
        zeros = np.zeros(len(vectors), np.float32)
        return zeros if vector is None else np.where(vectors @ vector > 0.9, 0.8, 0.0).astype(np.float32)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Sixty grey seconds, of which those from 40 to 44 are crimson."""
    folder = tmp_path_factory.mktemp("film")

    def paint(number: int) -> Pixels:
        return solid(RED if 40 <= number < 44 else GREY)(number)

    clip = make_clip(folder / "film.mkv", steady(60, 0.0, 1.0), paint)
    with Library(folder / "library.db") as library, PictureSeeker(clip) as seeker:
        video = ingest(library, clip, embedded(read_text=False)).video
        PictureMeaning(library, Knowing()).learn(video)
        yield FilmedMemory(library, video, seeker)


def model(caption: str) -> ScriptedModel:
    def script(prompt: Prompt) -> str:
        return caption if "describe what a picture" in prompt.system else "not found"

    return ScriptedModel(script, lambda prompt, answers: [0.2, 0.8], FrameBudget(4, 1 << 12))


def shown_for(memory: Memory, caption: str, is_untrained: bool = False) -> tuple[list[float], ScriptedModel]:
    """Seconds of the pictures that the model was shown for its answer."""
    asked = model(caption)
    viewer = Viewer(asked, trial=lambda _: is_untrained, searching=Searching("tass"))
    ask(memory, QUESTION.text, pictures=Knowing(), viewer=viewer)
    answering = [prompt for prompt in asked.prompts if "cite" in prompt.system]
    return list(answering[0].times_s), asked


def test_pictures_are_found_by_the_caption(memory: Memory) -> None:
    assert any(40 <= time_s < 44 for time_s in shown_for(memory, CAPTION)[0])
    assert not all(38 <= time_s < 46 for time_s in shown_for(memory, "A green meadow.")[0])


def test_an_untrained_model_is_not_asked(memory: Memory) -> None:
    _, asked = shown_for(memory, CAPTION, is_untrained=True)
    assert not any("describe what a picture" in prompt.system for prompt in asked.prompts)


@pytest.mark.parametrize(
    ("reply", "caption"),
    [
        (CAPTION, CAPTION), (f'"{CAPTION}"', CAPTION), (f"\n\n{CAPTION}\nI hope this helps!", CAPTION),
        ("", ""), ("…", ""), ("Wall", ""), ("word " * 200, ""), ("two words " * 20, " ".join(["two words"] * 15)),
    ],
)  # fmt: skip
def test_a_caption_is_one_bounded_line(reply: str, caption: str) -> None:
    found = caption_of(QUESTION, ScriptedModel(lambda prompt: reply))
    assert found == caption and len(found.split()) <= N_WORDS_MAX


def test_the_model_is_shown_nothing_but_the_question() -> None:
    asked = model(CAPTION)
    caption_of(QUESTION, asked)
    assert asked.prompts[0].parts == ('Question: "How old is the keeper of the tower?"',)
