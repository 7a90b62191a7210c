"""Recall over a made library of many hours: how quickly, and how many bytes a sample takes."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from vidagent.index.folding import folded
from vidagent.index.library import Library
from vidagent.index.recollecting import Wanted, recall
from vidagent.index.search import search_library
from vidagent.index.vectors import VectorCache

DIMENSION, EVENT_S, HOURS_EACH = 512, 40, 4
N_WORDS, WORDS_EACH = 8000, 9


def make_library(path: Path, hours: int, n_lines: int) -> list[str]:
    """A library of made vectors, one a second, and of made lines; gives the lines."""
    rng = np.random.default_rng(0)
    lines = [" ".join(row) for row in _words(rng, n_lines)]
    with Library(path) as library, library.transaction() as connection:
        connection.execute("INSERT INTO model VALUES (1, 'made', ?)", (DIMENSION,))
        for media_id in range(1, hours // HOURS_EACH + 1):
            connection.execute(
                "INSERT INTO media(id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,"
                " duration_us, width, height, notes) VALUES (?, ?, '', ?, 0, 0, '', '', '', ?, 1, 1, '[]')",
                (media_id, f"{media_id:08x}", f"film {media_id}", HOURS_EACH * 3600 * 1_000_000),
            )
            connection.executemany(
                "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (?, ?, ?, 1, '')",
                [(media_id, s * 10**6, (s + EVENT_S) * 10**6) for s in range(0, HOURS_EACH * 3600, EVENT_S)],
            )
            vectors = _vectors(rng, HOURS_EACH * 3600)
            connection.executemany(
                "INSERT INTO sample(media_id, model_id, t_us, vec) VALUES (?, 1, ?, ?)",
                [(media_id, s * 10**6, v.tobytes()) for s, v in enumerate(vectors)],
            )
        connection.executemany(
            "INSERT INTO text(media_id, sense, start_us, end_us, body, stems, folded, trust)"
            " VALUES (?, 'speech', ?, ?, ?, ?, ?, 1)",
            [_text_row(i, line, hours, n_lines) for i, line in enumerate(lines)],
        )
    return lines


def _words(rng: np.random.Generator, n_lines: int) -> Iterator[list[str]]:
    """Lines of made words, of which some are frequent and most are rare."""
    ranks = np.minimum(rng.zipf(1.3, (n_lines, WORDS_EACH)), N_WORDS)
    for row in ranks:
        yield [f"w{rank}q" for rank in row]


def _vectors(rng: np.random.Generator, n: int) -> np.ndarray:
    scenes = np.repeat(rng.standard_normal((n // EVENT_S, DIMENSION), np.float32), EVENT_S, axis=0)
    vectors = scenes + 0.5 * rng.standard_normal((n, DIMENSION), np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def _text_row(place: int, line: str, hours: int, n_lines: int) -> tuple[object, ...]:
    media_id = 1 + place % (hours // HOURS_EACH)
    start_us = int(HOURS_EACH * 3600 * 1e6 * place / n_lines)
    return media_id, start_us, start_us + 2_000_000, line, line, folded(line)


def _percentiles(work: Callable[[int], object], n: int) -> tuple[float, float]:
    """Milliseconds at the 50th and the 95th percentile, the first call left out."""
    work(0)
    taken_ms = []
    for i in range(n):
        begun_s = time.perf_counter()
        work(i)
        taken_ms.append((time.perf_counter() - begun_s) * 1e3)
    low, high = np.percentile(taken_ms, [50, 95])
    return float(low), float(high)


def rows(hours: int = 100, n_lines: int = 100_000, n_questions: int = 50) -> list[tuple[str, float, float]]:
    """(what, milliseconds at p50, at p95) for recall and its baselines, then bytes a sample twice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "library.db")
        lines = make_library(path, hours, n_lines)
        with Library(path) as library:
            return _measured(library, lines, n_questions)


def _measured(library: Library, lines: list[str], n: int) -> list[tuple[str, float, float]]:
    rng = np.random.default_rng(1)
    asked = [lines[i] for i in rng.integers(0, len(lines), n)]
    vectors = VectorCache(library, 1, DIMENSION)._rows
    matrix = np.concatenate([batch for _, batch in vectors.batches()])
    wanted = [
        Wanted(words, matrix[i], "made")
        for words, i in zip(asked, rng.integers(0, len(matrix), n), strict=True)
    ]

    def by_comparing_all(i: int) -> object:
        return np.argpartition(matrix @ matrix[i], -60)[-60:]

    found = [
        ("recall (words and vector)", *_percentiles(lambda i: recall(library, wanted[i], 300.0), n)),
        ("baseline: numpy over float32", *_percentiles(by_comparing_all, n)),
        ("baseline: full-text search alone", *_percentiles(lambda i: search_library(library, asked[i]), n)),
    ]
    library.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    ((n_bytes,),) = library.rows("SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%sample%'")
    cache_bytes = VectorCache(library, 1, DIMENSION).path.stat().st_size
    return [*found, ("bytes a sample, without and with the cache", int(str(n_bytes)) / len(matrix),
                     (int(str(n_bytes)) + cache_bytes) / len(matrix))]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=100)
    parser.add_argument("--lines", type=int, default=100_000)
    options = parser.parse_args()
    for what, first, second in rows(options.hours, options.lines):
        print(f"{what:44} {first:9.1f} {second:9.1f}")


if __name__ == "__main__":
    main()
