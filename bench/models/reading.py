"""Questions to a video LLM with many pictures, beside transformers' own processor and ``generate``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn_reader import drawn_reader
from pictures import guarded
from sizes import Options
from table import OURS, PLAIN, Row, Timed, in_turns, loaded

from vidagent.tools.models.chat_prompt import stamp
from vidagent.tools.models.device import Device
from vidagent.tools.models.video_llm import TransformersVideoModel
from vidagent.tools.roles import Pixels, Prompt, StampedFrame

QUESTION = "How many boats leave the harbour before noon?"
N_TOKENS = 16
BESIDE = "processor and generate of transformers"


def rows(options: Options, folder: Path) -> Iterator[Row]:
    """Loading until the first token; seconds for a reply with 32, 64 and 256 pictures."""
    device, side = Device.named(options.device), options.size.reader.side
    drawn_reader(folder, options.size.reader)
    name = f"Qwen2.5-VL of width {options.size.reader.text['hidden_size']}"
    frames = _frames(options.video, side)
    loading = loaded(
        lambda: _asked(TransformersVideoModel(folder, device), frames[:1]),
        lambda: _asked(PlainReader(folder, device), frames[:1]),
        options.n_rounds,
    )
    yield Row(f"{name}: seconds until the first token", "from_pretrained", loading)
    for n_frames in options.n_frames:
        shown = [frames[n % len(frames)] for n in range(n_frames)]
        timed = _timed(loading, shown, options.n_rounds)
        what = f"{name}: seconds for {N_TOKENS} tokens about {n_frames} pictures of {side} × {side}"
        is_same = timed.given[OURS].strip() == timed.given[PLAIN].strip()
        yield Row(what, BESIDE, timed, note="the same reply" if is_same else "another reply")


def _timed(loading: Timed[Any], shown: list[StampedFrame], n_rounds: int) -> Timed[str]:
    ours, plain = loading.given[OURS], loading.given[PLAIN]
    return in_turns(lambda: _reply(ours, shown), lambda: plain.reply(shown), n_rounds)


def _frames(video: Path, side: int) -> list[StampedFrame]:
    """Square pictures that neither side has to shrink."""
    from PIL import Image

    def square(pixels: Pixels) -> Pixels:
        return np.asarray(Image.fromarray(pixels).resize((side, side)), np.uint8)

    return [StampedFrame(float(n), square(each)) for n, each in enumerate(guarded(video, 32.0))]


@dataclass
class PlainReader:
    """A model of transformers as its page in the documentation shows it."""

    folder: Path
    device: Device

    def __post_init__(self) -> None:
        import transformers

        library: Any = transformers
        self.processor = library.AutoProcessor.from_pretrained(self.folder)
        model = library.AutoModelForImageTextToText.from_pretrained(self.folder, dtype=self.device.dtype)
        self.model = model.to(self.device.name).eval()

    def reply(self, frames: list[StampedFrame], n_tokens: int = N_TOKENS) -> str:
        """What is answered, each picture shown behind its own second."""
        import torch

        inputs = self.processor.apply_chat_template(
            _messages(frames),
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        ).to(self.device.name, dtype=self.model.dtype)
        with torch.inference_mode():
            written = self.model.generate(**inputs, max_new_tokens=n_tokens, do_sample=False)
        reply = written[0, inputs["input_ids"].shape[1] :]
        return str(self.processor.decode(reply, skip_special_tokens=True))


def _messages(frames: list[StampedFrame]) -> list[dict[str, Any]]:
    from PIL import Image

    content: list[dict[str, Any]] = [{"type": "text", "text": QUESTION}]
    for frame in frames:
        content.append({"type": "text", "text": f"\n{stamp(frame.time_s)}"})
        content.append({"type": "image", "image": Image.fromarray(frame.image)})
    return [{"role": "user", "content": content}]


def _reply(model: TransformersVideoModel, frames: list[StampedFrame], n_tokens: int = N_TOKENS) -> str:
    return "".join(model.stream(Prompt((QUESTION, *frames)), n_tokens))


def _asked(model: Any, frames: list[StampedFrame]) -> Any:
    if isinstance(model, PlainReader):
        model.reply(frames, 1)
    else:
        _reply(model, frames, 1)
    return model
