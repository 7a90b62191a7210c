"""A prompt as a chat: each picture with its own second written directly before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import sqrt
from typing import Any

from ..clock import format_time
from ..roles import Pixels, Prompt, StampedFrame

Message = dict[str, Any]


def stamp(time_s: float) -> str:
    """A picture's second as every model is told it: ``[mm:ss.s]``, and ``[h:mm:ss.s]`` from one hour on.

    Tenths of a second, rounded to the nearest.

    >>> stamp(47.9), stamp(3601.5)
    ('[00:47.9]', '[1:00:01.5]')
    """
    return f"[{format_time(time_s)}]"


def size_within(image: Pixels, n_pixels: int) -> tuple[int, int]:
    """Width and height at which a picture has at most ``n_pixels``, its proportions kept; never enlarged."""
    height, width = image.shape[:2]
    scale = min(1.0, sqrt(n_pixels / (height * width)))
    return max(1, int(width * scale)), max(1, int(height * scale))


def stamped(prompt: Prompt) -> list[str | StampedFrame]:
    """The parts of a prompt, in order, with a picture's stamp as a text before each; each stamp begins a line.

    No two texts stand side by side, so what is between two pictures is one text.
    """
    parts: list[str | StampedFrame] = []
    text = ""
    for part in prompt.parts:
        words = part if isinstance(part, str) else stamp(part.time_s)
        text += _break(text, parts, part) + words
        if isinstance(part, StampedFrame):
            parts += [text, part]
            text = ""
    return parts + [text] * bool(text)


def blocks(prompt: Prompt) -> Iterator[str | tuple[StampedFrame, ...]]:
    """The parts of a prompt, in order, where pictures that follow each other are one part."""
    run: tuple[StampedFrame, ...] = ()
    for part in prompt.parts:
        if isinstance(part, StampedFrame):
            run += (part,)
            continue
        if run:
            yield run
        run = ()
        yield part
    if run:
        yield run


def chat(prompt: Prompt, content: object) -> list[Message]:
    """The messages of a chat that asks what ``content`` holds, under the rules of the prompt."""
    rules = [{"role": "system", "content": [text_part(prompt.system)]}] if prompt.system else []
    return [*rules, {"role": "user", "content": content}]


def text_part(text: str) -> Message:
    """A text as a part of a message."""
    return {"type": "text", "text": text}


def content(prompt: Prompt, image_part: Callable[[StampedFrame], Message]) -> list[Message]:
    """The parts of a message that shows the prompt; ``image_part`` writes a picture."""
    return [text_part(part) if isinstance(part, str) else image_part(part) for part in stamped(prompt)]


def plain(prompt: Prompt, control: Iterable[str]) -> Prompt:
    """The prompt with a space in each of a model's control tokens that stand in its texts.

    What is read aloud or shown in a video may hold them, and must not speak as somebody else or pass for a picture.
    """
    tokens = sorted((token for token in control if len(token) > 1), key=len, reverse=True)
    parts = tuple(_defused(part, tokens) if isinstance(part, str) else part for part in prompt.parts)
    return Prompt(parts, _defused(prompt.system, tokens))


def _break(text: str, before: list[str | StampedFrame], part: str | StampedFrame) -> str:
    """The line break that belongs between what has been written and the next part."""
    after_picture = not text and bool(before)
    before_stamp = isinstance(part, StampedFrame) and bool(text) and not text.endswith("\n")
    return "\n" * (after_picture or before_stamp)


def _defused(text: str, tokens: list[str]) -> str:
    for token in tokens:
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text
