"""What, who, why, where: the words that say it, the row they stand in, or the value among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memories import MIDDLE, drafted, island_of, memory_of

from vidagent.agent.evidence import Evidence
from vidagent.agent.inquiry import NOT_FOUND, Inquiry
from vidagent.agent.question import understand
from vidagent.agent.reading import read
from vidagent.agent.reading.favour import favoured
from vidagent.agent.reading.pattern import value_pattern
from vidagent.agent.reading.quantity import counted, measured, unit_family
from vidagent.index.memory import Memory
from vidagent.tools.clock import Span


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return island_of(tmp_path_factory.mktemp("quote") / "library.db")


@pytest.mark.parametrize(
    ("question", "text", "start_s"),
    [
        ("Who keeps the lighthouse?", "Mary Baker keeps the lighthouse on Gull Island.", 2.0),
        ("What is her dog called?", "The dog is called Captain.", 18.0),
        ("Why did the lamp go dark?", "The lamp goes dark because lightning hit the tower.", 124.0),
        ("What did they find when the box was opened?", "They open the box and find gold coins.", 214.0),
        ("Who is the director?", "Director  Ada Lorenz", 222.0),
        ("Which trip on the board was cancelled?", "Old Town  cancelled", 84.0),
        ("What stands beside Port Ellen on the board?", "Port Ellen  Pier 2", 84.0),
        ("How tall is the tower?", "30 meters", 78.0),
        ("How old is she?", "61 years", 10.0),
        ("Which date is on the calendar?", "12 June", 40.0),
    ],
)
def test_the_words_that_say_it(island: Memory, question: str, text: str, start_s: float) -> None:
    draft = drafted(island, question)
    assert draft.text == text
    assert draft.support[0].span.start_s == start_s
    assert draft.confidence > 0.25


@pytest.mark.parametrize(
    "question",
    [
        "What does the helicopter carry?",
        "What is 'abandon ship' written on?",
        "Which phone number is shown on screen?",
        "How much does a ticket cost?",
        "How heavy is the tower?",
        "Which date is on the calendar after 1:30?",
        "Who keeps the lighthouse after 1:00?",
    ],
)
def test_nothing_is_said_where_nothing_says_it(island: Memory, question: str) -> None:
    draft = drafted(island, question)
    assert draft == NOT_FOUND or draft.confidence < 0.25


def test_at_most_three_proofs_the_best_first(island: Memory) -> None:
    support = drafted(island, "What about the storm, the lamp and the box?").support
    assert 1 <= len(support) <= 3
    assert list(support) == sorted(support, key=lambda e: -e.confidence)


def test_the_scene_that_only_says_where_is_not_the_answer(tmp_path: Path) -> None:
    memory = memory_of(
        tmp_path / "a.db",
        speech=[
            (2.0, 4.0, "Bring me the map.", 1.0),
            (30.0, 34.0, "Then the logo was shown, the logo.", 1.0),
        ],
    )
    assert drafted(memory, "Who brings the map just before the logo?").text == "Bring me the map."


ASKED = [
    (2.0, 5.0, "Where did you put the map?", 1.0),
    (20.0, 22.0, "It lies under the bed.", 1.0),
    (40.0, 43.0, "Who has opened the gate?", 1.0),
]


@pytest.mark.parametrize(
    ("start_s", "end_s", "texts"),
    [
        (0.0, 10.0, ["Where did you put the map?"]),
        (30.0, 60.0, ["Who has opened the gate?"]),
        (4.0, 41.0, ["Where did you put the map?", "Who has opened the gate?"]),
        (10.0, 30.0, []),
    ],
)
def test_what_somebody_asks_is_looked_for_inside_the_limits(
    tmp_path: Path, start_s: float, end_s: float, texts: list[str]
) -> None:
    memory = memory_of(tmp_path / "a.db", speech=ASKED)
    question = understand("What does she ask?", memory.video.duration_s)
    draft = read(Inquiry(memory, question.within(Span(start_s, end_s))))
    assert [evidence.quote for evidence in draft.support] == texts
    assert draft.text == (texts[0] if texts else "")


def test_what_somebody_asks_after_a_second_is_looked_for_there(tmp_path: Path) -> None:
    assert (
        drafted(memory_of(tmp_path / "a.db", speech=ASKED), "What does she ask after 0:30?").text
        == ASKED[2][2]
    )


VALUES = {
    "Which phone number is shown?": [
        ("Call +49 (30) 123-4567 now", "+49 (30) 123-4567"),
        ("0800 55 66 77", "0800 55 66 77"),
        ("Pier 2 at 9:30", None),
        ("in 1890 and 1910", None),
    ],
    "What date is on the letter?": [
        ("12 June", "12 June"),
        ("on the 3rd of May 1999.", "3rd of May 1999"),
        ("March 4, 2020 at noon", "March 4, 2020"),
        ("2024-02-29", "2024-02-29"),
        ("due 1.2.2024", "1.2.2024"),
        ("12 steps", None),
    ],
    "Which website is named?": [
        ("see www.example.org/a?b=1 for more", "www.example.org/a?b=1"),
        ("https://example.com", "https://example.com"),
        ("visit example.org today", "example.org"),
        ("the end.Of it", None),
    ],
    "Which e-mail address is shown?": [("write to a.b+c@example.org!", "a.b+c@example.org"), ("a @ b", None)],
}


@pytest.mark.parametrize(
    ("question", "line", "value"), [(q, line, value) for q, rows in VALUES.items() for line, value in rows]
)
def test_values_are_known_by_their_form(question: str, line: str, value: str | None) -> None:
    pattern = value_pattern(question)
    assert pattern
    match = pattern.search(line)
    assert (match.group() if match else None) == value


@pytest.mark.parametrize(
    "question", ["Who called?", "What is the number?", "When is the date?", "Which way?"]
)
def test_most_questions_ask_for_no_form(question: str) -> None:
    assert value_pattern(question) is None


def test_a_value_where_the_words_are_wins_over_one_elsewhere(tmp_path: Path) -> None:
    screen = [
        (2.0, 6.0, "Harbour office 040 111 22 33", MIDDLE),
        (20.0, 26.0, "Doctor 040 999 88 77", MIDDLE),
    ]
    memory = memory_of(tmp_path / "a.db", screen=screen)
    draft = drafted(memory, "What is the phone number of the doctor?")
    assert draft.text == "040 999 88 77"
    assert draft.support[0].span == Span(20.0, 26.0)


@pytest.mark.parametrize(
    ("question", "family"),
    [
        ("How tall is the tower?", "tall"),
        ("How high is it?", "tall"),
        ("how OLD is she", "old"),
        ("How cold was it?", "hot"),
        ("How expensive is it?", "much"),
        ("How is she?", None),
        ("Who is tall?", None),
        ("How did it end?", None),
    ],
)
def test_an_adjective_asks_for_a_kind_of_quantity(question: str, family: str | None) -> None:
    assert unit_family(question) == family


@pytest.mark.parametrize(
    ("text", "family", "amount"),
    [
        ("The tower is thirty meters tall.", "tall", "30 meters"),
        ("It is 3.5 metres high", "tall", "3.5 metres"),
        ("It weighs 15kg", "heavy", "15 kg"),
        ("twenty-five kilograms", "heavy", "25 kilograms"),
        ("She is sixty-one years old", "old", "61 years"),
        ("about 40 square miles", "far", "40 square miles"),
        ("It costs $5.", "much", "$5"),
        ("It costs €1,250.50 in all", "much", "€1,250.50"),
        ("It cost $5 million", "much", "$5 million"),
        ("five million dollars", "much", "5000000 dollars"),
        ("It lasted five hours.", "long", "5 hours"),
        ("minus five degrees", "hot", "minus 5 degrees"),
        ("In 1890, 30 meters were built", "tall", "30 meters"),
        ("thirty steps", "tall", None),
        ("meters and meters", "tall", None),
        ("many years", "old", None),
        ("", "old", None),
    ],
)
def test_a_quantity_with_its_unit(text: str, family: str, amount: str | None) -> None:
    assert measured(text, family) == amount


@pytest.mark.parametrize(
    ("text", "thing", "number"),
    [
        ("Three boats are out", "boats", "3"),
        ("two hundred steep stone steps", "steps", "200"),
        ("one boat, then 14 boats", "boats", "1"),
        ("the boats", "boats", None),
        ("3 ferries and some old grey wooden boats", "boats", None),
        ("In 1890 the boats came back", "boats", None),
        ("", "boats", None),
        ("3 boats", "", None),
    ],
)
def test_a_number_of_things(text: str, thing: str, number: str | None) -> None:
    assert counted(text, thing) == number


def evidence(quote: str, fit: float) -> Evidence:
    return Evidence(Span(0.0, 1.0), "speech", quote, fit, 1.0)


@pytest.mark.parametrize(
    ("question", "worded", "plain"),
    [
        ("Why did she leave?", "She left because of the storm", "She left the house"),
        ("What is the dog called?", "The dog is named Captain", "The dog barks"),
        ("How heavy is the box?", "The box is ten kilograms", "The box is heavy"),
    ],
)
def test_what_is_worded_as_an_answer_counts_for_more(question: str, worded: str, plain: str) -> None:
    first, second = favoured([evidence(plain, 0.8), evidence(worded, 0.7)], question)
    assert (first.quote, second.quote) == (worded, plain)
    assert 0.7 < first.fit <= 1.0


def test_wording_alone_does_not_make_evidence() -> None:
    plain, worded = evidence("She left the house", 0.9), evidence("It rained because of clouds", 0.3)
    assert favoured([plain, worded], "Why did she leave the house?")[0].quote == plain.quote
    dog, ship = evidence("The dog barks", 0.6), evidence("The ship is named Rose", 0.3)
    assert favoured([dog, ship], "What is the dog called?") == [dog, replace(ship, fit=0.5)]
    assert favoured([], "Why?") == []
