"""Choosing what to recall within a budget: what is most alike, and what stood beside it in time.

Source: EM-LLM (arXiv 2407.09450), similarity and contiguity buffers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Reason = Literal["hit", "neighbour", "carried"]
Neighbour = Callable[[int, int], int | None]
CONTIGUITY_SHARE = 0.3


@dataclass(frozen=True)
class Chosen:
    """A place that was chosen, why, and the hit that it was chosen for."""

    place: int
    reason: Reason
    origin: int


def fill(ranked: Iterable[int], length: Callable[[int], float], budget: float) -> list[int]:
    """Places in their order until the budget is used up.

    The one that crosses the budget is taken where that comes nearer to it than stopping would.
    """
    taken: list[int] = []
    used = 0.0
    for place in ranked:
        more = used + length(place)
        if more >= budget:
            return [*taken, place] if more - budget < budget - used else taken
        taken.append(place)
        used = more
    return taken


def recall_places(
    ranked: Sequence[int],
    neighbour: Neighbour,
    length: Callable[[int], float],
    budget: float,
    carried: Sequence[int] = (),
    share: float = CONTIGUITY_SHARE,
) -> list[Chosen]:
    """Hits for the larger part of a budget, then what followed and what preceded each, then what was carried.

    ``neighbour`` gives the place a step before or behind, None where there is none near. No place comes
    twice, and the budget is exceeded by less than the last place's length.
    """
    # An event longer than the budget is better than nothing.
    hits = fill(ranked, length, (1 - share) * budget) or list(ranked[: int(budget > 0)])
    chosen = {place: Chosen(place, "hit", place) for place in hits}
    more = {c.place: c for c in _beside(hits, neighbour, set(chosen))}
    for place in carried:
        if place not in chosen and place not in more:
            more[place] = Chosen(place, "carried", place)
    rest = fill(more, length, budget - sum(map(length, hits)))
    return [*chosen.values(), *(more[place] for place in rest)]


def reference_queue(
    hits: Sequence[int], n_places: int, lengths: Sequence[float], capacity: float
) -> list[int]:
    """The contiguity queue as EM-LLM fills it: of every hit the place behind, then the one before."""

    def neighbour(place: int, step: int) -> int | None:
        return place + step if 0 <= place + step < n_places else None

    beside = _beside(hits, neighbour, set(hits))
    return fill((c.place for c in beside), lengths.__getitem__, capacity)


def reference_update(
    new: Sequence[int], old: Sequence[int], lengths: Sequence[float], capacity: float
) -> list[int]:
    """EM-LLM's queue after another question: new places, and the newest old ones where room is left."""
    kept = fill(new, lengths.__getitem__, capacity)
    room = capacity - sum(lengths[i] for i in kept)
    return [*kept, *fill((i for i in old if i not in kept), lengths.__getitem__, room)] if room > 0 else kept


def _beside(hits: Sequence[int], neighbour: Neighbour, taken: set[int]) -> Iterator[Chosen]:
    met = set(taken)
    for hit in hits:
        for step in (1, -1):
            place = neighbour(hit, step)
            if place is not None and place not in met:
                met.add(place)
                yield Chosen(place, "neighbour", hit)
