"""A model of transformers that looks at pictures, with its processor: loading, reading prompts, and what they cost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CapabilityError, ModelError, first_line
from ..roles import Pixels, Prompt, StampedFrame
from .chat_prompt import Message, blocks, chat, content, plain, size_within, stamp, stamped, text_part
from .device import Device, is_short_of_memory
from .time_positions import position_ids, unfit

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

Values = dict[str, Any]
# The pictures of a video are many, so none is cut into tiles.
FAMILIES: dict[str, dict[str, Any]] = {
    "internvl": {"crop_to_patches": False},
    "llava_onevision": {},
    "qwen2_5_vl": {},
    "qwen3_vl": {},
    "smolvlm": {"do_image_splitting": False},
}
"""What a family's processor is told, by the type of model that stands in ``config.json``."""
_VISION_START, _VISION_END = "<|vision_start|>", "<|vision_end|>"
_SHAPES = (1.0, 4 / 3, 16 / 9, 9 / 16)
_LATE_S = 35999.5
# What one layer has in work for a token, in vectors of its width and of its inner width.
_N_VECTORS, _N_INNER_VECTORS = 12, 3
_MEMORY_SHARE = 0.8
_UNBOUNDED = 10**9


@dataclass(frozen=True)
class FrameCost:
    """What one more picture takes: tokens of the context, and bytes of memory, an estimate."""

    n_tokens: int
    n_bytes: int


class ChatModel:
    """A model and its processor on a device, both from one folder.

    ``positions_unfit`` says why times cannot be told by positions, empty where they can.
    """

    def __init__(self, model: Any, processor: Any, device: Device) -> None:
        self.model = model
        self.processor = processor
        self._device = device
        self.positions_unfit = unfit(model)

    @classmethod
    def from_folder(cls, folder: Path, device: Device) -> ChatModel:
        """Loaded. Raises ``CapabilityError`` for what is not there or not known, ``ModelError`` for damage."""
        _check(folder)
        with failures(folder.name, "cannot be loaded"), redirect_stderr(StringIO()):
            processor = _processor(folder)
            return cls(_model(folder, device, processor.tokenizer), processor, device)

    @property
    def tokenizer(self) -> Any:
        """The tokenizer within the processor."""
        return self.processor.tokenizer

    @cached_property
    def n_context(self) -> int:
        """How many tokens a prompt and its reply may have together."""
        n_positions = int(self.model.config.get_text_config().max_position_embeddings)
        return min(n_positions, int(min(self.tokenizer.model_max_length, _UNBOUNDED)))

    @cached_property
    def free_bytes(self) -> int | None:
        """Memory for prompts: of what is free on a card, or of half the machine's; None where it cannot be told."""
        free = self._device.free_bytes()
        if free is None and hasattr(os, "sysconf"):
            free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
            free -= self.model.get_memory_footprint()
        return None if free is None else int(max(0, free) * _MEMORY_SHARE)

    def read(self, prompt: Prompt, n_pixels: int, with_positions: bool = False) -> Values:
        """A prompt as the model takes it, its pictures shrunk to ``n_pixels`` at most, on the device."""
        prompt = plain(prompt, self._control)
        text = self._rendered(prompt, with_positions)
        images = [shrunk(part.image, n_pixels) for part in prompt.parts if isinstance(part, StampedFrame)]
        if text.count(self.processor.image_token) != len(images):
            raise ModelError(
                "the chat template does not show every picture once; take the model's own folder"
            )
        told = FAMILIES[self.model.config.model_type] if images else {}
        # In a list of their own: LLaVA-OneVision would take each for a prompt's only picture, and cut it into tiles.
        shown = [images] if images else None
        values = self.processor(
            text=[text], images=shown, return_tensors="pt", add_special_tokens=False, **told
        )
        return dict(values.to(self._device.name, dtype=self.model.dtype))

    def with_positions(self, values: Values) -> Values:
        """The inputs with positions that tell the time by the stamps."""
        if "image_grid_thw" not in values:
            return values
        end_id = self.tokenizer.convert_tokens_to_ids(_VISION_END)
        return values | {"position_ids": position_ids(self.model, values, end_id)}

    def cost(self, n_pixels: int) -> FrameCost:
        """What one more picture of ``n_pixels`` takes in a prompt of several, whatever its shape.

        One prompt with a blank picture of each shape is read, and the costliest counts. Between two pictures
        stands the same text each time, so a picture costs what lies between its first token and the next one's.
        """
        frames = tuple(_blank(n_pixels, shape) for shape in _SHAPES)
        values = self.read(Prompt(frames), n_pixels)
        starts, lengths = self._pictures_in(values["input_ids"][0])
        n_tokens = max(lengths) + starts[1] - starts[0] - lengths[0]
        n_values = values["pixel_values"].numel() * max(lengths) / sum(lengths)
        return FrameCost(
            n_tokens, ceil(n_tokens * self._n_bytes_of_token + n_values * self._n_bytes_of_value)
        )

    def _pictures_in(self, ids: torch.Tensor) -> tuple[list[int], list[int]]:
        """Where each picture's own tokens begin in a prompt, and how many they are."""
        is_picture = (ids == self.tokenizer.convert_tokens_to_ids(self.processor.image_token)).int()
        steps = is_picture.diff(prepend=is_picture.new_zeros(1), append=is_picture.new_zeros(1))
        starts, ends = ((steps == step).nonzero()[:, 0].tolist() for step in (1, -1))
        return starts, [end - start for start, end in zip(starts, ends, strict=True)]

    @cached_property
    def _n_bytes_of_token(self) -> int:
        """Keys and values of all layers, and what one layer has in work."""
        config = self.model.config.get_text_config()
        n_heads = config.num_attention_heads
        of_head = getattr(config, "head_dim", None) or config.hidden_size // n_heads
        n_kept = 2 * config.num_hidden_layers * (config.num_key_value_heads or n_heads) * of_head
        n_in_work = _N_VECTORS * config.hidden_size + _N_INNER_VECTORS * config.intermediate_size
        return int(n_kept + n_in_work) * int(self.model.dtype.itemsize)

    @cached_property
    def _n_bytes_of_value(self) -> float:
        """A number of a picture, as it is read and as it is given to the model, and its share of a patch in work."""
        config = self.model.config.vision_config
        patch = config.patch_size if isinstance(config.patch_size, int) else config.patch_size[0]
        n_values_of_patch = 3 * patch**2 * getattr(config, "temporal_patch_size", 1)
        n_in_work = _N_VECTORS * config.hidden_size + _N_INNER_VECTORS * config.intermediate_size
        return 4 + int(self.model.dtype.itemsize) * (1 + float(n_in_work) / n_values_of_patch)

    def _rendered(self, prompt: Prompt, with_positions: bool) -> str:
        if with_positions:
            return self._templated(prompt, [text_part(_in_blocks(prompt, self.processor.image_token))])
        if self._interleaves:
            return self._templated(prompt, content(prompt, _image_part))
        # Such a template would show all pictures first, and all stamps after them.
        parts = (part if isinstance(part, str) else self.processor.image_token for part in stamped(prompt))
        return self._templated(prompt, [text_part("".join(parts))])

    def _templated(self, prompt: Prompt, content: list[Message]) -> str:
        return str(self.processor.apply_chat_template(chat(prompt, content), add_generation_prompt=True))

    @cached_property
    def _interleaves(self) -> bool:
        """Whether the chat template leaves texts and pictures in their order."""
        words = ("\u2460", "\u2461")
        shown = [part for word in words for part in (text_part(word), {"type": "image"})]
        text = self._templated(Prompt(()), shown)
        marks = [*words, self.processor.image_token]
        order = sorted((at, mark) for mark in marks for at in _places(text, mark))
        return [mark for _, mark in order] == [words[0], marks[2], words[1], marks[2]]

    @cached_property
    def _control(self) -> tuple[str, ...]:
        added = (str(token) for token in self.tokenizer.added_tokens_decoder.values())
        shown = (getattr(self.processor, name, None) for name in ("image_token", "video_token"))
        return tuple(sorted({*added, *self.tokenizer.all_special_tokens, *filter(None, shown)}))


@contextmanager
def failures(name: str, what: str = "failed") -> Iterator[None]:
    """Errors of the libraries as ``ModelError``, or ``CapabilityError`` where something is not installed."""
    try:
        yield
    except ImportError as error:
        raise CapabilityError(f"{name}: {first_line(error)}") from error
    except (MemoryError, RuntimeError, ValueError, LookupError, TypeError, OSError, AttributeError) as error:
        if is_short_of_memory(error):
            raise ModelError(
                f"{name}: the memory does not suffice; show fewer frames or take a smaller model"
            ) from error
        raise ModelError(f"{name}: the video model {what}: {first_line(error)}") from error


def shrunk(image: Pixels, n_pixels: int) -> Image:
    """A picture with at most ``n_pixels``, its proportions kept; never enlarged."""
    from PIL import Image

    size = size_within(image, n_pixels)
    picture = Image.fromarray(np.ascontiguousarray(image))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BICUBIC)


def _blank(n_pixels: int, shape: float) -> StampedFrame:
    height = max(1, int(sqrt(n_pixels / shape)))
    return StampedFrame(_LATE_S, np.zeros((height, max(1, int(height * shape)), 3), np.uint8))


def _check(folder: Path) -> None:
    """Raises ``CapabilityError`` where the folder holds no model of a known family, before anything is loaded."""
    if not (folder / "config.json").is_file():
        raise CapabilityError(f"{folder}: no folder of a transformers model (no config.json)")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        family = config.get("model_type")
    except (ValueError, AttributeError, OSError) as error:
        raise ModelError(f"{folder}: config.json cannot be read: {first_line(error)}") from error
    if family not in FAMILIES:
        own_code = "; it brings code of its own, which is never run" if "auto_map" in config else ""
        raise CapabilityError(f"{folder}: no video model of a known family ({', '.join(FAMILIES)}){own_code}")
    if not any(folder.glob("*.safetensors")):
        raise CapabilityError(f"{folder}: no weights here (no .safetensors file)")


def _model(folder: Path, device: Device, tokenizer: Any) -> Any:
    from safetensors import SafetensorError
    from transformers import AutoModelForImageTextToText

    loader: Any = AutoModelForImageTextToText
    try:
        model, info = loader.from_pretrained(
            str(folder),
            dtype=device.dtype,
            attn_implementation=_attention(device),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except SafetensorError as error:
        raise ModelError(f"{folder.name}: the weights are damaged: {first_line(error)}") from error
    if info["missing_keys"]:
        missing = sorted(info["missing_keys"])
        raise ModelError(f"{folder.name}: {len(missing)} weights are missing, among them {missing[0]}")
    model.generation_config = _greedy(model.generation_config, tokenizer)
    return model.to(device.name).eval()


def _greedy(own: Any, tokenizer: Any) -> Any:
    """Settings of generation: always the likeliest token, and of a model's own settings only how a reply ends."""
    from transformers import GenerationConfig

    ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
    ends = sorted({token for token in [*ends, tokenizer.eos_token_id] if token is not None})
    padding = next(
        token for token in (tokenizer.pad_token_id, own.pad_token_id, *ends, 0) if token is not None
    )
    settings: Any = GenerationConfig
    return settings(do_sample=False, num_beams=1, eos_token_id=ends or None, pad_token_id=padding)


def _processor(folder: Path) -> Any:
    from transformers import AutoProcessor

    loader: Any = AutoProcessor
    processor = loader.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    if not getattr(processor, "chat_template", None):
        raise ModelError(f"{folder.name}: the processor has no chat template")
    return processor


def _attention(device: Device) -> str:
    from transformers.utils.import_utils import is_flash_attn_2_available

    is_there = device.name.startswith("cuda") and is_flash_attn_2_available()
    return "flash_attention_2" if is_there else "sdpa"


def _in_blocks(prompt: Prompt, image_token: str) -> str:
    """The text of a prompt in which the stamps follow their pictures, and pictures in a row are one block."""
    shown = ""
    for part in blocks(prompt):
        frames = "" if isinstance(part, str) else "".join(image_token + stamp(frame.time_s) for frame in part)
        shown += part if isinstance(part, str) else f"{_VISION_START}{frames}{_VISION_END}"
    return shown


def _image_part(_: StampedFrame) -> Message:
    return {"type": "image"}


def _places(text: str, mark: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)
