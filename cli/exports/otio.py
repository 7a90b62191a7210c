"""OpenTimelineIO: a timeline of clips as editing programs exchange it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...tools.plain import plain
from .marks import Mark
from .source import Source
from .timecode import Timecode

_MEDIA = "DEFAULT_MEDIA"
Value = dict[str, Any]


def otio_text(marks: Sequence[Mark], source: Source, start: str = Timecode.start) -> str:
    """``otio_value`` as text."""
    return json.dumps(otio_value(marks, source, start), indent=1) + "\n"


def otio_value(marks: Sequence[Mark], source: Source, start: str = Timecode.start) -> Value:
    """A ``Timeline.1`` as JSON, each mark a ``Clip.2`` of the file, on a track of pictures and one of sound.

    There is no track of sound where the file has none. Times are whole frames, counted from ``start`` at 0
    of the player's clock, see ``Timecode``; each clip's metadata hold its true seconds under ``vidagent``.
    The schemas are those of OpenTimelineIO 0.15 and later.

    Raises ``RequestError`` for a file without pictures and for a wrong ``start``.
    """
    code = Timecode(source.frame_rate, start)
    kinds = ["Video", *(["Audio"] if source.has_sound else [])]
    tracks = [
        _item("Track.1", kind, kind=kind, children=[_clip(mark, source, code) for mark in marks])
        for kind in kinds
    ]
    stack = _item("Stack.1", "tracks", children=tracks)
    return _object("Timeline.1", plain(source.title), global_start_time=None, tracks=stack)


def _clip(mark: Mark, source: Source, code: Timecode) -> Value:
    first = code.frame(mark.span.start_s)
    length = max(1, code.frame(mark.span.end_s) - first)
    whole = _range(code.first, max(1, code.frame(source.duration_s)), code)
    media = _object(
        "ExternalReference.1",
        plain(source.path.name),
        available_range=whole,
        available_image_bounds=None,
        target_url=source.uri,
    )
    made = _item("Clip.2", mark.title, media_references={_MEDIA: media}, active_media_reference_key=_MEDIA)
    seconds = {"start_s": round(mark.span.start_s, 6), "end_s": round(mark.span.end_s, 6)}
    made["source_range"] = _range(code.first + first, length, code)
    made["metadata"] = {"vidagent": {**seconds, "source": mark.source}}
    return made


def _item(schema: str, name: str, **fields: Any) -> Value:
    """What can lie on a timeline."""
    return _object(schema, name, source_range=None, effects=[], markers=[], enabled=True, **fields)


def _object(schema: str, name: str, **fields: Any) -> Value:
    return {"OTIO_SCHEMA": schema, "metadata": {}, "name": name, **fields}


def _range(first: int, length: int, code: Timecode) -> Value:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first, code),
        "duration": _time(length, code),
    }


def _time(count: int, code: Timecode) -> Value:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(code.counted_hz), "value": float(count)}
