"""A video LLM of this machine: replies, odds of answers, what fits, and errors, on real architectures made tiny."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import active_count
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_video_llms import FAMILIES, make

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.answer_shares import shares, told_apart
from vidagent.tools.models.chat_model import shrunk
from vidagent.tools.models.device import Device
from vidagent.tools.models.video_llm import TransformersVideoModel
from vidagent.tools.roles import Prompt, StampedFrame

CPU = Device("cpu")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of tiny checkpoints, made once."""
    torch.set_num_threads(1)
    made: dict[str, Path] = {}

    def of(family: str) -> Path:
        if family not in made:
            made[family] = make(family, tmp_path_factory.mktemp("tiny") / family)
        return made[family]

    return of


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, tiny: Callable[[str], Path]) -> TransformersVideoModel:
    return TransformersVideoModel(tiny(request.param), CPU)


def prompt(n_frames: int = 3, question: str = "How many boats?", size: tuple[int, int] = (36, 64)) -> Prompt:
    """Noise at odd seconds, then a question."""
    noise = np.random.RandomState(7)
    frames = (StampedFrame(3.3 * n, noise.randint(0, 256, (*size, 3), np.uint8)) for n in range(n_frames))
    return Prompt((*frames, question), system="Answer shortly.")


@contextmanager
def watched(model: TransformersVideoModel, note: Callable[..., Any]) -> Iterator[None]:
    hook = model._chat.model.register_forward_pre_hook(note, with_kwargs=True)
    yield
    hook.remove()


def inputs_of(model: TransformersVideoModel, asked: Prompt) -> dict[str, Any]:
    """What the model is given for a prompt, as it comes from the processor."""
    seen: list[dict[str, Any]] = []
    with watched(model, lambda _, __, given: seen.append(given)):
        model.probabilities(asked, ["yes", "no"])
    return {name: value for name, value in seen[0].items() if name not in ("logits_to_keep", "use_cache")}


def next_logs(model: TransformersVideoModel, inputs: dict[str, Any], ids: Sequence[int]) -> torch.Tensor:
    """Logarithms for the token after a prompt and some more, without any cache, step by step."""
    more = torch.tensor([list(ids)], dtype=torch.long)
    longer = {**inputs, "input_ids": torch.cat([inputs["input_ids"], more], 1)}
    for name, value in (("attention_mask", 1), ("mm_token_type_ids", 0)):
        if name in inputs:
            longer[name] = torch.cat([inputs[name], torch.full_like(more, value)], 1)
    with torch.inference_mode():
        return model._chat.model(**longer).logits[0, -1].double().log_softmax(-1)


def test_a_reply_is_the_likeliest_token_after_token_and_comes_in_pieces(
    model: TransformersVideoModel,
) -> None:
    inputs, ids = inputs_of(model, prompt()), list[int]()
    ends = model._chat.model.generation_config.eos_token_id
    for _ in range(8):
        ids.append(int(next_logs(model, inputs, ids).argmax()))
        if ids[-1] in ends:
            break
    pieces = list(model.stream(prompt(), 8))
    assert "".join(pieces) == model._chat.tokenizer.decode(ids, skip_special_tokens=True)
    assert list(model.stream(prompt(), 8)) == pieces
    assert all(pieces)


def test_a_models_own_settings_of_chance_are_not_followed(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    own = tmp_path / "smolvlm"
    shutil.copytree(tiny("smolvlm"), own)
    settings = json.loads((own / "generation_config.json").read_text("utf-8"))
    settings |= {"do_sample": True, "temperature": 9.0, "repetition_penalty": 7.0, "no_repeat_ngram_size": 1}
    (own / "generation_config.json").write_text(json.dumps(settings), "utf-8")
    replies = [
        list(TransformersVideoModel(folder, CPU).stream(prompt(), 12)) for folder in (own, tiny("smolvlm"))
    ]
    assert replies[0] == replies[1]


def test_pieces_come_while_the_rest_is_being_written(tiny: Callable[[str], Path]) -> None:
    told, n_steps = TransformersVideoModel(tiny("internvl"), CPU), list[int]()
    with watched(told, lambda *_: n_steps.append(1)):
        reply = told.stream(prompt(), 2000)
        next(reply)
        n_at_first = len(n_steps)
        reply.close()
    assert 0 < n_at_first < 2000


def test_closing_ends_the_work_and_the_model_goes_on(model: TransformersVideoModel) -> None:
    whole = "".join(model.stream(prompt(), 6))
    n_threads, n_steps = active_count(), list[int]()
    with watched(model, lambda *_: n_steps.append(1)):
        reply = model.stream(prompt(), 5000)
        next(reply, None)
        reply.close()
        n_at_close = len(n_steps)
        assert active_count() == n_threads
    assert n_at_close < 5000
    assert "".join(model.stream(prompt(), 6)) == whole
    model.stream(prompt(), 6).close()
    assert active_count() == n_threads


def test_options_are_weighed_by_their_first_token_with_and_without_a_space(
    model: TransformersVideoModel,
) -> None:
    options = ["A", "B", "C", "D"]
    logs = next_logs(model, inputs_of(model, prompt()), [])
    encode = model._chat.tokenizer.encode
    firsts = [[encode(text)[0] for text in (option, f" {option}")] for option in options]
    assert len({first for both in firsts for first in both}) == 8
    weights = [sum(float(logs[first].exp()) for first in both) for both in firsts]
    found = model.probabilities(prompt(), options)
    assert found == pytest.approx([weight / sum(weights) for weight in weights], rel=1e-4)
    assert sum(found) == pytest.approx(1.0, abs=1e-12)
    assert len(set(found)) == 4


def test_answers_that_begin_alike_are_weighed_as_a_whole(model: TransformersVideoModel) -> None:
    inputs, encode = inputs_of(model, prompt()), model._chat.tokenizer.encode
    answers = ["1", "12", "yes"]

    def weight(text: str) -> float:
        ids = encode(text)
        return float(np.exp(sum(float(next_logs(model, inputs, ids[:n])[ids[n]]) for n in range(len(ids)))))

    assert encode("12")[0] == encode("1")[0]
    whole = [[weight(answer), weight(f" {answer}")] for answer in answers]
    one, twelve, yes = (sum(both) for both in whole)
    expected = np.array([one - twelve, twelve, yes]) / (one + yes)
    found = model.probabilities(prompt(), answers)
    assert found == pytest.approx(expected.tolist(), rel=1e-3)
    assert sum(found) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("answers", [[], ["A", ""], ["A", " "], ["yes", " yes"]])
def test_answers_have_to_be_there_and_differ(tiny: Callable[[str], Path], answers: list[str]) -> None:
    with pytest.raises(RequestError, match="answers to choose from"):
        TransformersVideoModel(tiny("smolvlm"), CPU).probabilities(prompt(), answers)


def test_first_tokens_do_where_no_two_answers_share_one() -> None:
    assert told_apart([[(1, 2), (3,)], [(4, 2)]]) == [[(1,), (3,)], [(4,)]]
    assert told_apart([[(1, 2), (3,)], [(3, 2)]]) == [[(1, 2), (3,)], [(3, 2)]]


def test_shares_hold_for_likelihoods_far_below_what_a_number_can_be() -> None:
    found = shares([{(1,): -2000.0, (2,): -2000.0}, {(3,): -2000.0}])
    assert found == pytest.approx([2 / 3, 1 / 3])
    assert shares([{(1,): float(np.log(0.6))}, {(1, 2): float(np.log(0.2))}]) == pytest.approx([2 / 3, 1 / 3])
    with pytest.raises(ModelError, match="not finite"):
        shares([{(1,): float("nan")}, {(2,): 0.0}])


def test_a_prompt_without_pictures_is_answered_too(model: TransformersVideoModel) -> None:
    asked = Prompt(("Who was it?",))
    assert list(model.stream(asked, 4)) == list(model.stream(asked, 4))
    assert sum(model.probabilities(asked, ["yes", "no"])) == pytest.approx(1.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_as_many_pictures_as_the_budget_says_fit_and_words_beside_them(family: str, tmp_path: Path) -> None:
    told = TransformersVideoModel(make(family, tmp_path / family, n_context=1500), CPU)
    budget = told.budget
    assert 1 < budget.n_frames < 256
    height = int((budget.n_pixels * 9 / 16) ** 0.5)
    asked = prompt(budget.n_frames, "How many? " * 8, (height, height * 16 // 9))
    list(told.stream(asked, 20))
    with pytest.raises(RequestError, match="more than the 1500 that the model can take"):
        told.stream(prompt(2 * budget.n_frames, "How many?", (height, height * 16 // 9)), 20)


def test_a_picture_costs_what_one_more_of_the_costliest_shape_takes(model: TransformersVideoModel) -> None:
    chat, n_pixels = model._chat, 224 * 224
    found = chat.cost(n_pixels)
    n_tokens, n_values = list[int](), list[int]()
    for size in ((224, 224), (193, 258), (168, 298), (298, 168)):
        two, three = (chat.read(prompt(n, "How many?", size), n_pixels) for n in (2, 3))
        n_tokens.append(three["input_ids"].shape[1] - two["input_ids"].shape[1])
        n_values.append(three["pixel_values"].numel() - two["pixel_values"].numel())
    of_stamp = len(chat.tokenizer.encode("[9:59:59.5]")) - len(chat.tokenizer.encode("[00:06.6]"))
    assert found.n_tokens == max(n_tokens) + of_stamp
    n_bytes = found.n_tokens * chat._n_bytes_of_token + max(n_values) * chat._n_bytes_of_value
    assert found.n_bytes == pytest.approx(n_bytes, abs=1)


def test_the_budget_is_found_when_a_picture_may_be_too_large_for_it(tiny: Callable[[str], Path]) -> None:
    told = TransformersVideoModel(tiny("qwen2_5_vl"), CPU)
    told.stream(Prompt(("Who was it?",)), 1).close()
    small = inputs_of(told, prompt(2, size=(224, 224)))
    assert "budget" not in vars(told)
    inputs_of(told, prompt(2, size=(224, 225)))
    assert "budget" in vars(told)
    again = inputs_of(told, prompt(2, size=(224, 224)))
    assert small["pixel_values"].equal(again["pixel_values"])


def test_a_prompt_too_large_says_by_how_much(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    told = TransformersVideoModel(make("smolvlm", tmp_path / "smolvlm", n_context=400), CPU)
    n_tokens = inputs_of(told, prompt(3))["input_ids"].shape[1]
    list(told.stream(prompt(3), 1))
    n_more = 400 - n_tokens
    told.stream(prompt(3), n_more).close()
    with pytest.raises(RequestError) as caught:
        told.stream(prompt(3), n_more + 5)
    assert str(caught.value) == (
        f"transformers:smolvlm: {n_tokens} tokens of prompt and {n_more + 5} of reply are 5 more than the 400"
        " that the model can take; show fewer frames"
    )
    with pytest.raises(RequestError, match="more than the 400"):
        told.probabilities(prompt(60), ["yes", "no"])


def test_little_memory_allows_fewer_pictures_and_then_smaller_ones(tiny: Callable[[str], Path]) -> None:
    class Narrow(Device):
        """A processor with so many bytes free."""

        n_bytes = 0

        def free_bytes(self) -> int | None:
            return self.n_bytes

    budgets = []
    for n_bytes in (10**12, 10**9, 2 * 10**8, 10**4):
        device = Narrow("cpu")
        Narrow.n_bytes = n_bytes
        budgets.append(TransformersVideoModel(tiny("qwen2_5_vl"), device).budget)
    assert budgets[0].n_frames > budgets[1].n_frames >= 16
    assert budgets[0].n_pixels == budgets[1].n_pixels > budgets[2].n_pixels
    assert budgets[-1].n_frames == 1


@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (1920, 1080), (720, 960), (3, 4000)])
def test_pictures_are_shrunk_to_the_budget_and_keep_their_shape(height: int, width: int) -> None:
    picture = shrunk(np.zeros((height, width, 3), np.uint8), 40_000)
    assert picture.width * picture.height <= 40_000
    assert abs(picture.width - picture.height * width / height) <= 1 + width / height
    assert shrunk(np.zeros((20, 30, 3), np.uint8), 40_000).size == (30, 20)


def test_what_the_model_sees_of_a_large_picture_is_within_the_budget(tiny: Callable[[str], Path]) -> None:
    told = TransformersVideoModel(tiny("qwen2_5_vl"), CPU)
    grid = inputs_of(told, prompt(2, size=(1080, 1920)))["image_grid_thw"]
    for _, rows, columns in grid.tolist():
        assert 0.7 * told.budget.n_pixels < rows * columns * 14**2 < 1.15 * told.budget.n_pixels
        assert columns / rows == pytest.approx(16 / 9, rel=0.1)


def test_memory_that_runs_out_is_told_with_the_way_out_and_the_model_goes_on(
    tiny: Callable[[str], Path],
) -> None:
    told = TransformersVideoModel(tiny("internvl"), CPU)
    whole = list(told.stream(prompt(), 4))
    n_threads = active_count()
    with watched(told, lambda *_: torch.empty(2**58)):
        for work in (
            lambda: list(told.stream(prompt(), 4)),
            lambda: told.probabilities(prompt(), ["yes", "no"]),
        ):
            with pytest.raises(ModelError, match="memory does not suffice; show fewer frames"):
                work()
    assert active_count() == n_threads
    assert list(told.stream(prompt(), 4)) == whole


def test_a_failure_in_the_midst_of_a_reply_is_raised_after_what_was_written(
    tiny: Callable[[str], Path],
) -> None:
    told, n_steps = TransformersVideoModel(tiny("internvl"), CPU), list[int]()

    def fail(*_: object) -> None:
        n_steps.append(1)
        if len(n_steps) == 40:
            raise RuntimeError("the card fell off the bus")

    with watched(told, fail):
        reply = told.stream(prompt(), 60)
        assert next(reply)
        with pytest.raises(ModelError, match="internvl: the video model failed: the card fell off the bus"):
            list(reply)


def test_what_is_not_there_is_said(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    for folder, match in [(tmp_path / "nowhere", r"no config\.json"), (tmp_path, r"no config\.json")]:
        with pytest.raises(CapabilityError, match=match):
            TransformersVideoModel(folder, CPU).stream(prompt(), 1)
    folder = tmp_path / "pickled"
    shutil.copytree(tiny("smolvlm"), folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(CapabilityError, match=r"no \.safetensors file"):
        _ = TransformersVideoModel(folder, CPU).budget


def test_a_text_model_is_no_video_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', "utf-8")
    with pytest.raises(CapabilityError, match=r"known family.*qwen2_5_vl") as caught:
        TransformersVideoModel(tmp_path, CPU).probabilities(prompt(), ["yes", "no"])
    assert "\n" not in str(caught.value)


def test_the_package_that_smolvlm_needs_is_named(
    tiny: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers.models.smolvlm.processing_smolvlm as processing

    monkeypatch.setattr(processing, "num2words", None)
    with pytest.raises(CapabilityError, match=r"num2words.*pip install num2words"):
        TransformersVideoModel(tiny("smolvlm"), CPU).stream(prompt(), 1)


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def _scribble(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 4096)


def _lose_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "layers.1" in name))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def _swap_a_shape(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if "layers.1" in name and weights[name].ndim == 2)
    save_file(weights | {name: torch.zeros(5, 7)}, folder / "model.safetensors", {"format": "pt"})


def _spoil_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", "utf-8")


def _spoil_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}", "utf-8")


def _lose_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


@pytest.mark.parametrize(
    "damage",
    [_cut, _scribble, _lose_a_weight, _swap_a_shape, _spoil_config, _spoil_tokenizer, _lose_template],
)
def test_a_damaged_folder_is_an_error_of_the_model(
    tiny: Callable[[str], Path], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "harmed"
    shutil.copytree(tiny("internvl"), folder)
    damage(folder)
    with pytest.raises(ModelError, match="harmed") as caught:
        TransformersVideoModel(folder, CPU).stream(prompt(), 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model_type", ["internvl_chat", "internvl"])
def test_code_that_comes_with_a_model_is_never_run(
    tiny: Callable[[str], Path], tmp_path: Path, model_type: str
) -> None:
    folder, made = tmp_path / "own-code", tmp_path / "made"
    shutil.copytree(tiny("internvl"), folder)
    (folder / "evil.py").write_text(f"open({str(made)!r}, 'w').close()\nclass Evil: pass\n", "utf-8")
    for name in ("config", "processor_config", "tokenizer_config"):
        parts = json.loads((folder / f"{name}.json").read_text("utf-8"))
        kinds = (
            "AutoConfig",
            "AutoModelForImageTextToText",
            "AutoProcessor",
            "AutoTokenizer",
            "AutoImageProcessor",
        )
        parts["auto_map"] = dict.fromkeys(kinds, "evil.Evil")
        if name == "config":
            parts["model_type"] = model_type
        (folder / f"{name}.json").write_text(json.dumps(parts), "utf-8")
    told = TransformersVideoModel(folder, CPU)
    if model_type == "internvl":
        assert list(told.stream(prompt(), 3)) == list(
            TransformersVideoModel(tiny("internvl"), CPU).stream(prompt(), 3)
        )
    else:
        with pytest.raises(CapabilityError, match="it brings code of its own, which is never run"):
            told.stream(prompt(), 3)
    assert not made.exists()
    assert not any("evil" in name for name in sys.modules)


def test_a_model_is_called_like_its_folder(tiny: Callable[[str], Path]) -> None:
    assert TransformersVideoModel(tiny("smolvlm"), CPU).name == "transformers:smolvlm"


def test_nothing_is_loaded_before_it_is_used(tmp_path: Path) -> None:
    assert TransformersVideoModel(tmp_path / "nowhere").name == "transformers:nowhere"
