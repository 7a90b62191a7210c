"""Talking to a model server: at the one address that was given, within deadlines, and again where that is safe."""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

# Not httpx nor openai, which read the environment for proxies, keys and addresses: this layer below them has no
# way to follow a redirect or to find a proxy, and lets every single read have its own deadline.
import httpcore2

from ..errors import ModelError, RequestError
from ..plain import plain
from .endpoint_address import KEY_VARIABLE, base, checked_key, shown
from .endpoint_deadlines import Deadlines, Watch, WatchedNetwork

_AGAIN = (502, 503, 504)
_BYTES_PER_WRITE = 1 << 16
_BYTES_PER_EVENT = 1 << 20
_BYTES_PER_ANSWER = 1 << 22
_BYTES_PER_COMPLAINT = 1 << 16
_SHOWN = 300
_TOO_LONG = re.compile(
    r"context[ _](length|size|window|limit)|max(imum)? (model|prompt|input) length|max_model_len|exceed_context"
    r"|(prompt|input)\b.{0,40}\btoo (long|large)|request (entity )?(is )?too large|too many (tokens|images)"
    r"|at most \d+ image|reduce the length",
    re.IGNORECASE,
)


class RefusedError(ModelError):
    """A server said no: ``status`` is its HTTP status, and ``reason`` what it wrote."""

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class _GoneError(ModelError):
    """Nobody was there to answer, so that asking again does no harm."""


@dataclass(frozen=True)
class Retries:
    """How often, and how far apart, a server is tried that cannot be reached or is too busy.

    ``jitter`` gives numbers in [0, 1), and ``sleep`` waits; tests put in their own. A server that asks for a longer
    wait than ``longest_wait_s`` is not waited for.
    """

    n_tries: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep

    def wait_s(self, n_tried: int) -> float:
        """Half to all of a wait that doubles with each try ("equal jitter": Brooker, AWS Architecture Blog, 2015)."""
        longest_s = min(self.longest_wait_s, self.first_wait_s * 2.0**n_tried)
        return longest_s * (1.0 + self.jitter()) / 2.0

    def wait_after(self, response: httpcore2.Response, n_tried: int) -> float | None:
        """How long to wait before asking again, None where the answer stands."""
        asked_s = _seconds(_header(response, b"retry-after"))
        if response.status not in _AGAIN and not (response.status == 429 and asked_s is not None):
            return None
        if asked_s is None:
            return self.wait_s(n_tried)
        return asked_s if asked_s <= self.longest_wait_s else None


class Server:
    """A server of the OpenAI API at one address; nothing is sent anywhere else.

    The key is the one given, or that of the variable VIDAGENT_API_KEY; it stands in no error. Raises
    ``RequestError`` for what is no address of a server.
    """

    def __init__(self, url: str, key: str | None, deadlines: Deadlines, retries: Retries) -> None:
        self.url = base(url)
        self._key = checked_key(os.environ.get(KEY_VARIABLE, "") if key is None else key)
        self._deadlines = deadlines
        self._retries = retries

    def get(self, path: str) -> Any:
        """What lies at a path, as JSON. Raises ``ModelError`` where that cannot be had."""
        with self._reply("GET", path, None, Watch(self._deadlines)) as response:
            return self._json(self._whole(response))

    def ask(self, path: str, body: object) -> Any:
        """The answer to a question, as JSON. Raises ``ModelError``, and ``RequestError`` where it is too long."""
        with self._reply("POST", path, body, Watch(self._deadlines)) as response:
            return self._json(self._whole(response))

    def events(self, path: str, body: object) -> Generator[tuple[Any, Watch], None, None]:
        """The pieces of an answer as they come, each as JSON, with the watch that is to be told of words heard.

        None as a piece says that the answer is whole. Raises as ``ask`` does. Closing it closes the connection.
        """
        watch = Watch(self._deadlines)
        with self._reply("POST", path, body, watch) as response:
            self._check_stream(response)
            for line in self._lines(response):
                # One line is one event here, as no server of this API breaks its JSON across lines.
                data = line.removeprefix(b"data:").strip()
                if data == b"[DONE]":
                    yield None, watch
                elif data and line.startswith(b"data:"):
                    yield self._event(data), watch

    def broken_off(self) -> ModelError:
        """The error of an answer that ended before its end."""
        return self.failed("the answer broke off in the middle; is the server still running?")

    def failed(self, what: str) -> ModelError:
        """The error of a server that did something wrong."""
        return ModelError(self.line(what))

    def line(self, text: str) -> str:
        """What is to be said of this server, in one line without a key in it."""
        return f"{self.url}: {self._clean(text)}"

    @contextmanager
    def _reply(self, method: str, path: str, body: object, watch: Watch) -> Iterator[httpcore2.Response]:
        with (
            self._mapped(watch),
            httpcore2.ConnectionPool(network_backend=WatchedNetwork(watch)) as pool,
        ):
            response = self._tried(pool, lambda: self._request(method, path, body), watch)
            try:
                if response.status != 200:
                    raise self._refusal(response)
                yield response
            finally:
                response.close()

    def _tried(
        self, pool: httpcore2.ConnectionPool, request: Callable[[], httpcore2.Request], watch: Watch
    ) -> httpcore2.Response:
        for n_tried in range(self._retries.n_tries - 1):
            watch.begin()
            wait_s: float | None = self._retries.wait_s(n_tried)
            try:
                response = self._opened(pool, request())
            except _GoneError:
                pass
            else:
                wait_s = self._retries.wait_after(response, n_tried)
                if wait_s is None:
                    return response
                response.close()
            self._retries.sleep(min(wait_s or 0.0, watch.left_in_all_s))
        watch.begin()
        return self._opened(pool, request())

    def _opened(self, pool: httpcore2.ConnectionPool, request: httpcore2.Request) -> httpcore2.Response:
        try:
            return pool.handle_request(request)
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
            kind = _GoneError if _is_gone(error) else ModelError
            raise kind(self.line(_unopened(error))) from error

    def _request(self, method: str, path: str, body: object) -> httpcore2.Request:
        headers: dict[bytes | str, bytes | str] = {}
        headers |= {"Host": urlsplit(self.url).netloc, "User-Agent": "vidagent", "Accept": "*/*"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if body is None:
            return httpcore2.Request(method, self.url + path, headers=headers)
        data = json.dumps(body, ensure_ascii=False).encode()
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        return httpcore2.Request(method, self.url + path, headers=headers, content=_parts(data))

    @contextmanager
    def _mapped(self, watch: Watch) -> Iterator[None]:
        try:
            yield
        except httpcore2.ConnectTimeout as error:
            raise self.failed("nobody answers at this address") from error
        except httpcore2.TimeoutException as error:
            raise self.failed(f"the server {watch.missed}") from error
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
            raise self.broken_off() from error
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            raise self.failed(f"does not speak HTTP as expected: {error}") from error

    def _refusal(self, response: httpcore2.Response) -> ModelError | RequestError:
        if 300 <= response.status < 400:
            there = shown(_header(response, b"location"))
            return self.failed(f"sends on to {there}, and was not followed; name that address if it is meant")
        said = _message(b"".join(_limited(response.iter_stream(), _BYTES_PER_COMPLAINT)))
        if asked := _header(response, b"retry-after"):
            said = f"{said} (it asks to be left alone for {asked} s)"
        return self.refused(response.status, said)

    def refused(self, status: int, reason: str) -> ModelError | RequestError:
        """The error that a server's refusal is."""
        reason = self._clean(reason) or "without a reason"
        if status in (401, 403):
            with_it = "does not accept the key" if self._key else "wants a key"
            return RefusedError(f"{self.url}: the server {with_it}; set {KEY_VARIABLE}", status, reason)
        if status == 413 or _TOO_LONG.search(reason):
            return RequestError(
                f"{self.url}: the prompt is too long for this server; ask with fewer or smaller frames ({reason})"
            )
        return RefusedError(f"{self.url}: the server refused ({status}): {reason}", status, reason)

    def _check_stream(self, response: httpcore2.Response) -> None:
        kind = _header(response, b"content-type").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            return
        said = b"".join(_limited(response.iter_stream(), _BYTES_PER_COMPLAINT))
        if kind == "application/json" and b'"error"' in said:
            raise self.refused(response.status, _message(said))
        raise self.failed(f"answered with {kind or 'something unnamed'} where a stream of events was due")

    def _event(self, data: bytes) -> Any:
        event = self._json(data)
        error = event.get("error") if isinstance(event, dict) else None
        if error:
            code = error.get("code") if isinstance(error, dict) else None
            raise self.refused(code if isinstance(code, int) else 500, _message(data))
        return event

    def _lines(self, response: httpcore2.Response) -> Iterator[bytes]:
        pending = bytearray()
        for chunk in response.iter_stream():
            *ended, begun = chunk.split(b"\n")
            for line in ended:
                yield bytes(pending + line)
                pending.clear()
            pending += begun
            if len(pending) > _BYTES_PER_EVENT:
                raise self.failed("sent a line without an end")
        if pending:
            yield bytes(pending)

    def _whole(self, response: httpcore2.Response) -> bytes:
        whole = b"".join(_limited(response.iter_stream(), _BYTES_PER_ANSWER + 1))
        if len(whole) > _BYTES_PER_ANSWER:
            raise self.failed(f"sent more than {_BYTES_PER_ANSWER >> 20} MiB where a short answer was due")
        return whole

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self.failed("sent something that is no JSON") from error

    def _clean(self, text: str) -> str:
        told = " ".join(plain(text).split())
        told = told.replace(self._key, "…") if self._key else told
        return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}…"


def _is_gone(error: Exception) -> bool:
    """Whether a server refused, reset or closed the connection before a word; what else is wrong stays wrong."""
    cause = error.args[0] if error.args else ""
    return isinstance(cause, ConnectionError) or (
        isinstance(error, httpcore2.RemoteProtocolError) and isinstance(cause, str)
    )


def _unopened(error: Exception) -> str:
    if isinstance(error, httpcore2.ConnectError):
        return f"cannot be reached: {error}; is the server running?"
    if _is_gone(error):
        return "the connection was closed before a word; is the server still running?"
    return f"does not speak HTTP as expected: {error}"


def _parts(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _BYTES_PER_WRITE] for at in range(0, len(data), _BYTES_PER_WRITE))


def _limited(chunks: Iterable[bytes], n_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:n_bytes]
        n_bytes -= len(chunk)
        if n_bytes <= 0:
            return


def _header(response: httpcore2.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _seconds(text: str) -> float | None:
    """A wait as a header names it: in seconds, or as the date until which to wait."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _message(data: bytes) -> str:
    """What a server says is wrong, in whichever of its forms: ``error.message``, ``error``, ``message``, ``detail``."""
    text = data.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        said = said.get(name, said) if isinstance(said, dict) else said
    return said if isinstance(said, str) else json.dumps(said)
