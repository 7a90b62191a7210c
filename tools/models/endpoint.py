"""A video LLM behind any server of the OpenAI chat API: vLLM, SGLang, Ollama, llama.cpp, transformers serve."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from typing import Any

from ..errors import ModelError, RequestError
from ..roles import FrameBudget, Prompt
from .chat_prompt import Message, chat, content, plain
from .endpoint_address import is_of_this_machine
from .endpoint_deadlines import Deadlines
from .endpoint_images import image_part
from .endpoint_odds import first_words, odds
from .endpoint_server import RefusedError, Retries, Server

__all__ = ["Deadlines", "EndpointModel", "Retries", "is_of_this_machine"]

_CHAT = "/chat/completions"
_N_PIXELS = 640 * 360
_N_FRAMES_MAX = 256
_N_TOKENS = 8192
"""What a server is taken to hold that does not say; some hold less."""
_TOKENS_FOR_TEXT = 4096
# The hungriest models take one token for 16 x 16 pixels (Pixtral); others for 28 x 28 (Qwen2.5-VL) and more.
_PIXELS_PER_TOKEN = 16 * 16
_TOKENS_PER_STAMP = 16
_N_TOP = (20, 5)
# No token is as long as this on the average, so whoever sends more does not keep to what was asked for.
_CHARACTERS_PER_TOKEN = 64
# How the common models mark turns and pictures; which one is served cannot be told from here.
_CONTROL = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|</?s>|</?(?:image|img|video|think)>|<(?:start|end)_of_(?:turn|image)>"
    r"|<(?:bos|eos|image_soft_token|fake_token_around_image|global-img|end_of_utterance|IMG_CONTEXT)>"
    r"|\[/?(?:INST|IMG|IMG_BREAK|IMG_END|SYSTEM_PROMPT)\]"
)


class EndpointModel:
    """A video LLM on a server; pictures go to it within the request, each with its second written before it.

    ``url`` is the server's address with its path (``http://127.0.0.1:8000/v1``), and ``model`` what it calls the
    model, None for the only one that it has. Nothing is sent anywhere else: redirects are not followed, and proxies
    of the environment not used. ``api_key`` is that of the variable VIDAGENT_API_KEY unless given. ``n_frames`` and
    ``n_pixels`` override what is known or guessed of how much fits into one prompt.

    Raises ``RequestError`` for what is no address of a server.
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        *,
        api_key: str | None = None,
        n_frames: int | None = None,
        n_pixels: int | None = None,
        deadlines: Deadlines | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._server = Server(url, api_key, deadlines or Deadlines(), retries or Retries())
        self._named = model
        self._n_frames = n_frames
        self._n_pixels = n_pixels or _N_PIXELS
        self._n_top = list(_N_TOP)

    @property
    def name(self) -> str:
        """The address and the model on it, as a user can type them."""
        return f"openai:{self._server.url}" + (f"#{self._named}" if self._named else "")

    @cached_property
    def budget(self) -> FrameBudget:
        """What fits into one prompt, by the context that the server tells of, or that of a small server.

        Raises ``ModelError`` where the server cannot be reached.
        """
        if self._n_frames is not None:
            return FrameBudget(self._n_frames, self._n_pixels)
        n_tokens = self._n_tokens() or _N_TOKENS
        for_frames = n_tokens - min(_TOKENS_FOR_TEXT, n_tokens // 4)
        per_frame = -(-self._n_pixels // _PIXELS_PER_TOKEN) + _TOKENS_PER_STAMP
        return FrameBudget(min(_N_FRAMES_MAX, max(1, for_frames // per_frame)), self._n_pixels)

    def stream(self, prompt: Prompt, n_tokens_max: int) -> Generator[str, None, None]:
        """The reply in pieces as it is written, as greedily as the server can.

        Raises ``ModelError`` where the server fails, is silent for too long or breaks off, and ``RequestError`` for
        a prompt that it finds too long. Closing the iterator breaks the request off.
        """
        n_characters = n_tokens_max * _CHARACTERS_PER_TOKEN
        with closing(self._pieces(self._body(prompt, n_tokens_max, stream=True))) as pieces:
            for piece in pieces:
                n_characters -= len(piece)
                if n_characters < 0:
                    raise self._server.failed(f"wrote far more than the {n_tokens_max} tokens asked for")
                yield piece

    def probabilities(self, prompt: Prompt, answers: Sequence[str]) -> list[float] | None:
        """How likely each of some short answers is to come first, summing to 1.

        None where the server does not tell, which is then not asked again, and where it names none of the answers.
        An answer of several tokens is known by its first. Raises as ``stream`` does.
        """
        words = self._first_words(self._body(prompt, 1, stream=False, logprobs=True))
        return None if words is None else odds(words, answers)

    def _first_words(self, body: dict[str, Any]) -> list[tuple[str, float]] | None:
        while self._n_top:
            try:
                with self._explained():
                    words = first_words(self._server.ask(_CHAT, body | {"top_logprobs": self._n_top[0]}))
            except RefusedError as error:
                if "logprob" not in error.reason.lower():
                    raise
                del self._n_top[0]
                continue
            if words is None:
                self._n_top.clear()
            return words
        return None

    def _body(self, prompt: Prompt, n_tokens_max: int, **more: object) -> dict[str, Any]:
        texts = (prompt.system, *(part for part in prompt.parts if isinstance(part, str)))
        safe = plain(prompt, {token for text in texts for token in _CONTROL.findall(text)})
        parts = content(safe, lambda frame: image_part(frame, self._n_pixels))
        messages = [_flat(message) for message in chat(safe, parts)]
        settled = {"max_tokens": n_tokens_max, "temperature": 0, "seed": 0}
        return {"model": self._model, "messages": messages, **settled, **more}

    def _pieces(self, body: dict[str, Any]) -> Generator[str, None, None]:
        is_done = has_thought = has_spoken = False
        with self._explained(), closing(self._server.events(_CHAT, body)) as events:
            for event, watch in events:
                text, thought, is_done = _read(event)
                has_thought, has_spoken = has_thought or bool(thought), has_spoken or bool(text)
                if text:
                    yield text
                if text or thought:
                    # Only now, since whoever reads may take its time over a piece.
                    watch.heard()
                if is_done:
                    break
        if not is_done:
            raise self._server.broken_off()
        if has_thought and not has_spoken:
            raise self._server.failed("the model only thought, and wrote no answer; allow it more tokens")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except RefusedError as error:
            if error.status != 404:
                raise
            raise self._server.failed(self._unknown()) from error

    @cached_property
    def _model(self) -> str:
        if self._named:
            return self._named
        offered = _names(self._offers())
        if len(offered) != 1:
            raise RequestError(
                self._server.line(f"say which model is meant, of {', '.join(offered) or 'none'}")
            )
        return offered[0]

    def _unknown(self) -> str:
        try:
            offered = _names(self._offers())
        except ModelError:
            return "there is no chat here; an address of a server mostly ends with /v1"
        return f"there is no model {self._model}; it offers {', '.join(offered) or 'none'}"

    def _n_tokens(self) -> int | None:
        try:
            offers = self._offers()
        except RefusedError as error:
            # Not every server lists its models.
            if error.status in (404, 405, 501):
                return None
            raise
        mine = next((row for row in offers if row.get("id") == self._model), {})
        told = [mine.get(name) for name in ("max_model_len", "context_length")]
        return next((n for n in told if isinstance(n, int) and n > 0), None)

    def _offers(self) -> list[dict[str, Any]]:
        listed = self._server.get("/models")
        rows = listed.get("data") if isinstance(listed, dict) else None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _flat(message: Message) -> Message:
    """A message without pictures as one text, which is all that some servers take."""
    texts = [part.get("text") for part in message["content"]]
    return message if None in texts else {**message, "content": "\n".join(texts)}


def _names(offers: list[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in offers if "id" in row]


def _read(event: Any) -> tuple[str, str, bool]:
    """What an event brings of the answer, what of the thoughts before it, and whether it is the last."""
    if event is None:
        return "", "", True
    try:
        choice = event["choices"][0]
        delta = choice.get("delta") or {}
        thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
        return str(delta.get("content") or ""), str(thought), bool(choice.get("finish_reason"))
    except (AttributeError, IndexError, KeyError, TypeError):
        # Counts of tokens come without a choice.
        return "", "", False
