"""Events with their gist: what a stretch of video was about, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..tools.appearance import COLOURS, colour_shares
from ..tools.clock import Span, merge_spans
from ..tools.passages import Passage
from .listening import Heard
from .looking import Looked
from .records import Event
from .segmentation import SegmentationSettings, segment
from .text_tracks import TextSighting

_GIST_CHARACTERS = 120
_QUIET_S = 1.0


def episodes(
    looked: Looked | None,
    passages: Sequence[Passage],
    pauses: list[Span],
    duration_s: float,
    settings: SegmentationSettings,
) -> list[Event]:
    """The video's events in order, tiling ``[0, duration_s)``, each with a one-line gist."""
    times_s, vectors = (
        (looked.times_s, looked.vectors) if looked else (np.zeros(0), np.zeros((0, 1), np.float32))
    )
    cuts = segment(times_s, vectors, duration_s, settings, pauses)
    edges = [0.0, *(cut.time_s for cut in cuts), duration_s]
    heights = [1.0, *(cut.height for cut in cuts)]
    spans = [Span(a, b) for a, b in pairwise(edges)]
    return [
        Event(span, height, _gist(span, looked, passages))
        for span, height in zip(spans, heights, strict=True)
    ]


def silences(passages: Sequence[Passage], heard: Heard | None, duration_s: float) -> list[Span]:
    """Stretches of at least a second in which nobody speaks, in order."""
    spoken = merge_spans([*(p.span for p in passages), *(heard.voice if heard else [])])
    edges_s = [0.0, *(t for span in spoken for t in (span.start_s, span.end_s)), duration_s]
    gaps = zip(edges_s[::2], edges_s[1::2], strict=True)
    return [Span(a, b) for a, b in gaps if b - a >= _QUIET_S]


def _gist(span: Span, looked: Looked | None, passages: Sequence[Passage]) -> str:
    said = _longest([p.text for p in passages if span.start_s <= p.span.middle_s < span.end_s])
    shown = _longest([s.text for s in _inside(span, looked)])
    seen = _colours(span, looked)
    parts = [f"“{said}”" if said else "", f"[{shown}]" if shown else "", "" if said or shown else seen]
    return " ".join(part for part in parts if part)


def _inside(span: Span, looked: Looked | None) -> list[TextSighting]:
    return [s for s in looked.sightings if span.overlap_s(s.span) > 0] if looked else []


def _longest(texts: list[str]) -> str:
    """The text that says most, cut at a word."""
    longest = max(texts, key=len, default="")
    if len(longest) <= _GIST_CHARACTERS:
        return longest
    return longest[:_GIST_CHARACTERS].rsplit(" ", 1)[0] + " …"


def _colours(span: Span, looked: Looked | None) -> str:
    """The colours that fill most of the pictures, for a stretch with no words at all."""
    if looked is None or looked.vectors.shape[1] < len(COLOURS):
        return "no words"
    inside = (looked.times_s >= span.start_s) & (looked.times_s < span.end_s)
    if not inside.any():
        return "no words"
    shares = colour_shares(looked.vectors[inside]).mean(axis=0)
    strongest = [i for i in np.argsort(-shares, kind="stable")[:2] if shares[i] >= 0.15]
    return "no words, mostly " + " and ".join(COLOURS[i] for i in strongest) if strongest else "no words"
