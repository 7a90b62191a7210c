"""A question to a memory ends in an answer with proof, or in none; never in a made-up second."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import MIDDLE, SAMPLE_S, island_of, memory_of

from vidagent.agent.answer import Answer, Moment
from vidagent.agent.planner import ABSTAIN_BELOW, ask
from vidagent.agent.sensing import coloured, silent, voiced
from vidagent.index.memory import Memory
from vidagent.tools.appearance import COLOURS, AppearanceEmbedder
from vidagent.tools.clock import Span
from vidagent.tools.errors import RequestError

QUESTIONS = (
    "When does the ferry leave?",
    "Who is the director?",
    "How many boats are out in the morning?",
    "How long does the screen stay red?",
    "Which comes first: the storm or the ferry?",
    "Does she live with a dog?",
    "What is the video about?",
    "What hit the tower? A) a ship B) lightning",
)
NEVER_SHOWN = (
    "When does the helicopter land?",
    "What is the name of the whale?",
    "How many lamps does the church have?",
    "How long did the war last?",
    "Which comes first: the whale or the storm?",
    "Did a helicopter land?",
    "What does the whale eat? A) fish B) plankton",
    "When does 'abandon ship' appear?",
    "When does the screen turn purple?",
    "Which phone number is shown on screen?",
)
ODD = (
    "When does\x00 the ferry\x1b[31m leave?\x07",
    "When does \r\n\t the ferry leave?",
    "‮When does the ferry leave?",
    "When does the ferry leave" + "?" * 10_000,
    "When does the ferry leave? " + "storm " * 1_500,
    'When does "NEAR(ferry storm)" OR * appear?',
    "什么时候渡轮离开？",
    "Wann fährt die Fähre ab?",
    "متى تغادر العبارة؟",
    "\U0001f6a2\U0001f6a2 ferry?",
    "x",
    "7",
    "when",
    "what is the",
    "' OR 1=1 --",
    "When does '' appear?",
    "Which comes first: : or ,?",
    "before or after",
    "Is before or after ?",
    "How many?",
    "How long?",
    "What? A) B) C)",
    "red",
    "no sound",
)


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("planner") / "library.db")


def is_known(memory: Memory, moment: Moment) -> bool:
    """Whether the memory holds these seconds for this reason."""
    if moment.source == "sound":
        return any(e.span == moment.span and e.quote == moment.quote for e in silent(memory))
    if moment.source == "picture":
        return _is_run(memory, moment.span) or _is_near_samples(memory, moment)
    texts = [t for t in memory.texts(moment.source) if t.body == moment.quote]
    spans = {t.span for t in texts} | {part for t in texts for part, _ in memory.parts(t)}
    is_voice = any(e.span == moment.span and e.quote == moment.quote for e in voiced(memory))
    return moment.span in spans or is_voice


def _is_run(memory: Memory, span: Span) -> bool:
    return any(span == e.span for colour in COLOURS for e in coloured(memory, (colour,)))


def _is_near_samples(memory: Memory, moment: Moment) -> bool:
    times_s, _ = memory.samples(AppearanceEmbedder.name)
    ends_s = np.minimum(times_s + SAMPLE_S, memory.video.duration_s)
    is_hint = moment.quote == "the picture looks most like it"
    return is_hint and moment.span.start_s in times_s and moment.span.end_s in ends_s


def assert_sound(memory: Memory, answer: Answer) -> None:
    """What every answer promises, whatever was asked."""
    made = json.loads(json.dumps(answer.to_json()))
    assert 0.0 <= answer.confidence < 1.0
    assert answer.text
    assert answer.reader == "extractive"
    for moment in answer.moments:
        assert 0.0 <= moment.span.start_s <= moment.span.end_s <= memory.video.duration_s
        assert 0.0 <= moment.score < 1.0
        assert is_known(memory, moment), moment
    if answer.abstained:
        assert (answer.option, made["citations"]) == (None, [])
        assert answer.text.startswith("not found")
    else:
        assert answer.confidence >= ABSTAIN_BELOW
        assert made["citations"] == made["moments"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_remembered_is_answered_with_proof(island: Memory, question: str) -> None:
    answer = ask(island, question)
    assert not answer.abstained
    assert answer.moments
    assert_sound(island, answer)


@pytest.mark.parametrize("question", NEVER_SHOWN)
def test_what_never_came_is_not_answered(island: Memory, question: str) -> None:
    answer = ask(island, question)
    assert answer.abstained
    assert_sound(island, answer)


def test_an_answer_carries_what_was_asked_and_looked_at(island: Memory) -> None:
    answer = ask(island, "  When does the ferry leave?\n")
    assert (answer.question, answer.kind) == ("When does the ferry leave?", "when")
    assert [entry.row for entry in answer.coverage] == island.coverage()
    assert answer.video == island.video
    assert answer.elapsed_s > 0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        *zip(
            QUESTIONS,
            ("when", "what", "count", "duration", "order", "yesno", "summary", "choice"),
            strict=True,
        )
    ],
)
def test_the_kind_is_told(island: Memory, question: str, kind: str) -> None:
    assert ask(island, question).kind == kind


def test_nothing_is_answered_below_the_confidence_that_is_wanted(island: Memory) -> None:
    question = "What hit the tower?"
    options = ("a ship", "lightning")
    sure = ask(island, question, options)
    assert (sure.option, sure.abstained) == ("B", False)
    unsure = ask(island, question, options, min_confidence=sure.confidence + 0.01)
    assert (unsure.option, unsure.abstained, unsure.confidence) == (None, True, sure.confidence)
    assert unsure.to_json()["citations"] == []
    assert ask(island, question, options, min_confidence=sure.confidence).option == "B"


def test_everything_found_is_answered_where_no_confidence_is_wanted(island: Memory) -> None:
    question = "What does the whale do with the ferry?"
    assert ask(island, question).abstained
    answer = ask(island, question, min_confidence=0.0)
    assert (answer.abstained, answer.text) == (False, "The ferry leaves at nine.")
    assert ask(island, "What does the whale eat?", min_confidence=0.0).abstained


def test_the_nearest_moments_are_shown_where_there_is_no_answer(island: Memory) -> None:
    answer = ask(island, "What does the whale do with the ferry?")
    assert [moment.span for moment in answer.moments] == [Span(30.0, 34.0)]
    many = ask(
        island, "When do seven whales eat the storm, the lamp, the ferry, the box, the steps and a dog?"
    )
    assert (many.abstained, len(many.moments)) == (True, 3)


def test_a_misleading_hint_at_a_sense_is_given_up(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(2.0, 6.0, "The key lies under the bridge.", 0.05)])
    answer = ask(memory, "What is on screen about the bridge?")
    assert (answer.abstained, answer.moments[0].span) == (False, Span(2.0, 6.0))
    assert 0.4 < answer.confidence < 0.7


@pytest.mark.parametrize("text", ["", "  \n", "?!"])
def test_an_empty_question_is_refused(island: Memory, text: str) -> None:
    with pytest.raises(RequestError):
        ask(island, text)


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text)[:24])
def test_odd_questions_are_answered_like_any_other(island: Memory, text: str) -> None:
    assert_sound(island, ask(island, text))


@pytest.mark.parametrize("question", [*QUESTIONS, *NEVER_SHOWN, "When is it silent?", "Does anybody speak?"])
def test_a_memory_of_nothing_answers_nothing(tmp_path: Path, question: str) -> None:
    memory = memory_of(
        tmp_path / "a.db", duration_s=0.4, shares=dict.fromkeys(("picture", "screen", "speech", "sound"), 0.0)
    )
    answer = ask(memory, question)
    assert (answer.abstained, answer.moments) == (True, ())


def test_the_same_question_has_the_same_answer(island: Memory) -> None:
    for question in (*QUESTIONS, *NEVER_SHOWN):
        first, second = ask(island, question), ask(island, question)
        assert (first.text, first.moments, first.confidence) == (
            second.text,
            second.moments,
            second.confidence,
        )


def test_a_line_that_outlasts_the_video_is_cited_inside_it(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", screen=[(50.0, 60.25, "THE END", MIDDLE)])
    (moment,) = ask(memory, "When does THE END appear?").moments
    assert moment.span == Span(50.0, 60.0)


@pytest.mark.parametrize(
    ("question", "within", "expected"),
    [
        ("When does the title NORTH HARBOR appear?", Span(0, 180), "01:02.0–01:08.0"),
        ("When does the title NORTH HARBOR appear?", Span(67, 180), "01:02.0–01:08.0"),
        ("When does the title NORTH HARBOR appear?", Span(68, 240), "03:10.0–03:18.0"),
        ("When does the screen turn red?", Span(145, 240), "02:19.8–02:29.8"),
        ("When is it silent?", Span(180, 240), "03:20.0–03:23.0"),
        ("What is the video about?", Span(179, 183), "The storm lasted five hours."),
        ("Which comes first: the storm or the ferry?", Span(0, 120), "the ferry"),
    ],
)
def test_only_what_lies_within_the_limits_is_an_answer(
    island: Memory, question: str, within: Span, expected: str
) -> None:
    answer = ask(island, question, within=within)
    assert answer.text.startswith(expected)
    assert all(moment.span.overlap_s(within) > 0 for moment in answer.moments)
    assert_sound(island, answer)


@pytest.mark.parametrize(
    "question",
    [
        "When does the title LIFEBOAT LAUNCH appear?",
        "When does the screen turn red?",
        "What hit the tower? A) a ship B) lightning",
        "Which comes first: the storm or the ferry?",
        "Who is the director?",
        "How long did the storm last?",
    ],
)
def test_what_lies_outside_the_limits_is_no_answer_and_not_near(island: Memory, question: str) -> None:
    assert not ask(island, question).abstained
    within = Span(4.0, 16.0)
    answer = ask(island, question, within=within)
    assert answer.abstained
    assert all(moment.span.overlap_s(within) > 0 for moment in answer.moments)


def test_a_question_that_is_asked_outside_the_limits_is_no_answer(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db", speech=[(2.0, 4.0, "Where is the key?", 1.0)])
    question = "What does the old woman ask?"
    assert ask(memory, question, within=Span(0, 10)).text == "Where is the key?"
    answer = ask(memory, question, within=Span(30, 50))
    assert (answer.abstained, answer.moments) == (True, ())


def test_limits_and_named_seconds_hold_together(island: Memory) -> None:
    question = "When does the title NORTH HARBOR appear after 1:40?"
    assert ask(island, question, within=Span(60, 240)).text == "03:10.0–03:18.0"
    assert ask(island, question, within=Span(0, 180)).abstained
    assert ask(island, question, within=Span(0, 90)).abstained


def test_limits_are_the_same_as_seconds_in_the_question(island: Memory) -> None:
    named = ask(island, "What is said about a storm between 1:50 and 2:00?")
    limited = ask(island, "What is said about a storm?", within=Span(110, 120))
    assert (named.text, named.moments) == (limited.text, limited.moments)
    assert not named.abstained


WORDS = (
    "when what who why where how many long often times does did is are was which comes first last before after the a"
    " storm ferry lamp letter box captain keeper whale helicopter north harbor NORTH HARBOR director 'gold coins'"
    " 'sea wind' screen red black turn silent sound say mention number date phone minute seconds 1:00 2:30 between"
    " and or in of A) B) ? : , tall old much called order video about summary not no"
).split()  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_question_gets_seconds_that_are_not_remembered(island: Memory, text: str) -> None:
    try:
        answer = ask(island, text)
    except RequestError:
        return
    assert_sound(island, answer)


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_a_sound_answer_or_is_refused(island: Memory, text: str) -> None:
    try:
        answer = ask(island, text)
    except RequestError:
        return
    assert_sound(island, answer)
