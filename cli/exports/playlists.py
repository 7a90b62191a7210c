"""Playlists: the marks one after the other, as mpv and VLC play them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...tools.errors import RequestError
from .marks import Mark
from .source import Source

_MPV_BYTES_MAX = 1_000_000


def mpv_text(marks: Sequence[Mark], source: Source) -> str:
    """An edit list of mpv (``# mpv EDL v0``): one timeline of all marks, each a chapter of it.

    mpv reads the start of a segment on the file's own clock, so where that begins is added. Every text
    stands behind the number of its bytes, and nothing in it can be taken for anything else. Players
    other than mpv do not know the form.

    Raises ``RequestError`` where the list is larger than mpv reads.
    """
    text = "\n".join(["# mpv EDL v0", *(_segment(mark, source) for mark in marks), ""])
    if len(text.encode()) > _MPV_BYTES_MAX:
        raise RequestError(
            "mpv reads no more than a megabyte of an edit list: choose a coarser --level, or --from and --to"
        )
    return text


def m3u_text(marks: Sequence[Mark], source: Source) -> str:
    """A playlist for VLC: each mark an entry with its ``start-time`` and ``stop-time`` on the player's clock.

    mpv plays the file of each entry from its beginning, because it knows no ``#EXTVLCOPT``; it has
    ``mpv_text``. VLC takes what stands before `` - `` or a comma for the artist, so the place of the artist
    is left empty and such dashes are made longer. A title with a mark of HTTP Live Streaming, by which VLC
    tells such lists, loses the sharp of it.
    """
    return "\n".join(["#EXTM3U", *(line for mark in marks for line in _entry(mark, source)), ""])


def _segment(mark: Mark, source: Source) -> str:
    start_s = mark.span.start_s + source.start_s
    length_s = mark.span.duration_s
    return (
        f"file={_counted(source.uri)},start={start_s:.6f},length={length_s:.6f},title={_counted(mark.title)}"
    )


def _counted(text: str) -> str:
    return f"%{len(text.encode())}%{text}"


def _entry(mark: Mark, source: Source) -> Iterator[str]:
    title = mark.title.replace(" - ", " – ").replace("#EXT-X-", "EXT-X-")
    yield f"#EXTINF:{round(mark.span.duration_s)},,{title}"
    yield f"#EXTVLCOPT:start-time={mark.span.start_s:.3f}"
    yield f"#EXTVLCOPT:stop-time={mark.span.end_s:.3f}"
    yield source.uri
