"""Texts are found by how much of a question they hold, never by how they are spelled to a query language."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import MIDDLE, memory_of

from vidagent.agent.evidence import Evidence, best_first
from vidagent.agent.recollection import Cues, Recollection, phrase_likeness
from vidagent.index.memory import Memory
from vidagent.index.records import Sense
from vidagent.index.stemming import stems
from vidagent.tools.clock import Span

SPEECH = [
    (0.0, 4.0, "The keeper climbs the tower every day.", 1.0),
    (20.0, 24.0, "The keeper feeds the dog.", 1.0),
    (40.0, 44.0, "The keeper repairs the lamp with copper wire.", 1.0),
    (60.0, 64.0, "The keeper writes to her sister.", 1.0),
    (80.0, 84.0, "A storm came from the north.", 1.0),
    (86.0, 90.0, "It lasted five hours.", 1.0),
    (110.0, 114.0, "They drank the coffee.", 1.0),
]
SCREEN = [
    (10.0, 16.0, "MIND YOUR HEAD", MIDDLE),
    (30.0, 36.0, "Port Ellen", (0.1, 0.2, 0.3, 0.26)),
    (30.0, 36.0, "Pier 2", (0.7, 0.2, 0.9, 0.26)),
    (30.0, 36.0, "Old Town", (0.1, 0.4, 0.3, 0.46)),
    (30.0, 36.0, "Pier 5", (0.7, 0.4, 0.9, 0.46)),
    (100.0, 106.0, "coffee", MIDDLE),
]
HOSTILE = [
    'keeper" OR "1"="1', "NEAR(keeper dog)", "*", "kee*", "body:keeper", "stems : keeper", "NOT AND OR",
    "'; DROP TABLE text;--", "\x00keeper", '"""', "^keeper", "{keeper}", "(keeper", "keeper)", "-keeper", "",
    "ключ маяка", "灯塔 钥匙", "مفتاح", "e\u0301\u0301", "\U0001f600", "\u202ereppek", " ", "%", "\\",
]  # fmt: skip


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    path = tmp_path_factory.mktemp("recollection") / "library.db"
    return memory_of(path, speech=SPEECH, screen=SCREEN, duration_s=120.0)


def found(memory: Memory, *words: str, **more: object) -> list[Evidence]:
    return Recollection(memory).find(Cues(words, **more))  # type: ignore[arg-type]


def quotes(evidence: list[Evidence]) -> list[str]:
    return [e.quote for e in evidence]


def small(path: Path, *bodies: str, trust: float = 1.0, apart_s: float = 30.0) -> Memory:
    rows = [(n * apart_s, n * apart_s + 4.0, body, trust) for n, body in enumerate(bodies)]
    return memory_of(path, speech=rows, duration_s=len(bodies) * apart_s)


def test_a_rare_word_outweighs_a_frequent_one(memory: Memory) -> None:
    best, *rest = found(memory, "keeper", "copper")
    assert "copper" in best.quote
    assert best.fit > 0.95
    assert all(e.fit < 0.5 for e in rest)


def test_a_word_that_nobody_said_lowers_the_fit(memory: Memory) -> None:
    assert found(memory, "lamp")[0].fit == pytest.approx(1.0, abs=0.05)
    assert found(memory, "lamp", "helicopter")[0].fit < 0.5


def test_nothing_is_found_for_words_that_nobody_said(memory: Memory) -> None:
    assert found(memory, "helicopter", "landing") == []
    assert found(memory) == []


def test_another_form_of_a_word_is_the_same_word(memory: Memory) -> None:
    assert found(memory, "wrote")[0].quote == "The keeper writes to her sister."
    assert found(memory, "climbing")[0].span == Span(0.0, 4.0)


def test_evidence_says_where_it_comes_from(memory: Memory) -> None:
    (evidence,) = found(memory, "copper")
    (text,) = memory.texts_by_id(list(evidence.text_ids))
    assert (evidence.span, evidence.quote, evidence.sense, evidence.trust) == (
        text.span, text.body, "speech", 1.0,
    )  # fmt: skip


def test_the_best_comes_first(memory: Memory) -> None:
    evidence = found(memory, "keeper", "dog", "storm")
    assert evidence == best_first(evidence)
    assert len(evidence) == 5


def test_the_sentences_around_tell_what_one_is_about(memory: Memory) -> None:
    evidence = {e.quote: e.fit for e in found(memory, "storm", "hours")}
    assert set(evidence) == {"A storm came from the north.", "It lasted five hours."}
    assert all(0.6 < fit < 1.0 for fit in evidence.values())


def test_sentences_far_away_tell_nothing(tmp_path: Path) -> None:
    far = small(tmp_path / "far.db", "A storm came.", "It lasted five hours.", "They slept.", apart_s=30.0)
    assert max(e.fit for e in found(far, "storm", "hours")) <= 0.55


def test_asides_speak_for_a_text_and_hardly_against_one(memory: Memory) -> None:
    with_it = found(memory, "lamp", asides=("copper",))[0]
    without = found(memory, "lamp", asides=("helicopter",))[0]
    assert with_it.fit > without.fit > 0.85
    assert found(memory, asides=("coffee",))[0].quote in {"coffee", "They drank the coffee."}


def test_the_sense_that_was_asked_for_is_preferred(memory: Memory) -> None:
    senses: tuple[Sense, ...] = ("screen", "speech")
    for sense in senses:
        first, second = found(memory, "coffee", senses=frozenset({sense}))
        assert first.sense == sense
        assert second.fit < 0.8 * first.fit


def test_only_what_meets_the_window_is_found(memory: Memory) -> None:
    assert quotes(found(memory, "keeper", window=Span(38.0, 62.0))) == [
        "The keeper repairs the lamp with copper wire.",
        "The keeper writes to her sister.",
    ]
    assert found(memory, "keeper", window=Span(4.0, 20.0)) == []
    assert found(memory, "keeper", window=Span(120.0, 120.0)) == []


def test_a_row_on_screen_is_weighed_as_a_whole(memory: Memory) -> None:
    best = found(memory, "port", "ellen", "pier")[0]
    assert best.span == Span(30.0, 36.0)
    assert best.quote in {"Port Ellen", "Pier 2"}
    assert best.fit > 0.95


def test_lines_of_one_card_count_once(memory: Memory) -> None:
    assert len(found(memory, "pier")) == 1


def test_the_same_line_at_another_time_counts_again(tmp_path: Path) -> None:
    twice = [(2.0, 6.0, "SEA ROSE", MIDDLE), (30.0, 36.0, "SEA ROSE", MIDDLE)]
    memory = memory_of(tmp_path / "a.db", screen=twice)
    assert sorted(e.span for e in found(memory, "sea", "rose")) == [Span(2.0, 6.0), Span(30.0, 36.0)]


@pytest.mark.parametrize(
    ("phrase", "quote"),
    [
        ("mind your head", "MIND YOUR HEAD"),
        ("Mind-Your-Head!", "MIND YOUR HEAD"),
        ("mind yuor head", "MIND YOUR HEAD"),
        ("M1ND YOUR HEAD", "MIND YOUR HEAD"),
        ("copper wire", "The keeper repairs the lamp with copper wire."),
        ("cooper wire", "The keeper repairs the lamp with copper wire."),
    ],
)
def test_a_phrase_may_err_by_a_letter_or_two(memory: Memory, phrase: str, quote: str) -> None:
    assert found(memory, phrases=(phrase,))[0].quote == quote


@pytest.mark.parametrize(
    "phrase", ["copper lamp fence", "mind your step please", "keeper of the keys", "zzzz"]
)
def test_a_phrase_must_really_be_there(memory: Memory, phrase: str) -> None:
    assert found(memory, *stems(phrase), phrases=(phrase,)) == []


def test_every_phrase_must_be_there(memory: Memory) -> None:
    assert found(memory, phrases=("copper wire", "helicopter")) == []
    assert found(memory, phrases=("lamp", "copper wire"))


def test_an_exact_phrase_is_surer_than_one_with_a_slip(memory: Memory) -> None:
    exact, slip = (found(memory, phrases=(p,))[0].fit for p in ("mind your head", "mind yuor head"))
    assert exact > slip > 0.6


def test_a_phrase_may_run_over_two_sentences(tmp_path: Path) -> None:
    memory = memory_of(
        tmp_path / "a.db", speech=[(0.0, 2.0, "to be or not", 0.5), (2.0, 4.0, "to be that is", 0.5)]
    )
    assert found(memory, phrases=("or not to be",))[0].fit > 0.6


@pytest.mark.parametrize(
    ("phrase", "text", "least", "most"),
    [
        ("sea rose", "the SEA-ROSE left", 1.0, 1.0),
        ("sea rose", "the sea rise left", 0.8, 0.95),
        ("sea rose", "nothing of the kind", 0.0, 0.6),
        ("", "anything", 0.0, 0.0),
        ("?!", "anything", 0.0, 0.0),
        ("anything", "", 0.0, 0.0),
    ],
)
def test_how_nearly_a_text_holds_a_phrase(phrase: str, text: str, least: float, most: float) -> None:
    assert least <= phrase_likeness(phrase, text) <= most


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_what_is_there_is_wholly_there(before: str, phrase: str, after: str) -> None:
    likeness = phrase_likeness(phrase, before + phrase + after)
    assert 0.0 <= likeness <= 1.0
    assert likeness == 1.0 or not any(c.isalnum() for c in phrase)


def test_only_the_part_of_a_sentence_that_holds_the_words_is_cited(tmp_path: Path) -> None:
    cues = [
        (0.0, 3.0, "When I was young and lived"),
        (3.0, 6.0, "on the northern island"),
        (6.0, 9.0, "I kept a lighthouse"),
        (9.0, 12.0, "for many years."),
    ]
    memory = memory_of(tmp_path / "a.db", cues=cues)
    assert len(memory.texts("speech")) == 1
    assert found(memory, "lighthouse")[0].span == Span(6.0, 9.0)
    assert found(memory, "island", "lighthouse")[0].span == Span(3.0, 9.0)
    assert found(memory, "lighthouse")[0].quote.startswith("When I was young")


def test_words_on_screen_are_cited_while_they_stand_together(tmp_path: Path) -> None:
    screen = [(0.0, 20.0, "Harbour", (0.1, 0.2, 0.3, 0.26)), (8.0, 14.0, "closed", (0.7, 0.2, 0.9, 0.26))]
    memory = memory_of(tmp_path / "a.db", screen=screen)
    assert found(memory, "harbour", "closed")[0].span == Span(8.0, 14.0)


def test_a_misheard_word_counts_for_less_and_only_where_trust_is_low(tmp_path: Path) -> None:
    low = small(tmp_path / "low.db", "the lihgthouse keeper", "a boat", trust=0.4)
    high = small(tmp_path / "high.db", "the lihgthouse keeper", "a boat", trust=1.0)
    assert 0.7 < found(low, "lighthouse")[0].fit < 0.9
    assert found(high, "lighthouse") == []


def test_low_trust_makes_less_sure(tmp_path: Path) -> None:
    sure, unsure = (
        found(small(tmp_path / f"{trust}.db", "the copper wire", "a boat", trust=trust), "copper")[
            0
        ].confidence
        for trust in (1.0, 0.4)
    )
    assert sure > 0.9 > 0.75 > unsure > 0


def test_a_memory_without_a_word_has_nothing_to_find(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "a.db")
    assert found(memory, "keeper", asides=("dog",), phrases=("copper wire",)) == []


def test_other_videos_of_the_library_are_left_out(tmp_path: Path) -> None:
    library, body = tmp_path / "library.db", "the copper wire"
    one = memory_of(library, speech=[(0.0, 3.0, body, 1.0)], title="one")
    two = memory_of(library, speech=[(7.0, 9.0, body, 1.0), (30.0, 32.0, "a whale", 1.0)], title="two")
    assert [e.span for e in found(one, "copper")] == [Span(0.0, 3.0)]
    assert [e.span for e in found(two, "copper")] == [Span(7.0, 9.0)]
    assert found(one, "whale") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_query(memory: Memory, text: str) -> None:
    words = tuple(stems(text)) or (text,)
    for cues in (Cues(words), Cues((), asides=words), Cues((), phrases=(text,)), Cues((text,))):
        for evidence in Recollection(memory).find(cues):
            assert 0.0 < evidence.fit <= 1.0
    assert len(memory.texts("speech")) == len(SPEECH)


@given(st.text(max_size=60), st.text(max_size=30))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_may_be_asked_for(memory: Memory, words: str, phrase: str) -> None:
    for evidence in found(memory, *words.split(), phrases=(phrase,) if phrase else ()):
        assert 0.0 < evidence.fit <= 1.0
        assert 0.0 <= evidence.span.start_s <= evidence.span.end_s <= 120.0


@pytest.mark.parametrize(
    "text", ["keeper " * 1_400, "x" * 10_000, " ".join(f"word{n}" for n in range(1_200))]
)
def test_ten_thousand_characters_end_soon(memory: Memory, text: str) -> None:
    begun_s = time.perf_counter()
    found(memory, *text.split(), phrases=(text,))
    assert time.perf_counter() - begun_s < 15.0


def test_a_short_phrase_is_not_found_in_a_word_one_letter_shorter(tmp_path: Path) -> None:
    memory = memory_of(tmp_path / "ear.db", screen=[(3.0, 6.0, "EAR", MIDDLE)])
    assert Recollection(memory).find(Cues((), phrases=("NEAR",))) == []
    assert Recollection(memory).find(Cues((), phrases=("EAR",)))


def test_a_title_on_two_lines_comes_before_a_sentence_that_holds_it(tmp_path: Path) -> None:
    above, below, elsewhere = (0.3, 0.2, 0.7, 0.4), (0.3, 0.4, 0.7, 0.6), (0.1, 0.8, 0.9, 0.85)
    screen = [
        (5.0, 9.0, "BUNNY", below),
        (5.1, 9.0, "BigBuck", above),
        (40.0, 44.0, "BIG BUCK BUNNY HAS BEEN REALISED", elsewhere),
    ]
    memory = memory_of(tmp_path / "title.db", screen=screen)
    found = Recollection(memory).find(Cues(("big", "buck", "bunny"), phrases=("Big Buck BUNNY",)))
    assert [e.span.start_s for e in found] == [5.0, 40.0]
