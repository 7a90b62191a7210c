"""The line that an event is told by: the sentence that tells most, the title on screen, or the colours."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from memories import vector_of

from vidagent.index.gist import GIST_CHARACTERS, Content, gist_of, repeats_words
from vidagent.index.records import Text
from vidagent.tools.clock import Span
from vidagent.tools.roles import Box, Vectors

SPAN = Span(0.0, 60.0)
NOTHING: Vectors = np.zeros((0, 4), np.float32)


def said(*bodies: str, trust: float = 1.0) -> list[Text]:
    return [Text(i, "speech", Span(5.0 * i, 5.0 * i + 4), body, trust) for i, body in enumerate(bodies)]


def shown(body: str, height: float, start_s: float = 0.0, end_s: float = 10.0, top: float = 0.2) -> Text:
    return Text(99, "screen", Span(start_s, end_s), body, 1.0, (0.1, top, 0.9, top + height))


def content(texts: list[Text] | None = None, lines: list[Text] | None = None) -> Content:
    return Content(SPAN, texts or [], lines or [], NOTHING)


def test_the_sentence_that_names_most_is_told() -> None:
    texts = said(
        "Well, you know, it is what it is and so on.", "The lighthouse keeper repairs the copper lamp."
    )
    assert gist_of(content(texts)) == "“The lighthouse keeper repairs the copper lamp.”"


def test_a_title_stands_beside_what_was_said() -> None:
    gist = gist_of(
        content(said("We begin with pointers."), [shown("page 3", 0.02), shown("Linked lists", 0.1)])
    )
    assert gist == "“We begin with pointers.” [Linked lists]"


def test_the_largest_line_is_the_title() -> None:
    assert (
        gist_of(content(None, [shown("www.example.org", 0.03), shown("BIG BUCK BUNNY", 0.12)]))
        == "[BIG BUCK BUNNY]"
    )


def test_a_stretch_without_words_says_so() -> None:
    assert gist_of(content()) == "no words"


@given(st.lists(st.text(max_size=300), max_size=5), st.lists(st.text(max_size=200), max_size=3))
def test_a_gist_is_one_short_line_whatever_was_said(bodies: list[str], lines: list[str]) -> None:
    gist = gist_of(content(said(*bodies), [shown(line, 0.1) for line in lines]))
    assert len(gist) <= GIST_CHARACTERS
    assert gist.isprintable()


def test_the_sentence_on_what_is_spoken_of_most_is_told() -> None:
    texts = said(
        "Yesterday somebody borrowed another umbrella.",
        "The pendulum swings.",
        "Nobody holds the pendulum, and the pendulum returns.",
        "A pendulum never returns higher.",
    )
    assert "pendulum" in gist_of(content(texts))
    assert "umbrella" not in gist_of(content(texts))


def test_words_are_told_rather_than_sounds() -> None:
    texts = said("[loud barking, roaring and screaming]", "He found the treasure map.")
    assert gist_of(content(texts)) == "“He found the treasure map.”"
    assert gist_of(content(texts[:1])) == "“[loud barking, roaring and screaming]”"


def test_a_sentence_that_may_be_misheard_gives_way() -> None:
    misheard = said("copper kettle lantern bicycle", trust=0.3)
    assert (
        gist_of(content([*misheard, *said("Somebody repairs the lamp.")])) == "“Somebody repairs the lamp.”"
    )


def test_a_title_of_two_lines_is_given_whole() -> None:
    lines = [
        shown("BUNNY", 0.12, top=0.4),
        shown("Big Buck", 0.14, top=0.24),
        shown("2008", 0.09, 40, 50, 0.6),
    ]
    assert gist_of(content(None, lines)) == "[Big Buck BUNNY]"


def test_of_a_long_title_the_line_that_stands_out_is_given() -> None:
    lines = [
        shown("Work and energy", 0.16, top=0.4),
        shown("a lecture held at some famous institute", 0.1, top=0.28),
    ]
    assert gist_of(content(None, lines)) == "[Work and energy]"


def test_letters_too_small_to_be_read_are_no_title() -> None:
    speck = Text(7, "screen", Span(0.0, 9.0), "EAR", 1.0, (0.50, 0.50, 0.54, 0.55))
    vectors = np.stack([vector_of("green")] * 3)
    assert gist_of(Content(SPAN, [], [speck], vectors, True)) == "mostly green"
    assert gist_of(Content(SPAN, [], [], vectors, True)) == "no words, mostly green"
    assert gist_of(content(said("Hello captain."), [speck])) == "“Hello captain.”"


def test_what_is_too_long_is_cut_at_a_word_and_closed() -> None:
    long = "captain " * 40
    box: Box = (0.0, 0.1, 1.0, 0.3)
    gist = gist_of(content(said(long), [Text(1, "screen", SPAN, "island " * 30, 1.0, box)]))
    assert gist.startswith("“captain captain") and " …” [island island" in gist and gist.endswith("island …]")
    assert len(gist) <= GIST_CHARACTERS


def test_a_stretch_repeats_another_where_nearly_all_words_do() -> None:
    song = content(said("Popeye sails the ocean.", "Strong to the finish!"))
    assert repeats_words(content(said("Popeye sails the ocean.")), song)
    assert not repeats_words(content(said("Popeye sails the ocean.", "Whales swallow wooden ships.")), song)
