"""Which pictures of a video are worth a look for a question: the search methods, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from .methods.baselines import Places, topk, uniform
from .methods.dpp import dpp
from .methods.guide import Guide
from .methods.led_guide import LedGuide
from .methods.scoring import Scorer
from .methods.similarity_guide import SimilarityGuide
from .methods.spending import Budget, Ending, Purse
from .methods.spotlight import LIMITS, RULES, Rules, spotlight
from .methods.spotlight_frames import N_EACH_MIN, frames_for
from .methods.tass import tass
from .methods.tstar import TStarSettings
from .methods.tstar import search as zoom
from .question import Question
from .relevance import Relevance
from .trace import UNTRACED, Trace

AUTO = "auto"
# What the memory found is followed from here on without asking anybody; below the lower, it is as good as nothing.
_SURE_FROM, _TELLS_FROM = 0.25, 0.05
# A window that a model holds less likely than not is no better than what the memory found.
_BELIEVED_FROM = 0.5
# One in so many pictures of what a model believed is where the memory would look, beyond those that a window needs.
_FOLLOWED_EACH = 4
# A model that is shown one picture in so many seconds of a video has as good as seen it.
_CLOSE_S = 4.0
# These ask for all of a video, or of a stretch, and not for a moment.
_WHOLE = ("summary",)
# Open-vocabulary detectors score what they find far lower than others; OWLv2 counts from 0.1 on.
_DETECTED = TStarSettings(accept=0.3, candidate=0.1)
# T* looks at so many pictures for each one that is shown in the end.
_LOOKS_EACH = 8


@dataclass(frozen=True)
class Means:
    """What a strategy may use besides the memory: a guide with a model behind it, a scorer of named targets
    and one that looks more closely to verify them."""

    guide: Guide | None = None
    scorer: Scorer | None = None
    verifier: Scorer | None = None
    targets: tuple[str, ...] = ()
    purse: Purse = field(default_factory=lambda: Purse(LIMITS))
    rules: Rules = RULES
    trace: Trace = UNTRACED


@dataclass(frozen=True)
class Picked:
    """Seconds at which to look, ascending, the name of the strategy that picked them, and why a search ended."""

    times_s: tuple[float, ...]
    strategy: str
    ending: Ending | None = None


Found = tuple[Sequence[float], Ending | None]
Strategy = Callable[[Relevance, int, Means], Found]


def pick(
    what: Relevance, question: Question, n: int, means: Means | None = None, strategy: str = AUTO
) -> Picked:
    """At most ``n`` seconds of pictures to show for a question, by the named strategy or by what suits it.

    Raises ``ModelError`` where a model fails that a strategy asks.
    """
    means = means or Means()
    name = suited(what, question, n, means) if strategy == AUTO else strategy
    times_s, ending = STRATEGIES[name](what, n, means) if n and len(what.times_s) else ((), None)
    picked = Picked(tuple(sorted({float(t) for t in times_s})), name, ending)
    rounded = [round(t, 3) for t in picked.times_s]
    means.trace.note("pick", strategy=name, ending=ending, peak=round(what.peak, 4), times_s=rounded)
    return picked


def suited(what: Relevance, question: Question, n: int, means: Means) -> str:
    """The strategy that suits a question, what the memory found, and what there is to look with.

    What is surely found is followed and spaced. Where the memory is not sure the pictures themselves are searched, by
    a detector where it knows nothing at all, and by a model that judges what the memory proposes; where nobody can
    judge, its guesses are followed. A short video of which nothing is known is shown evenly.
    """
    if question.kind in _WHOLE or (what.span.duration_s <= n * _CLOSE_S and what.peak < _TELLS_FROM):
        return "uniform"
    if what.peak >= _SURE_FROM:
        return "tass"
    if what.peak < _TELLS_FROM and means.scorer and means.targets:
        return "tstar"
    if means.guide:
        return "spotlight"
    return "tass" if what.peak >= _TELLS_FROM else "uniform"


def _uniform(what: Relevance, n: int, means: Means) -> Found:
    return _at(what, uniform(what.times_s, n))


def _topk(what: Relevance, n: int, means: Means) -> Found:
    return _at(what, topk(what.times_s, what.scores, n))


def _tass(what: Relevance, n: int, means: Means) -> Found:
    return _at(what, tass(what.times_s, what.scores, n))


def _dpp(what: Relevance, n: int, means: Means) -> Found:
    return _at(what, dpp(what.vectors, what.scores, n))


def _tstar(what: Relevance, n: int, means: Means) -> Found:
    """The best pictures by T*, with what the memory found as its priors; by the memory alone without a scorer."""
    if means.scorer is None or not means.targets:
        return _tass(what, n, means)
    limit = min(means.purse.budget.looks, n * _LOOKS_EACH)
    purse = Purse(Budget(limit, seconds=means.purse.budget.seconds), clock=means.purse.clock)
    priors = np.repeat(what.scores[:, None], len(means.targets), axis=1)
    found = zoom(
        what.times_s,
        means.scorer,
        means.targets,
        verifier=means.verifier,
        priors=priors,
        purse=purse,
        settings=_DETECTED,
    )
    means.purse.spend(looks=purse.looks)
    means.trace.note("zoom", targets=list(means.targets), looks=found.rows())
    seen = [look.time_s for look in found.moments(n)]
    rest = [t for t in _uniform(what, n, means)[0] if t not in seen]
    return [*seen, *rest[: n - len(seen)]], found.ending


def _spotlight(what: Relevance, n: int, means: Means) -> Found:
    """Pictures of the windows of a spotlight: the memory proposes, and a model judges where there is one."""
    memory = SimilarityGuide(what.times_s, what.scores, what.scores, n)
    guide = LedGuide(memory, means.guide) if means.guide else memory
    found = spotlight(what.span, guide, means.purse, means.rules, means.trace)
    if means.guide is None or what.peak < _TELLS_FROM:
        return frames_for(found.windows, n, what.span), found.ending
    believed = [window.span for window in found.windows if window.confidence >= _BELIEVED_FROM]
    if not believed:
        # Nobody may have looked where the memory would.
        return _tass(what, n, means)[0], found.ending
    # What a window was believed for may lie between even pictures of it.
    n_followed = min(n // _FOLLOWED_EACH, max(0, n - N_EACH_MIN))
    followed, _ = _tass(what.inside(believed), n_followed, means)
    return [*followed, *frames_for(found.windows, n - n_followed, what.span)], found.ending


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "uniform": _uniform,
        "topk": _topk,
        "tass": _tass,
        "dpp": _dpp,
        "tstar": _tstar,
        "spotlight": _spotlight,
    }
)


def _at(what: Relevance, places: Places) -> Found:
    return [float(t) for t in what.times_s[places]], None
