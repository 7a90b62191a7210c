"""How often each strategy shows the evidence: questions with known seconds, put to a reader that knows these seconds.

The reader is an oracle: it says yes to a stretch where it is shown a picture inside the evidence, proposes nothing of
itself, and knows nothing else. So what is measured is the search alone. Questions about parts of a long video are put
to the whole of it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidagent.agent.nearest import hints
from vidagent.agent.placing import placed
from vidagent.agent.planner import ABSTAIN_BELOW
from vidagent.agent.question import understand
from vidagent.agent.relevance import relevance
from vidagent.agent.search import search
from vidagent.agent.searching import Searching
from vidagent.agent.strategy import AUTO, STRATEGIES
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span
from vidagent.tools.engines import embedded
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt

SIZES = (8, 16, 32, 64)
_NEAR_S = 0.25


@dataclass(frozen=True)
class Asked:
    """A question with the seconds that answer it, on the clock of the video that it is put to."""

    name: str
    text: str
    evidence: tuple[Span, ...]

    def is_shown(self, times_s: Sequence[float]) -> float:
        """The share of the evidence of which a picture is among those at ``times_s``."""
        return sum(any(self.holds(span, t) for t in times_s) for span in self.evidence) / len(self.evidence)

    @staticmethod
    def holds(span: Span, time_s: float) -> bool:
        """Whether a second lies in a stretch, or so near to it that the same picture is shown."""
        return span.start_s - _NEAR_S <= time_s < span.end_s + _NEAR_S

    def oracle(self, n_frames: int) -> ScriptedModel:
        """A reader that is sure where it is shown the evidence, and that it is not there where it is not."""

        def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
            is_there = self.is_shown(prompt.times_s) > 0
            return [0.9, 0.1] if is_there == (answers[0].lower() == "yes") else [0.1, 0.9]

        return ScriptedModel(lambda prompt: "[]", chances, FrameBudget(n_frames, 1 << 16))


def questions(path: Path, timeline: Path | None) -> list[tuple[str, Asked]]:
    """Each question that has evidence, with its video; with a ``timeline`` all are put to the joined video."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    begins_s = {}
    if timeline:
        parts = json.loads(timeline.read_text())
        begins_s = {Path(part["source"]).name: part["start"] for part in parts}
    found = []
    for row in rows:
        name = Path(row["video"]).name
        if not row["evidence_s"] or (timeline and name not in begins_s):
            continue
        at_s = begins_s.get(name, 0.0)
        spans = tuple(Span(at_s + a, at_s + b) for a, b in row["evidence_s"])
        found.append((row["video"], Asked(row["id"], row["question"], spans)))
    return found


def shares(memory: Memory, asked: Asked, names: Sequence[str]) -> dict[str, list[float]]:
    """By strategy the share of the evidence that it shows, for each of ``SIZES`` pictures."""
    question = placed(memory, understand(asked.text, memory.video.duration_s), None)
    done = search(memory, question, ABSTAIN_BELOW, None, None)
    every = [*done.draft.support, *hints(memory, question, done.mind, None)]
    what = relevance(memory, question, every)
    found: dict[str, list[float]] = {}
    for name in names:
        found[name] = []
        for n in SIZES:
            model = asked.oracle(n)
            how = Searching(name, n_frames_max=n)
            picked = how.of(memory, question, model, model.budget).pick(what)
            found[name].append(asked.is_shown(picked.times_s))
    return found


def main() -> None:
    """Print a row for each question where strategies differ, and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument(
        "--videos", type=Path, required=True, help="folder that the rows' videos are named from"
    )
    parser.add_argument(
        "--joined", type=Path, help="one video that holds all others, with its .timeline.json beside it"
    )
    parser.add_argument("--library", type=Path, default=Path("oracle.db"))
    options = parser.parse_args()
    timeline = options.joined.with_suffix(".timeline.json") if options.joined else None
    names = (*STRATEGIES, AUTO)
    table: dict[str, list[list[float]]] = {name: [] for name in names}
    with Library(options.library) as library:
        for video, asked in questions(options.questions, timeline):
            path = options.joined or options.videos / video
            memory = Memory(library, ingest(library, path, embedded()).video)
            found = shares(memory, asked, names)
            print(asked.name, asked.text)
            for name in names:
                table[name].append(found[name])
                print(f"   {name:10}", "  ".join(f"{share:4.0%}" for share in found[name]))
    print(f"{'strategy':10}", "  ".join(f"{n:>4}" for n in SIZES), " pictures")
    for name in names:
        print(f"{name:10}", "  ".join(f"{share:4.0%}" for share in np.mean(table[name], axis=0)))


if __name__ == "__main__":
    main()
