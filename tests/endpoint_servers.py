"""Model servers on this machine that behave, and misbehave, as servers of the OpenAI chat API do."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

EVENTS = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Asked:
    """A request as it reached the server; ``body`` is its JSON."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class ChatServer:
    """A server that answers the first request with the first of its acts, and so on, the last one ever after.

    ``models`` is what it lists, None where it lists nothing. ``hung_up`` is set when somebody leaves in the middle
    of an answer, and ``closing`` when the server itself is to end. It speaks in private with a certificate and a key.
    """

    acts: Sequence[Act]
    models: Sequence[Mapping[str, object]] | None = ({"id": "tiny"},)
    certificate: Path | None = None
    key: Path | None = None
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    n_listed: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)


class Answer(BaseHTTPRequestHandler):
    """One request, and what an act can do with it."""

    server_of: ChatServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server_of.n_listed += 1
        if self.path != "/v1/models" or self.server_of.models is None:
            self.whole(404, b'{"detail":"Not Found"}')
            return
        self.whole(200, json.dumps({"object": "list", "data": list(self.server_of.models)}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server_of.asked.append(Asked(self.path, dict(self.headers), body))
        acts = self.server_of.acts
        try:
            acts[min(len(self.server_of.asked), len(acts)) - 1](self)
        except (BrokenPipeError, ConnectionResetError):
            self.server_of.hung_up.set()
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass

    def whole(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """An answer in one go."""
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, content_type: str = EVENTS) -> None:
        """The head of an answer whose end is not known yet."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, data: bytes) -> None:
        """A piece of it."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        """Its proper end."""
        self.wfile.write(b"0\r\n\r\n")

    def pause(self, seconds: float) -> None:
        """Nothing happens for a while, unless the server is to end."""
        self.server_of.closing.wait(seconds)


Act = Callable[[Answer], None]


@contextmanager
def serving(*acts: Act, **more: Any) -> Iterator[ChatServer]:
    """A server with its address, while it serves."""
    served = ChatServer(acts, **more)

    class Handler(Answer):
        server_of = served

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    if served.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(served.certificate, served.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        served.url = f"https://localhost:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        server.server_close()


def event(text: str | None = None, **choice: object) -> bytes:
    """A piece of an answer as servers send it."""
    delta = {} if text is None else {"content": text}
    made = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, **choice}]}
    return b"data: " + json.dumps(made).encode() + b"\n\n"


def says(*texts: str, pause_s: float = 0.0) -> Act:
    """Streams an answer to its end."""
    return _streams([event(text) for text in ("", *texts)], [DONE], pause_s)


def sends(*data: bytes, ends_with: bytes = b"") -> Act:
    """Streams whatever is given."""
    return _streams(list(data), [ends_with] * bool(ends_with))


def _streams(pieces: Sequence[bytes], last: Sequence[bytes], pause_s: float = 0.0) -> Act:
    def act(answer: Answer) -> None:
        answer.begin()
        for piece in pieces:
            answer.send(piece)
            answer.pause(pause_s)
        for piece in last:
            answer.send(piece)
        answer.end()

    return act


def falls_silent_after(*data: bytes, sends_comments: bool = False) -> Act:
    """Streams some, and then nothing, or nothing but comments that keep the connection alive."""

    def act(answer: Answer) -> None:
        answer.begin()
        for piece in data:
            answer.send(piece)
        while not answer.server_of.closing.is_set():
            answer.pause(0.02)
            if sends_comments:
                answer.send(b": still here\n\n")

    return act


def breaks_off_after(*data: bytes) -> Act:
    """Streams some, and closes without an end."""

    def act(answer: Answer) -> None:
        answer.begin()
        for piece in data:
            answer.send(piece)
        answer.close_connection = True

    return act


def closes(answer: Answer) -> None:
    """Closes before a word."""
    answer.close_connection = True


def speaks_no_http(answer: Answer) -> None:
    """Answers in another language."""
    answer.wfile.write(b"220 mail.example.com ESMTP\r\n\r\n")
    answer.close_connection = True


def hangs(answer: Answer) -> None:
    """Never answers."""
    answer.pause(60.0)


def refuses(status: int, body: object, **headers: str) -> Act:
    """Says no."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda answer: answer.whole(
        status, data, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def answers(body: object, content_type: str = "application/json") -> Act:
    """Answers in one go."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda answer: answer.whole(200, data, content_type)


def floods(data: bytes, content_type: str = EVENTS, n_bytes: int = 256 << 20) -> Act:
    """Sends the same again and again, far more than anybody wants."""

    def act(answer: Answer) -> None:
        answer.begin(content_type)
        for _ in range(n_bytes // len(data)):
            answer.send(data)
        answer.end()

    return act


def likely(**logprobs: float) -> Act:
    """Tells how likely some first words are; ``_`` in front of a word is a space."""
    rows = [{"token": word.replace("_", " "), "logprob": value} for word, value in logprobs.items()]
    said = {"token": rows[0]["token"], "logprob": rows[0]["logprob"], "top_logprobs": rows}
    message = {"role": "assistant", "content": rows[0]["token"]}
    return answers({"choices": [{"index": 0, "message": message, "logprobs": {"content": [said]}}]})
