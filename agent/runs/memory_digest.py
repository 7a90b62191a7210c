"""What is remembered of a video as one short string, so that a change is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ...index.memory import Memory

_OF_VIDEO = (
    "SELECT sha256, sidecar_sha256, tracks, settings, duration_us, width, height, notes, state FROM media WHERE id = ?",
    "SELECT sense, start_us, end_us, body, trust, box FROM text WHERE media_id = ? ORDER BY id",
    (
        "SELECT text_part.start_us, text_part.end_us, text_part.body FROM text_part JOIN text ON text.id = text_id"
        " WHERE media_id = ? ORDER BY text_id, text_part.start_us"
    ),
    "SELECT start_us, end_us, merge_height, gist FROM event WHERE media_id = ? ORDER BY start_us",
    "SELECT start_us, end_us FROM voice WHERE media_id = ? ORDER BY start_us",
    "SELECT start_us, hop_us, levels_db FROM loudness WHERE media_id = ? ORDER BY start_us",
    "SELECT sense, start_us, end_us FROM lost WHERE media_id = ? ORDER BY sense, start_us",
)
# Vectors are counted only: a large video has many megabytes of them, and an answer should not wait for that.
_OF_MODEL = (
    (
        "SELECT name, dimension, count(*), min(t_us), max(t_us) FROM sample JOIN model ON model.id = model_id"
        " WHERE media_id = ? AND name = ?"
    ),
    (
        "SELECT name, dimension, count(*) FROM text_vector JOIN text ON text.id = text_id"
        " JOIN model ON model.id = model_id WHERE media_id = ? AND name = ?"
    ),
    "SELECT sense, share, n_looks, trust FROM coverage WHERE media_id = ? AND engine = ? ORDER BY rowid",
)


def models_in(memory: Memory) -> list[str]:
    """Names of all engines and models that left something in a memory, in order of the alphabet."""
    rows = memory.library.rows(
        "SELECT name FROM model WHERE EXISTS (SELECT 1 FROM sample WHERE media_id = ?1 AND model_id = model.id)"
        " UNION SELECT name FROM model WHERE EXISTS (SELECT 1 FROM text WHERE media_id = ?1 AND EXISTS"
        " (SELECT 1 FROM text_vector WHERE text_id = text.id AND model_id = model.id))"
        " UNION SELECT engine FROM coverage WHERE media_id = ?1 ORDER BY 1",
        memory.video.id,
    )
    return [str(row[0]) for row in rows]


def digest_of(memory: Memory, models: Sequence[str]) -> str:
    """SHA-256 of what is remembered of a video, as far as it comes from these engines and models.

    Where its file lies and what it is called make no difference, nor do the numbers of its rows.
    """
    found = hashlib.sha256()
    for query in _OF_VIDEO:
        for row in memory.library.rows(query, memory.video.id):
            found.update(repr(row).encode("utf-8", "surrogatepass"))
    for query in _OF_MODEL:
        for model in models:
            rows = memory.library.rows(query, memory.video.id, model)
            found.update(repr((model, rows)).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def library_size(memory: Memory) -> list[int]:
    """How many videos and texts the library holds in all: ranks of words depend on those of other videos too."""
    rows = memory.library.rows("SELECT (SELECT count(*) FROM media), (SELECT count(*) FROM text)")
    return [int(str(number)) for number in rows[0]]
