"""The measurements of models run, and every line has a positive figure for vidagent and for the plain library."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[1] / "bench" / "models"
COLUMNS = ["what", "beside", "vidagent", "plain", "times better", ""]
pytestmark = pytest.mark.usefixtures("one_thread")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip()[1:-1].split("|")]


def test_every_line_has_positive_figures_of_both_sides_and_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--size",
        "tiny",
        "--device",
        "cpu",
        "--rounds",
        "1",
        "--seconds",
        "4",
        "--only",
        "embedding",
    ]
    monkeypatch.setattr(sys, "argv", ["bench/models", *arguments])
    runpy.run_path(str(BENCH), run_name="__main__")
    heading, _, *rows = map(cells, capsys.readouterr().out.splitlines())
    assert heading == COLUMNS
    assert len(rows) == 3
    assert all(float(figure) > 0 for row in rows for figure in row[2:5])
    assert "extrapolated from 4 s" in rows[-1][0]
    assert "no GPU" in rows[1][-1]


def test_no_figure_is_given_where_both_sides_give_other_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from embedding import likeness

    vectors = np.eye(3, dtype=np.float32)
    assert likeness(vectors, vectors) == pytest.approx(1.0)
    with pytest.raises(SystemExit, match="not the same vectors"):
        likeness(vectors[::-1], vectors)
    with pytest.raises(SystemExit, match="not the same pictures"):
        likeness(vectors[:2], vectors)
