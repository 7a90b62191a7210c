"""A question is a set of words: whatever it holds, it finds texts or nothing, and never fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recall import document_count, search_texts, spellings
from vidagent.index.stemming import stems
from vidagent.tools.clock import Span

LECTURE = [
    (0.0, 4.0, "Welcome to a lecture about the harbour of Rotterdam."),
    (4.0, 8.0, "The harbour was dug in eighteen ninety."),
    (8.0, 12.0, "Forty-two cranes unload ships; the cranes never rest."),
    (12.0, 16.0, 'He said: "NEAR(the crane*)" and left.'),
    (16.0, 20.0, "Привет, мир! Καλημέρα κόσμε. مرحبا بالعالم"),
    (20.0, 24.0, "The café closes at 12:30 and costs 1,000 guilders."),
    (24.0, 28.0, "Column col: minus -5 plus AND OR NOT"),
]
SIGNS = """
    " "" ' NEAR( crane* col:crane stems:crane -crane ^crane OR NOT ( ) {a \\ % _ ; -- /* * 🎬 世界 مرحبا
""".split()
HOSTILE = [
    *SIGNS,
    *["", " ", "\n", "\0", "a\0b", "e\u0301", "\u202e", "x" * 100_000],
    *["NEAR(a b, 3)", "a AND", "{a b}: c", "a + b", "DROP TABLE text", "'; DELETE FROM text; --"],
]


@pytest.fixture
def lecture(remember: Callable[..., Memory]) -> Memory:
    return remember(texts=LECTURE, shown=[(2.0, 9.0, "ROTTERDAM 1890")], title="lecture")


def found(memory: Memory, question: str) -> list[float]:
    """Where the texts that hold any word of the question begin, best first."""
    return [text.span.start_s for text in search_texts(memory, list(stems(question)))]


@pytest.mark.parametrize(
    ("question", "start_s"),
    [
        ("Which CRANE?", 8.0),
        ("42", 8.0),
        ("unloading", 8.0),
        ("digging", 4.0),
        ("crane's", 8.0),
        ("мир", 16.0),
        ("ΚΌΣΜΕ", 16.0),
        ("بالعالم", 16.0),
        ("cafe", 20.0),
        ("12:30", 20.0),
        ("1,000", 20.0),
        ("col:", 24.0),
        ("-5", 24.0),
        ("NOT", 24.0),
    ],
)
def test_a_word_of_a_text_finds_it(lecture: Memory, question: str, start_s: float) -> None:
    assert found(lecture, question)[0] == start_s


def test_any_of_the_words_is_enough_and_more_of_them_come_first(lecture: Memory) -> None:
    starts_s = found(lecture, "the ships and cranes of the harbour in Rotterdam")
    assert set(starts_s) >= {0.0, 4.0, 8.0}
    assert starts_s[0] in {0.0, 8.0}
    assert found(lecture, "zebra") == []


def test_what_stood_on_screen_is_found_beside_what_was_said(lecture: Memory) -> None:
    texts = search_texts(lecture, list(stems("Rotterdam eighteen ninety")))
    assert {text.sense for text in texts} == {"speech", "screen"}
    assert texts[0].body == "ROTTERDAM 1890"


def test_at_most_so_many_texts_are_given_and_each_once(lecture: Memory) -> None:
    wanted = list(stems("the the harbour crane"))
    assert len(search_texts(lecture, wanted, limit=2)) == 2
    ids = [text.id for text in search_texts(lecture, wanted * 3)]
    assert len(ids) == len(set(ids)) > 2
    assert ids == [text.id for text in search_texts(lecture, wanted)]


def test_another_video_is_not_searched(lecture: Memory, remember: Callable[..., Memory]) -> None:
    other = remember(texts=[(1.0, 2.0, "A crane is also a bird.")], title="birds")
    assert found(other, "crane ships") == [1.0]
    assert document_count(other, "ship") == 0
    assert 1.0 not in found(lecture, "crane ships bird")


def test_a_forgotten_video_is_not_found(lecture: Memory, library: Library) -> None:
    library.remove(lecture.video)
    assert found(lecture, "crane harbour") == []
    assert library.rows("SELECT term FROM text_word") == []


def test_texts_are_counted_that_hold_a_word(lecture: Memory) -> None:
    assert [document_count(lecture, word) for word in ("harbour", "crane", "42", "zebra")] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("misspelled", "starts_s"),
    [("roterdam", {0.0, 2.0}), ("rotterdan", {0.0, 2.0}), ("harbuor", {0.0, 4.0}), ("guildres", {20.0})],
)
def test_a_word_that_is_nearly_right_is_found(lecture: Memory, misspelled: str, starts_s: set[float]) -> None:
    assert set(found(lecture, misspelled)) == starts_s


@pytest.mark.parametrize("word", ["harbour", "ship", "cra", "zeppelin", "", "\0\0\0\0\0"])
def test_a_known_a_short_or_a_strange_word_is_not_respelled(lecture: Memory, word: str) -> None:
    assert spellings(lecture, word) == []


@pytest.mark.parametrize("question", HOSTILE)
def test_no_question_is_a_query(lecture: Memory, question: str) -> None:
    before = len(lecture.texts("speech"))
    search_texts(lecture, list(stems(question)))
    search_texts(lecture, [question, question.lower()])
    document_count(lecture, question)
    assert len(lecture.texts("speech")) == before == len(LECTURE)


@pytest.mark.parametrize(
    "question", ["crane*", "col:crane", "-crane", "^crane", "(crane", '"crane', "NEAR(crane"]
)
def test_signs_around_a_word_do_not_hide_it(lecture: Memory, question: str) -> None:
    assert 8.0 in found(lecture, question)


def test_a_star_is_no_wildcard(lecture: Memory) -> None:
    assert search_texts(lecture, ["rotter*"]) == []
    assert search_texts(lecture, ["cra*"]) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text(st.sampled_from("ab\"'*:-^(){}+ ANDORNOT\0\n,."), max_size=20))
def test_any_text_may_be_asked(lecture: Memory, question: str) -> None:
    assert set(found(lecture, question)) <= {start_s for start_s, _, _ in [*LECTURE, (2.0, 9.0, "")]}
    search_texts(lecture, [question.encode("utf-8", "replace").decode()])


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 1000])
def test_any_text_may_be_remembered(remember: Callable[..., Memory], tmp_path: Path, text: str) -> None:
    memory = remember(texts=[(1.0, 2.0, f"{text} lighthouse")], shown=[(3.0, 4.0, text)])
    assert found(memory, "lighthouse") == [1.0]
    assert [t.body for t in memory.texts("screen")] == [text]


def test_a_word_in_most_lines_hides_no_rarer_one_and_fills_up_what_they_leave(
    remember: Callable[..., Memory],
) -> None:
    lines = [(2.0 * i, 2.0 * i + 2, f"The boat sails{' past a whale' * (i % 4 == 1)}.") for i in range(20)]
    memory = remember(texts=lines)
    rare, both = (
        [t.span.start_s for t in search_texts(memory, w, 5)] for w in (["whale"], ["boat", "whale"])
    )
    assert rare == both == [2.0, 10.0, 18.0, 26.0, 34.0]
    filled = [t.span.start_s for t in search_texts(memory, ["boat", "whale"], 8)]
    assert (sorted(filled[:5]), len(set(filled))) == (rare, 8)
    assert len(search_texts(memory, ["boat"], 30)) == 20


def test_neighbours_and_parts_of_several_are_those_of_each(lecture: Memory) -> None:
    said = lecture.texts("speech")
    spans = [said[3].span, said[0].span, said[3].span, Span(100.0, 101.0)]
    together = lecture.texts_near_each(spans, "speech", 3.0)
    assert together == [lecture.texts_near(span, "speech", 3.0) for span in spans]
    assert [[t.span.start_s for t in near] for near in together] == [
        [8.0, 12.0, 16.0],
        [0.0, 4.0],
        [8.0, 12.0, 16.0],
        [],
    ]
    assert lecture.texts_near_each([], "speech", 4.0) == []
    ids = [text.id for text in said]
    assert lecture.parts_each(ids) == [lecture.parts(text) for text in said]


def test_texts_of_two_videos_that_lie_between_each_other_are_told_apart(
    lecture: Memory, remember: Callable[..., Memory]
) -> None:
    other = remember(texts=[(0.0, 4.0, "Another harbour, and a crane.")], title="other")
    with lecture.library.transaction() as connection:
        connection.execute(
            "INSERT INTO text(media_id, sense, start_us, end_us, body, trust, stems, folded)"
            " VALUES (?, 'speech', 30000000, 34000000, 'The last crane.', 1.0, 'the last crane', 'the last crane')",
            (lecture.video.id,),
        )
    late = Memory(lecture.library, lecture.video)
    first, last, n = late.text_ids()
    assert last - first + 1 > n
    assert [document_count(memory, "crane") for memory in (late, other)] == [3, 1]
    assert {text.span.start_s for text in search_texts(late, ["crane"])} == {8.0, 12.0, 30.0}
    assert [text.span.start_s for text in search_texts(other, ["crane"])] == [0.0]
