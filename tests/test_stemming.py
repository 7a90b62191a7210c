"""Words meet in all their forms, and numbers in words meet numbers in digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidagent.index.stemming import fold_numbers, stem, stems, words_of

UNITS = "one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def below_hundred(number: int) -> str:
    if number < 20:
        return ["zero", *UNITS, *TEENS][number]
    return " ".join([TENS[number // 10 - 2], *([UNITS[number % 10 - 1]] if number % 10 else [])])


def spoken(number: int) -> str:
    """A number up to 999 999 in English words."""
    if number < 100:
        return below_hundred(number)
    scale, name, joint = (1000, "thousand", " ") if number >= 1000 else (100, "hundred", " and ")
    rest = joint + spoken(number % scale) if number % scale else ""
    return f"{spoken(number // scale)} {name}{rest}"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("zero", "0"),
        ("forty-two", "42"),
        ("forty two", "42"),
        ("ninety nine", "99"),
        ("two hundred", "200"),
        ("two hundred and six", "206"),
        ("two hundred six", "206"),
        ("one hundred forty-four", "144"),
        ("three thousand", "3000"),
        ("seven thousand five hundred", "7500"),
        ("one hundred thousand", "100000"),
        ("twelve hundred", "1200"),
        ("five million", "5000000"),
        ("two million three hundred thousand", "2300000"),
        ("one thousand two hundred thirty four", "1234"),
        ("eighteen ninety", "1890"),
        ("nineteen eighty four", "1984"),
        ("twenty twenty", "2020"),
        ("twenty twenty four", "2024"),
        ("twenty ten", "2010"),
        ("two thousand and ten", "2010"),
        ("nineteen hundred", "1900"),
        ("the year eighteen ninety was cold", "the year 1890 was cold"),
        ("three two one zero", "3 2 1 0"),
        ("ten nine eight seven six five four three two one", "10 9 8 7 6 5 4 3 2 1"),
        ("twenty nineteen eighteen", "2019 18"),
        ("one or two", "1 or 2"),
        ("one and two", "1 and 2"),
        ("thirty and more", "30 and more"),
        ("hundred years and million people", "hundred years and million people"),
        ("room 42 and forty two", "room 42 and 42"),
        ("someone tentative", "someone tentative"),
        ("", ""),
    ],
)
def test_number_words_become_digits(text: str, folded: str) -> None:
    assert " ".join(fold_numbers(words_of(text))) == folded


@given(st.integers(0, 999_999))
def test_any_spoken_number_is_its_digits(number: int) -> None:
    assert fold_numbers(words_of(spoken(number))) == [str(number)]


@given(st.integers(13, 19), st.integers(10, 99))
def test_a_year_spoken_in_two_halves_is_one_number(century: int, year: int) -> None:
    words = words_of(f"{below_hundred(century)} {below_hundred(year)}")
    assert fold_numbers(words) == [str(100 * century + year)]


@given(st.lists(st.sampled_from(["zero", *UNITS]), min_size=1, max_size=12))
def test_single_digits_in_a_row_stay_apart(words: list[str]) -> None:
    assert fold_numbers(words) == [str(["zero", *UNITS].index(word)) for word in words]


@pytest.mark.parametrize(
    "forms",
    [
        ("write", "writes", "wrote", "written", "writing"),
        ("go", "goes", "went", "gone", "going"),
        ("be", "is", "are", "was", "were", "been"),
        ("speak", "spoke", "spoken", "speaking"),
        ("begin", "began", "begun"),
        ("buy", "bought"),
        ("think", "thought", "thinking"),
        ("break", "broke", "broken"),
        ("win", "won"),
        ("feel", "felt"),
        ("shake", "shook", "shaken"),
        ("take", "took", "taken"),
        ("teach", "taught"),
        ("see", "saw", "seen"),
        ("child", "children"),
        ("mouse", "mice"),
        ("foot", "feet"),
        ("city", "cities"),
        ("open", "opens", "opened", "opening"),
        ("colour", "colours"),
    ],
)
def test_the_forms_of_a_word_meet(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("write", "right"), ("dog", "god"), ("red", "read"), ("train", "rain"), ("sun", "son")]
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop!", ["don", "t", "stop"]),
        ("the teacher's desk, the teachers’ room", ["the", "teacher", "desk", "the", "teachers", "room"]),
        ("at 12:30, 3.5 kg and 1,000", ["at", "12:30", "3.5", "kg", "and", "1,000"]),
        ("snake_case and x-ray", ["snake", "case", "and", "x", "ray"]),
        ("Größe ПРИВЕТ 世界", ["größe", "привет", "世界"]),
        ("?! … —", []),
    ],
)
def test_a_text_falls_into_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_question_meets_the_sentence_that_answers_it() -> None:
    question = stems("Who wrote 42 letters in 1890?")
    sentence = stems("Forty-two letters were written in eighteen ninety.")
    assert set(sentence) - {"be"} <= set(question)


@given(st.text())
def test_any_text_has_stems_without_blanks(text: str) -> None:
    assert all(s and not any(c.isspace() for c in s) for s in stems(text))


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz 0123456789'-."), max_size=40))
def test_case_does_not_matter(text: str) -> None:
    assert stems(text.upper()) == stems(text)
