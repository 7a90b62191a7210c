"""Cues become sentences, and what has no sentences stays as it was heard."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from vidagent.tools.clock import Span
from vidagent.tools.cues import parse_cues
from vidagent.tools.passages import PASSAGE_S, sentences
from vidagent.tools.roles import Utterance

MEDIA = Path(__file__).parents[2] / "shared" / "media"


def said(*rows: tuple[float, float, str], trust: float = 1.0) -> list[Utterance]:
    return [Utterance(Span(start_s, end_s), text, trust) for start_s, end_s, text in rows]


def texts(utterances: list[Utterance]) -> list[str]:
    return [passage.text for passage in sentences(utterances)]


def test_a_sentence_over_three_cues_is_one_passage() -> None:
    cues = said((1, 3, "This is the"), (3, 5, "first part, and"), (5, 7, "this the last."), (7, 8, "Next."))
    first, second = sentences(cues)
    assert first.text == "This is the first part, and this the last."
    assert (first.span, first.parts, first.trust) == (Span(1, 7), tuple(cues[:3]), 1.0)
    assert second.parts == (cues[3],)


@pytest.mark.parametrize("end", [".", "!", "?", "…", "...", '."', ".”", "?)", "。", "؟"])
def test_an_end_mark_ends_a_passage(end: str) -> None:
    assert texts(said((0, 1, f"one{end}"), (1, 2, "two."))) == [f"one{end}", "two."]


@pytest.mark.parametrize(("start_s", "n_passages"), [(3.0, 1), (3.01, 2)])
def test_a_pause_ends_a_passage(start_s: float, n_passages: int) -> None:
    assert len(sentences(said((0, 1, "well,"), (start_s, 4, "yes.")))) == n_passages


@pytest.mark.parametrize(("end_s", "n_passages"), [(PASSAGE_S, 1), (PASSAGE_S + 0.01, 2)])
def test_length_ends_a_passage(end_s: float, n_passages: int) -> None:
    assert len(sentences(said((0, 10, "on and on,"), (10, end_s, "and on.")))) == n_passages


def test_one_long_cue_stays_whole() -> None:
    (passage,) = sentences(said((0, 60, "a very long one")))
    assert passage.span == Span(0, 60)


@pytest.mark.parametrize("following", ["CC: yes.", ">> yes.", "- yes."])
def test_another_speaker_ends_a_passage(following: str) -> None:
    assert texts(said((0, 1, "CDR: well,"), (1, 2, following))) == ["CDR: well,", following]


def test_a_speaker_named_at_each_cue_is_named_once() -> None:
    cues = said((0, 1, "Ann Lee: well,"), (1, 2, "Ann Lee: I think"), (2, 3, "so."))
    assert texts(cues) == ["Ann Lee: well, I think so."]


def test_words_before_a_colon_are_no_speaker() -> None:
    assert texts(said((0, 1, "and so,"), (1, 2, "we write: x."))) == ["and so, we write: x."]


def test_words_without_punctuation_stand_alone() -> None:
    heard = said((0, 2, "so this is what"), (2, 4, "a machine heard"), trust=0.3)
    first, second = sentences(heard)
    assert (first.text, first.trust, second.parts) == ("so this is what", 0.3, (heard[1],))


def test_trust_is_that_of_the_least_trusted_part() -> None:
    cues = [*said((0, 1, "well,")), *said((1, 2, "yes."), trust=0.5)]
    assert [passage.trust for passage in sentences(cues)] == [0.5]


def test_a_cue_within_a_longer_one_does_not_shorten_the_passage() -> None:
    (passage,) = sentences(said((0, 9, "a long one,"), (1, 2, "[laughs],"), (9.5, 10, "done.")))
    assert passage.span == Span(0, 10)


def test_nothing_said_gives_no_passages() -> None:
    assert sentences([]) == []


def test_many_cues_at_once_take_no_time() -> None:
    cues = said(*[(1.0, 1.0, f"word {n},") for n in range(50_000)])
    started_s = time.process_time()
    passages = sentences(cues)
    assert time.process_time() - started_s < 10
    assert sum(len(passage.parts) for passage in passages) == 50_000


@pytest.mark.parametrize(
    ("name", "n_passages"),
    [("nasa_webb_13s.srt", 2), ("elephants_dream_captions.en.vtt", 76), ("apollo13_tecatg.vtt", 10_831)],
)
def test_real_subtitles(name: str, n_passages: int) -> None:
    if not (MEDIA / "subs" / name).is_file():
        pytest.skip(f"{name} is not here")
    cues = parse_cues((MEDIA / "subs" / name).read_bytes()).cues
    passages = sentences(cues)
    assert len(passages) == n_passages
    assert [part for passage in passages for part in passage.parts] == list(cues)
    assert all(p.span.duration_s <= PASSAGE_S or len(p.parts) == 1 for p in passages)
    assert passages[0].text.endswith((".", "..."))
