"""Questions with known answers and seconds, asked of the real thing and graded; whether it was as sure as right."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from vidagent.agent.grading import grade
from vidagent.agent.planner import ask
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.engines import embedded


def main() -> None:
    """Print a line for each question, the score, and how sure the given answers are beside how many are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument(
        "--videos", type=Path, required=True, help="folder that the rows' videos are named from"
    )
    parser.add_argument("--library", type=Path, default=Path("questions.db"))
    parser.add_argument("--only", default="", help="ids, separated by commas")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.questions.read_text().splitlines()]
    n_right = n_seconds = n_due = n = 0
    given: list[tuple[float, bool]] = []
    with Library(options.library) as library:
        for row in rows:
            if options.only and row["id"] not in options.only.split(","):
                continue
            video = ingest(library, options.videos / row["video"], embedded()).video
            answer = ask(Memory(library, video), row["question"], tuple(row.get("options") or ()))
            graded = grade(row, answer)
            n, n_right = n + 1, n_right + graded.is_right
            n_due, n_seconds = n_due + (graded.has_seconds is not None), n_seconds + bool(graded.has_seconds)
            given += [] if answer.abstained else [(answer.confidence, graded.is_right)]
            seconds = "seconds off" if graded.has_seconds is False else ""
            marks = f"{'right' if graded.is_right else 'WRONG'} {seconds}"
            spans = ", ".join(str(m.span) for m in answer.moments[:2])
            print(
                f"{row['id']} {marks:18} {row['question']}\n"
                f"      {answer.text[:150]} [{spans}] {answer.confidence:.2f}"
                f"   (is: {row['answer']} {row['evidence_s']})"
            )
    print(f"{n_right} of {n} right; {n_seconds} of {n_due} with the right seconds")
    if given:
        sure, right = (sum(column) / len(given) for column in zip(*given, strict=True))
        print(f"{len(given)} answers given, on the average {sure:.2f} sure, of which right {right:.2f}")


if __name__ == "__main__":
    main()
