"""What differs between two runs: the question, the answer, its moments, what models were shown, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .calls import CALLED
from .past import Run, list_of, mapping_of, number_of, text_of

_SHOWN_IN = ("prompt", "windows", "verify")


@dataclass(frozen=True)
class Difference:
    """What one run says of ``what``, and what the other says; plain values."""

    what: str
    one: object
    other: object


@dataclass(frozen=True)
class Costs:
    """What a run took: seconds in all, and of each role how often it was called and for how long."""

    elapsed_s: float
    calls: dict[str, tuple[int, float]]
    n_pictures: int

    @classmethod
    def of(cls, run: Run) -> Costs:
        """The costs of a run, as its trace tells; those of one that was broken off up to there."""
        calls: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        n_pictures = 0
        for step in run.steps:
            if step.name == CALLED:
                role = text_of(step.values.get("role"))
                n, took_s = calls[role]
                calls[role] = n + 1, round(took_s + number_of(step.values.get("took_s")), 4)
                n_pictures += len(list_of(step.values.get("gave"))) if role == "file" else 0
        ended_s = run.steps[-1].at_s if run.steps else 0.0
        return cls(number_of(run.answer.get("elapsed_s")) or ended_s, dict(sorted(calls.items())), n_pictures)

    def to_json(self) -> dict[str, object]:
        """The costs with plain values; times in seconds."""
        calls = {role: {"n": n, "took_s": took_s} for role, (n, took_s) in self.calls.items()}
        return {"elapsed_s": self.elapsed_s, "n_pictures": self.n_pictures, "calls": calls}


def differences(one: Run, other: Run) -> list[Difference]:
    """All that differs, the question first and the costs last; elapsed time always does."""
    theirs = dict(_told(other))
    return [Difference(what, value, theirs[what]) for what, value in _told(one) if value != theirs[what]]


def shown_s(run: Run) -> list[list[float]]:
    """The seconds of the pictures in each prompt of a run, in order."""
    prompts = (list_of(step.values.get("parts")) for step in run.steps if step.name in _SHOWN_IN)
    return [[number_of(p.get("time_s")) for p in parts if isinstance(p, dict)] for parts in prompts]


def _told(run: Run) -> Iterator[tuple[str, object]]:
    """Everything that two runs are compared by; the same names for every run."""
    asked, answer, costs = run.asked, run.answer, Costs.of(run)
    yield "question", text_of(run.question.get("text"))
    yield "video", text_of(run.question.get("video"))[:8]
    for name in ("options", "min_confidence", "within", "session", "vidagent"):
        yield name, asked.get(name)
    yield "memory", text_of(asked.get("memory"))[:8]
    for role in ("texts", "pictures", "sounds", "spotter", "detector", "reader"):
        yield f"model of {role}", mapping_of(asked.get("models")).get(role)
    for name in ("kind", "answer", "option", "abstained", "confidence", "reader", "moments", "notes"):
        yield name, answer.get(name)
    yield "error", text_of(run.error.get("text"))
    yield "pictures in prompts", shown_s(run)
    yield "pictures read", costs.n_pictures
    yield "calls", {role: n for role, (n, _) in costs.calls.items()}
    yield "elapsed_s", costs.elapsed_s
