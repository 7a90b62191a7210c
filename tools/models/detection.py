"""Things named in words, found in pictures by OWLv2, Grounding DINO or OmDet-Turbo of transformers.

The model has to be on this machine already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from functools import cached_property, partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CapabilityError, ModelError, RequestError, in_one_line
from ..roles import Detection, Pixels
from .detector_boxes import clipped, detections
from .detector_families import FAMILIES, Family
from .detector_pictures import alike, filled_size, filled_up, shrunk
from .device import Device, in_batches
from .shelf import known_sha256

_SAID_MAX = 300
_N_AT_ONCE = 8
# Without any of these, the library makes a tokenizer that knows no word.
_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt")


class ZeroShotDetector:
    """A detector from a folder, as ``save_pretrained`` of a model and its processor writes it.

    Takes ``owlv2`` (Minderer, Gritsenko and Houlsby 2023, "Scaling Open-Vocabulary Object Detection"),
    ``grounding-dino`` (Liu and others 2023, "Grounding DINO") and ``omdet-turbo`` (Zhao and others 2024,
    "Real-time Transformer-based Open-Vocabulary Detection with Efficient Fusion Head").

    ``score_min`` is the lowest score that counts; None takes what transformers takes for this kind of model.
    ``n_at_once`` pictures are looked at together, fewer where the memory is short; None takes one on a
    processor, where many of them take longer for the memory that they need, and eight on a card.

    Weights are read from safetensors only, and code that comes with a model is never run. Raises
    ``CapabilityError`` where the library or the model is missing, ``RequestError`` for a model of another
    kind, and ``ModelError`` for one that cannot be loaded; all when the model is first used.
    """

    def __init__(
        self, folder: Path, device: Device, score_min: float | None = None, n_at_once: int | None = None
    ) -> None:
        self._folder, self._device = folder, device
        self._score_min = score_min
        self._n_at_once = n_at_once or (1 if device.name == "cpu" else _N_AT_ONCE)

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
            for place, some in self._passes(images, wanted):
                found[place] += some
        rank = {target: number for number, target in enumerate(wanted)}
        return [sorted(each, key=lambda one: (-one.score, rank[one.target], one.box)) for each in found]

    def _passes(self, images: Sequence[Pixels], wanted: list[str]) -> Iterator[tuple[int, list[Detection]]]:
        self._model.forget()
        for targets in self._model.parts(wanted):
            for places in alike(images):
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
        shown = [shrunk(image, self._model.side_max) for image in images]
        height, width = shown[0].shape[:2]
        boxes, scores = self._model.look([filled_up(image) for image in shown], targets)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ModelError(f"{self._folder}: the detector gives no numbers; its weights may be damaged")
        boxes = clipped(boxes, self._model.frame(*filled_size(height, width)), (height, width))
        lowest = self._model.score_min if self._score_min is None else self._score_min
        return [detections(b, s, targets, lowest) for b, s in zip(boxes, scores, strict=True)]

    @cached_property
    def _model(self) -> Family:
        return _loaded(self._folder, self._device)


def _loaded(folder: Path, device: Device) -> Family:
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


def _family(folder: Path) -> type[Family]:
    if not (file := folder / "config.json").is_file():
        raise CapabilityError(f"{folder}: no detector here (no config.json); pull one first")
    try:
        kind = json.loads(file.read_text(encoding="utf-8"))["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{file}: damaged ({in_one_line(error, _SAID_MAX)}); pull the model again"
        ) from error
    if kind in FAMILIES:
        return FAMILIES[kind]
    raise RequestError(f"{folder}: {kind} is no detector; choose one of {', '.join(FAMILIES)}")


def _weights(folder: Path) -> list[Path]:
    if files := sorted(folder.glob("*.safetensors")):
        return files
    raise CapabilityError(f"{folder}: no detector here (no .safetensors file); pull one first")
