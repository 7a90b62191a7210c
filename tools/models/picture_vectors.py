"""Pictures and descriptions as vectors by a model of open_clip, which has to be on this machine already."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from ..errors import CapabilityError, ModelError, RequestError, first_line
from ..roles import Pixels, Vectors
from .device import Device, in_batches, is_short_of_memory
from .shelf import known_sha256
from .vectors import failing, finite, mean_direction

if TYPE_CHECKING:
    import torch

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
TEMPLATES = ("{}", "a photo of {}.", "a picture that shows {}.", "a scene of a film: {}.")
"""What a description is put into. A plain name and a whole sentence make sense in most of them."""
BACKGROUND = (
    "a photo.", "a picture.", "a drawing.", "a frame of a video.", "something.", "nothing in particular.",
    "a scene.", "a background.", "a pattern.", "a texture.", "a black screen.", "a white screen.",
    "a blurred picture.", "a dark picture.", "a bright picture.", "a place indoors.", "a place outdoors.",
    "a person.", "an object.", "text on a screen.",
)  # fmt: skip
"""Descriptions that fit many pictures and say little; a description has to fit a picture better than these."""
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
# Others could make a tokenizer draw by chance, or run code that comes with a model.
_TOKENIZER_OPTIONS = ("clean", "strip_sep_token")
_N_TOKENS = 77
# Bytes that a picture takes inside a model, as a multiple of the bytes of its numbers; more than was seen.
_GROWTH = 32
_N_AT_ONCE_MAX = 128
# A processor's own memory is near only for a few pictures at once.
_N_AT_ONCE_CPU = 8
_N_THREADS_MAX = 8
_N_TEXTS_KEPT = 64


class OpenClipEmbedder:
    """An image-text embedder: any model of open_clip whose two towers are built by open_clip or timm.

    ``place`` is a folder as open_clip publishes it, with ``open_clip_config.json`` and safetensors, and
    with a tokenizer where the config names one. With an ``architecture`` that open_clip knows by name,
    ``place`` is a safetensors file, and the tokenizer is looked for beside it.

    Raises ``CapabilityError`` where a file or the library is missing, ``RequestError`` for what is no
    architecture and for weights of another kind, and ``ModelError`` for what is damaged; for weights
    and tokenizer, when they are first used.
    """

    def __init__(self, place: Path, device: Device, architecture: str | None = None) -> None:
        self._source = _of_folder(place) if architecture is None else _of_file(place, architecture)
        self._device = device
        self.name = self._source.name
        self.dimension = self._source.dimension
        self._described = lru_cache(_N_TEXTS_KEPT)(self._describe)

    def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """Unit vectors, float32 (n, dimension), of RGB pictures (height, width, 3), whatever their sizes.

        The vectors are the same however many pictures fit into the memory at once. Raises ``ModelError``
        where the model fails, or the memory is too small for one picture.
        """
        if not images:
            return np.zeros((0, self.dimension), np.float32)
        network = self._network
        with failing(self._source.place, "picture"):
            vectors = in_batches(images, network.of_pictures, network.n_at_once)
        return finite(np.stack(vectors), self._source.place, "picture")

    def embed_text(self, text: str) -> Vectors | None:
        """The unit vector (dimension,) of a description, None for one without a word.

        It is the mean over ``TEMPLATES``, as in Radford et al. 2021, section 3.1.4.
        """
        words = text.strip().rstrip(".!?").strip()
        return self._described(words).copy() if words else None

    def likelihoods(self, vectors: Vectors, text: str) -> Vectors:
        """How likely each of the pictures with ``vectors`` (n, dimension) shows what a text says: (n,) in [0, 1].

        A model that was trained with a bias says so itself: sigmoid(scale · cosine + bias), Zhai et al.
        2023 (SigLIP). For others it is the text's share in a softmax of scale · cosine over the text and
        ``BACKGROUND``, the zero-shot classification of Radford et al. 2021 (CLIP). The two differ in
        meaning, and so do those of two models. 0 for a text without a word.
        """
        wanted = self.embed_text(text)
        if wanted is None:
            return np.zeros(len(vectors), np.float32)
        seen, scale, bias = np.asarray(vectors, np.float64), self._network.scale, self._network.bias
        logits = scale * (seen @ wanted)
        if bias is not None:
            return _sigmoid(logits + bias)
        others = scale * (seen @ self._background.T)
        return _sigmoid(logits - np.logaddexp.reduce(others, axis=1))

    def _describe(self, words: str) -> Vectors:
        return mean_direction(self._of_texts([template.format(words) for template in TEMPLATES]))

    @cached_property
    def _background(self) -> Vectors:
        return self._of_texts(BACKGROUND)

    def _of_texts(self, texts: Sequence[str]) -> Vectors:
        network, tokens = self._network, self._tokenize(list(texts))
        with failing(self._source.place, "picture"):
            vectors = in_batches(list(tokens), network.of_texts, len(tokens))
        return finite(np.stack(vectors), self._source.place, "picture")

    @cached_property
    def _network(self) -> _Network:
        with _loading(self._source):
            return _Network(self._source, self._device)

    @cached_property
    def _tokenize(self) -> Callable[[list[str]], torch.Tensor]:
        with _loading(self._source):
            return _tokenizer(self._source)


@dataclass(frozen=True)
class _Source:
    """A model that is not loaded: how it is built (``model``), and how pictures are prepared for it."""

    label: str
    place: Path
    weights: Path
    model: dict[str, Any]
    preparation: dict[str, Any]

    @property
    def name(self) -> str:
        """The label with the first digits of a hash over all that vectors depend on."""
        form = json.dumps([self.model, self.preparation], sort_keys=True)
        digest = hashlib.sha256(f"{known_sha256(self.weights)} {form}".encode())
        return f"{self.label}@{digest.hexdigest()[:12]}"

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.model["embed_dim"])


def _of_folder(folder: Path) -> _Source:
    if not (folder / CONFIG).is_file():
        raise CapabilityError(f"{folder}: no folder of an open_clip model (no {CONFIG})")
    weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise CapabilityError(f"{folder}: no weights here; put {WEIGHTS[0]} beside {CONFIG}")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        model, preparation = config["model_cfg"], config.get("preprocess_cfg") or {}
        source = _Source(folder.resolve().name, folder, weights, model, preparation)
        _refuse_strangers(source)
        return source
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / CONFIG}: damaged ({first_line(error)}); pull the model again") from error


def _of_file(file: Path, architecture: str) -> _Source:
    if file.suffix != ".safetensors":
        raise RequestError(f"{file}: weights are read from .safetensors files only, as others can hold code")
    if not file.is_file():
        raise CapabilityError(f"{file}: no such file")
    model = _open_clip().get_model_config(architecture) if ":" not in architecture else None
    if model is None:
        raise RequestError(f"{architecture}: open_clip knows no such architecture")
    source = _Source(architecture, file, file, model, _usual_preparation(architecture))
    _refuse_strangers(source)
    return source


def _usual_preparation(architecture: str) -> dict[str, Any]:
    """How pictures are prepared for all published weights of an architecture; open_clip's own way if there are none."""
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    tags = list_pretrained_tags_by_model(architecture)
    ways = [merge_preprocess_dict(PreprocessCfg(), get_pretrained_cfg(architecture, tag)) for tag in tags]
    if any(way != ways[0] for way in ways):
        raise RequestError(
            f"{architecture}: its weights differ in how pictures are prepared; give a folder with {CONFIG}"
        )
    return dict(ways[0]) if ways else {}


def _refuse_strangers(source: _Source) -> None:
    """Parts that would have to be fetched from a hub."""
    vision, text = source.model["vision_cfg"], source.model["text_cfg"]
    int(source.model["embed_dim"])
    if text.get("hf_model_name") or ":" in (vision.get("timm_model_name") or ""):
        raise CapabilityError(f"{source.place}: a part of this model lies on a hub; choose another model")


class _Network:
    """A loaded model on a device. ``scale`` and ``bias`` turn a cosine into a logit; ``bias`` can be None."""

    def __init__(self, source: _Source, device: Device) -> None:
        model = _loaded(source)
        # Half precision would round them, and they stand in an exponent.
        self.scale = float(model.logit_scale.exp())
        bias = getattr(model, "logit_bias", None)
        self.bias = None if bias is None else float(bias)
        *self._shaping, _, self._normalize = _transform(source, model).transforms
        self._device, self._dtype = device.name, device.dtype
        self._model = model.to(device.name, device.dtype)
        self.n_at_once = _n_at_once(device, model.visual.image_size)
        self._threads = ThreadPoolExecutor(min(_N_THREADS_MAX, os.cpu_count() or 1))

    def of_pictures(self, images: Sequence[Pixels]) -> Sequence[Vectors]:
        """Unit vectors of pictures, all at once; what is too many is known the next time."""
        import torch

        try:
            with torch.inference_mode():
                return _units(self._model.encode_image(self.prepared(images).to(self._dtype)))
        except (MemoryError, RuntimeError) as error:
            if is_short_of_memory(error):
                self.n_at_once = max(1, len(images) // 2)
            raise

    def prepared(self, images: Sequence[Pixels]) -> torch.Tensor:
        """Pictures as the model's own transform gives them, (n, 3, height, width), float32, on the device."""
        import torch

        # Sizes differ, so each is cut by itself; what follows is the same for all, and quicker for all at once.
        shaped = torch.from_numpy(np.stack(list(self._threads.map(self._shaped, images))))
        pixels = shaped.to(self._device).permute(0, 3, 1, 2)
        prepared: torch.Tensor = self._normalize(pixels.to(torch.float32).div(255))
        return prepared

    def of_texts(self, tokens: Sequence[torch.Tensor]) -> Sequence[Vectors]:
        """Unit vectors of texts from the tokens of each, all at once."""
        import torch

        with torch.inference_mode():
            return _units(self._model.encode_text(torch.stack(list(tokens)).to(self._device)))

    def _shaped(self, pixels: Pixels) -> Pixels:
        from PIL import Image

        image = Image.fromarray(pixels)
        for step in self._shaping:
            image = step(image)
        return np.asarray(image, np.uint8)


def _loaded(source: _Source) -> Any:
    """The model on the processor in full precision, ready to be asked."""
    _open_clip()
    from open_clip.coca_model import CoCa
    from open_clip.factory import load_checkpoint
    from open_clip.model import CLIP, CustomTextCLIP

    form = deepcopy(source.model)
    has_own_text = form.pop("custom_text", False)
    kind = (CoCa if "multimodal_cfg" in form else CustomTextCLIP) if has_own_text else CLIP
    form["vision_cfg"]["timm_model_pretrained"] = False
    with _undrawn():
        model = kind(**form)
    # Every number comes from the file: where one is missing, or one is too many, this raises.
    load_checkpoint(model, str(source.weights), strict=True)
    return _hastened(model.eval().requires_grad_(False))


def _hastened(model: Any) -> Any:
    """The same sums in fewer steps: branches that were apart for training are one, and pixels lie side by side."""
    import torch
    from timm.utils.model import reparameterize_model

    if hasattr(model.visual, "trunk"):
        model.visual.trunk = reparameterize_model(model.visual.trunk, inplace=True)
    return model.to(memory_format=torch.channels_last)


def _undrawn() -> AbstractContextManager[object]:
    """Models are built without drawing first weights, which takes longer than reading the true ones."""
    from torch.overrides import TorchFunctionMode

    class Undrawn(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            given = kwargs or {}
            if getattr(func, "__module__", None) == "torch.nn.init":
                return given["tensor"] if "tensor" in given else args[0]
            return func(*args, **given)

    return Undrawn()


def _transform(source: _Source, model: Any) -> Any:
    from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

    chosen = merge_preprocess_dict(PreprocessCfg(), source.preparation)
    return image_transform_v2(PreprocessCfg(**chosen | {"size": model.visual.image_size}), is_train=False)


def _tokenizer(source: _Source) -> Callable[[list[str]], torch.Tensor]:
    from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

    text = source.model["text_cfg"]
    given = text.get("tokenizer_kwargs") or {}
    options = {name: given[name] for name in _TOKENIZER_OPTIONS if name in given}
    options["context_length"] = text.get("context_length", _N_TOKENS)
    if not text.get("hf_tokenizer_name"):
        options.pop("strip_sep_token", None)
        return cast("Callable[[list[str]], torch.Tensor]", SimpleTokenizer(**options))
    folder = source.weights.parent
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise CapabilityError(f"{folder}: no tokenizer here; put {_TOKENIZER_FILES[0]} beside the weights")
    options |= {
        "tokenizer_mode": text.get("tokenizer_mode"),
        "local_files_only": True,
        "trust_remote_code": False,
    }
    return cast("Callable[[list[str]], torch.Tensor]", HFTokenizer(str(folder), **options))


def _open_clip() -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise CapabilityError("open_clip is not installed; run: pip install open_clip_torch") from error
    return open_clip


@contextmanager
def _loading(source: _Source) -> Iterator[None]:
    try:
        yield
    except CapabilityError:
        raise
    except Exception as error:  # whatever the parts of a damaged model make its libraries raise
        raise ModelError(
            f"{source.place}: the picture model cannot be loaded: {first_line(error)}"
        ) from error


def _n_at_once(device: Device, side: int | Sequence[int]) -> int:
    """How many pictures may well fit into half of the memory that is free."""
    free_bytes = device.free_bytes()
    if free_bytes is None:
        return _N_AT_ONCE_CPU
    height, width = (side, side) if isinstance(side, int) else side
    return min(_N_AT_ONCE_MAX, max(1, free_bytes // 2 // (3 * 4 * height * width * _GROWTH)))


def _units(vectors: torch.Tensor) -> Sequence[Vectors]:
    """Rows of unit length, whatever the precision of the model."""
    from torch.nn.functional import normalize

    return list(normalize(vectors.float(), dim=-1).cpu().numpy())


def _sigmoid(logits: npt.NDArray[np.float64]) -> Vectors:
    return np.asarray(np.exp(-np.logaddexp(0.0, -logits)), np.float32)
