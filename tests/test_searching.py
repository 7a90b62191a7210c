"""How much a search may cost is written by the user, and held whatever the model says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

import pytest
from clips import make_clip, numbered, steady

from vidagent.agent.methods.spotlight import LIMITS
from vidagent.agent.question import understand
from vidagent.agent.relevance import relevance
from vidagent.agent.searching import Searching, budget_in
from vidagent.agent.trial import is_untrained
from vidagent.agent.viewer import Viewer
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.engines import embedded
from vidagent.tools.errors import RequestError
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt

N_SECONDS = 40
TEXT = "What lies behind the stone?"


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Forty seconds of numbered pictures, one a second, of which nothing is known in words."""
    folder = tmp_path_factory.mktemp("film")
    clip = make_clip(folder / "film.mkv", steady(N_SECONDS, 0.0, 1.0), numbered())
    with Library(folder / "library.db") as library:
        yield Memory(library, ingest(library, clip, embedded(read_text=False)).video)


def model(script: str, chance: float, n_frames: int = 4) -> ScriptedModel:
    """A model that always replies the same and is always as sure."""

    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        return [chance, *([(1 - chance) / (len(answers) - 1)] * (len(answers) - 1))]

    return ScriptedModel(lambda prompt: script, chances, FrameBudget(n_frames, 1 << 12))


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("30s", "seconds", 30), ("0.5 s", "seconds", 0.5), ("64frames", "frames", 64), ("1 picture", "frames", 1),
        ("20ktok", "tokens", 20_000), ("500 tokens", "tokens", 500), ("4calls", "calls", 4), ("64FRAMES", "frames", 64),
    ],
)  # fmt: skip
def test_a_budget_is_read_as_it_is_written(text: str, name: str, value: float) -> None:
    budget = budget_in(text)
    assert getattr(budget, name) == value
    others = {"seconds", "frames", "tokens", "calls", "looks"} - {name}
    assert all(getattr(budget, other) == getattr(LIMITS, other) for other in others)


def test_several_limits_hold_together() -> None:
    budget = budget_in("30s, 64frames,2ktok")
    assert (budget.seconds, budget.frames, budget.tokens, budget.looks) == (30, 64, 2000, inf)


@pytest.mark.parametrize("text", ["", "30", "s", "-3s", "64 cows", "1e9s", "30s 64frames", "nan s"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="no budget"):
        budget_in(text)


def test_a_strategy_that_is_none_is_refused() -> None:
    with pytest.raises(RequestError, match="there are auto, uniform"):
        Searching("magic")


@pytest.mark.parametrize(
    "script", ["[]", "yes", '[{"start": 0, "end": 40}]', "[00:10] [00:30] tool_call: look"]
)
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("limit", ["1frames", "9frames", "1calls", "3calls"])
def test_no_model_is_shown_more_than_the_budget(
    memory: Memory, script: str, chance: float, limit: str
) -> None:
    seen = model(script, chance)
    budget = budget_in(limit)
    question = understand(TEXT, memory.video.duration_s)
    search = Searching(budget=budget).of(memory, question, seen, seen.budget)
    picked = search.pick(relevance(memory, question, ()))
    assert picked.strategy == "spotlight"
    n_frames = sum(len(prompt.times_s) for prompt in seen.prompts)
    assert n_frames + len(picked.times_s) + search.checks.budget.frames <= budget.frames
    assert len(seen.prompts) + 1 + search.checks.budget.calls <= max(1, budget.calls)
    assert search.purse.frames <= budget.frames - search.n_frames


def test_a_search_that_ended_at_its_budget_says_so(memory: Memory) -> None:
    small, large = (
        Viewer(model("I see nothing.", 0.5), trial=lambda _: False, searching=Searching(budget=budget))
        for budget in (budget_in("12frames"), budget_in("9000calls, 9000frames, 900s"))
    )
    question = understand(TEXT, memory.video.duration_s)
    what = relevance(memory, question, ())
    cut_short, whole = small.look(memory, question, [], what), large.look(memory, question, [], what)
    assert cut_short.is_cut_short and any("ended at its budget" in note for note in cut_short.notes)
    assert not whole.is_cut_short and not any("ended at its budget" in note for note in whole.notes)


def test_an_exhaustive_search_leaves_nothing_out_where_the_usual_one_stops(memory: Memory) -> None:
    """Whoever is sure at once is asked about all the rest too."""
    question = understand(TEXT, memory.video.duration_s)
    shown: dict[bool, list[float]] = {}
    for is_exhaustive in (False, True):
        seen, asked = model("[]", 0.9), []

        def chances(prompt: Prompt, answers: Sequence[str], asked: list[float] = asked) -> list[float]:
            asked += prompt.times_s
            return [0.9, 0.1]

        seen.chances = chances
        search = Searching("spotlight", is_exhaustive=is_exhaustive).of(memory, question, seen, seen.budget)
        search.pick(relevance(memory, question, ()))
        shown[is_exhaustive] = sorted(asked)
    gaps = [max(b - a for a, b in pairwise(times)) for times in shown.values()]
    assert gaps[1] <= 2.0 < gaps[0]
    assert shown[True][-1] >= N_SECONDS - 4.0


def test_pictures_of_the_picks_are_what_the_model_is_shown(memory: Memory) -> None:
    seen = model("It is a number [00:10].", 0.9)
    viewer = Viewer(seen, trial=is_untrained, searching=Searching("uniform"))
    question = understand(TEXT, memory.video.duration_s)
    look = viewer.look(memory, question, [], relevance(memory, question, ()))
    assert len(look.what.frames) == 4
    assert [frame.time_s for frame in look.what.frames] == pytest.approx([5, 15, 25, 35], abs=1.5)
    (entry,) = look.ledger(memory)
    assert (entry.row.n_looks, entry.row.engine) == (4, "scripted")
