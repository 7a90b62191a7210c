"""Words are folded so that how they are written does not hide them, and what makes another word stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.folding import folded, folds, is_beginning, phrase


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CAFÉ", "cafe"),
        ("e\u0301t\u00e9", "ete"),
        ("ＡＢＣ１", "abc1"),
        ("Straße", "STRASSE"),
        ("über Köln", "uber koln"),
        ("ΚΌΣΜΕ", "κοσμε"),
        ("Ёлка", "елка"),
        ("Łódź", "lodz"),
        ("مَرْحَبًا", "مرحبا"),
        ("שָׁלוֹם", "שלום"),
        ("ﬁsh", "fish"),
        ("ｶﾞ", "ガ"),
        ("light\u00adhouse", "lighthouse"),
    ],
)
def test_case_accents_and_width_do_not_count(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("か", "が"), ("は", "ぱ"), ("กา", "กี"), ("किताब", "कताब"), ("हिंदी", "हद")],
)
def test_signs_that_make_another_word_stay(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_marks_and_signs_are_no_words() -> None:
    assert folded('“a-b”: (c) * ☎ "" \0') == "a b c"


def test_scripts_without_spaces_count_as_pairs_beside_words_with_spaces() -> None:
    assert folded("NHK東京タワー 2") == "nhk 東京 京タ タワ ワー ー 2"
    assert folds("東京タワー") == ["東京", "京タ", "タワ", "ワー"]


def test_a_single_character_is_the_beginning_of_a_pair() -> None:
    assert is_beginning("京")
    assert not is_beginning("a")
    assert not is_beginning("東京")
    assert any(part.startswith("京") for part in folded("東京").split())


@given(st.text())
def test_folding_twice_changes_nothing_of_words_with_spaces(text: str) -> None:
    once = folded(text)
    assert once.split() == [part for part in once.split(" ") if part]
    assert folded(once.upper().lower()) is not None
    if once.isascii():
        assert folded(once) == once


@given(st.text(min_size=1), st.data())
def test_every_word_of_a_text_is_asked_for_as_it_is_indexed(text: str, data: st.DataObject) -> None:
    indexed = folded(text).split()
    for part in folds(text):
        assert part in indexed or any(word.startswith(part) for word in indexed)


@given(st.text(st.sampled_from("ab 東京タ-é"), min_size=1, max_size=12))
def test_a_text_holds_itself_as_a_quotation(text: str) -> None:
    wanted = phrase(text)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE line USING fts5(body)")
        connection.execute("INSERT INTO line VALUES (?)", (folded(text),))
        last = wanted.split()[-1:]
        star = " *" if last and is_beginning(last[0]) else ""
        found = connection.execute("SELECT 1 FROM line WHERE line MATCH ?", (f'"{wanted}"{star}',)).fetchall()
    assert found == ([(1,)] if wanted else [])
