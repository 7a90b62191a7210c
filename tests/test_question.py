"""A question in plain English becomes a kind, things to look for, and seconds to look in."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.agent.question import Question, split_options, understand
from vidagent.tools.clock import Span
from vidagent.tools.errors import RequestError

HOUR_S = 3600.0
QUESTIONS = Path(__file__).parents[1] / "samples" / "questions.jsonl"
SAMPLES = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]

KINDS = {
    "when": """
        When does the screen turn red?
        when is it said that lightning hit the tower
        And when does the title appear?
        So, when does she arrive?
        Tell me when the ferry leaves.
        Exactly when does the bell ring?
        Then when do they land?
        Please tell me when the dog barks.
        When can the name SEA ROSE be read?
        When do we hear how old the keeper is?
        When does 'What is it?' appear?
        When does "How long is it" come up?
        When does the word 'first' appear?
        When does the title first appear?
        When does the lamp appear first?
        When is the screen black for the third time?
        At what time does the ferry leave?
        At which point does he give up?
        At what moment does the board with the departures come up?
        In which second does the light go out?
        What time does the race start?
        Find the moment where the lamp goes dark.
        Find the part about the storm.
        Find scene with the bridge
        Where in the video is the bridge shown?
        WHEN DOES THE SCREEN TURN RED?""",
    "what": """
        What did they find when the box was opened?
        What happens when the storm comes?
        Where was the dog when the storm came?
        What is written on the sign?
        What should you mind, according to the sign?
        What is her dog called?
        Who keeps the lighthouse?
        Who arrives after the storm?
        By whom was the letter written?
        Whose dog is it?
        Why did the lamp go dark?
        Where is the key hidden?
        Which pier does the departure board give for Port Ellen?
        Which phone number is shown on screen?
        How tall is the tower?
        How old is the keeper?
        How heavy was the parcel?
        How much does a train ticket cost?
        How did she repair the lamp?
        How long ago did the ship sink?
        How does it end?
        the keeper""",
    "count": """
        How many boats are out in the morning?
        How many times does the screen turn black?
        How often does he say 'captain'?
        How many sailors were saved when the storm came?
        And how many steps does Mary climb daily?
        Count the boats.""",
    "duration": """
        How long is 'MIND YOUR HEAD' on screen?
        How long is 'HOW MANY' on screen?
        How long did the storm last?
        How long does the first black stretch take?
        For how long can we read 'THE ISLAND WINS'?
        for how many seconds is the title on screen?
        How many seconds does the title stay on screen?
        For how many minutes does she speak?
        Which visitor stays longest, and for how long?
        What is the length of the silence?
        What was the duration of the storm?""",
    "order": """
        Which comes first: the storm or the letter?
        Which came last, the storm or the letter?
        Which of these happened later: the race or the storm?
        Which is shown earlier, the boat or the board?
        What is mentioned first: the copper wire or the green bottle?
        Is the red screen before or after the words LIFEBOAT LAUNCH?
        Did the storm come before or after the race?
        In which order do the storm, the letter and the race come?
        In what order are the storm and the race shown?""",
    "yesno": """
        Is there a dog?
        Isn't there a dog?
        Does anybody mention a whale?
        Does a rowing race take place?
        Was anybody hurt?
        Did they find gold?
        Do they speak?
        Can you see a bridge?
        Were there survivors?
        Has the ferry left when the storm comes?
        Will the race take place?
        Is the count right?
        Is there anything in the last ten minutes about taxes?
        Are there any words on screen?""",
    "summary": """
        What is the video about?
        What was this lecture about?
        What happens in the video?
        Summarize the video.
        Please summarise it.
        Give me a summary.
        Describe the whole film
        Can you give a short summary?""",
}  # fmt: skip
WORDINGS = [(kind, text.strip()) for kind, rows in KINDS.items() for text in rows.strip().splitlines()]


def asked(text: str, duration_s: float = HOUR_S) -> Question:
    return understand(text, duration_s)


@pytest.mark.parametrize(("kind", "text"), WORDINGS, ids=[text for _, text in WORDINGS])
def test_the_kind_of_a_question(kind: str, text: str) -> None:
    assert asked(text).kind == kind


@pytest.mark.parametrize("row", SAMPLES, ids=[row["id"] for row in SAMPLES])
def test_the_kinds_of_the_sample_questions(row: dict[str, str]) -> None:
    kinds = {"who": {"what"}, "choice": {"what", "when"}, "negative": {"what", "when"}}
    assert asked(row["question"]).kind in kinds.get(row["kind"], {row["kind"]})


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Who won? A) Ann B) Bob C) Cid", ("Ann", "Bob", "Cid")),
        ("Who won? (A) Ann (B) Bob Ray (C) Cid", ("Ann", "Bob Ray", "Cid")),
        ("Who won? A. Ann B. Bob", ("Ann", "Bob")),
        ("Who won? A: Ann B: Bob", ("Ann", "Bob")),
        ("Who won?\nA) Ann\nB) Bob\n", ("Ann", "Bob")),
        ("Who won? A) Ann, B) Bob;", ("Ann", "Bob")),
        ("Who won? A) Ann (the first) B) Bob", ("Ann (the first)", "Bob")),
        ("Who won? A) the old, grey ship B) 12:30", ("the old, grey ship", "12:30")),
    ],
)
def test_options_may_stand_in_the_text(text: str, options: tuple[str, ...]) -> None:
    question = asked(text)
    assert question.options == options
    assert question.words == ("won",)
    assert question.text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "Who won?",
        "Who won? A) Ann",
        "Who won? B) Ann C) Bob",
        "Who won? A) Ann C) Bob",
        "Has he blood group B?",
    ],
)
def test_what_is_no_list_of_options_is_left_alone(text: str) -> None:
    assert split_options(text) == (text, ())


def test_given_options_win_over_written_ones() -> None:
    question = understand("Who won? A) Ann B) Bob", HOUR_S, ("Cid", "Dan"))
    assert question.options == ("Cid", "Dan")


def test_a_single_option_is_refused() -> None:
    with pytest.raises(RequestError, match="one option"):
        understand("Who won?", HOUR_S, ("Ann",))


@pytest.mark.parametrize("text", ["", "   ", "?!…", "\n\t", "—“”", "A) Ann B) Bob"])
def test_a_question_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="empty"):
        asked(text)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("When does 'coming soon' appear?", ("coming soon",)),
        ('When does "coming soon" appear?', ("coming soon",)),
        ("When does “coming soon” appear?", ("coming soon",)),
        ("When does ‘coming soon’ appear?", ("coming soon",)),
        ("When does 'the keeper's dog' appear?", ("the keeper's dog",)),
        ("When does ‘the keeper’s dog’ appear?", ("the keeper’s dog",)),
        ('When is "it\'s late" said?', ("it's late",)),
        ("When is 'it's' said?", ("it's",)),
        ("When is ' late ' said?", ("late",)),
        ("Is 'one thing' before or after “the other”?", ("one thing", "the other")),
        ("What is Mary's brother's name?", ()),
        ("What’s the keeper’s name?", ()),
        ("When do the boys' boats leave the girls' pier?", ()),
        ("When does MIND YOUR HEAD appear?", ("MIND YOUR HEAD",)),
        ("Is MIND YOUR HEAD before or after SEA ROSE?", ("MIND YOUR HEAD", "SEA ROSE")),
        ("When is BBC NEWS 24 shown?", ("BBC NEWS 24",)),
        ("When does AT&T appear?", ("AT&T",)),
        ("When does 'sea rose' meet SEA WIND?", ("sea rose",)),
        ("When does Sea Rose appear?", ()),
        ("WHEN DOES THE SCREEN TURN RED?", ()),
        ("WHEN IS THE TITLE SHOWN", ()),
        ("WHO WON THE RACE, ANN OR BOB?", ()),
        ("WHAT HAPPENS AT 12:30, EXACTLY?", ()),
    ],
)
def test_phrases_are_quoted_or_in_capitals(text: str, phrases: tuple[str, ...]) -> None:
    assert asked(text).phrases == phrases


@pytest.mark.parametrize(
    ("text", "senses"),
    [
        ("What is written on the sign?", {"screen"}),
        ("Who is named in the credits?", {"screen"}),
        ("When is the title on screen?", {"screen"}),
        ("When does the narrator mention the boat?", {"speech"}),
        ("What did he say?", {"speech"}),
        ("What does the caption say?", {"screen", "speech"}),
        ("When is the word 'boat' used?", {"screen", "speech"}),
        ("When is there no sound?", {"sound"}),
        ("When does the longest stretch without any sound begin?", {"sound"}),
        ("When is it silent?", {"sound"}),
        ("When does 'no sound on screen' come up?", set()),
        ("Who keeps the lighthouse?", set()),
        ("Tell me when the ferry leaves.", set()),
        ("When does the screen turn red?", {"picture"}),
    ],
)
def test_the_sense_that_is_asked_for(text: str, senses: set[str]) -> None:
    assert asked(text).senses == senses


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("When does the screen turn red?", {"red"}),
        ("When does the whole picture turn completely white?", {"white"}),
        ("When is the screen red and black?", {"red", "black"}),
        ("When does it go dark?", {"black"}),
        ("When is the picture grey?", {"gray"}),
        ("How long does the screen stay red?", {"red"}),
        ("How many times does the screen turn black?", {"black"}),
        ("When does everything go dark?", {"black"}),
        ("Is the screen ever green?", {"green"}),
        ("When is the screen black for the second time?", {"black"}),
        ("When is the screen black for the third time?", {"black"}),
        ("When does the fifth black stretch begin?", {"black"}),
    ],
)
def test_colours_where_they_are_all_that_is_asked_for(text: str, colours: set[str]) -> None:
    question = asked(text)
    assert (question.senses, set(question.colours)) == ({"picture"}, colours)


@pytest.mark.parametrize(
    "text",
    [
        "When is a red car on screen?",
        "When does the red bird fly?",
        "When does the sky turn red?",
        "When does it get dark outside?",
        "What colour is the bottle?",
        "When is the word 'red' on screen?",
        "Who drinks green tea in the video?",
        "When is the screen not black?",
    ],
)
def test_a_colour_among_other_things_is_only_a_word(text: str) -> None:
    question = asked(text)
    assert "picture" not in question.senses
    assert question.colours == ()


@pytest.mark.parametrize(
    ("text", "window_s"),
    [
        ("What happens at 12:30?", (745, 755)),
        ("What happens at 0:02?", (0, 7)),
        ("What happens around 90s?", (85, 95)),
        ("What happens at about two minutes?", (115, 125)),
        ("What happens at 59:58?", (3593, 3600)),
        ("What happens at 0:59:58.5?", (3593.5, 3600)),
        ("What is said after 1:20?", (80, 3600)),
        ("What is said after 1.5 min?", (90, 3600)),
        ("What is said before 00:01:30?", (0, 90)),
        ("What is said until five minutes?", (0, 300)),
        ("What is said in the first 30 seconds?", (0, 30)),
        ("What is said during the opening 30 seconds?", (0, 30)),
        ("What is said within the first 30 seconds?", (0, 30)),
        ("What is said in the last ten minutes?", (3000, 3600)),
        ("What is said during the final 90 s?", (3510, 3600)),
        ("What is said in the last 2 hours?", (0, 3600)),
        ("What is said in the first minute?", (0, 60)),
        ("What is said in the last minute?", (3540, 3600)),
        ("What is said between 1:00 and 2:00?", (60, 120)),
        ("What is said between 30 seconds and two minutes?", (30, 120)),
        ("What is said from 10 seconds to 1 minute?", (10, 60)),
        ("What is said from 1:00 until 1:10?", (60, 70)),
        ("What is said after 0h2m?", (120, 3600)),
        ("What is said after 0h02m30s?", (150, 3600)),
        ("What happens at 2m30s?", (145, 155)),
        ("What happens at 5M?", (295, 305)),
        ("What happens at 1m30.5s?", (85.5, 95.5)),
        ("What is said in the last 1h2m?", (0, 3600)),
        ("What is said in the first 2m?", (0, 120)),
        ("What is said between 1m and 1m30s?", (60, 90)),
        ("What is said from 2m30s to 0h3m?", (150, 180)),
        ("What is said after 2 minutes 30 seconds?", (150, 3600)),
        ("What is said after two minutes and ten seconds?", (130, 3600)),
        ("What is said between 1 minute and 90 seconds?", (60, 90)),
        ("What is said before 2 min, 5 sec?", (0, 125)),
        ("What is said before 0.5h?", (0, 1800)),
        ("What is said after 90:00?", (3600, 3600)),
        ("What happens after 2:00:00?", (3600, 3600)),
        ("What is said between 2:00 and 1:00?", (3600, 3600)),
    ],
)
def test_seconds_that_are_named_limit_where_to_look(text: str, window_s: tuple[float, float]) -> None:
    question = asked(text)
    assert question.window == Span(*window_s)
    assert question.words == ()


@pytest.mark.parametrize(
    "text",
    [
        "What happens?",
        "Does it leave at nine?",
        "Is there a 10 minute break?",
        "Who is number 7?",
        "What lies at 5 m of depth?",
        "What is said after 10%?",
        "What is said after 1h75m?",
        "What is said at 9:99?",
        "What is said at 1:30:99?",
        "What is said between 9:99 and 1:00?",
        "What is said at tens of seconds?",
    ],
)
def test_a_question_without_seconds_looks_everywhere(text: str) -> None:
    assert asked(text).window is None


@pytest.mark.parametrize(
    ("text", "within", "window"),
    [
        ("What is said?", Span(60, 120), Span(60, 120)),
        ("What is said after 1:30?", Span(60, 120), Span(90, 120)),
        ("What is said before 1:30?", Span(60, 120), Span(60, 90)),
        ("What is said between 1:10 and 1:20?", Span(60, 120), Span(70, 80)),
        ("What is said?", Span(0, 3600), Span(0, 3600)),
    ],
)
def test_a_question_may_be_limited_from_outside(text: str, within: Span, window: Span) -> None:
    question = asked(text)
    limited = question.within(within)
    assert limited.window == window
    assert replace(limited, window=question.window) == question


def test_limits_that_do_not_meet_leave_nothing_to_look_at() -> None:
    window = asked("What is said after 5:00?").within(Span(60, 120)).window
    assert window is not None
    assert window.duration_s == 0.0


@pytest.mark.parametrize(
    ("text", "ordinal"),
    [
        ("When does the title appear for the first time?", 1),
        ("When is the screen black for the second time?", 2),
        ("When does it appear for the third time?", 3),
        ("When was the last time he said captain?", -1),
        ("How long does the first black stretch take?", 1),
        ("When does he first mention the boat?", 1),
        ("When does she last say captain?", -1),
        ("When does the lamp appear first?", 1),
        ("When does the title appear?", None),
        ("Who won the first prize?", None),
        ("Who won the last race?", None),
        ("What is said in the first 30 seconds?", None),
    ],
)
def test_which_of_several_moments(text: str, ordinal: int | None) -> None:
    assert asked(text).ordinal == ordinal


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Which comes first: the storm or the letter?", ("the storm", "the letter")),
        ("Which comes first, the storm or the letter?", ("the storm", "the letter")),
        ("Which came last: the storm, or the letter?", ("the storm", "the letter")),
        ("Is the red screen before or after the words SEA ROSE?", ("the red screen", "the words SEA ROSE")),
        ("Is 'sea rose' after or before the storm?", ("'sea rose'", "the storm")),
        ("In which order are the fog, the oil and the race shown?", ("the fog", "the oil", "the race shown")),
        ("What is mentioned first: salt and pepper or the bottle?", ("salt and pepper", "the bottle")),
        ("Which came first: 'the show' or 'it is'?", ("'the show'", "'it is'")),
    ],
)
def test_what_an_order_question_compares(text: str, items: tuple[str, ...]) -> None:
    assert asked(text).items == items


@pytest.mark.parametrize(
    ("text", "words", "asides"),
    [
        ("Which pier does the board give for Port Ellen?", {"port", "ellen", "give"}, {"pier", "board"}),
        ("How tall is the tower?", {"tower"}, {"tall"}),
        ("Who stands on the bridge?", {"bridge"}, set()),
        ("What is the definition of entropy?", {"entropy"}, {"definition"}),
        ("What does entropy mean?", {"entropy"}, {"mean"}),
        ("What is the mean of the values?", {"mean", "values"}, set()),
        ("Was ist die Definition von Entropie?", {"entropie"}, {"definition"}),
        ("From which direction did the storm come?", {"storm"}, {"direction", "come"}),
        ("Find the part about the storm.", {"storm"}, set()),
        ("Find the moment where the lamp breaks.", {"lamp", "breaks"}, set()),
        ("Exactly when does the bell ring?", {"bell", "ring"}, set()),
        ("Please tell me when the bell rings.", {"bell", "rings"}, set()),
        ("What does she say right before the storm?", set(), set()),
    ],
)
def test_words_that_must_be_there_and_words_that_may(text: str, words: set[str], asides: set[str]) -> None:
    question = asked(text)
    assert (set(question.words), set(question.asides)) == (words, asides)


PIECES = st.sampled_from(
    """When what How long many often before after between at the last first in until from : , ? . or and A) B) (C)
    ' " “ ” ’ 12:30 99:99 1:2:3 0 7 10s 1.5h ten minutes seconds hour screen red black turn MIND YOUR second time
    is does order ſix 5ſ fıve ١٢:٣٠ é 什么 … about two 100000000000:00:00""".split()
)


@given(
    st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=25).map(" ".join)),
    st.floats(0.0, 1e6),
    st.lists(st.text(max_size=10), max_size=3).map(tuple),
)
def test_any_text_is_understood_or_refused(text: str, duration_s: float, options: tuple[str, ...]) -> None:
    try:
        question = understand(text, duration_s, options)
    except RequestError:
        return
    if question.window:
        assert 0.0 <= question.window.start_s <= question.window.end_s <= duration_s
    assert len(question.options) != 1
    assert not set(question.words) & set(question.asides)


@pytest.mark.parametrize(
    "text",
    [
        "What is said after ſix seconds?",
        "What is said after 5ſ?",
        "What is said at fıve minutes?",
        "What is said at ١٢:٣٠?",
        "What is said at 9:99?",
        f"What is said after {'9' * 400}:00:00?",
        f"What is said after {'9' * 5000}:00:00?",
        f"What is said after {'9' * 400} seconds?",
        f"What is said in the last {'9' * 400} hours?",
        "What is said \x00 at 1:00\x1b[31m?",
    ],
    ids=lambda text: text[13:40],
)
def test_odd_numbers_end_in_no_traceback(text: str) -> None:
    question = asked(text)
    assert question.window is None or question.window.end_s <= HOUR_S


@pytest.mark.parametrize(
    "text",
    [
        "which first, " * 120,
        "Who won? A)" + " " * 10_000,
        "A) " * 3_000,
        "who said 'a" + " 'a" * 1_500,
        "A." * 5_000,
        "which comes first: " + "a or " * 2_000,
        "between 1:00 and " * 600,
        "什么时候" * 2_500,
    ],
    ids=lambda text: text[:18],
)
def test_a_long_question_takes_no_time(text: str) -> None:
    begun_s = time.process_time()
    asked(text)
    assert time.process_time() - begun_s < 6.0
