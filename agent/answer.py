"""The answer: what is said, the moments that prove it, how sure it is, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..index.recollecting import Recalled
from ..index.records import Sense, Video
from ..tools.clock import Span
from .calibration import Bin
from .evidence import Evidence
from .ledger import Looked


@dataclass(frozen=True)
class Moment:
    """A stretch of the video with its proof; ``score`` in [0, 1] is how well it fits the question."""

    span: Span
    score: float
    source: Sense
    quote: str
    trust: float

    @classmethod
    def of(cls, evidence: Evidence, video: Video) -> Moment:
        """The moment of a piece of evidence, kept inside the video."""
        span = evidence.span.inside(video.span)
        return cls(span, evidence.confidence, evidence.sense, evidence.quote, evidence.trust)

    def to_json(self) -> dict[str, object]:
        """The moment with plain values; times in seconds, rounded to a millisecond."""
        return {
            "start_s": round(self.span.start_s, 3),
            "end_s": round(self.span.end_s, 3),
            "score": round(self.score, 4),
            "source": self.source,
            "quote": self.quote,
            "trust": round(self.trust, 3),
        }


@dataclass(frozen=True)
class Recall:
    """How the memory was searched.

    ``chance`` in (0, 1) is how likely the fast path was right; where that was not enough, ``events`` were
    recalled for a closer look, in order of time.
    """

    path: Literal["fast", "detailed"]
    chance: float
    events: tuple[Recalled, ...]

    def to_json(self) -> dict[str, object]:
        """The recall with plain values; times in seconds, rounded to a millisecond."""
        events = [
            {"start_s": round(e.span.start_s, 3), "end_s": round(e.span.end_s, 3), "reason": e.reason}
            for e in self.events
        ]
        return {"path": self.path, "fast_probability": round(self.chance, 4), "events": events}


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one video.

    ``moments`` are best first. Where ``abstained`` is true nothing supports an answer well enough:
    ``text`` says so, and ``moments`` are only the nearest that were found. ``coverage`` is what was looked at.
    ``notes`` are the video's and the reader's. One that ``is_cut_short`` was searched for until the user's budget
    was spent. ``as_sure`` are answers to other questions that were about as sure, where any were counted.
    ``is_looked_at`` tells whether a video LLM looked, also where what it made of that was withdrawn.
    """

    video: Video
    question: str
    kind: str
    text: str
    option: str | None
    abstained: bool
    confidence: float
    moments: tuple[Moment, ...]
    coverage: tuple[Looked, ...]
    reader: str
    recall: Recall
    elapsed_s: float
    notes: tuple[str, ...] = ()
    is_cut_short: bool = False
    as_sure: Bin | None = None
    is_looked_at: bool = False

    def to_json(self) -> dict[str, object]:
        """The answer as the documented JSON object."""
        moments = [moment.to_json() for moment in self.moments]
        return {
            "question": self.question,
            "kind": self.kind,
            "answer": self.text,
            "option": self.option,
            "abstained": self.abstained,
            "confidence": round(self.confidence, 4),
            "moments": moments,
            "citations": [] if self.abstained else moments,
            "as_sure": {"n": self.as_sure.n, "n_right": self.as_sure.n_right} if self.as_sure else None,
            "coverage": [entry.to_json() for entry in self.coverage],
            "notes": list(self.notes),
            "cut_short": self.is_cut_short,
            "reader": self.reader,
            "recall": self.recall.to_json(),
            "video": {
                "id": self.video.short_id,
                "title": self.video.title,
                "path": str(self.video.path),
                "duration_s": round(self.video.duration_s, 3),
            },
            "elapsed_s": round(self.elapsed_s, 4),
        }
