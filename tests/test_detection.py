"""Things named in words are found where they are, whatever the picture's shape, the model and the other names."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL.Image import fromarray
from tiny_detectors import MAKERS, PATCH, SIDE

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.detection import ZeroShotDetector
from vidagent.tools.models.detector_boxes import SAME_THING, detections
from vidagent.tools.models.device import Device
from vidagent.tools.roles import Detection, Pixels

CPU = Device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = ((48, 64), (64, 48), (48, 64), (40, 40), (48, 64), (90, 30))
NAMES = ("car door", "car", "Car", "St. Bernard", "U.S. flag", "red car", "cat?")

Shelves = dict[str, Path]


class HalfCpu(Device):
    """A processor that is quick at half precision."""

    @property
    def dtype(self) -> torch.dtype:
        """That of new graphics cards."""
        return torch.bfloat16


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Shelves:
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in MAKERS.items()}


@pytest.fixture(scope="module", params=list(MAKERS))
def folder(request: pytest.FixtureRequest, folders: Shelves) -> Path:
    return folders[request.param]


@pytest.fixture(scope="module")
def detector(folder: Path) -> ZeroShotDetector:
    return ZeroShotDetector(folder, CPU, score_min=0.0, n_at_once=8)


def picture(height: int, width: int, seed: int = 0) -> Pixels:
    """Coloured squares of 8 pixels."""
    colours = np.random.default_rng(seed).integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return np.ascontiguousarray(colours.repeat(8, 0).repeat(8, 1)[:height, :width])


def rows(detections: list[Detection]) -> dict[str, Any]:
    """Scores and boxes by target, as arrays."""
    targets = dict.fromkeys(detection.target for detection in detections)
    return {
        target: np.array([(d.score, *d.box) for d in detections if d.target == target]) for target in targets
    }


def distance(row: Any, other: Any) -> float:
    """How far apart the scores or boxes of as many as both have are at most."""
    n = min(len(row), len(other))
    return float(np.abs(row[:n] - other[:n]).max())


def assert_alike(found: list[Detection], others: list[Detection], tolerance: float = 1e-4) -> None:
    mine, theirs = rows(found), rows(others)
    assert mine.keys() == theirs.keys()
    for target, row in mine.items():
        np.testing.assert_allclose(row, theirs[target], atol=tolerance)


def model_of(detector: ZeroShotDetector) -> Any:
    """The loaded model of transformers, to be hindered."""
    return detector._model.model


def test_one_at_a_time_finds_what_many_at_once_find(folder: Path, detector: ZeroShotDetector) -> None:
    images = [picture(*size, seed) for seed, size in enumerate(SIZES)]
    alone = ZeroShotDetector(folder, CPU, score_min=0.0, n_at_once=1).detect(images, NAMES[:3])
    for found, other in zip(detector.detect(images, NAMES[:3]), alone, strict=True):
        assert found
        assert_alike(found, other)
    assert_alike(detector.detect(images[3:4], NAMES[:3])[0], alone[3])


def test_different_pictures_and_names_give_different_results(detector: ZeroShotDetector) -> None:
    one, two = detector.detect([picture(48, 64, 1), picture(48, 64, 2)], ["car", "dog"])
    assert distance(rows(one)["car"], rows(two)["car"]) > 1e-3
    assert distance(rows(one)["car"], rows(one)["dog"]) > 1e-3


def test_short_memory_halves_the_batch_and_changes_nothing(folder: Path, detector: ZeroShotDetector) -> None:
    images = [picture(48, 64, seed) for seed in range(5)]
    hindered, sizes = ZeroShotDetector(folder, CPU, score_min=0.0, n_at_once=8), []

    def refuse_many(_: Any, __: Any, inputs: dict[str, Any]) -> None:
        if len(inputs["pixel_values"]) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        sizes.append(len(inputs["pixel_values"]))

    model_of(hindered).register_forward_pre_hook(refuse_many, with_kwargs=True)
    found = hindered.detect(images, ["car", "dog"])
    assert sizes == [2, 2, 1]
    for mine, other in zip(found, detector.detect(images, ["car", "dog"]), strict=True):
        assert_alike(mine, other)


def test_a_processor_is_given_one_picture_at_a_time(folders: Shelves) -> None:
    detector, sizes = ZeroShotDetector(folders["owlv2"], CPU), []
    model_of(detector).register_forward_pre_hook(
        lambda _, __, inputs: sizes.append(len(inputs["pixel_values"])), with_kwargs=True
    )
    detector.detect([picture(48, 64)] * 3, ["car"])
    assert sizes == [1, 1, 1]


def test_memory_too_short_for_one_picture_and_other_failures_are_model_errors(folder: Path) -> None:
    for words in ("out of memory", "shapes differ"):
        hindered = ZeroShotDetector(folder, CPU)

        def refuse(*_: Any, words: str = words) -> None:
            raise RuntimeError(words)

        model_of(hindered).register_forward_pre_hook(refuse)
        with pytest.raises(ModelError, match=words):
            hindered.detect([picture(40, 40)] * 2, ["car"])


@pytest.mark.parametrize(
    "size", [(1, 1), (3, 3), (1, 200), (200, 1), (3, 600), (600, 3), (20, 500), (500, 20), (4000, 9)]
)
def test_boxes_lie_in_pictures_of_any_shape(detector: ZeroShotDetector, size: tuple[int, int]) -> None:
    (found,) = detector.detect([picture(*size)], ["car", "cat"])
    for detection in found:
        left, top, right, bottom = detection.box
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert 0 <= detection.score <= 1


def test_the_best_comes_first(detector: ZeroShotDetector) -> None:
    one, two = detector.detect([picture(48, 64), picture(48, 64)], ["cat", "dog"])
    assert one == two
    scores = [detection.score for detection in one]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def forget_scores(_: Any, __: Any, output: Any) -> None:
    output.logits.zero_()


def test_what_is_equally_sure_comes_in_the_order_of_the_names_and_then_of_the_boxes(folders: Shelves) -> None:
    detector = ZeroShotDetector(folders["owlv2"], CPU, score_min=0.0)
    model_of(detector).register_forward_hook(forget_scores)
    (found,) = detector.detect([picture(48, 64)], ["dog", "cat"])
    assert {detection.score for detection in found} == {0.5}
    places = [(["dog", "cat"].index(detection.target), detection.box) for detection in found]
    assert len(places) > 4
    assert places == sorted(places)


def test_the_same_question_gives_the_same_answer_whatever_was_asked_before(
    detector: ZeroShotDetector,
) -> None:
    images = [picture(48, 64), picture(64, 48)]
    first = detector.detect(images, ["car", "dog"])
    detector.detect(images[:1], ["dog", "cat", "red car"])
    assert detector.detect(images, ["car", "dog"]) == first


def test_nothing_is_found_for_no_names_or_in_no_pictures(detector: ZeroShotDetector) -> None:
    assert detector.detect([], ["car"]) == []
    assert detector.detect([picture(48, 64)] * 2, []) == [[], []]


@pytest.mark.parametrize("target", ["", "  ", "...", "?"])
def test_a_name_without_a_letter_is_refused(detector: ZeroShotDetector, target: str) -> None:
    with pytest.raises(RequestError, match="say in words"):
        detector.detect([picture(48, 64)], ["car", target])


def test_names_come_back_exactly_as_they_were_given(detector: ZeroShotDetector) -> None:
    (found,) = detector.detect([picture(48, 64)], [*NAMES, NAMES[0]])
    assert {detection.target for detection in found} == set(NAMES)
    for target, row in rows(found).items():
        assert len(np.unique(row, axis=0)) == len(row), target


@pytest.mark.parametrize("kind", ["owlv2", "omdet-turbo"])
def test_a_score_is_that_of_its_own_name(folders: Shelves, kind: str) -> None:
    detector = ZeroShotDetector(folders[kind], CPU, score_min=0.0)
    forward = rows(detector.detect([picture(48, 64)], ["car", "car door", "dog"])[0])
    backward = rows(detector.detect([picture(48, 64)], ["dog", "car door", "car"])[0])
    if kind == "owlv2":
        for target, row in forward.items():
            np.testing.assert_allclose(row, backward[target], atol=1e-4)
    assert distance(forward["car"], forward["car door"]) > 1e-3


@pytest.mark.parametrize("names", [NAMES, tuple(reversed(NAMES)), ("car", "red car", "car door")])
def test_grounding_dino_scores_a_name_by_its_own_tokens(folders: Shelves, names: tuple[str, ...]) -> None:
    family = ZeroShotDetector(folders["grounding-dino"], CPU)._model
    tokenizer = family.processor.tokenizer
    numbers = tokenizer(family._text(names))["input_ids"]
    for name, places in zip(names, family._places(names), strict=True):
        words = name.lower().replace(".", " ").replace("?", " ")
        assert [numbers[place] for place in places] == tokenizer(words, add_special_tokens=False)["input_ids"]
        assert numbers[places[0] - 1] in (101, 1012) and numbers[places[-1] + 1] == 1012


@pytest.mark.parametrize("kind", ["owlv2", "grounding-dino", "omdet-turbo"])
def test_boxes_and_scores_are_those_of_the_library(folders: Shelves, kind: str) -> None:
    """What transformers itself makes of the same outputs, for one picture and one target."""
    detector, image = ZeroShotDetector(folders[kind], CPU, score_min=0.0), picture(40, 56, 3)
    outputs: list[Any] = []
    model_of(detector).register_forward_hook(lambda _, __, output: outputs.append(output))
    (found,) = detector.detect([image], ["car"])
    options = {"nms_threshold": SAME_THING} if kind == "omdet-turbo" else {}
    (theirs,) = detector._model.processor.post_process_grounded_object_detection(
        outputs[0], threshold=0.0, target_sizes=[image.shape[:2]], **options
    )
    boxes = np.clip(theirs["boxes"].detach().numpy() / np.array([56, 40, 56, 40]), 0, 1)
    for detection in found:
        distances = np.abs(boxes - np.array(detection.box)).max(axis=1)
        assert distances.min() < 1e-5
        if kind != "grounding-dino":
            assert float(theirs["scores"][distances.argmin()]) == pytest.approx(detection.score, abs=1e-5)
    if kind == "omdet-turbo":
        assert len(found) == len(boxes)


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    """Pixels that have nothing to do with each other, where every difference shows."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    "size", [(1, 1), (20, 64), (SIDE, SIDE), (90, 30), (48, 100), (2 * SIDE,) * 2, (100, 3 * SIDE), (191, 24)]
)
def test_owlv2_is_shown_what_its_own_processor_makes_of_pictures(
    folders: Shelves, size: tuple[int, int]
) -> None:
    family = ZeroShotDetector(folders["owlv2"], CPU)._model
    images, texts = [noise(*size), noise(*size, 1)], ["a photo of a car", "a photo of the red door"]
    mine = family.inputs(images, ["car", "the red door"])
    room = {"padding": "max_length", "max_length": family.n_tokens_max}
    theirs = family.processor(
        images=list(map(fromarray, images)), text=[texts] * 2, return_tensors="pt", **room
    )
    assert mine.keys() == theirs.keys()
    torch.testing.assert_close(mine["pixel_values"], theirs["pixel_values"], atol=5e-6, rtol=0)
    for name in ("input_ids", "attention_mask"):
        assert torch.equal(mine[name], theirs[name])


def test_owlv2_finds_in_many_pictures_what_the_library_finds_in_each(folders: Shelves) -> None:
    from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

    detector = ZeroShotDetector(folders["owlv2"], CPU, score_min=0.0, n_at_once=8)
    images = [picture(height, width, seed) for seed, (height, width) in enumerate([(150, 180), (40, 56)] * 2)]
    processor = AutoProcessor.from_pretrained(folders["owlv2"])
    model = AutoModelForZeroShotObjectDetection.from_pretrained(folders["owlv2"]).eval()
    for image, found in zip(images, detector.detect(images, ["car"]), strict=True):
        inputs = processor(
            images=fromarray(image), text=[["a photo of a car"]], padding="max_length", return_tensors="pt"
        )
        with torch.inference_mode():
            outputs = model(**inputs)
        size = np.array(image.shape[:2])
        (theirs,) = processor.post_process_grounded_object_detection(outputs, 0.0, [tuple(size)])
        boxes = np.clip(theirs["boxes"].numpy() / np.array([*size[::-1]] * 2), 0, 1)
        assert found
        for detection in found:
            distances = np.abs(boxes - np.array(detection.box)).max(axis=1)
            assert distances.min() < 1e-5
            assert float(theirs["scores"][distances.argmin()]) == pytest.approx(detection.score, abs=1e-5)


def shared(box: Any, other: Any) -> float:
    """The part of their union that two boxes share."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    common = np.float32(max(sides[0], 0) * max(sides[1], 0))
    return float(common / ((box[2:] - box[:2]).prod() + (other[2:] - other[:2]).prod() - common))


@pytest.mark.parametrize("seed", range(4))
def test_of_boxes_that_show_one_thing_the_surest_is_kept(seed: int) -> None:
    random = np.random.default_rng(seed)
    # On so coarse a grid many boxes are alike, share just half, are equally sure or have no width.
    boxes = np.sort(random.integers(0, 5, (60, 2, 2)), axis=1).reshape(60, 4).astype(np.float32) / 4
    scores = random.integers(0, 6, (60, 2)).astype(np.float32) / 8
    expected = []
    for number, target in enumerate(["car", "dog"]):
        kept: list[Any] = []
        for place in sorted(range(60), key=lambda k, n=number: (-scores[k, n], *boxes[k])):
            box = boxes[place]
            if scores[place, number] < 0.25 or not (box[:2] < box[2:]).all():
                continue
            if all(shared(box, other) <= SAME_THING for other in kept):
                kept.append(box)
                expected.append(Detection(target, tuple(box.tolist()), float(scores[place, number])))
    assert len(expected) > 4
    assert detections(boxes, scores, ["car", "dog"], 0.25) == expected


def test_grounding_dino_gives_the_mean_score_of_a_names_tokens(folders: Shelves) -> None:
    detector = ZeroShotDetector(folders["grounding-dino"], CPU, score_min=0.0)
    outputs: list[Any] = []
    model_of(detector).register_forward_hook(lambda _, __, output: outputs.append(output))
    (found,) = detector.detect([picture(48, 64)], ["cat", "car door"])
    # The tokens are: beginning, cat, dot, car, door, dot, end.
    of_tokens = outputs[0].logits[0].sigmoid()
    best = {"cat": of_tokens[:, 1], "car door": of_tokens[:, 3:5].mean(dim=1)}
    for target, scores in best.items():
        first = next(detection for detection in found if detection.target == target)
        assert first.score == pytest.approx(float(scores.max()), abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(SIDE // 4, SIDE), (SIDE, SIDE // 4), (8, 400), (400, 8)])
def test_owlv2_boxes_are_shares_of_the_picture_and_not_of_the_square(
    folders: Shelves, height: int, width: int
) -> None:
    detector = ZeroShotDetector(folders["owlv2"], CPU, score_min=0.0)
    last = model_of(detector).box_head.dense2
    with torch.no_grad():
        # Each patch then gives a box of the size of a patch around its lower right corner.
        last.weight.zero_()
        last.bias.zero_()
    (found,) = detector.detect([picture(height, width)], ["car"])
    n, square = SIDE // PATCH, max(height, width)
    expected = []
    for row in range(1, n + 1):
        for column in range(1, n + 1):
            sides = [column - 0.5, row - 0.5, column + 0.5, row + 0.5]
            left, top, right, bottom = np.clip(np.array(sides) / n * square / ([width, height] * 2), 0, 1)
            if left < right and top < bottom:
                expected.append((left, top, right, bottom))
    # The model's own boxes are off the mark by a ten-thousandth of the square.
    tolerance = 4e-4 * square / min(height, width)
    in_order = sorted(detection.box for detection in found)
    np.testing.assert_allclose(in_order, sorted(expected), atol=tolerance)


def test_one_thing_is_found_once(folders: Shelves) -> None:
    detector = ZeroShotDetector(folders["owlv2"], CPU, score_min=0.0)
    before = detector.detect([picture(48, 64)], ["car", "dog"])[0]
    last = model_of(detector).box_head.dense2
    with torch.no_grad():
        # All boxes are the whole square.
        last.weight.zero_()
        last.bias.copy_(torch.tensor([0.0, 0.0, 30.0, 30.0]))
        model_of(detector).box_bias.zero_()
    after = detector.detect([picture(48, 64)], ["car", "dog"])[0]
    assert len(before) > 2
    assert sorted(detection.target for detection in after) == ["car", "dog"]
    best = {target: row[:, 0].max() for target, row in rows(before).items()}
    assert {detection.target: detection.score for detection in after} == pytest.approx(best, abs=1e-5)


def test_only_what_reaches_the_lowest_score_counts(folder: Path, detector: ZeroShotDetector) -> None:
    (every,) = detector.detect([picture(48, 64)], ["car"])
    middle = every[len(every) // 2].score
    (some,) = ZeroShotDetector(folder, CPU, score_min=middle).detect([picture(48, 64)], ["car"])
    assert some == [detection for detection in every if detection.score >= middle]
    assert ZeroShotDetector(folder, CPU, score_min=1.1).detect([picture(48, 64)], ["car"]) == [[]]


def test_many_names_are_split_to_what_the_text_encoder_takes(
    folder: Path, detector: ZeroShotDetector
) -> None:
    names = [f"red car {number}" for number in range(130)]
    lengths: list[int] = []

    def note(_: Any, __: Any, inputs: dict[str, Any]) -> None:
        tokens = inputs.get("input_ids", inputs.get("tasks_input_ids"))
        lengths.append(tokens.shape[-1])
        mask = inputs.get("attention_mask", inputs.get("tasks_attention_mask"))
        # The last token is the end of the text, so nothing was cut off.
        ends = tokens[torch.arange(len(tokens)), mask.sum(1) - 1]
        assert set(ends.tolist()) == {model_end}

    tokenizer = detector._model.processor.tokenizer
    model_end = tokenizer.sep_token_id or tokenizer.eos_token_id
    watch = model_of(detector).register_forward_pre_hook(note, with_kwargs=True)
    (found,) = detector.detect([picture(48, 64)], names)
    watch.remove()
    assert len(lengths) > 1
    assert max(lengths) <= detector._model.n_tokens_max
    assert {detection.target for detection in found} == set(names)


def test_of_a_name_that_is_too_long_the_beginning_is_read(detector: ZeroShotDetector) -> None:
    long = " ".join(["red car door"] * 60)
    (found,) = detector.detect([picture(48, 64)], [long, "cat"])
    assert {detection.target for detection in found} == {long, "cat"}


def test_half_precision_finds_nearly_the_same(folders: Shelves) -> None:
    exact = ZeroShotDetector(folders["owlv2"], CPU, score_min=0.0)
    (one,), (two,) = (
        detector.detect([picture(48, 64)], ["car"])
        for detector in (exact, ZeroShotDetector(folders["owlv2"], HalfCpu("cpu"), score_min=0.0))
    )
    assert one[0].score == pytest.approx(two[0].score, abs=0.03)
    assert one[0].box == pytest.approx(two[0].box, abs=0.03)


def test_every_model_works_in_half_precision(folder: Path) -> None:
    half = ZeroShotDetector(folder, HalfCpu("cpu"), score_min=0.0)
    assert half.detect([picture(48, 64)] * 2, ["car", "dog"])[0]
    assert model_of(half).dtype == torch.bfloat16


def test_a_name_tells_the_weights_apart(folders: Shelves, tmp_path: Path) -> None:
    names = {ZeroShotDetector(folder, CPU).name for folder in folders.values()}
    assert len(names) == len(folders)
    same = shutil.copytree(folders["owlv2"], tmp_path / folders["owlv2"].name)
    assert ZeroShotDetector(same, CPU).name in names


def test_what_is_not_there_is_named(tmp_path: Path, folders: Shelves) -> None:
    nowhere = ZeroShotDetector(tmp_path / "nowhere", CPU)
    with pytest.raises(CapabilityError, match=r"nowhere: no detector here"):
        nowhere.detect([picture(40, 40)], ["car"])
    with pytest.raises(CapabilityError, match=r"nowhere: no detector here"):
        _ = nowhere.name
    bare = shutil.copytree(folders["owlv2"], tmp_path / "bare")
    (bare / "model.safetensors").rename(bare / "pytorch_model.bin")
    with pytest.raises(CapabilityError, match=r"no \.safetensors file"):
        ZeroShotDetector(bare, CPU).detect([picture(40, 40)], ["car"])


def test_a_missing_package_is_named(folders: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(CapabilityError, match=r"a package is missing; install it: .*transformers"):
        ZeroShotDetector(folders["owlv2"], CPU).detect([picture(40, 40)], ["car"])


def test_a_model_of_another_kind_is_refused(tmp_path: Path, folders: Shelves) -> None:
    other = shutil.copytree(folders["owlv2"], tmp_path / "other")
    change_json(other / "config.json", model_type="bert")
    with pytest.raises(RequestError, match="bert is no detector"):
        ZeroShotDetector(other, CPU).detect([picture(40, 40)], ["car"])


def cut_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def leave_weights_out(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    kept = load_file(folder / "model.safetensors")
    kept.pop("box_head.dense1.weight")
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def resize_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    kept = load_file(folder / "model.safetensors")
    kept["box_head.dense1.weight"] = torch.zeros(3, 3)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def spoil_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    kept = load_file(folder / "model.safetensors")
    kept["box_head.dense1.weight"].fill_(float("nan"))
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def spoil_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def lose_tokenizer(folder: Path) -> None:
    for file in folder.glob("*token*"):
        file.unlink()


def lose_processor(folder: Path) -> None:
    (folder / "processor_config.json").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        cut_weights,
        leave_weights_out,
        resize_weights,
        spoil_weights,
        spoil_config,
        lose_tokenizer,
        lose_processor,
    ],
)
def test_damage_is_a_model_error_that_names_the_folder(damage: Any, tmp_path: Path, folders: Shelves) -> None:
    damaged = shutil.copytree(folders["owlv2"], tmp_path / "damaged")
    damage(damaged)
    with pytest.raises(ModelError, match="damaged") as caught:
        ZeroShotDetector(damaged, CPU, score_min=0.0).detect([picture(40, 40)], ["car"])
    assert "\n" not in str(caught.value)


def change_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize("is_known", [True, False])
def test_code_that_comes_with_a_model_is_never_run(is_known: bool, tmp_path: Path, folders: Shelves) -> None:
    folder = shutil.copytree(folders["owlv2"], tmp_path / "model")
    mark = tmp_path / "was_run"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass Evil: pass\n")
    classes = ("AutoConfig", "AutoModelForZeroShotObjectDetection", "AutoProcessor", "AutoTokenizer")
    for file in ("config.json", "processor_config.json", "tokenizer_config.json"):
        change_json(folder / file, auto_map=dict.fromkeys(classes, "evil.Evil"))
    if not is_known:
        change_json(folder / "processor_config.json", processor_class="Evil")
        change_json(folder / "tokenizer_config.json", tokenizer_class="Evil")
    detector = ZeroShotDetector(folder, CPU, score_min=0.0)
    if is_known:
        assert detector.detect([picture(40, 40)], ["car"])[0]
    else:
        with pytest.raises(ModelError):
            detector.detect([picture(40, 40)], ["car"])
    assert not mark.exists()
