"""What a video LLM is shown for a question: pictures with their own seconds, and the words around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..index.fingerprint import is_there
from ..index.memory import Memory
from ..index.records import Sense, Text
from ..tools.clock import Span, merge_spans
from ..tools.errors import SeekError
from ..tools.guarded import GuardedSeeker
from ..tools.roles import FrameBudget, StampedFrame
from ..tools.tracks import Tracks
from .question import Question

N_FRAMES_MAX = 32
_N_TEXTS_MAX = 60
# So far around a moment its beginning and its end are looked at too.
_AROUND_S = 2.0
# A second counts as shown within this distance of a picture, or of a text.
_NEAR_S = 1.0
_WORDED: tuple[Sense, ...] = ("speech", "screen")


@dataclass(frozen=True)
class Shown:
    """What a model is shown: pictures in order of time, and words of the video around them.

    Where the file ``is_gone``, or is another one by now, there are no pictures.
    """

    frames: tuple[StampedFrame, ...]
    texts: tuple[Text, ...]
    is_gone: bool = False

    def holds(self, span: Span) -> bool:
        """Whether anything of a span was shown."""
        return any(span.overlap_s(stretch) > 0 for stretch in self.stretches())

    def stretches(self) -> list[Span]:
        """All that was shown, in order."""
        pictures = [Span(f.time_s, f.time_s).widened(_NEAR_S) for f in self.frames]
        return merge_spans([*pictures, *(text.span.widened(_NEAR_S) for text in self.texts)])


def shown(memory: Memory, question: Question, moments: Sequence[Span], budget: FrameBudget) -> Shown:
    """Pictures of the moments, or of the whole window where there are none, with the words around them.

    Each picture has the timestamp that the file itself gives it. There are none where the file is gone, or another.
    """
    window = question.window or memory.video.span
    spans = merge_spans([_inside(span.widened(_AROUND_S), window) for span in moments]) or [window]
    texts = {t.id: t for sense in _WORDED for span in spans for t in memory.texts_near(span, sense, 0.0)}
    in_time = sorted(texts.values(), key=lambda t: (t.span, t.id))
    is_gone = memory.video.width > 0 and not is_there(memory.video)
    times_s = [] if is_gone else spread(spans, min(budget.n_frames, N_FRAMES_MAX))
    return Shown(tuple(_frames(memory, times_s)), tuple(in_time[:_N_TEXTS_MAX]), is_gone)


def spread(spans: Sequence[Span], n_times: int) -> list[float]:
    """Seconds inside spans, each of which gets one before the longer ones get more, in order."""
    longest = sorted(spans, key=lambda span: (-span.duration_s, span))[: max(0, n_times)]
    shares = dict.fromkeys(sorted(longest), 1)
    for _ in range(n_times - len(shares) if shares else 0):
        widest = max(shares, key=lambda span: (span.duration_s / shares[span], -span.start_s))
        shares[widest] += 1
    return [span.start_s + span.duration_s * (k + 0.5) / n for span, n in shares.items() for k in range(n)]


def _frames(memory: Memory, times_s: Sequence[float]) -> Iterator[StampedFrame]:
    """The pictures shown at these seconds, in order, each once; those that are gone or damaged are left out."""
    video, last_s = memory.video, -1.0
    if not video.width:
        return
    seeker, waiting = GuardedSeeker(video.path, Tracks.parse(video.tracks).picture), sorted(times_s)
    while waiting:
        try:
            for time_s, picture in seeker.at_each(waiting):
                waiting = [t for t in waiting if t > time_s]
                if picture.pts_s > last_s:
                    last_s = picture.pts_s
                    yield StampedFrame(picture.pts_s, picture.rgb())
        except SeekError:
            # The first of those that wait is the one that cannot be shown.
            waiting = waiting[1:]


def _inside(span: Span, window: Span) -> Span:
    start_s = min(max(span.start_s, window.start_s), window.end_s)
    return Span(start_s, max(start_s, min(span.end_s, window.end_s)))
