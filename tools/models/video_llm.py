"""Video LLMs of transformers that lie on this machine: pictures go in one by one, each after its own second."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from ..errors import RequestError
from ..roles import FrameBudget, Prompt, StampedFrame
from .answer_shares import Tokens, shares, told_apart
from .chat_model import ChatModel, Values, failures
from .device import Device
from .names import ModelName

if TYPE_CHECKING:
    import torch
    from transformers import TextIteratorStreamer

_log = logging.getLogger("vidagent")
_N_PIXELS = (448 * 448, 336 * 336, 224 * 224)
_N_FRAMES_MAX = 256
_N_FRAMES_WANTED = 16
_WORDS_SHARE = 4
_N_WORD_TOKENS_MAX = 8192
_BY_TOKEN = ("input_ids", "attention_mask", "mm_token_type_ids")


class TransformersVideoModel:
    """A video LLM from a folder, as ``save_pretrained`` of transformers writes it: see ``chat_model.FAMILIES``.

    Nothing is fetched, weights are read from safetensors only, and code that comes with a model is never run.
    Every picture is an image of its own behind its own stamp, so no library samples again or merges two of
    them. With ``times_in_positions`` a model of type ``qwen2_5_vl`` is told the times by DATE's positions,
    each stamp behind its picture; where that cannot be done, ``notices`` says so and stamps are written as
    for all others.

    Raises ``CapabilityError`` where the library, the folder or the family is missing, and ``ModelError`` for a
    folder that cannot be loaded, both when the model is first used; ``ModelError`` where the model fails.
    """

    def __init__(self, folder: Path, device: Device | None = None, times_in_positions: bool = False) -> None:
        self._folder = folder
        self._device = device
        self._wants_positions = times_in_positions
        self.notices: list[str] = []

    @property
    def name(self) -> str:
        """``transformers:`` and the name of the folder."""
        return str(ModelName.of_folder("transformers", self._folder.resolve()))

    @cached_property
    def budget(self) -> FrameBudget:
        """What fits into the model's context, a quarter of it left for words, and into memory.

        Smaller pictures are taken where fewer than 16 would fit and their size makes a difference.
        """
        found = FrameBudget(0, _N_PIXELS[0])
        for n_pixels in _N_PIXELS:
            n_frames = self._n_frames_that_fit(n_pixels)
            if n_frames > found.n_frames:
                found = FrameBudget(n_frames, n_pixels)
            if n_frames >= _N_FRAMES_WANTED:
                break
        return FrameBudget(max(1, found.n_frames), found.n_pixels)

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Generator[str, None, None]:
        """The reply in pieces as it is written, each token the likeliest; closing the generator ends the work.

        Raises ``RequestError`` for a prompt that, with the reply, is larger than the model's context.
        """
        return self._written(self._inputs(prompt, n_tokens_max), n_tokens_max)

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float]:
        """How likely the reply begins with each of the answers, summing to 1.

        An answer counts with a space before it and without. Where all differ in their first token, that
        token decides; otherwise all tokens of every answer do, and a reply that goes on to a longer answer
        does not count for the shorter. Raises ``RequestError`` for answers that are empty or the same, and
        like ``stream`` for a prompt that is too large.
        """
        words = [answer.strip() for answer in answers]
        if not words or not all(words) or len(set(words)) < len(words):
            raise RequestError("there have to be answers to choose from, and each has to be another")
        spelled = told_apart([self._spellings(answer) for answer in words])
        inputs = self._inputs(prompt, max(len(tokens) for answer in spelled for tokens in answer))
        steps: dict[Tokens, torch.Tensor] = {}
        return shares([{tokens: self._log(inputs, tokens, steps) for tokens in answer} for answer in spelled])

    def _log(self, inputs: Values, tokens: Tokens, steps: dict[Tokens, torch.Tensor]) -> float:
        """The natural logarithm of how likely the reply begins with some tokens; ``steps`` remembers."""
        if tokens[:-1] not in steps:
            steps[tokens[:-1]] = self._steps(inputs, tokens[:-1])
        return float(sum(step[token] for step, token in zip(steps[tokens[:-1]], tokens, strict=True)))

    def _steps(self, inputs: Values, begun: Tokens) -> torch.Tensor:
        """Logarithms of how likely every token is next, after the prompt and after each of ``begun``."""
        import torch

        values = self._placed(_lengthened(inputs, begun))
        with failures(self.name), torch.inference_mode():
            logits = self._chat.model(**values, logits_to_keep=len(begun) + 1, use_cache=False).logits
            logs: torch.Tensor = logits[0].double().log_softmax(-1).cpu()
        return logs

    def _spellings(self, answer: str) -> list[Tokens]:
        encode = self._chat.tokenizer.encode
        spelled = (tuple(encode(text, add_special_tokens=False)) for text in (answer, f" {answer}"))
        return [tokens for tokens in dict.fromkeys(spelled) if tokens]

    def _written(self, inputs: Values, n_tokens_max: int) -> Generator[str, None, None]:
        from transformers import TextIteratorStreamer

        streamer = TextIteratorStreamer(self._chat.tokenizer, skip_prompt=True, skip_special_tokens=True)
        work = _Work(self._chat, self._placed(inputs), n_tokens_max, streamer)
        work.start()
        try:
            yield from (piece for piece in streamer if piece)
        finally:
            work.stop()
        if work.error:
            with failures(self.name):
                raise work.error

    def _inputs(self, prompt: Prompt, n_more: int) -> Values:
        """What the processor makes of a prompt, on the device. Raises ``RequestError`` where it is too large."""
        with failures(self.name):
            values = self._chat.read(prompt, self._n_pixels(prompt), self._has_positions)
        n_tokens, n_context = int(values["input_ids"].shape[1]), self._chat.n_context
        if n_tokens + n_more > n_context:
            raise RequestError(
                f"{self.name}: {n_tokens} tokens of prompt and {n_more} of reply are "
                f"{n_tokens + n_more - n_context} more than the {n_context} that the model can take; show fewer frames"
            )
        return values

    def _n_pixels(self, prompt: Prompt) -> int:
        """How large the pictures of a prompt may be; finding the budget takes time that small ones do not need."""
        sizes = [part.image[..., 0].size for part in prompt.parts if isinstance(part, StampedFrame)]
        return _N_PIXELS[-1] if max(sizes, default=0) <= _N_PIXELS[-1] else self.budget.n_pixels

    def _placed(self, values: Values) -> Values:
        return self._chat.with_positions(values) if self._has_positions else values

    def _n_frames_that_fit(self, n_pixels: int) -> int:
        with failures(self.name):
            cost = self._chat.cost(n_pixels)
        n_context, free = self._chat.n_context, self._chat.free_bytes
        n_for_words = min(n_context // _WORDS_SHARE, _N_WORD_TOKENS_MAX)
        n_by_memory = _N_FRAMES_MAX if free is None else free // cost.n_bytes
        return min((n_context - n_for_words) // cost.n_tokens, n_by_memory, _N_FRAMES_MAX)

    @cached_property
    def _has_positions(self) -> bool:
        reason = self._chat.positions_unfit
        if self._wants_positions and reason:
            self.notices.append(f"{self.name}: {reason}; every time is written before its picture instead")
            _log.warning("%s", self.notices[-1])
        return self._wants_positions and not reason

    @cached_property
    def _chat(self) -> ChatModel:
        return ChatModel.from_folder(self._folder, self._device or Device.best())


class _Work:
    """A reply being written by a thread of its own; ``error`` is what ended it, if anything did."""

    def __init__(
        self, chat: ChatModel, values: Values, n_tokens_max: int, streamer: TextIteratorStreamer
    ) -> None:
        self.error: BaseException | None = None
        self._chat, self._values, self._n_tokens_max = chat, values, n_tokens_max
        self._streamer = streamer
        self._is_over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """End after the token that is being written, if not ended yet, and wait for it."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        import torch

        try:
            # Threads have modes of their own, and this one keeps less of each step than that of ``generate``.
            with torch.inference_mode():
                self._chat.model.generate(
                    **self._values,
                    max_new_tokens=self._n_tokens_max,
                    streamer=self._streamer,
                    stopping_criteria=[self._must_end],
                )
        except BaseException as error:  # the reader raises it
            self.error = error
        finally:
            self._streamer.on_finalized_text("", stream_end=True)

    def _must_end(self, ids: torch.Tensor, _: Any, **__: Any) -> torch.Tensor:
        import torch

        return torch.full((len(ids),), self._is_over.is_set(), device=ids.device)


def _lengthened(values: Values, tokens: Tokens) -> Values:
    """Inputs that go on with some tokens of text."""
    import torch

    more = {
        "input_ids": tokens,
        "attention_mask": (1,) * len(tokens),
        "mm_token_type_ids": (0,) * len(tokens),
    }
    return values | {
        name: torch.cat([values[name], values[name].new_tensor([more[name]])], dim=1)
        for name in _BY_TOKEN
        if name in values
    }
