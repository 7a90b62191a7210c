"""What models gave in a run, to be given again in the same order to whoever asks the same."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ...tools import errors
from ...tools.errors import VidagentError
from .calls import AS_BEFORE, CALLED, digest
from .past import Run, Values, list_of, mapping_of, number_of, text_of

FACTS = ("name", "budget", "measured", "is_untrained")
"""What does not change during a run: it is given whenever it is asked for."""

Given = TypeVar("Given")


class ReplayError(VidagentError):
    """A run cannot be replayed, or goes another way than it did."""


@dataclass(frozen=True)
class Call:
    """One call in a trace, by the line it stands on."""

    line: int
    role: str
    method: str
    values: Values

    @property
    def gave(self) -> Any:
        """What was given, as plain values."""
        return self.values.get("gave")

    def read(self, read: Callable[[Any], Given]) -> Given:
        """What was given, read from its plain values; raises what was raised then."""
        given = self._given(read)
        self.fail()
        return given

    def pieces(self, read: Callable[[Any], list[Given]]) -> Iterator[Given]:
        """What was given piece by piece; raises behind the last one what was raised then."""
        yield from self._given(read)
        self.fail()

    def fail(self) -> None:
        """Raise the error that the call ended with, if any."""
        if error := mapping_of(self.values.get("error")):
            raise _kind_of(text_of(error.get("kind")))(text_of(error.get("text")))

    def _given(self, read: Callable[[Any], Given]) -> Given:
        if self.values.get("error") and self.gave is None:
            self.fail()
        with readable(f"line {self.line} of the trace: what the {self.role} gave"):
            return read(self.gave)


class Script:
    """The calls of a run, those of each role in their order, and what its clock showed."""

    def __init__(self, run: Run) -> None:
        self._waiting: dict[str, deque[Call]] = defaultdict(deque)
        self._facts: dict[tuple[str, str], Call] = {}
        self._gave: dict[tuple[str, str, str], object] = {}
        self._ticks_s: deque[float] = deque()
        self._now_s = 0.0
        for step in run.steps:
            if step.name == "clock":
                self._ticks_s.extend(map(number_of, list_of(step.values.get("readings_s"))))
            if step.name == CALLED:
                self._add(step.line, step.values)

    def _add(self, line: int, values: Values) -> None:
        role, method, asked = (text_of(values.get(name)) for name in ("role", "method", "asked"))
        key, gave = (role, method, asked), values.get("gave")
        self._gave[key] = self._gave.get(key, gave) if gave == AS_BEFORE else gave
        call = Call(line, role, method, {**values, "gave": self._gave[key]})
        if call.method in FACTS:
            self._facts.setdefault((call.role, call.method), call)
        else:
            self._waiting[call.role].append(call)

    def fact(self, role: str, method: str) -> Call:
        """What is known of a model. Raises ``ReplayError`` where the run did not ask."""
        if (role, method) not in self._facts:
            raise ReplayError(f"the {role} is asked for its {method} now, and was not in the run")
        return self._facts[role, method]

    def next(self, role: str, method: str, asked: object) -> Call:
        """The next call of a role. Raises ``ReplayError`` where something else was asked then."""
        if not self._waiting[role]:
            raise ReplayError(f"the {role} is asked once more ({method}) than in the run")
        call = self._waiting[role].popleft()
        if (call.method, call.values.get("asked")) != (method, digest(asked)):
            before = "" if call.method == method else f" ({method}, not {call.method})"
            raise ReplayError(
                f"line {call.line} of the trace: the {role} is asked otherwise now than in the run{before}"
            )
        return call

    def clock(self) -> float:
        """What the clock showed then; where nobody looked at it any more, what it showed last."""
        if self._ticks_s:
            self._now_s = self._ticks_s.popleft()
        return self._now_s


@contextmanager
def readable(what: str) -> Iterator[None]:
    """What a trace holds in another form than it was written in, as a ``ReplayError``."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ReplayError(f"{what} cannot be read: the trace is damaged") from error


def _kind_of(name: str) -> type[VidagentError]:
    """The error of that name among ours; what a trace says names nothing else."""
    kind = vars(errors).get(name)
    return kind if isinstance(kind, type) and issubclass(kind, VidagentError) else VidagentError
