"""A terminal at which a test types, with the command line in a process of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from vidagent.cli.main import run

_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[>=78]|\x1b\][^\x07]*\x07|[\x00-\x08\x0e-\x1f]")
_PATIENCE_S = 30.0
_ROWS, _COLUMNS = 40, 100


class TypingTerminal:
    """``vidagent`` with these words at a terminal of its own, which is read as far as a test looks."""

    def __init__(self, *words: object) -> None:
        self._child, self._ours = pty.fork()
        if not self._child:
            _become(["vidagent", *map(str, words)])
        self.all, self._seen, self._is_over = b"", 0, False

    def __enter__(self) -> TypingTerminal:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._is_over:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """Waits for a text behind what was waited for before; what stands up to it, without control sequences."""
        end_s = time.monotonic() + _PATIENCE_S
        while text not in self._plain()[self._seen :]:
            assert time.monotonic() < end_s, f"{text!r} did not come: {self._plain()[self._seen :]!r}"
            self._read(0.5)
        begun, self._seen = self._seen, self._plain().index(text, self._seen) + len(text)
        return self._plain()[begun : self._seen]

    def waits_for(self, is_so: Callable[[], bool]) -> None:
        """Waits until something is so, and takes in what comes meanwhile."""
        end_s = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < end_s, "it does not come to that"
            self._read(0.05)

    def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        end_s = time.monotonic() + _PATIENCE_S
        while self._read(0.5):
            assert time.monotonic() < end_s, "it does not end"
        self._is_over = True
        return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])

    def _read(self, timeout_s: float) -> bool:
        """Takes in what comes; false at the end."""
        if select.select([self._ours], [], [], timeout_s)[0]:
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                return False
            self.all += data
            return bool(data)
        return True

    def _plain(self) -> str:
        return _CONTROL.sub(b"", self.all).replace(b"\r", b"").decode(errors="replace")


def _become(words: Sequence[str]) -> None:
    """What the child does: the command, at the terminal that it was born at; it never returns."""
    code = 3
    try:
        sys.argv = list(words)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(os.dup(number), mode, buffering=1) for number, mode in enumerate(("r", "w", "w"))
        )
        run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)
