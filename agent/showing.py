"""What a video LLM is shown for a question: pictures with their own seconds, and the words around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ..index.fingerprint import is_there
from ..index.memory import Memory
from ..index.records import Sense, Text
from ..tools.clock import Span, merge_spans
from ..tools.roles import FrameBudget, StampedFrame
from .footage import each_shown, seeker_of
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

    def seen(self) -> list[Span]:
        """What the pictures show, in order."""
        return merge_spans([Span(f.time_s, f.time_s).widened(_NEAR_S) for f in self.frames])

    def with_words(self, texts: Sequence[Text]) -> Shown:
        """The same with some more words."""
        every = dict.fromkeys((*self.texts, *texts))
        return replace(self, texts=tuple(sorted(every, key=lambda t: (t.span, t.id, t.body))))

    def with_also(self, other: Shown, frames: Sequence[StampedFrame] = ()) -> Shown:
        """All that either shows, and some more pictures."""
        pictures = {frame.time_s: frame for frame in (*frames, *other.frames, *self.frames)}
        frames = tuple(pictures[time_s] for time_s in sorted(pictures))
        return replace(self, frames=frames).with_words(other.texts)

    def stretches(self) -> list[Span]:
        """All that was shown, in order."""
        return merge_spans([*self.seen(), *(text.span.widened(_NEAR_S) for text in self.texts)])


def shown(
    memory: Memory,
    question: Question,
    moments: Sequence[Span],
    budget: FrameBudget,
    times_s: Sequence[float] | None = None,
) -> Shown:
    """Pictures of the moments, or of the whole window where there are none, with the words around them.

    With ``times_s`` the pictures are those shown at these seconds, and words around them follow. Each picture has
    the timestamp that the file itself gives it. There are none where the file is gone, or another.
    """
    window = question.window or memory.video.span
    spans = merge_spans([span.widened(_AROUND_S).inside(window) for span in moments])
    if times_s is None:
        spans = spans or [window]
        times_s = spread(spans, min(budget.n_frames, N_FRAMES_MAX))
    is_gone = memory.video.width > 0 and not is_there(memory.video)
    frames = () if is_gone else tuple(frames_at(memory, times_s))
    beside = [Span(t, t).widened(_AROUND_S).inside(window) for t in times_s]
    return Shown(frames, tuple(_words(memory, spans, merge_spans(beside))), is_gone)


def _words(memory: Memory, *spans: Sequence[Span]) -> list[Text]:
    """Words said or shown in spans, in order of time; where there are too many, those of the first spans."""
    found: dict[int, Text] = {}
    for stretch in (span for some in spans for span in some):
        for sense in _WORDED:
            found |= {text.id: text for text in memory.texts_near(stretch, sense, 0.0)}
    return sorted(islice(found.values(), _N_TEXTS_MAX), key=lambda t: (t.span, t.id))


def spread(spans: Sequence[Span], n_times: int) -> list[float]:
    """Seconds inside spans, each of which gets one before the longer ones get more, in order."""
    longest = sorted(spans, key=lambda span: (-span.duration_s, span))[: max(0, n_times)]
    shares = dict.fromkeys(sorted(longest), 1)
    for _ in range(n_times - len(shares) if shares else 0):
        widest = max(shares, key=lambda span: (span.duration_s / shares[span], -span.start_s))
        shares[widest] += 1
    return [span.start_s + span.duration_s * (k + 0.5) / n for span, n in shares.items() for k in range(n)]


def frames_at(memory: Memory, times_s: Sequence[float]) -> Iterator[StampedFrame]:
    """The pictures shown at these seconds, in order, each once; those that are gone or damaged are left out."""
    if not memory.video.width:
        return
    last_s = -1.0
    for _, picture in each_shown(seeker_of(memory), times_s):
        if picture.pts_s > last_s:
            last_s = picture.pts_s
            yield StampedFrame(picture.pts_s, picture.rgb())
