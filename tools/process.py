"""One decoding process: started with a job, listened to with a time limit, ended in any case."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing, suppress
from typing import Any

from . import errors
from .wire import Message, WireError, receive

# Read ahead, so that decoding goes on while what was decoded is looked at.
_N_AHEAD = 2


class DecoderDiedError(Exception):
    """The decoding process ended without saying so, or fell silent."""


class DecoderFaultError(Exception):
    """Our own code failed in the decoding process, in a way that nobody foresaw."""


def messages(request: dict[str, Any], call_s: float) -> Generator[Message, None, None]:
    """What a decoding process sends, without its signs of life; raises the errors that it names.

    Raises ``DecoderDiedError`` where it ends before its work does, or is silent for ``call_s``, and
    ``DecoderFaultError`` for what is a fault in the code.
    """
    with closing(_Decoder(request)) as decoder:
        while True:
            message = decoder.next(call_s)
            _raise_named(message)
            if message.kind != "beat":
                yield message
            if message.kind == "end":
                return


class _Decoder:
    """One decoding process and the thread that takes in what it sends."""

    def __init__(self, request: dict[str, Any]) -> None:
        # The child finds our modules where we found them, and never runs the caller's main module.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.decoder import serve; serve()"
        # One thread for arithmetic is enough for what little there is of it.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
        )
        self._arrived: queue.Queue[Message | None] = queue.Queue(_N_AHEAD)
        self._is_closed = threading.Event()
        self._reader = threading.Thread(target=self._take_in, daemon=True)
        self._ask(request)
        self._reader.start()

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    def next(self, call_s: float) -> Message:
        try:
            message = self._arrived.get(timeout=call_s)
        except queue.Empty:
            raise DecoderDiedError(f"no sign of life for {call_s:.0f} s") from None
        if message is None:
            raise DecoderDiedError(_manner(self._process.wait()))
        return message

    def _take_in(self) -> None:
        assert self._process.stdout is not None
        message: Message | None = None
        while not self._is_closed.is_set():
            try:
                message = receive(self._process.stdout)
            except (WireError, OSError, ValueError):
                message = None
            self._hand_over(message)
            if message is None:
                return

    def _hand_over(self, message: Message | None) -> None:
        while not self._is_closed.is_set():
            with suppress(queue.Full):
                self._arrived.put(message, timeout=0.2)
                return

    def close(self) -> None:
        self._is_closed.set()
        self._process.kill()
        self._reader.join()
        with suppress(BrokenPipeError), self._process:
            pass


def _raise_named(message: Message) -> None:
    if message.kind == "error":
        raise getattr(errors, message.header["name"])(message.header["text"])
    if message.kind == "fault":
        raise DecoderFaultError(message.header["text"])


def _manner(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
