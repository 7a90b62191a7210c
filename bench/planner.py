"""What an answer costs besides its models: questions to a made memory of ten hours, beside full-text search alone.

With a reader that replies at once, all of the search for pictures is counted too, but for their decoding.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vidagent.agent.planner import ask
from vidagent.agent.question import understand
from vidagent.agent.relevance import relevance
from vidagent.agent.strategy import STRATEGIES, pick
from vidagent.index.ingest import IngestSettings
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.search import search_library
from vidagent.index.transcript import ingest_transcript
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.clock import Span

HOURS, LINE_S, SAMPLES_PER_S = 10, 4, 2
N_WORDS, WORDS_EACH = 5000, 9


def made_memory(library: Library, folder: Path) -> tuple[Memory, list[str]]:
    """A memory of ten hours, with a line every four seconds and two pictures a second; and the lines."""
    rng = np.random.default_rng(0)
    ranks = np.minimum(rng.zipf(1.3, (HOURS * 3600 // LINE_S, WORDS_EACH)), N_WORDS)
    lines = [" ".join(f"w{rank}q" for rank in row) for row in ranks]
    cues = [f"{_clock(i * LINE_S)} --> {_clock(i * LINE_S + 3)}\n{line}.\n" for i, line in enumerate(lines)]
    path = folder / "ten_hours.vtt"
    path.write_text("WEBVTT\n\n" + "\n".join(cues))
    video = ingest_transcript(library, path, IngestSettings()).video
    vectors = rng.random((HOURS * 3600 * SAMPLES_PER_S, AppearanceEmbedder.dimension), np.float32)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    with library.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO model(name, dimension) VALUES (?, ?)", (
            AppearanceEmbedder.name, AppearanceEmbedder.dimension,
        ))  # fmt: skip
        ((model_id,),) = connection.execute("SELECT id FROM model WHERE name = ?", (AppearanceEmbedder.name,))
        connection.executemany(
            "INSERT INTO sample(media_id, model_id, t_us, vec) VALUES (?, ?, ?, ?)",
            [(video.id, model_id, i * 500_000, row.tobytes()) for i, row in enumerate(unit)],
        )
    return Memory(library, video), lines


def median_ms(work: Callable[[int], object], n: int) -> float:
    """Milliseconds of a call, the first one left out."""
    work(0)
    taken_ms = []
    for i in range(1, n + 1):
        begun_s = time.perf_counter()
        work(i)
        taken_ms.append((time.perf_counter() - begun_s) * 1e3)
    return float(np.median(taken_ms))


def main() -> None:
    """Print a row for each kind of question, and for each strategy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    n = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
        memory, lines = made_memory(library, Path(folder))
        words = [" ".join(line.split()[1:5]) for line in lines[:: len(lines) // (n + 2)]]
        plain_ms = median_ms(lambda i: search_library(library, words[i], limit=20), n)
        print(f"{'full-text search alone':34} {plain_ms:8.1f} ms")
        for name, text in (
            ("when", "When do they say {}?"),
            ("what", "What is said of {}?"),
            ("count", "How many times is {} said?"),
        ):
            taken_ms = median_ms(lambda i, text=text: ask(memory, text.format(words[i])), n)
            print(f"{f'a question of kind {name}':34} {taken_ms:8.1f} ms  {taken_ms / plain_ms:5.1f} x")
        question = understand("When does she open the letter?", memory.video.duration_s)
        what_ms = median_ms(lambda i: relevance(memory, question, []), min(n, 5))
        print(f"{'relevance of all pictures':34} {what_ms:8.1f} ms")
        what = relevance(memory, question, [])
        away_s = np.maximum(np.abs(what.times_s - 20_000.0) - 5.0, 0.0)
        found = type(what)(
            Span(0.0, memory.video.duration_s), what.times_s, 0.6 * np.exp(-away_s / 5.0), what.vectors
        )
        for name in STRATEGIES:
            taken_ms = median_ms(lambda i, name=name: pick(found, question, 32, strategy=name), min(n, 5))
            print(f"{f'32 pictures by {name}':34} {taken_ms:8.1f} ms")


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"


if __name__ == "__main__":
    main()
