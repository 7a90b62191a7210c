"""Where a first answer is not sure, a video LLM chooses what else to do, and is shown what that leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from clips import make_clip, number_in, numbered, steady
from tapes import Tape

from vidagent.agent.footage import FilmedMemory
from vidagent.agent.planner import ask
from vidagent.agent.searching import Searching, budget_in
from vidagent.agent.viewer import Viewer
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span
from vidagent.tools.engines import embedded
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt, StampedFrame
from vidagent.tools.seeker import PictureSeeker

N_SECONDS = 120
# Only somebody who looks closely there sees picture 97.
WANTED = 97
TEXT = "What is behind the bright stone?"
Rows = list[tuple[str, dict[str, object]]]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Two minutes of numbered pictures, one a second, of which nothing is known in words."""
    folder = tmp_path_factory.mktemp("film")
    clip = make_clip(folder / "film.mkv", steady(N_SECONDS, 0.0, 1.0), numbered())
    with Library(folder / "library.db") as library, PictureSeeker(clip) as seeker:
        # Its pictures are decoded in this process, which many short looks make quicker.
        yield FilmedMemory(library, ingest(library, clip, embedded(read_text=False)).video, seeker)


@dataclass
class Seeing:
    """A video LLM that knows the wanted picture when it is shown it, and gives its orders one after the other."""

    orders: Sequence[str]
    n_ordered: int = 0
    prompts: list[Prompt] = field(default_factory=list)

    def model(self) -> ScriptedModel:
        return ScriptedModel(self.reply, self.chances, FrameBudget(4, 1 << 16))

    def reply(self, prompt: Prompt) -> str:
        self.prompts.append(prompt)
        if '"act"' in prompt.system:
            self.n_ordered += 1
            return self.orders[(self.n_ordered - 1) % len(self.orders)]
        if "cite" in prompt.system:
            seen = self.wanted(prompt)
            return f"A number [{seen[0]}]." if seen else "not found"
        return "[]"

    def chances(self, prompt: Prompt, answers: Sequence[str]) -> list[float]:
        return [0.9, 0.1] if self.wanted(prompt) else [0.1, 0.9]

    def wanted(self, prompt: Prompt) -> list[float]:
        frames = [part for part in prompt.parts if isinstance(part, StampedFrame)]
        return [f.time_s for f in frames if number_in(f.image.mean(axis=2).astype("uint8")) == WANTED]


def asked(
    memory: Memory, seeing: Seeing, searching: Searching | None = None, trained: bool = True
) -> tuple[object, Tape]:
    tape = Tape()
    viewer = Viewer(seeing.model(), trial=lambda _: not trained, searching=searching or Searching())
    return ask(memory, TEXT, viewer=viewer, trace=tape), tape


LOOKS = ['{"act": "look", "from": "1:10", "to": "1:30"}', '{"act": "look", "from": "1:35.5", "to": "1:39.5"}']
ENOUGH = '{"act": "answer"}'


def test_what_a_closer_look_shows_is_answered_and_cited(memory: Memory) -> None:
    answer, tape = asked(memory, Seeing([*LOOKS, ENOUGH]))
    assert not answer.abstained and answer.moments[0].span == Span(97.0, 98.0)
    acts = tape.named("act")
    assert [row["act"] for row in acts] == ["look", "look"]
    assert WANTED in acts[1]["times_s"] and tape.named("investigated")[0]["ending"] == "found"
    assert any("looked further: look, look" in note for note in answer.notes)
    shown_to = next(c for c in answer.coverage if c.row.engine == "scripted")
    assert shown_to.row.n_looks >= 8


def test_each_picture_of_a_step_comes_with_its_own_second(memory: Memory) -> None:
    seeing = Seeing([*LOOKS, ENOUGH])
    asked(memory, seeing)
    choosing = [prompt for prompt in seeing.prompts if '"act"' in prompt.system]
    assert len(choosing) == 3
    for prompt in choosing:
        for part in prompt.parts:
            if isinstance(part, StampedFrame):
                assert part.time_s == number_in(part.image.mean(axis=2).astype("uint8"))
    assert "1. look" in str(choosing[-1].parts[-1]) and "3. look" in str(choosing[-1].parts[-1])


@pytest.mark.parametrize(
    ("orders", "n_acts"),
    [
        (["the first one, I think"], 3), ([LOOKS[0]], 3), ([*LOOKS[:1], "no"], 8), ([ENOUGH], 0),
        (['{"act": "look", "from": "5:00", "to": "6:00"}'], 3), (['{"act": "recall", "words": "a stone"}'], 3),
    ],
)  # fmt: skip
def test_a_model_that_finds_nothing_ends_in_not_found(memory: Memory, orders: list[str], n_acts: int) -> None:
    answer, tape = asked(memory, Seeing(orders))
    assert answer.abstained and answer.text.startswith("not found")
    assert len(tape.named("act")) <= n_acts and len(tape.named("investigated")) == 1


def test_a_model_that_is_never_satisfied_stops_at_its_steps(memory: Memory) -> None:
    orders = [f'{{"act": "look", "from": {second}, "to": {second + 2}}}' for second in range(2, 90, 3)]
    answer, tape = asked(memory, Seeing(orders))
    assert tape.named("investigated")[0] == {"n_steps": 8, "ending": "spent"}
    assert answer.abstained and any("looked further" in note for note in answer.notes)


def test_a_sure_answer_needs_no_more_steps(memory: Memory) -> None:
    seeing = Seeing(LOOKS)
    model = ScriptedModel(
        lambda p: f"It is grey [{p.times_s[0]}]." if p.times_s else "[]", lambda p, a: [0.9, 0.1]
    )
    tape = Tape()
    answer = ask(memory, TEXT, viewer=Viewer(model, trial=lambda _: False), trace=tape)
    assert not answer.abstained and not tape.named("choose") and seeing.n_ordered == 0


@pytest.mark.parametrize(
    "searching",
    [
        lambda: Searching("uniform"), lambda: Searching("spotlight"), lambda: Searching(budget=budget_in("8frames")),
        lambda: Searching(budget=budget_in("2calls")), lambda: Searching(budget=budget_in("300tok")),
    ],
)  # fmt: skip
def test_a_chosen_strategy_and_a_spent_budget_end_it(
    memory: Memory, searching: Callable[[], Searching]
) -> None:
    _, tape = asked(memory, Seeing([*LOOKS, ENOUGH]), searching())
    assert not tape.named("choose")


def test_a_budget_holds_for_all_of_it(memory: Memory) -> None:
    orders = [f'{{"act": "look", "from": {second}, "to": {second + 2}}}' for second in range(2, 90, 3)]
    seeing = Seeing(orders)
    asked(memory, seeing, Searching(budget=budget_in("120frames,30calls")))
    n_frames = sum(len(prompt.times_s) for prompt in seeing.prompts)
    assert seeing.n_ordered > 0 and n_frames <= 120 and len(seeing.prompts) <= 30


def test_a_model_that_was_never_trained_is_not_asked_what_to_do(memory: Memory) -> None:
    _, tape = asked(memory, Seeing(LOOKS), trained=False)
    assert not tape.named("choose")
