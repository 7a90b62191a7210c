"""Growth: what the next minute costs a memory of ten hours, against the first minute of an empty one."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from vidagent.index.library import Library
from vidagent.index.picture_batches import PictureBatch, PictureCursor, PictureTotals
from vidagent.index.records import ContentKey, Coverage
from vidagent.index.segmentation import settings_for
from vidagent.index.unfinished import Account, UnfinishedVideo, begun
from vidagent.tools.appearance import AppearanceEmbedder

DIMENSION, PER_S, MINUTE_S = 512, 1.0, 60.0
_N_TIMED = 20


class WideEmbedder(AppearanceEmbedder):
    """Known by a dimension as neural models have; never shown a picture here."""

    name, dimension = "made-up-512", DIMENSION


class GrowingVideo:
    """An unfinished video that gets one made-up minute after the other."""

    def __init__(self, library: Library, folder: Path) -> None:
        path = folder / "grows.mp4"
        path.write_bytes(b"grows")
        key = ContentKey("0" * 64)
        media_id = begun(library, path, key, "{}", (640, 360), afresh=True)
        embedder = WideEmbedder()
        absent = frozenset({"sound"})
        self.video = UnfinishedVideo(library, media_id, embedder, settings_for(embedder.name), absent)
        self._chance, self._minute = np.random.default_rng(5), 0
        self._scene = self._chance.normal(size=DIMENSION)

    def grow(self) -> float:
        """Seconds that it took to store the next minute and to cut it."""
        batch = self._batch()
        begun_s = time.perf_counter()
        self.video.add_pictures(batch)
        coverage = [Coverage("picture", "made up", 1.0, 1, 1.0)]
        self.video.update(Account(batch.cursor.totals.end_s, coverage, []))
        return time.perf_counter() - begun_s

    def _batch(self) -> PictureBatch:
        first_s, self._minute = self._minute * MINUTE_S, self._minute + 1
        rows = []
        for second in range(int(MINUTE_S * PER_S)):
            if second % 25 == 0:
                self._scene = self._chance.normal(size=DIMENSION)
            rows.append(self._scene + self._chance.normal(size=DIMENSION))
        vectors = np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
        last_s = first_s + MINUTE_S - 1 / PER_S
        totals = PictureTotals(n_samples=self._minute * len(rows), end_s=first_s + MINUTE_S)
        cursor = PictureCursor(0.0, last_s, totals)
        times_s = [first_s + second / PER_S for second in range(len(rows))]
        return PictureBatch(times_s, list(vectors.astype(np.float32)), [], [], cursor, is_last=False)


def rows(hours: float = 10.0) -> list[str]:
    """Lines of a table: the median minute when the memory is young, and when it is old; bytes a sample."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder, "library.db")) as library:
        growing = GrowingVideo(library, Path(folder))
        # The first minutes find less to look back at than all others do.
        costs_s = [growing.grow() for _ in range(round(hours * 60))]
        young, old = costs_s[10 : 10 + _N_TIMED], costs_s[-_N_TIMED:]
        n_samples = round(hours * 3600 * PER_S)
        library.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        n_bytes = Path(folder, "library.db").stat().st_size
    young_s, old_s = statistics.median(young), statistics.median(old)
    return [
        f"| a minute more, memory of 10 minutes (baseline) | {1000 * young_s:.1f} ms | 1.00 |",
        f"| a minute more, memory of {hours:g} hours | {1000 * old_s:.1f} ms | {old_s / young_s:.2f} |",
        f"| on disk, {DIMENSION}-d | {n_bytes / n_samples:.0f} bytes a sample | |",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10.0)
    print("| what | cost | × |\n|---|---|---|")
    for row in rows(parser.parse_args().hours):
        print(row)


if __name__ == "__main__":
    main()
