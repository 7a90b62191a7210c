"""Searching everything that was said or stood on screen, in all videos of a library, by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..tools.clock import Span
from .excerpt import excerpt
from .library import Library
from .records import TEXT_COLUMNS, Sense, Text, Video, to_us
from .wording import Wording

# Words on more lines than this in all are left out where rarer ones are asked for as well.
_LINES_MAX = 20_000


@dataclass(frozen=True)
class Found:
    """A text that holds words asked for; a higher ``score`` (BM25) is better, ``excerpt`` is one line of it."""

    video: Video
    text: Text
    score: float
    excerpt: str

    def with_score(self, score: float) -> Found:
        """The same text, weighed otherwise."""
        return replace(self, score=score)


def search_library(
    library: Library,
    query: str,
    limit: int = 20,
    *,
    videos: Sequence[Video] | None = None,
    sense: Sense | None = None,
    within: Span | None = None,
) -> list[Found]:
    """Texts that hold any word of a query, best first, at most ``limit``; among ``videos`` where given.

    What stands in quotes has to stand so in the text, apart from case, accents and punctuation. Nothing in a
    query is a command: every text is a set of words, in any script, and one without words finds nothing.
    Of equal ones the first in the library comes first.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).
    """
    wording = Wording.of(query)
    match = wording.query(_Telling(library, wording))
    if not match or limit < 1:
        return []
    condition, values = limits(videos, sense, within)
    among = (
        f"AND EXISTS (SELECT 1 FROM text WHERE text.id = text_fts.rowid AND {condition})" if condition else ""
    )
    rows = library.rows(
        f"SELECT {TEXT_COLUMNS}, media_id, score FROM (SELECT rowid AS place, bm25(text_fts) AS score FROM text_fts"
        f" WHERE text_fts MATCH ? {among} ORDER BY score, place LIMIT ?)"
        " JOIN text ON text.id = place ORDER BY score, place",
        match, *values, limit,
    )  # fmt: skip
    return found_of(library, wording, rows)


class _Telling:
    """Which words of a query are rare enough to tell texts apart, within a budget of lines to be ranked."""

    def __init__(self, library: Library, wording: Wording) -> None:
        count = "SELECT count(*) FROM (SELECT 1 FROM text_fts WHERE text_fts MATCH ? LIMIT ?)"
        n_lines = {t: int(str(library.rows(count, t, _LINES_MAX + 1)[0][0])) for t in wording.terms()}
        self._chosen: set[str] = set()
        total = 0
        for term, n in sorted(n_lines.items(), key=lambda pair: pair[1]):
            total += n
            if n and total <= _LINES_MAX:
                self._chosen.add(term)

    def __call__(self, term: str) -> bool:
        return term in self._chosen


def limits(
    videos: Sequence[Video] | None, sense: Sense | None, within: Span | None
) -> tuple[str, list[object]]:
    """A condition on rows of ``text``, with its values; empty where nothing limits them."""
    parts: list[str] = []
    values: list[object] = []
    if videos is not None:
        parts.append(f"media_id IN ({','.join('?' * len(videos))})")
        values += [video.id for video in videos]
    if sense is not None:
        parts.append("sense = ?")
        values.append(sense)
    if within is not None:
        parts.append("start_us < ? AND end_us > ?")
        values += [to_us(within.end_s), to_us(within.start_s)]
    return " AND ".join(parts), values


def found_of(library: Library, wording: Wording, rows: Sequence[tuple[object, ...]]) -> list[Found]:
    """Hits of rows of ``TEXT_COLUMNS``, the video's id and a score that is lower for better ones."""
    by_id = {video.id: video for video in library.videos()} if rows else {}
    found = []
    for row in rows:
        text = Text.of(row)
        found.append(Found(by_id[int(str(row[7]))], text, -float(str(row[8])), excerpt(text.body, wording)))
    return found
