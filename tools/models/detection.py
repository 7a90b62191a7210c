"""Things named in words, found in pictures by OWLv2, Grounding DINO or OmDet-Turbo of transformers.

The model has to be on this machine already.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property, partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import CapabilityError, ModelError, RequestError, in_one_line
from ..roles import Detection, Pixels
from .device import Device, in_batches
from .shelf import known_sha256

if TYPE_CHECKING:
    import torch

Shares = npt.NDArray[np.float32]

SAME_THING = 0.5
"""Two boxes of one target that share more than this part of their union are one thing, as OmDet-Turbo has it."""
# Grounding DINO needs as many places in a picture as it gives boxes, which a very thin picture lacks.
_ASPECT_MAX = 8
# A picture longer than so many times what the model looks at is shrunk first: OWLv2's processor makes it square
# and blurs it in full size, which takes minutes and gigabytes for a large one.
_SIDES_MAX = 3
_N_QUERIES_MAX = 64
_SAID_MAX = 300
# Without any of these, the library makes a tokenizer that knows no word.
_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt")


class ZeroShotDetector:
    """A detector from a folder, as ``save_pretrained`` of a model and its processor writes it.

    Takes ``owlv2`` (Minderer, Gritsenko and Houlsby 2023, "Scaling Open-Vocabulary Object Detection"),
    ``grounding-dino`` (Liu and others 2023, "Grounding DINO") and ``omdet-turbo`` (Zhao and others 2024,
    "Real-time Transformer-based Open-Vocabulary Detection with Efficient Fusion Head").

    ``score_min`` is the lowest score that counts; None takes what transformers takes for this kind of model.
    ``n_at_once`` pictures are looked at together, fewer where the memory is short.

    Weights are read from safetensors only, and code that comes with a model is never run. Raises
    ``CapabilityError`` where the library or the model is missing, ``RequestError`` for a model of another
    kind, and ``ModelError`` for one that cannot be loaded; all when the model is first used.
    """

    def __init__(
        self, folder: Path, device: Device, score_min: float | None = None, n_at_once: int = 8
    ) -> None:
        self._folder, self._device = folder, device
        self._score_min, self._n_at_once = score_min, n_at_once

    @cached_property
    def name(self) -> str:
        """The folder's name with the first digits of a hash over the weights."""
        hashes = " ".join(known_sha256(file) for file in _weights(self._folder))
        return f"{self._folder.resolve().name}@{hashlib.sha256(hashes.encode()).hexdigest()[:12]}"

    def detect(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        """What was found in each RGB picture (height, width, 3), best first; boxes lie inside the picture.

        One thing may be found under two names; a target that is given twice is looked for once. Of a target
        longer than the model's text encoder takes, the beginning is read. Targets beyond what it takes at once
        are looked for in further passes, in the order given.

        Raises ``RequestError`` for a target without a letter or digit, and ``ModelError`` where the model fails.
        """
        wanted = list(dict.fromkeys(targets))
        if nameless := [target for target in wanted if not any(letter.isalnum() for letter in target)]:
            raise RequestError(f"{nameless[0]!r}: no name of a thing; say in words what to look for")
        found: list[list[Detection]] = [[] for _ in images]
        if wanted and len(images):
            for place, detections in self._passes(images, wanted):
                found[place] += detections
        return [
            sorted(each, key=lambda one: (-one.score, wanted.index(one.target), one.box)) for each in found
        ]

    def _passes(self, images: Sequence[Pixels], wanted: list[str]) -> Iterator[tuple[int, list[Detection]]]:
        self._model.forget()
        for targets in self._model.parts(wanted):
            for places in _alike(images):
                found = self._found([images[place] for place in places], targets)
                yield from zip(places, found, strict=True)

    def _found(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        """What was found in each of some pictures of one size, in no order."""
        try:
            return in_batches(images, partial(self._looked, targets=targets), self._n_at_once)
        except (MemoryError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self._folder}: the detector failed: {in_one_line(error, _SAID_MAX)}"
            ) from error

    def _looked(self, images: Sequence[Pixels], targets: Sequence[str]) -> list[list[Detection]]:
        shown = [_shrunk(image, self._model.side_max) for image in images]
        height, width = shown[0].shape[:2]
        boxes, scores = self._model.look([_filled_up(image) for image in shown], targets)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ModelError(f"{self._folder}: the detector gives no numbers; its weights may be damaged")
        boxes = _clipped(boxes, self._model.frame(*_filled_size(height, width)), (height, width))
        lowest = self._model.score_min if self._score_min is None else self._score_min
        return [_detections(b, s, targets, lowest) for b, s in zip(boxes, scores, strict=True)]

    @cached_property
    def _model(self) -> _Family:
        return _loaded(self._folder, self._device)


@dataclass(frozen=True)
class _Family:
    """One kind of model: how it is asked, and where its boxes and scores are."""

    model: Any
    processor: Any
    score_min: ClassVar[float]

    def parts(self, targets: Sequence[str]) -> Iterator[list[str]]:
        """The targets in order, as many at once as the text encoder takes."""
        part: list[str] = []
        for target in targets:
            if part and not self.fits([*part, target]):
                yield part
                part = []
            part.append(target)
        yield part

    def look(self, pictures: Sequence[Pixels], targets: Sequence[str]) -> tuple[Shares, Shares]:
        """What is in pictures of one size: boxes (n, n_boxes, 4) and scores (n, n_boxes, n_targets).

        Boxes are (centre, size) in shares of the frame.
        """
        import torch
        from PIL import Image

        # Of bare numbers the processor would have to guess which side the colours are.
        inputs = self.inputs([Image.fromarray(picture) for picture in pictures], targets)
        with torch.inference_mode():
            outputs = self.model(**inputs.to(self.model.device, self.model.dtype))
            boxes, scores = self.boxes_and_scores(outputs, targets)
        return boxes.float().cpu().numpy(), scores.float().cpu().numpy()

    def fits(self, targets: Sequence[str]) -> bool:
        """Whether the text encoder takes so many targets at once."""
        raise NotImplementedError

    def inputs(self, pictures: list[Any], targets: Sequence[str]) -> Any:
        """What the model is given, made by its processor."""
        raise NotImplementedError

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Both as ``look`` gives them."""
        raise NotImplementedError

    def frame(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what the boxes of a picture are shares of."""
        return height, width

    def forget(self) -> None:
        """Drop what is remembered of earlier questions, as it would change the last digits of the next answer."""

    @property
    def side_max(self) -> int:
        """Pixels of the longest side of a picture that the processor should be given."""
        size = dict(self.processor.image_processor.size)
        return _SIDES_MAX * max(int(side) for side in size.values() if side)

    @property
    def room(self) -> dict[str, Any]:
        """Texts filled up or cut to what the text encoder takes."""
        return {"padding": "max_length", "max_length": self.n_tokens_max, "truncation": True}

    @property
    def n_tokens_max(self) -> int:
        """As many tokens as the text encoder takes in one text."""
        return int(self.model.config.text_config.max_position_embeddings)


class _Owl(_Family):
    score_min: ClassVar[float] = 0.1

    def fits(self, targets: Sequence[str]) -> bool:
        # Each target is a text of its own, so memory alone limits them.
        return len(targets) <= _N_QUERIES_MAX

    def inputs(self, pictures: list[Any], targets: Sequence[str]) -> Any:
        # So OWLv2 is asked in the examples of transformers.
        article = ["" if target.lower().startswith(("a ", "an ", "the ")) else "a " for target in targets]
        texts = [f"a photo of {a}{target}" for a, target in zip(article, targets, strict=True)]
        return self.processor(images=pictures, text=[texts] * len(pictures), return_tensors="pt", **self.room)

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        return outputs.pred_boxes, outputs.logits.float().sigmoid()

    def frame(self, height: int, width: int) -> tuple[int, int]:
        # Its processor makes pictures square, to the right and below.
        return max(height, width), max(height, width)


class _OmDet(_Family):
    score_min: ClassVar[float] = 0.3

    def fits(self, targets: Sequence[str]) -> bool:
        return len(self.processor.tokenizer(self._task(targets))["input_ids"]) <= self.n_tokens_max

    def _task(self, targets: Sequence[str]) -> str:
        return f"Detect {', '.join(targets)}."

    def inputs(self, pictures: list[Any], targets: Sequence[str]) -> Any:
        texts, tasks = [list(targets)] * len(pictures), [self._task(targets)] * len(pictures)
        return self.processor(images=pictures, text=texts, task=tasks, return_tensors="pt", **self.room)

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        return outputs.decoder_coord_logits, outputs.decoder_class_logits.float().sigmoid()

    def forget(self) -> None:
        for name in ("language_cache_class", "language_cache_prompt"):
            setattr(self.model, name, type(getattr(self.model, name))(self.model.config.cache_size))


class _GroundingDino(_Family):
    """All targets are one text, "a cat. a dog."; the score of a target is the mean over its own tokens.

    The mean is that of the authors' evaluation on COCO (``PostProcessCocoGrounding``). Tokens are known by their
    place in the text, so that names that are part of each other are told apart.
    """

    score_min: ClassVar[float] = 0.25

    @property
    def n_tokens_max(self) -> int:
        return min(super().n_tokens_max, int(self.model.config.max_text_len))

    def fits(self, targets: Sequence[str]) -> bool:
        return len(self._tokens(self._text(targets))["input_ids"]) <= self.n_tokens_max

    def inputs(self, pictures: list[Any], targets: Sequence[str]) -> Any:
        texts = [self._text(targets)] * len(pictures)
        return self.processor(images=pictures, text=texts, return_tensors="pt")

    def boxes_and_scores(self, outputs: Any, targets: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        of_tokens = outputs.logits.float().sigmoid()
        weights = torch.zeros(of_tokens.shape[-1], len(targets), device=of_tokens.device)
        for number, places in enumerate(self._places(targets)):
            weights[places, number] = 1 / max(1, len(places))
        return outputs.pred_boxes, of_tokens @ weights

    def _places(self, targets: Sequence[str]) -> Iterator[list[int]]:
        """Places of each target's tokens in the text."""
        offsets = self._tokens(self._text(targets))["offset_mapping"]
        first = 0
        for phrase in map(self._phrase, targets):
            end = first + len(phrase)
            yield [at for at, (start, stop) in enumerate(offsets) if first <= start < stop <= end]
            first = end + len(". ")

    def _text(self, targets: Sequence[str]) -> str:
        return ". ".join(map(self._phrase, targets)) + "."

    def _phrase(self, target: str) -> str:
        # A dot or a question mark would end the phrase.
        phrase = " ".join(re.sub(r"[.?]", " ", target.lower()).split())
        # Three tokens go to the text's beginning, the dot and the end.
        beyond = self._tokens(phrase, add_special_tokens=False)["offset_mapping"][self.n_tokens_max - 3 :]
        return phrase[: beyond[0][0]].rstrip() if beyond else phrase

    def _tokens(self, text: str, **options: bool) -> Any:
        return self.processor.tokenizer(text, return_offsets_mapping=True, **options)


_FAMILIES = {"owlv2": _Owl, "grounding-dino": _GroundingDino, "omdet-turbo": _OmDet}


def _loaded(folder: Path, device: Device) -> _Family:
    family = _family(folder)
    _weights(folder)
    if not any((folder / name).is_file() for name in _VOCABULARIES):
        raise ModelError(f"{folder}: damaged (no vocabulary); pull the model again")
    try:
        # Transformers draws a bar for its weights.
        with redirect_stderr(StringIO()):
            model, processor, lacking = _parts_of(folder, device)
    except ImportError as error:
        raise CapabilityError(
            f"{folder}: a package is missing; install it: {in_one_line(error, _SAID_MAX)}"
        ) from error
    except Exception as error:  # whatever the parts of a damaged model make its libraries raise
        raise ModelError(
            f"{folder}: the detector cannot be loaded: {in_one_line(error, _SAID_MAX)}"
        ) from error
    # The library would fill them with chance.
    if lacking:
        raise ModelError(f"{folder}: damaged (no {lacking[0]} in the weights); pull the model again")
    return family(model, processor)


def _parts_of(folder: Path, device: Device) -> tuple[Any, Any, list[str]]:
    """Model, processor, and the names of weights that are not in the folder."""
    import transformers

    library: Any = transformers
    local = {"local_files_only": True, "trust_remote_code": False}
    weights = {"use_safetensors": True, "dtype": device.dtype, "output_loading_info": True}
    processor = library.AutoProcessor.from_pretrained(folder, **local)
    model, report = library.AutoModelForZeroShotObjectDetection.from_pretrained(folder, **local, **weights)
    lacking = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
    return model.to(device.name).eval(), processor, lacking


def _family(folder: Path) -> type[_Family]:
    if not (file := folder / "config.json").is_file():
        raise CapabilityError(f"{folder}: no detector here (no config.json); pull one first")
    try:
        kind = json.loads(file.read_text(encoding="utf-8"))["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{file}: damaged ({in_one_line(error, _SAID_MAX)}); pull the model again"
        ) from error
    if kind in _FAMILIES:
        return _FAMILIES[kind]
    raise RequestError(f"{folder}: {kind} is no detector; choose one of {', '.join(_FAMILIES)}")


def _weights(folder: Path) -> list[Path]:
    if files := sorted(folder.glob("*.safetensors")):
        return files
    raise CapabilityError(f"{folder}: no detector here (no .safetensors file); pull one first")


def _alike(images: Sequence[Pixels]) -> list[list[int]]:
    """Places of pictures by size: filled up to a common size, pictures would change each other's results."""
    shapes = dict.fromkeys(image.shape for image in images)
    return [[place for place, image in enumerate(images) if image.shape == shape] for shape in shapes]


def _shrunk(image: Pixels, side_max: int) -> Pixels:
    import cv2

    if (scale := side_max / max(image.shape)) >= 1:
        return image
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _filled_size(height: int, width: int) -> tuple[int, int]:
    return max(height, -(-width // _ASPECT_MAX)), max(width, -(-height // _ASPECT_MAX))


def _filled_up(image: Pixels) -> Pixels:
    """The picture with black to the right or below where it is too long and thin."""
    (height, width), size = image.shape[:2], _filled_size(*image.shape[:2])
    return np.pad(image, ((0, size[0] - height), (0, size[1] - width), (0, 0)))


def _clipped(boxes: Shares, frame: tuple[int, int], size: tuple[int, int]) -> Shares:
    """Boxes given as (centre, size) in a frame, as corners in the picture in its top left corner."""
    centres, sizes = boxes[..., :2], boxes[..., 2:]
    corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)
    (frame_height, frame_width), (height, width) = frame, size
    scale = np.array([frame_width / width, frame_height / height] * 2, np.float32)
    return np.asarray(np.clip(corners * scale, 0, 1), np.float32)


def _detections(boxes: Shares, scores: Shares, targets: Sequence[str], lowest: float) -> list[Detection]:
    """What is found in one picture, by its boxes (n_boxes, 4) and scores (n_boxes, n_targets)."""
    inside = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    found = []
    for target, column in zip(targets, scores.T, strict=True):
        places = np.flatnonzero(inside & (column >= lowest))
        ranked = places[np.lexsort([*boxes[places].T[::-1], -column[places]])]
        for place in _things(boxes, ranked):
            found.append(Detection(target, tuple(boxes[place].tolist()), float(column[place])))
    return found


def _things(boxes: Shares, ranked: npt.NDArray[np.intp]) -> list[int]:
    """The places, best first, without boxes that show a thing again."""
    kept: list[int] = []
    for place in ranked.tolist():
        if not kept or _shared(boxes[place], boxes[kept]).max() <= SAME_THING:
            kept.append(place)
    return kept


def _shared(box: Shares, others: Shares) -> Shares:
    """The part of their union that a box shares with each of others (n, 4): (n,) in [0, 1]."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = np.clip(sides, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - common
    return np.asarray(common / union, np.float32)
