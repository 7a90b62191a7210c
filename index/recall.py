"""Finding remembered text by words: any question is a set of words, never a query language."""

from __future__ import annotations

import difflib

import numpy as np

from ..tools.roles import Vectors
from .memory import Memory
from .records import Text
from .vectors import VectorCache

_SPELLINGS_MAX = 3
_CLOSE_ENOUGH = 0.8


def search_texts(memory: Memory, wanted: list[str], limit: int = 200) -> list[Text]:
    """Texts of the video that hold any of the wanted stems, best BM25 first, at most ``limit``.

    A stem that the library has never met is also tried in the spellings closest to it, since
    recognised text errs by a letter or two.
    """
    spelled = [s for word in dict.fromkeys(wanted) for s in (word, *spellings(memory, word))]
    if not spelled:
        return []
    telling = [s for s in spelled if _tells_apart(memory, s)]
    order = _ranked(memory, telling, limit) if telling else []
    if len(order) < limit and telling != spelled:
        order = _ranked(memory, spelled, limit)
    found = {text.id: text for text in memory.texts_by_id(order)}
    return [found[i] for i in order]


def _tells_apart(memory: Memory, word: str) -> bool:
    """Whether a stem weighs anything in BM25: one in more than half of all lines does not, and is slow to rank."""
    rows = memory.library.rows(
        "SELECT doc * 2 <= (SELECT count(*) FROM text) FROM text_word WHERE col = 'stems' AND term = ?", word
    )
    return not rows or bool(rows[0][0])


def _ranked(memory: Memory, words: list[str], limit: int) -> list[int]:
    condition, values = _of_video(memory)
    rows = memory.library.rows(
        f"SELECT rowid FROM text_fts WHERE text_fts MATCH ? AND {condition} ORDER BY bm25(text_fts), rowid LIMIT ?",
        "stems : (" + " OR ".join(_quoted(s) for s in words) + ")", *values, limit,
    )  # fmt: skip
    return [int(str(row[0])) for row in rows]


def search_pictures(memory: Memory, model: str, vector: Vectors, n: int) -> list[tuple[float, float]]:
    """(second, dot product) of the ``n`` pictures of the video nearest to a vector of a model, best first."""
    model_row = memory.library.rows("SELECT id, dimension FROM model WHERE name = ?", model)
    if not model_row:
        return []
    model_id, dimension = (int(str(value)) for value in model_row[0])
    own = memory.library.rows(
        "SELECT id, t_us FROM sample WHERE media_id = ? AND model_id = ?", memory.video.id, model_id
    )
    time_s = {int(str(i)): int(str(t_us)) / 1e6 for i, t_us in own}
    cache = VectorCache(memory.library, model_id, dimension)
    hits = cache.nearest(vector, np.array(sorted(time_s), np.int64), n)
    return [(time_s[i], score) for i, score in hits]


def document_count(memory: Memory, word: str) -> int:
    """In how many texts of the video a stem occurs."""
    condition, values = _of_video(memory)
    rows = memory.library.rows(
        f"SELECT count(*) FROM text_fts WHERE text_fts MATCH ? AND {condition}",
        "stems : " + _quoted(word), *values,
    )  # fmt: skip
    return int(str(rows[0][0]))


def _of_video(memory: Memory) -> tuple[str, list[int]]:
    """A condition on rows of the index, with its values: those of the video alone.

    A video's texts mostly have ids in a row, and then no row has to be looked up to know whose it is.
    """
    first, last, n = memory.text_ids()
    if last - first + 1 == n:
        return "rowid BETWEEN ? AND ?", [first, last]
    own = "EXISTS (SELECT 1 FROM text WHERE text.id = text_fts.rowid AND media_id = ?)"
    return f"rowid BETWEEN ? AND ? AND {own}", [first, last, memory.video.id]


def spellings(memory: Memory, word: str) -> list[str]:
    """Stems of the library that are spelled nearly like one it does not hold."""
    if len(word) < 4 or document_count(memory, word):
        return []
    known = memory.library.rows(
        "SELECT term FROM text_word WHERE col = 'stems' AND length(term) BETWEEN ? AND ?",
        len(word) - 2,
        len(word) + 2,
    )
    return difflib.get_close_matches(word, [str(row[0]) for row in known], _SPELLINGS_MAX, _CLOSE_ENOUGH)


def _quoted(word: str) -> str:
    # In double quotes everything is a word to FTS5: colons, hyphens, NEAR and AND included.
    return '"' + word.replace("\0", " ").replace('"', '""') + '"'
