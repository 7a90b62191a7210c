"""What was done for one answer, a JSON line for each step, written as it happens."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..tools.errors import ModelError
from ..tools.roles import Prompt, StampedFrame


class Trace(Protocol):
    """Takes note of steps."""

    def note(self, step: str, **values: object) -> None:
        """Take note of a step with what belongs to it, plain values that JSON can hold."""
        ...


class Untraced:
    """A trace that keeps nothing."""

    def note(self, step: str, **values: object) -> None:
        """Nothing."""


UNTRACED = Untraced()


class TraceFile:
    """A trace in a file of its own, each step on its way to the disk before the next one begins.

    Raises ``OSError`` where no file can be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun_s = time.perf_counter()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("x", encoding="utf-8")

    @classmethod
    def of_run(cls, folder: Path) -> TraceFile:
        """The trace of a new run: its name begins with the time, so that runs stand in order."""
        now = datetime.now()
        # Two runs of one second stand in order too: five digits hold its microseconds.
        return cls(folder / f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.token_hex(2)[:3]}.jsonl")

    def note(self, step: str, **values: object) -> None:
        """Write a step as a line; ``at_s`` counts from the beginning of the run."""
        at_s = round(time.perf_counter() - self._begun_s, 4)
        self._file.write(json.dumps({"step": step, "at_s": at_s, **values}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Put the file to rest."""
        self._file.close()


@contextmanager
def traced(folder: Path) -> Iterator[Trace]:
    """A trace for one run, none where the folder cannot be written; an error that ends the run is its last step.

    Where a model failed the error says where the trace lies.
    """
    try:
        trace = TraceFile.of_run(folder)
    except OSError:
        # An answer without a trace is better than none.
        yield UNTRACED
        return
    try:
        yield trace
    except ModelError as error:
        trace.note("error", kind=type(error).__name__, text=str(error), exit_code=error.exit_code)
        raise ModelError(f"{error} (trace: {trace.path})") from error
    except BaseException as error:
        trace.note("error", kind=type(error).__name__, text=str(error))
        raise
    finally:
        trace.close()


def prompt_row(prompt: Prompt) -> dict[str, object]:
    """A prompt as plain values; of a picture its second and its size."""
    parts = [_part(part) for part in prompt.parts]
    return {"system": prompt.system, "parts": parts}


def _part(part: str | StampedFrame) -> object:
    if isinstance(part, str):
        return part
    return {"time_s": round(part.time_s, 6), "height": part.image.shape[0], "width": part.image.shape[1]}
