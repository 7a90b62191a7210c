"""Evidence is worth more by what supports it, never more than its own trust allows."""

from __future__ import annotations

import pytest

from vidagent.agent.evidence import Evidence
from vidagent.tools.clock import Span


def evidence(fit: float, trust: float = 1.0) -> Evidence:
    return Evidence(Span(1.0, 2.0), "speech", "something", fit, trust)


def test_support_counts_as_if_each_could_be_right_alone() -> None:
    one, other = evidence(0.4, 0.5), evidence(0.6)
    both = 1 - (1 - one.confidence) * (1 - other.confidence)
    assert one.supported([other]).confidence == pytest.approx(both, abs=1e-3)
    three = 1 - (1 - both) * (1 - other.confidence)
    assert one.supported([other, other]).confidence == pytest.approx(three, abs=1e-3)


def test_nothing_changes_without_support() -> None:
    one = evidence(0.4, 0.5)
    assert one.supported([]) == one == one.supported([evidence(0.0)])


def test_no_support_makes_up_for_a_low_trust() -> None:
    believed = evidence(0.5, 0.1).supported([evidence(1.0)] * 5)
    assert believed.fit == 1.0 and believed.trust == 0.1
    assert believed.confidence == evidence(1.0, 0.1).confidence < 0.5
