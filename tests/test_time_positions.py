"""Positions that tell Qwen2.5-VL the time: DATE's own numbers, what reaches the model, and where it is refused."""

from __future__ import annotations

import inspect
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny_video_llms import make

from vidagent.tools.models import time_positions as time_positions_module
from vidagent.tools.models.device import Device
from vidagent.tools.models.time_positions import Shown, layout_of, time_positions
from vidagent.tools.models.video_llm import TransformersVideoModel
from vidagent.tools.roles import Prompt, StampedFrame

CASES = json.loads((Path(__file__).parent / "golden" / "date_tim_positions.json").read_text("utf-8"))["cases"]
IMAGE, END, START, WORD = 90, 91, 92, 1


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return make("qwen2_5_vl", tmp_path_factory.mktemp("tiny") / "qwen")


def prompt(times_s: tuple[float, ...] = (0.0, 3.2, 3601.5)) -> Prompt:
    """Grey pictures, two tokens high and three wide, between words."""
    frames = (StampedFrame(time_s, np.full((56, 84, 3), 99, np.uint8)) for time_s in times_s)
    return Prompt(("Watch.", *frames, "When?"))


def given(model: TransformersVideoModel, n_tokens: int = 3) -> list[dict[str, Any]]:
    """What the model is given for each token of a reply."""
    steps: list[dict[str, Any]] = []

    def note(_: object, __: object, inputs: dict[str, Any]) -> None:
        steps.append({name: inputs[name].clone() for name in ("input_ids", "position_ids")})

    list(model.stream(Prompt(("Loaded?",)), 1))
    hook = model._chat.model.register_forward_pre_hook(note, with_kwargs=True)
    list(model.stream(prompt(), n_tokens))
    hook.remove()
    return steps


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_rows_and_delta_are_those_of_the_reference(case: dict[str, Any]) -> None:
    block = tuple(Shown(*case["merged_grid"], n_tokens) for n_tokens in case["stamp_tokens"])
    rows, delta = time_positions([case["text_tokens_before_vision_start"] + 1, block, case["tail_tokens"]])
    assert rows.tolist() == [case["T"], case["H"], case["W"]]
    assert delta == case["delta"]


def test_text_alone_is_counted_on() -> None:
    rows, delta = time_positions([2, 3])
    assert rows.tolist() == [[0, 1, 2, 3, 4]] * 3 and delta == 0
    assert time_positions([])[0].shape == (3, 0)


def test_an_odd_number_of_pictures_has_a_time_for_each() -> None:
    rows, _ = time_positions([1, (Shown(1, 2, 2),) * 5, 1])
    times = rows[0, 1:-1].reshape(5, 4)
    assert times.tolist() == [[1 + 3 * n, 1 + 3 * n, 2 + 3 * n, 3 + 3 * n] for n in range(4)] + [
        [13, 13, 14, 15]
    ]


def test_a_second_block_begins_anew_after_the_first() -> None:
    block = (Shown(2, 2, 1), Shown(2, 2, 1))
    rows, delta = time_positions([1, block, 2, block, 1])
    assert rows[:, 13].tolist() == [7, 7, 7] and rows[:, 16].tolist() == [7, 8, 8]
    assert rows[0].max() == rows.max() == rows[0, -1]
    assert delta == rows.max() + 1 - rows.shape[1] < 0


def test_blocks_are_found_among_token_ids() -> None:
    ids = [
        WORD,
        START,
        *[IMAGE] * 6,
        WORD,
        WORD,
        *[IMAGE] * 2,
        WORD,
        END,
        WORD,
        START,
        IMAGE,
        WORD,
        END,
        WORD,
    ]
    grids = [(2, 3), (1, 2), (1, 1)]
    first, second = (Shown(2, 3, 2), Shown(1, 2, 1)), (Shown(1, 1, 1),)
    assert layout_of(ids, grids, IMAGE, END) == [2, first, 3, second, 2]
    assert layout_of([WORD] * 4, [], IMAGE, END) == [4]


@pytest.mark.parametrize(
    ("ids", "grids"),
    [
        ([START, IMAGE, IMAGE, WORD, END], [(1, 3)]),
        ([START, IMAGE, IMAGE, WORD, END], [(1, 2), (1, 2)]),
        ([START, IMAGE, IMAGE, WORD, END], []),
        ([START, IMAGE, IMAGE, WORD], [(1, 2)]),
    ],
)
def test_pictures_that_do_not_fit_their_grids_are_refused(
    ids: list[int], grids: list[tuple[int, int]]
) -> None:
    with pytest.raises(ValueError, match=r"grids|does not end"):
        layout_of(ids, grids, IMAGE, END)


def test_the_option_changes_what_reaches_the_model_and_goes_on_from_it(qwen: Path) -> None:
    timed = TransformersVideoModel(qwen, Device("cpu"), times_in_positions=True)
    steps = given(timed)
    ids = steps[0]["input_ids"][0].tolist()
    text = timed._chat.tokenizer.decode(ids)
    picture = "<|image_pad|>" * 6
    assert f"<|vision_start|>{picture}[00:00.0]{picture}[00:03.2]{picture}[1:00:01.5]<|vision_end|>" in text

    config = timed._chat.model.config
    end_id = timed._chat.tokenizer.convert_tokens_to_ids("<|vision_end|>")
    rows, delta = time_positions(layout_of(ids, [(2, 3)] * 3, config.image_token_id, end_id))
    assert steps[0]["position_ids"][:, 0].tolist() == [list(range(len(ids))), *rows.tolist()]
    for number, step in enumerate(steps[1:]):
        assert step["position_ids"][1:].flatten().tolist() == [len(ids) + number + delta] * 3
    at = ids.index(config.image_token_id)
    model_own, _ = timed._chat.model.model.get_rope_index(
        steps[0]["input_ids"],
        mm_token_type_ids=(steps[0]["input_ids"] == config.image_token_id).int(),
        image_grid_thw=torch.tensor([[1, 4, 6]] * 3),
    )
    assert (model_own[:, 0, :at].numpy() == rows[:, :at]).all()
    assert not (model_own[:, 0, at:].numpy() == rows[:, at:]).all()
    assert timed.notices == []


def test_without_the_option_the_model_counts_in_its_own_way(qwen: Path) -> None:
    plain = TransformersVideoModel(qwen, Device("cpu"))
    step = given(plain)[0]
    text = plain._chat.tokenizer.decode(step["input_ids"][0])
    assert "[00:03.2]<|vision_start|>" in text
    ids = step["input_ids"]
    own, _ = plain._chat.model.model.get_rope_index(
        ids,
        mm_token_type_ids=(ids == plain._chat.model.config.image_token_id).int(),
        image_grid_thw=torch.tensor([[1, 4, 6]] * 3),
    )
    assert (step["position_ids"][1:, 0] == own[:, 0]).all()


def test_answers_are_weighed_with_the_same_positions(qwen: Path) -> None:
    seen: list[Any] = []
    timed = TransformersVideoModel(qwen, Device("cpu"), times_in_positions=True)
    timed.probabilities(prompt(), ["yes", "no"])
    hook = timed._chat.model.register_forward_pre_hook(
        lambda _, __, inputs: seen.append(inputs["position_ids"]), with_kwargs=True
    )
    timed.probabilities(prompt(), ["yes", "yes, two"])
    hook.remove()
    assert (seen[0] == given(timed)[0]["position_ids"]).all()
    assert all((more[1:, 0, -1] == more[1:, 0].max()).all() for more in seen) and len(seen) > 1


def test_on_another_family_it_is_refused_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make("smolvlm", tmp_path / "smol")
    with caplog.at_level(logging.WARNING, logger="vidagent"):
        told = TransformersVideoModel(folder, Device("cpu"), times_in_positions=True)
        replies = ["".join(told.stream(prompt(), 4)) for _ in range(2)]
    (notice,) = told.notices
    assert [r.getMessage() for r in caplog.records if r.name == "vidagent"] == [notice]
    assert "smol: times in positions are for qwen2_5_vl, and this is smolvlm" in notice
    assert replies == ["".join(TransformersVideoModel(folder, Device("cpu")).stream(prompt(), 4))] * 2


@pytest.mark.parametrize("change", ["version", "signature"])
def test_where_transformers_may_count_otherwise_it_is_refused(
    qwen: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if change == "version":
        monkeypatch.setattr(time_positions_module, "_VERSIONS", (4,))
    else:
        model_class = transformers.Qwen2_5_VLModel
        parameters = [inspect.Parameter("input_ids", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        monkeypatch.setattr(
            model_class.get_rope_index, "__signature__", inspect.Signature(parameters), raising=False
        )
    told = TransformersVideoModel(qwen, Device("cpu"), times_in_positions=True)
    reply = "".join(told.stream(prompt(), 4))
    monkeypatch.undo()
    assert len(told.notices) == 1 and "transformers" in told.notices[0]
    assert reply == "".join(TransformersVideoModel(qwen, Device("cpu")).stream(prompt(), 4))
