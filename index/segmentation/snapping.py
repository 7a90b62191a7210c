"""Moving a change that has no moment of its own to where a cut disturbs least: into a pause, or where it is quiet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...tools.clock import Span
from .signals import Numbers, Proposal, Signals

_SNAP_S = 1.0


def snapped(proposal: Proposal, signals: Signals) -> Proposal:
    """A change that is not sudden, moved by a second at most.

    It goes to the quietest tenth of a second that lies in a pause of speech; where nobody pauses, to the
    quietest of all; where nothing is known of how loud a pause is, to its nearest point.
    """
    if proposal.is_sudden:
        return proposal
    near = Span(proposal.time_s - _SNAP_S, proposal.time_s + _SNAP_S)
    times_s, levels_db = signals.loudness
    first, last = np.searchsorted(times_s, [near.start_s, near.end_s])
    times_s, levels_db = times_s[first:last], levels_db[first:last]
    pauses = [pause for pause in signals.pauses if pause.overlap_s(near) > 0]
    in_pause = _inside(times_s, pauses)
    if pauses and not in_pause.any():
        return replace(proposal, time_s=_nearest_s(proposal.time_s, pauses))
    if pauses:
        times_s, levels_db = times_s[in_pause], levels_db[in_pause]
    return replace(proposal, time_s=_quietest_s(proposal.time_s, times_s, levels_db))


def _inside(times_s: Numbers, pauses: list[Span]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(times_s), bool)
    for pause in pauses:
        found |= (times_s >= pause.start_s) & (times_s < pause.end_s)
    return found


def _nearest_s(time_s: float, pauses: list[Span]) -> float:
    points_s = [min(max(time_s, pause.start_s), pause.end_s) for pause in pauses]
    return min(points_s, key=lambda point_s: abs(point_s - time_s))


def _quietest_s(time_s: float, times_s: Numbers, levels_db: npt.NDArray[np.float32]) -> float:
    """The nearest of the quietest moments; the moment itself where no level is known."""
    if not len(times_s):
        return time_s
    quiet_s = times_s[levels_db == levels_db.min()]
    return float(quiet_s[int(np.argmin(np.abs(quiet_s - time_s)))])
