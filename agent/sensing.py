"""Finding what no text says: colours that fill the picture, looks, silence, sounds, and voices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..index.fusion import related
from ..index.memory import Memory
from ..index.recall import search_pictures
from ..index.records import Sense
from ..index.sound_meaning import HIT_FROM, SoundMeaning
from ..tools.appearance import AppearanceEmbedder, named_share
from ..tools.clock import Span, merge_spans
from ..tools.roles import ImageTextEmbedder
from .evidence import Evidence, best_first
from .relation import Side

# The picture counts as filled with a colour from this share on.
_FILLED = 0.6
# A run begins and ends at these parts of the highest share in the video: words on a black card are not black.
_BEGINS, _ENDS = 0.97, 0.94
_SILENT_DB = -55.0
_SILENCE_MIN_S = 1.0
_RUN_MIN_S = 0.75
_VOICE_GAP_S = 2.0
_BESIDE, _FARTHER, _BESIDE_MAX = 0.85, 0.1, 3
_HITS, _HIT_S, _HIT_GAP_S, _AS_HINT = 24, 0.5, 2.0, 0.4
# A name that fits a sound is less than words that were read, and more than what PocketSphinx writes down.
_SOUND_TRUST = 0.6
# Any less is what every video has somewhere.
_SOUND_HINT_FROM = 0.1


def coloured(memory: Memory, colours: tuple[str, ...]) -> list[Evidence]:
    """Stretches in which the named colours together fill most of the picture, best first."""
    times_s, vectors = memory.samples(AppearanceEmbedder.name)
    if not len(times_s) or not colours:
        return []
    share = named_share(vectors, colours)
    name = " and ".join(colours)
    found = []
    for first, last in _runs(share):
        span = _between_samples(times_s, first, last, memory.video.duration_s)
        if span.duration_s < _RUN_MIN_S:
            continue
        filled = float(np.median(share[first:last]))
        quote = f"the picture is {filled:.0%} {name}"
        found.append(Evidence(span, "picture", quote, _fit(filled), 1.0))
    return best_first(found)


def resembling(memory: Memory, text: str, pictures: ImageTextEmbedder | None = None) -> list[Evidence]:
    """Stretches whose pictures are nearest to what a text describes, best first; a hint, not a proof.

    By the embedded colours, or by an embedder that has looked at the video. Empty where it has no words for the
    text.
    """
    hits = _likely(memory, text, pictures) if pictures else _coloured_alike(memory, text)
    runs = merge_spans([Span(time_s, time_s + _HIT_S) for time_s, _ in hits], _HIT_GAP_S)
    found = []
    for run in runs:
        score = max(score for time_s, score in hits if run.start_s <= time_s <= run.end_s)
        found.append(Evidence(run, "picture", "the picture looks most like it", _AS_HINT * score, 1.0))
    return best_first(found)


def _coloured_alike(memory: Memory, text: str) -> list[tuple[float, float]]:
    embedder = AppearanceEmbedder()
    vector = embedder.embed_text(text)
    return search_pictures(memory, embedder.name, vector, _HITS) if vector is not None else []


def _likely(memory: Memory, text: str, pictures: ImageTextEmbedder) -> list[tuple[float, float]]:
    """Seconds of the likeliest pictures with how likely they are, best first."""
    times_s, vectors = memory.samples(pictures.name)
    chances = pictures.likelihoods(vectors, text) if len(times_s) else np.zeros(0, np.float32)
    best = np.lexsort((times_s, -chances))[:_HITS]
    return [(float(times_s[i]), float(chances[i])) for i in best if chances[i] > 0]


def beside(memory: Memory, senses: frozenset[Sense], side: Side, anchor: Span) -> list[Evidence]:
    """What was said or shown nearest to a moment on one side of it, or meanwhile; the nearest first."""
    worded: tuple[Sense, ...] = ("speech", "screen")
    texts = [t for sense in worded if not senses or sense in senses for t in memory.texts(sense)]
    if side == "during":
        near = sorted((t for t in texts if t.span.overlap_s(anchor) > 0), key=lambda t: (t.span, t.id))
    else:
        by_span = {t.span: t for t in reversed(texts)}
        near = [by_span[span] for span in related(list(by_span), [anchor], side)]
    return [
        Evidence(t.span, t.sense, t.body, round(_BESIDE * (1 - _FARTHER) ** rank, 4), t.trust, (t.id,))
        for rank, t in enumerate(near[:_BESIDE_MAX])
    ]


def silent(memory: Memory) -> list[Evidence]:
    """Stretches without sound of at least a second, the longest first."""
    times_s, levels_db = memory.loudness()
    if not len(times_s):
        return []
    hop_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.1
    quiet = np.append(np.append(False, levels_db < _SILENT_DB), False)
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    spans = [
        Span(float(times_s[a]), float(times_s[b - 1]) + hop_s)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    long = sorted((s for s in spans if s.duration_s >= _SILENCE_MIN_S), key=lambda s: (-s.duration_s, s))
    return [_of_span(span, f"no sound for {span.duration_s:.1f} s", long[0]) for span in long]


def sounding(memory: Memory, words: str, sounds: SoundMeaning) -> list[Evidence]:
    """Stretches that sound like what words say, best first; empty where the video's sound was not learnt."""
    stretches = sounds.stretches(memory.video, words)
    return best_first([_of_sound(span, words, score) for span, score in stretches])


def sounding_alike(memory: Memory, words: str, sounds: SoundMeaning) -> list[Evidence]:
    """Stretches that sound more like it than others do, too little to be an answer, best first."""
    stretches = sounds.stretches(memory.video, words, _SOUND_HINT_FROM)
    return best_first(
        [_of_sound(span, words, _AS_HINT * score) for span, score in stretches if score < HIT_FROM]
    )


def voiced(memory: Memory) -> list[Evidence]:
    """Stretches in which somebody speaks, in order, by transcript or by the voice detector."""
    spans = [text.span for text in memory.texts("speech")] or memory.voice()
    merged = merge_spans(spans, _VOICE_GAP_S)
    return [Evidence(span, "speech", f"a voice for {span.duration_s:.1f} s", 1.0, 1.0) for span in merged]


def _of_span(span: Span, quote: str, longest: Span) -> Evidence:
    # A longer silence is the likelier one to be asked for.
    return Evidence(span, "sound", quote, round(0.7 + 0.3 * span.duration_s / longest.duration_s, 4), 1.0)


def _of_sound(span: Span, words: str, fit: float) -> Evidence:
    return Evidence(span, "sound", f"it sounds like: {words}", round(fit, 4), _SOUND_TRUST)


def _fit(filled: float) -> float:
    return round(min(1.0, filled / 0.9), 4)


def _runs(share: npt.NDArray[np.float32]) -> list[tuple[int, int]]:
    """Half-open runs of samples near the highest share, with hysteresis so that flicker does not divide them."""
    peak = float(share.max(initial=0.0))
    runs: list[tuple[int, int]] = []
    first = None
    for place, value in enumerate(share if peak >= _FILLED else []):
        if first is None and value >= _BEGINS * peak:
            first = place
        elif first is not None and value < _ENDS * peak:
            runs.append((first, place))
            first = None
    return [*runs, (first, len(share))] if first is not None else runs


def _between_samples(times_s: npt.NDArray[np.float64], first: int, last: int, duration_s: float) -> Span:
    """A run's ends lie half way to the samples outside it."""
    start_s = float(times_s[first] + times_s[first - 1]) / 2 if first else float(times_s[0])
    end_s = float(times_s[last] + times_s[last - 1]) / 2 if last < len(times_s) else duration_s
    return Span(start_s, max(start_s, end_s))
