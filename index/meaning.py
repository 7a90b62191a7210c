"""Texts by what they mean: a vector for each, by a model that the user has chosen, beside the words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from ..tools.clock import Span
from ..tools.roles import TextEmbedder, Vectors
from .fusion import fused
from .library import Library
from .records import TEXT_COLUMNS, Sense, Video
from .rows import model_row
from .search import Found, found_of, limits, search_library
from .vector_index import Ids
from .vector_rows import VectorRows
from .vectors import VectorCache
from .watching import Report, silent
from .wording import Wording

TEXTS = "texts"
"""The stage of what is counted in texts, and not in seconds."""
_CANDIDATES = 100
# So far over what most texts score has one to lie, in deviations, to count as found.
_TELLING = 3.5
_N_UNRELATED = 2000
_OF_DEVIATION, _ROUNDING = 1.4826, 1e-3

_IS_NEW = "NOT EXISTS (SELECT 1 FROM text_vector WHERE text_id = text.id AND model_id = ?)"


class Meaning:
    """Vectors of the texts of a library by one model; they are made for what lacks them by ``learn``."""

    BATCH = 256

    def __init__(self, library: Library, embedder: TextEmbedder) -> None:
        self._library, self._embedder = library, embedder

    def n_new(self) -> int:
        """How many texts have no vector yet."""
        query = f"SELECT count(*) FROM text WHERE {_IS_NEW}"
        return int(str(self._library.rows(query, self._model_id)[0][0]))

    def learn(self, report: Report = silent) -> int:
        """Give every text that has none its vector; how many that were. ``report`` is told how many of them."""
        n_new, n_done = self.n_new(), 0
        for n in self._batches():
            n_done += n
            report(TEXTS, n_done, n_new)
        return n_done

    def _batches(self) -> Iterator[int]:
        """A batch at a time, each in one transaction: how many texts were in it, at most ``BATCH``."""
        query = f"SELECT id, body FROM text WHERE {_IS_NEW} ORDER BY id LIMIT ?"
        while rows := self._library.rows(query, self._model_id, self.BATCH):
            self._store([int(str(row[0])) for row in rows], [str(row[1]) for row in rows])
            yield len(rows)

    def nearest(
        self,
        query: str,
        limit: int,
        *,
        videos: Sequence[Video] | None = None,
        sense: Sense | None = None,
        within: Span | None = None,
    ) -> list[Found]:
        """Texts that mean nearly what a query says, the nearest first.

        ``score`` in (0, 1] begins where a text stands out from what most texts of the library score with this
        query, whatever the model's cosines are; 1 is the same. There may be none.
        """
        cache = VectorCache(self._library, self._model_id, self._embedder.dimension, "text")
        vector = self._embedder.embed_query(query)
        hits = cache.nearest(vector, self._ids(videos, sense, within), limit)
        floor = min(self._floor(vector), 1 - _ROUNDING)
        scores = {i: min(1.0, (score - floor) / (1 - floor)) for i, score in hits if score > floor}
        marks = ",".join("?" * len(scores))
        rows = self._library.rows(
            f"SELECT {TEXT_COLUMNS}, media_id, 0 FROM text WHERE id IN ({marks})", *scores
        )
        found = found_of(
            self._library, Wording.of(query), [(*row[:-1], -scores[int(str(row[0]))]) for row in rows]
        )
        return sorted(found, key=lambda hit: (-hit.score, hit.text.id))

    @cached_property
    def _model_id(self) -> int:
        with self._library.transaction() as connection:
            return model_row(connection, self._embedder)

    def _store(self, ids: list[int], bodies: list[str]) -> None:
        vectors = self._embedder.embed_passages(bodies).astype(np.float16)
        with self._library.transaction() as connection:
            # A text may have gone, or another process may have been quicker.
            connection.executemany(
                "INSERT OR IGNORE INTO text_vector SELECT id, ?, ? FROM text WHERE id = ?",
                [(self._model_id, v.tobytes(), i) for i, v in zip(ids, vectors, strict=True)],
            )

    def _ids(self, videos: Sequence[Video] | None, sense: Sense | None, within: Span | None) -> Ids | None:
        condition, values = limits(videos, sense, within)
        if not condition:
            return None
        rows = self._library.rows(f"SELECT id FROM text WHERE {condition} ORDER BY id", *values)
        return np.array([int(str(row[0])) for row in rows], np.int64)

    def _floor(self, vector: Vectors) -> float:
        scores = self._unrelated @ vector
        if not len(scores):
            return 0.0
        median = float(np.median(scores))
        # By the median, so that the few that do fit raise it little.
        return median + _TELLING * _OF_DEVIATION * float(np.median(np.abs(scores - median)))

    @cached_property
    def _unrelated(self) -> Vectors:
        """Vectors of texts from all over the library, of which nearly all have nothing to do with a query."""
        rows = VectorRows(self._library, self._model_id, self._embedder.dimension, "text")
        return rows.sample(_N_UNRELATED, rows.state()[0])


def search_by_both(
    library: Library,
    meaning: Meaning | None,
    query: str,
    limit: int = 20,
    *,
    videos: Sequence[Video] | None = None,
    sense: Sense | None = None,
    within: Span | None = None,
) -> list[Found]:
    """Texts by words and by meaning, joined by their ranks, the best first; by words alone without a model.

    Where the query quotes something only texts that hold it count.
    """
    count = max(limit, _CANDIDATES) if meaning else limit
    by_words = search_library(library, query, count, videos=videos, sense=sense, within=within)
    if meaning is None or Wording.of(query).phrases:
        return by_words[:limit]
    by_meaning = meaning.nearest(query, count, videos=videos, sense=sense, within=within)
    known = {hit.text.id: hit for hit in (*by_meaning, *by_words)}
    scores = fused([[hit.text.id for hit in by_words], [hit.text.id for hit in by_meaning]])
    return [known[i].with_score(scores[i]) for i in sorted(scores, key=lambda i: (-scores[i], i))][:limit]
