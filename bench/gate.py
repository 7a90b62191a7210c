"""Fits the gate: how often the first hit is right, by what can be measured of it, on questions made from real lines."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from vidagent.agent.association import meant
from vidagent.agent.grading import grade
from vidagent.agent.inquiry import Inquiry
from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.agent.search import features
from vidagent.agent.words import content_words
from vidagent.index.gate import Features, probability
from vidagent.index.ingest import IngestSettings, ingest
from vidagent.index.library import Library
from vidagent.index.meaning import Meaning
from vidagent.index.memory import Memory
from vidagent.index.records import Text
from vidagent.index.transcript import ingest_transcript
from vidagent.tools.engines import embedded
from vidagent.tools.errors import RequestError
from vidagent.tools.models.sentence_vectors import SentenceVectors

_WORDS_MIN, _BINS = 3, 5
Row = tuple[Features, bool]


def made_rows(
    library: Library, meaning: Meaning | None, n_each: int, rng: np.random.Generator
) -> dict[int, list[Row]]:
    """Features and whether the first hit is right, for ``n_each`` made questions to each video.

    A question holds some of the words of one line and perhaps one of another; every fourth is made of a line
    of another video, so that nothing that is found is right.
    """
    memories = [Memory(library, video) for video in library.videos()]
    lines = {
        m.video.id: [t for t in m.texts("speech") if len(content_words(t.body)) >= _WORDS_MIN]
        for m in memories
    }
    rows: dict[int, list[Row]] = {}
    for memory in memories:
        own = lines[memory.video.id]
        others = [text for video_id, texts in lines.items() if video_id != memory.video.id for text in texts]
        if not own or not others:
            continue
        made = [_made_row(memory, meaning, own, others, rng) for _ in range(n_each)]
        rows[memory.video.id] = [row for row in made if row]
    return rows


def _made_row(
    memory: Memory, meaning: Meaning | None, own: list[Text], others: list[Text], rng: np.random.Generator
) -> Row | None:
    is_absent = rng.random() < 0.25
    text = others[rng.integers(len(others))] if is_absent else own[rng.integers(len(own))]
    other = content_words(others[rng.integers(len(others))].body)
    share = rng.uniform(0.2, 1.0)
    words = [word for word in content_words(text.body) if rng.random() < share]
    words += [other[rng.integers(len(other))]] if rng.random() < 0.5 else []
    if not words:
        return None
    inquiry = Inquiry(memory, understand(f"When do they say {' '.join(words)}?", memory.video.duration_s))
    found = inquiry.evidence()
    is_right = not is_absent and bool(found) and found[0].span.overlap_s(text.span) > 0
    return features(inquiry, meant(memory, inquiry.question, meaning)), is_right


def asked_rows(library: Library, meaning: Meaning | None, questions: Path, folder: Path) -> list[Row]:
    """Features of questions with known answers, and whether the fast path answers them rightly."""
    rows = []
    for line in questions.read_text().splitlines():
        row = json.loads(line)
        memory = Memory(library, ingest(library, folder / row["video"], embedded()).video)
        options = tuple(row.get("options") or ())
        try:
            inquiry = Inquiry(memory, understand(row["question"], memory.video.duration_s, options))
        except RequestError:
            continue
        is_right = grade(row, ask(memory, row["question"], options, min_confidence=0.01)).is_right
        rows.append((features(inquiry, meant(memory, inquiry.question, meaning)), is_right))
    return rows


def fitted(rows: list[Row]) -> np.ndarray:
    """Bias and weights of a logistic regression with a light ridge, by Newton's method."""
    values, right = _arrays(rows)
    weights = np.zeros(values.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-values @ weights))
        curvature = (values * (chance * (1 - chance))[:, None]).T @ values + 0.1 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, values.T @ (right - chance) - 0.1 * weights)
    return weights


def calibration(rows: list[Row], weights: np.ndarray) -> list[str]:
    """A line for each fifth of the probability that is met: told and true; then the mean distance of both."""
    values, right = _arrays(rows)
    chance = 1 / (1 + np.exp(-values @ weights))
    lines, distance = [], 0.0
    for low in np.arange(_BINS) / _BINS:
        inside = (chance >= low) & (chance < low + 1 / _BINS)
        if inside.any():
            told, true = chance[inside].mean(), right[inside].mean()
            distance += abs(told - true) * inside.mean()
            lines.append(
                f"  {low:.1f}-{low + 1 / _BINS:.1f}  n {inside.sum():5}  told {told:.2f}  right {true:.2f}"
            )
    fast = chance >= 0.75
    lines.append(f"  mean distance {distance:.3f}; all right {right.mean():.2f}")
    lines.append(f"  fast path for {fast.mean():.0%}, of which right {right[fast].mean():.2f}")
    return lines


def _arrays(rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([[1.0, *found.of_hits] for found, _ in rows]), np.array(
        [right for _, right in rows], float
    )


def main() -> None:
    """Print the fitted weights and how well they are calibrated on videos that they were not fitted to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcripts", type=Path, nargs="+", help="subtitle files, each a video of its own")
    parser.add_argument("--text-vectors", type=Path, help="folder of a sentence-transformers model")
    parser.add_argument("--each", type=int, default=150, help="made questions to each video")
    parser.add_argument("--questions", type=Path, help="rows with known answers, asked as they are")
    parser.add_argument("--videos", type=Path, help="folder that the rows' videos are named from")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder, "library.db")) as library:
        for path in options.transcripts:
            ingest_transcript(library, path, IngestSettings(), False)
        meaning = Meaning(library, SentenceVectors(options.text_vectors)) if options.text_vectors else None
        if meaning:
            meaning.learn()
        by_video = made_rows(library, None, options.each, rng)
        if meaning:
            for video_id, rows in made_rows(library, meaning, options.each, rng).items():
                by_video[video_id] += rows
        ids = sorted(by_video)
        held = [row for i in ids[::2] for row in by_video[i]]
        weights = fitted(held)
        print("bias", round(weights[0], 2), "weights", tuple(weights[1:].round(2).tolist()))
        print(f"fitted to {len(held)} questions of {len(ids[::2])} videos; on the others:")
        print("\n".join(calibration([row for i in ids[1::2] for row in by_video[i]], weights)))
        if options.questions:
            rows = asked_rows(library, None, options.questions, options.videos)
            print(f"on {options.questions}:")
            print("\n".join(calibration(rows, weights)))
            told = [probability(found) for found, _ in rows]
            print(
                "as it is now:", sum(chance >= 0.75 for chance in told), "of", len(told), "by the fast path"
            )


if __name__ == "__main__":
    main()
