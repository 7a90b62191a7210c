"""A hub of models on this machine: it speaks as much of the hub's language as downloading takes, and can break off."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """What is published, as files of repositories, and what was asked for.

    ``breaks_after`` cuts every download of weights off after so many bytes, ``commit`` is the newest revision, and
    ``sends`` is what comes in place of files.
    """

    repositories: Mapping[str, Mapping[str, bytes]]
    commit: str = "a" * 40
    breaks_after: int | None = None
    sends: Mapping[str, bytes] = field(default_factory=dict)
    url: str = ""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    n_bytes_sent: int = 0


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub with its address, while it serves."""

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(is_head=True)

    def do_GET(self) -> None:
        self._answer(is_head=False)

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, is_head: bool) -> None:
        path = self.path.partition("?")[0]
        self.hub.asked.append((self.command, path, self.headers.get("Range")))
        if path.startswith("/api/models/"):
            self._tell(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            repository, _, rest = path.lstrip("/").partition("/resolve/")
            commit, _, file = rest.partition("/")
            data = self.hub.repositories.get(repository, {}).get(file)
            self._send_file(self.hub.sends.get(file, data), commit, is_head)
        else:
            self._send_file(self.hub.repositories.get("", {}).get(path.lstrip("/")), "", is_head)

    def _tell(self, path: str) -> None:
        repository, _, revision = path.partition("/revision/")
        files = self.hub.repositories.get(repository)
        if files is None:
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
            return
        siblings = [_sibling(name, data) for name, data in files.items()]
        made = {"id": repository, "sha": revision or self.hub.commit, "siblings": siblings}
        self._send(200, json.dumps(made).encode(), {"Content-Type": "application/json"})

    def _send_file(self, data: bytes | None, commit: str, is_head: bool) -> None:
        if data is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Repo-Commit": commit,
            "Accept-Ranges": "bytes",
        }
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        self._send(206 if first else 200, data[first:], headers, is_head)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], is_head: bool = False) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if is_head:
            return
        limit = self.hub.breaks_after if len(body) > 1000 else None
        self.hub.n_bytes_sent += len(body[:limit])
        self.wfile.write(body[:limit])
        if limit is not None and limit < len(body):
            self.close_connection = True


def _sibling(name: str, data: bytes) -> dict[str, object]:
    """A file as the hub lists it; it tells the hash of large ones only."""
    row: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": "0" * 40}
    if len(data) > 1000:
        row["lfs"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 134}
    return row
