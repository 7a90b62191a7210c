"""The token ids and the pixels that reach a model hold every picture once, in order, directly behind its own second."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from tiny_video_llms import FAMILIES, make

from vidagent.tools.clock import parse_time
from vidagent.tools.models.chat_prompt import content, stamp, stamped
from vidagent.tools.models.device import Device
from vidagent.tools.models.video_llm import TransformersVideoModel
from vidagent.tools.roles import Prompt, StampedFrame

IRREGULAR_S = (0.0, 3.2, 47.9, 3601.5)
TOWERS = ("visual", "vision_tower", "vision_model")
STAMPS = ["[00:00.0]", "[00:03.2]", "[00:47.9]", "[1:00:01.5]"]
# What a family's own template and processor write between a stamp and the tokens of its picture.
OPENINGS = {
    "internvl": "<img>",
    "llava_onevision": "",
    "qwen2_5_vl": "<|vision_start|>",
    "qwen3_vl": "<|vision_start|>",
    "smolvlm": "<fake_token_around_image><global-img>",
}


class Told:
    """What reached a model, and the tower in it that sees, for the first token of a reply."""

    def __init__(self, model: TransformersVideoModel) -> None:
        self._chat = model._chat
        self._model = model
        self.ids = torch.zeros(0)
        self.pixels = torch.zeros(0)
        towers = [part for name, part in self._chat.model.named_modules() if name.split(".")[-1] in TOWERS]
        watched = [(self._chat.model, self._note), *((tower, self._look) for tower in towers)]
        self._hooks = [part.register_forward_pre_hook(note, with_kwargs=True) for part, note in watched]

    def _note(self, _: object, __: object, given: dict[str, Any]) -> None:
        self.ids = given["input_ids"][0]

    def _look(self, _: object, seen: tuple[Any, ...], given: dict[str, Any]) -> None:
        self.pixels = seen[0] if seen else given["pixel_values"]

    def ask(self, prompt: Prompt) -> Told:
        """Let the model reply with one token."""
        list(self._model.stream(prompt, 1))
        for hook in self._hooks:
            hook.remove()
        return self

    @property
    def text(self) -> str:
        """The token ids that it was given, as text with all placeholders."""
        return str(self._chat.tokenizer.decode(self.ids))

    @property
    def shown(self) -> list[tuple[str, int]]:
        """What stands before each picture, and how many tokens the picture has."""
        token = self._chat.processor.image_token
        runs = re.finditer(
            "((?:(?!TOKEN).)*)((?:TOKEN)+)".replace("TOKEN", re.escape(token)), self.text, re.S
        )
        return [(run[1], len(run[2]) // len(token)) for run in runs]

    @property
    def brightness(self) -> list[float]:
        """The mean of each picture's pixels, as many of all, in the order that they were seen in."""
        return [float(part.mean()) for part in self.pixels.reshape(len(self.shown), -1)]


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(family: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersVideoModel]:
    torch.set_num_threads(1)
    yield TransformersVideoModel(make(family, tmp_path_factory.mktemp("tiny") / family), Device("cpu"))


def frames(times_s: Sequence[float], greys: Sequence[int] = (), size: int = 28) -> list[StampedFrame]:
    """Grey pictures at given seconds."""
    shades = greys or [(37 * number) % 256 for number in range(len(times_s))]
    pictures = (np.full((size, size, 3), shade, np.uint8) for shade in shades)
    return [StampedFrame(time_s, picture) for time_s, picture in zip(times_s, pictures, strict=True)]


def test_exactly_these_times_stand_directly_before_these_pictures(
    family: str, model: TransformersVideoModel
) -> None:
    greys = (200, 20, 120, 60)
    told = Told(model).ask(Prompt(("Watch.", *frames(IRREGULAR_S, greys), "When does it rain?")))
    befores = [before for before, _ in told.shown]
    assert len(befores) == len(IRREGULAR_S)
    for before, written in zip(befores, STAMPS, strict=True):
        assert before.endswith(f"\n{written}{OPENINGS[family]}")
        assert re.findall(r"\[[\d:.]+\]", before) == [written]
    assert np.argsort(told.brightness).tolist() == np.argsort(greys).tolist()
    assert "When does it rain?" in told.text.rpartition(STAMPS[-1])[2]


@pytest.mark.parametrize("n_frames", [1, 2, 7, 256])
def test_any_number_of_pictures_keeps_its_times(model: TransformersVideoModel, n_frames: int) -> None:
    times_s = [0.4 + 61.7 * number for number in range(n_frames)]
    greys = [number * 83 % n_frames for number in range(n_frames)]
    told = Told(model).ask(Prompt((*frames(times_s, greys), "What is this?")))
    written = [re.findall(r"\[([\d:.]+)\]", before) for before, _ in told.shown]
    assert [[parse_time(time) for time in some] for some in written] == [[pytest.approx(t)] for t in times_s]
    assert len({n_tokens for _, n_tokens in told.shown}) == 1
    assert np.argsort(told.brightness).tolist() == np.argsort(greys).tolist()


def test_no_picture_is_cut_into_tiles(family: str, model: TransformersVideoModel) -> None:
    wide = [StampedFrame(time_s, np.full((90, 200, 3), 99, np.uint8)) for time_s in (1.0, 2.0)]
    n_tokens = [n for _, n in Told(model).ask(Prompt((*wide, "Who?"))).shown]
    n_in_full = {"qwen2_5_vl": 3 * 7, "qwen3_vl": 3 * 6}
    # The four of the whole picture and one that ends a line, in LLaVA-OneVision.
    assert n_tokens == [n_in_full.get(family, 5 if family == "llava_onevision" else 1)] * 2


def test_text_between_pictures_stays_between_them(model: TransformersVideoModel) -> None:
    first, second = frames((10.0, 20.0))
    told = Told(model).ask(Prompt(("Seen:", first, "she says hello", second, "Who?")))
    before_first, before_second = (before for before, _ in told.shown)
    assert "hello" not in before_first
    assert re.search(r"she says hello\n\[00:20\.0\]", before_second)


def test_rules_stand_before_all_and_apart(model: TransformersVideoModel) -> None:
    told = Told(model).ask(Prompt((*frames((1.0,)), "Who?"), system="Cite seconds."))
    rules, _, rest = told.text.partition("Cite seconds.")
    assert rest and "[00:01.0]" not in rules
    assert re.search("system", rules, re.I) and re.search("user", rest, re.I)


def test_what_a_video_shows_cannot_pass_for_a_picture_or_for_somebody_else(
    model: TransformersVideoModel,
) -> None:
    tokens = model._chat._control
    harmless = Told(model).ask(Prompt((*frames((1.0, 2.0)), "He shows it.")))
    harmful = Told(model).ask(Prompt((*frames((1.0, 2.0)), f"He shows {''.join(tokens)} it.")))
    special = torch.tensor([model._chat.tokenizer.convert_tokens_to_ids(token) for token in tokens])
    counts = [torch.isin(told.ids, special).sum() for told in (harmless, harmful)]
    assert counts[0] == counts[1] > 0
    assert len(harmful.shown) == 2


def test_pictures_minutes_apart_never_share_a_stamp() -> None:
    times_s = [60.0 * number + 0.04 for number in range(60 * 12)]
    assert len({stamp(time_s) for time_s in times_s}) == len(times_s)


@pytest.mark.parametrize(
    ("time_s", "written"),
    [(0.0, "[00:00.0]"), (59.96, "[01:00.0]"), (3599.97, "[1:00:00.0]"), (45296.789, "[12:34:56.8]")],
)
def test_a_stamp_is_rounded_to_tenths_with_its_carry(time_s: float, written: str) -> None:
    assert stamp(time_s) == written


def test_each_stamp_begins_a_line_and_texts_are_left_as_they_are() -> None:
    first, second = frames((1.0, 62.5))
    prompt = Prompt((first, second, "One,", " two.\n", first, "\nWho?"))
    texts = [part for part in stamped(prompt) if isinstance(part, str)]
    assert texts == ["[00:01.0]", "\n[01:02.5]", "\nOne, two.\n[00:01.0]", "\n\nWho?"]
    assert stamped(Prompt(())) == []


def test_a_server_is_shown_the_same_stamps() -> None:
    parts = content(Prompt((*frames(IRREGULAR_S), "When?")), lambda frame: {"at": frame.time_s})
    texts = [part["text"].strip() for part in parts if "text" in part]
    assert texts == [*STAMPS, "When?"]
    assert [part["at"] for part in parts[1::2]] == list(IRREGULAR_S)
