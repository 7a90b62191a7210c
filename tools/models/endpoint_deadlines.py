"""How long a model server may take, and connections on which every read and write keeps to that."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore2


@dataclass(frozen=True)
class Deadlines:
    """How long a server may take: to accept a connection, to its first word, between two words, and for it all."""

    connect_s: float = 10.0
    first_s: float = 300.0
    silence_s: float = 60.0
    whole_s: float = 1800.0


class Watch:
    """Counts down to the next of the deadlines of one request."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.deadlines = deadlines
        self._end_s = time.monotonic() + deadlines.whole_s
        self.begin()

    def begin(self) -> None:
        """A try begins: the first word is waited for."""
        self._next_s = time.monotonic() + self.deadlines.first_s
        self._missed = f"said nothing for {self.deadlines.first_s:g} s"

    def heard(self) -> None:
        """A word has come: the next is waited for."""
        self._next_s = time.monotonic() + self.deadlines.silence_s
        self._missed = f"fell silent for {self.deadlines.silence_s:g} s"

    def left_s(self) -> float:
        """Seconds until a deadline has passed. Raises ``httpcore2.ReadTimeout`` once it has."""
        left_s = min(self._next_s, self._end_s) - time.monotonic()
        if left_s <= 0.0:
            raise httpcore2.ReadTimeout(self.missed)
        return left_s

    @property
    def left_in_all_s(self) -> float:
        """Seconds until the whole request has to be done."""
        return max(0.0, self._end_s - time.monotonic())

    @property
    def missed(self) -> str:
        """What the server did not do in time."""
        return self._missed if self.left_in_all_s else f"was not done after {self.deadlines.whole_s:g} s"


class WatchedNetwork(httpcore2.SyncBackend):
    """Connections whose every read and write ends when the watch says so."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        limit_s = min(self._watch.deadlines.connect_s, self._watch.left_s())
        stream = super().connect_tcp(host, port, limit_s, local_address, socket_options)
        return _WatchedStream(stream, self._watch)


class _WatchedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, watch: Watch) -> None:
        self._stream = stream
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._watch.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._watch.left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit_s = min(self._watch.deadlines.connect_s, self._watch.left_s())
        return _WatchedStream(self._stream.start_tls(ssl_context, server_hostname, limit_s), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
