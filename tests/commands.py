"""The command line, run in this process with a library of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vidagent.cli.main import run


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    complaint: str

    @property
    def lines(self) -> list[str]:
        """The lines of the result."""
        return self.out.splitlines()

    @property
    def value(self) -> Any:
        """The result as JSON."""
        return json.loads(self.out)


class Commands:
    """Runs ``vidagent`` with these words and ``--library``."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: Path
    ) -> None:
        self._monkeypatch, self._capsys, self.library = monkeypatch, capsys, library

    def __call__(self, *words: object, library: Path | None = None) -> Done:
        command = ["vidagent", *map(str, words), "--library", str(library or self.library)]
        self._monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *self._capsys.readouterr())
