"""Made timelines with known cuts, and with much that makes them hard to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vidagent.tools.roles import Vectors

Numbers = npt.NDArray[np.float64]

_SCENE_S, _FADE_S, _TURN_S = (20, 181), (0, 7), (3, 9)
_SHOT, _BLIP_SHARE = 0.4, 0.03


def stream(
    seed: int, n: int = 3600, dimension: int = 512, noise: float = 1.0
) -> tuple[Numbers, Vectors, list[float]]:
    """Seconds (n,), one sample each, unit vectors (n, dimension), and the seconds of the cuts between scenes.

    Scenes of 20 s to 3 min keep to a direction of their own and fade into each other over up to 6 s; in each
    two shots take turns every 3 to 8 s. ``noise`` is its length beside that of the scene. Three samples in a
    hundred are something else entirely.
    """
    rng = np.random.default_rng(seed)
    cuts = np.cumsum(rng.integers(*_SCENE_S, size=n // _SCENE_S[0] + 1))
    cuts = cuts[cuts < n - _SCENE_S[0]]
    scene = np.searchsorted(cuts, np.arange(n), side="right")
    looks = _directions(rng, len(cuts) + 1, dimension)
    rows = looks[scene]
    for place, cut in enumerate(cuts):
        _fade(rows, int(cut), int(rng.integers(*_FADE_S)), looks[place : place + 2])
    camera = np.searchsorted(np.cumsum(rng.integers(*_TURN_S, size=n)), np.arange(n), side="right") % 2
    rows += _SHOT * _directions(rng, 2 * (len(cuts) + 1), dimension)[2 * scene + camera]
    rows += noise * _directions(rng, n, dimension)
    blips = np.flatnonzero(rng.random(n) < _BLIP_SHARE)
    rows[blips] = _directions(rng, len(blips), dimension)
    return np.arange(n, dtype=np.float64), unit(rows), [float(cut) for cut in cuts]


def unit(rows: Numbers) -> Vectors:
    """Rows (n, d) at length one."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def f1(found_s: Sequence[float], true_s: Sequence[float], within_s: float) -> float:
    """Harmonic mean of precision and recall, where each second counts for one other, nearest pairs first."""
    pairs = sorted((abs(f - t), i, j) for i, f in enumerate(found_s) for j, t in enumerate(true_s))
    found, true = set[int](), set[int]()
    for apart_s, i, j in pairs:
        if apart_s <= within_s and i not in found and j not in true:
            found.add(i)
            true.add(j)
    return 2 * len(found) / max(1, len(found_s) + len(true_s))


def _directions(rng: np.random.Generator, n: int, dimension: int) -> Numbers:
    return np.asarray(unit(rng.normal(size=(n, dimension))), np.float64)


def _fade(rows: Numbers, cut: int, length: int, looks: Numbers) -> None:
    """Blend from one look into the other, evenly around the cut."""
    for step in range(length):
        share = (step + 0.5) / length
        rows[cut - length // 2 + step] = (1 - share) * looks[0] + share * looks[1]
