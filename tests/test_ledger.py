"""The ledger says what was looked at, how closely, and the longest stretch that nobody saw."""

from __future__ import annotations

from pathlib import Path

import pytest
from memories import island_of

from vidagent.agent.ledger import ledger, viewed
from vidagent.index.memory import Memory
from vidagent.index.records import to_us
from vidagent.tools.clock import Span


@pytest.fixture
def island(tmp_path: Path) -> Memory:
    return island_of(tmp_path / "library.db")


def test_each_engine_has_an_entry_with_its_density(island: Memory) -> None:
    entries = {entry.row.sense: entry for entry in ledger(island)}
    assert set(entries) == {row.sense for row in island.coverage()}
    picture = entries["picture"]
    assert picture.looks_per_s == pytest.approx(picture.row.n_looks / 240.0)
    assert picture.gap is None
    assert entries["speech"].looks_per_s is None


def test_the_longest_stretch_that_damage_hid_is_named(island: Memory) -> None:
    lost = [(10.0, 12.0), (40.0, 47.5), (60.0, 61.0)]
    with island.library.transaction() as connection:
        connection.executemany(
            "INSERT INTO lost(media_id, sense, start_us, end_us) VALUES (?, 'picture', ?, ?)",
            [(island.video.id, to_us(a), to_us(b)) for a, b in lost],
        )
    entries = {entry.row.sense: entry for entry in ledger(island)}
    assert entries["picture"].gap == entries["screen"].gap == Span(40.0, 47.5)
    assert entries["picture"].to_json()["gap"] == [40.0, 47.5]
    assert entries["speech"].gap is None


def test_of_what_a_model_was_shown_the_longest_gap_is_told(island: Memory) -> None:
    entry = viewed(island, "llm", [Span(0, 2), Span(100, 102), Span(230, 245)], 3, 1.0)
    assert entry.gap == Span(102, 230)
    assert entry.row.share == pytest.approx((2 + 2 + 10) / 240, abs=1e-4)
    assert (entry.row.engine, entry.row.n_looks) == ("llm", 3)


def test_the_gap_may_lie_before_the_first_and_after_the_last(island: Memory) -> None:
    assert viewed(island, "llm", [Span(200, 202)], 1, 1.0).gap == Span(0, 200)
    assert viewed(island, "llm", [Span(20, 22)], 1, 1.0).gap == Span(22, 240)
    assert viewed(island, "llm", [], 0, 1.0).gap == Span(0, 240)
    assert viewed(island, "llm", [Span(0, 240)], 9, 1.0).gap is None
