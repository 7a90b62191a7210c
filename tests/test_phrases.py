"""Phrases are found at the seconds at which they are said; what nobody says is not found, or at a low trust."""

from __future__ import annotations

import os
import re
import signal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from vidagent.tools.clock import Span, parse_time
from vidagent.tools.errors import ModelError, RequestError
from vidagent.tools.phrases import KeyphraseSpotter, threshold
from vidagent.tools.roles import PhraseSpotter, SoundWindow, Spotted
from vidagent.tools.sound import read_sound

MEDIA = Path(__file__).parents[2] / "shared" / "media"
LECTURE = MEDIA / "video" / "physics_lecture_slide"
PROC = Path("/proc")
RATE_HZ = 16000
SAID = ["last lecture", "Kinetic-energy!", "wrecker ball"]
UNSAID = ["space telescope", "quantum mechanics", "thank you very much"]


@pytest.fixture(scope="module")
def lecture() -> list[SoundWindow]:
    if not LECTURE.with_suffix(".mp4").is_file():
        pytest.skip("the lecture is not here")
    return list(read_sound(LECTURE.with_suffix(".mp4")))


@pytest.fixture(scope="module")
def spotted(lecture: list[SoundWindow]) -> list[Spotted]:
    spotter: PhraseSpotter = KeyphraseSpotter()
    return list(spotter.spot(lecture, SAID + UNSAID))


def truth(phrase: str) -> list[Span]:
    """Where the transcript has a phrase, which may be anywhere in a line."""
    blocks = LECTURE.with_suffix(".en.vtt").read_text(encoding="utf-8").split("\n\n")
    found = (re.match(r"([\d:.]+) --> ([\d:.]+)\n(.*)", block, re.DOTALL) for block in blocks)
    return [Span(parse_time(cue[1]), parse_time(cue[2])) for cue in found if cue and phrase in cue[3].lower()]


def children() -> set[int]:
    found = set()
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(stat.parent.name))
    return found


@pytest.mark.parametrize(("given", "said", "n_least"), [(0, "last lecture", 1), (1, "kinetic energy", 3)])
def test_phrases_are_found_where_the_transcript_has_them(
    spotted: list[Spotted], given: int, said: str, n_least: int
) -> None:
    lines = [line.widened(0.5) for line in truth(said)]
    found = [each.span for each in spotted if each.phrase == SAID[given]]
    right = [line for line in lines if any(_lies_in(span, line) for span in found)]
    assert len(lines) >= len(right) >= n_least


def _lies_in(span: Span, line: Span) -> bool:
    return line.start_s <= span.start_s and span.end_s <= line.end_s


def test_few_are_found_that_nobody_says(spotted: list[Spotted]) -> None:
    assert not [each for each in spotted if each.phrase in UNSAID]
    places = {phrase: truth(re.sub(r"\W", " ", phrase.lower()).strip()) for phrase in SAID}
    wrong = [s for s in spotted if not any(s.span.overlap_s(line.widened(0.5)) for line in places[s.phrase])]
    assert len(wrong) <= 2 < len(spotted) - len(wrong)


def test_they_come_in_order_of_time_at_a_low_trust(spotted: list[Spotted]) -> None:
    assert all(one.span.start_s <= other.span.start_s for one, other in pairwise(spotted))
    assert all(0.0 < each.trust <= 0.4 for each in spotted)
    trusts = {each.phrase: each.trust for each in spotted}
    assert trusts["wrecker ball"] < trusts["Kinetic-energy!"]


def test_times_are_those_of_the_sound_and_the_same_for_any_number_of_workers(
    lecture: list[SoundWindow], spotted: list[Spotted]
) -> None:
    late = [SoundWindow(w.start_s + 3601.5, w.samples, w.rate_hz) for w in lecture if w.end_s < 70]
    found = list(KeyphraseSpotter(n_workers=1).spot(late, SAID + UNSAID))
    early = [each for each in spotted if each.span.end_s < 59]
    assert early
    for one, other in zip(early, found, strict=False):
        assert one.phrase == other.phrase
        assert other.span.start_s == pytest.approx(one.span.start_s + 3601.5, abs=1e-6)


def test_one_phrase_in_two_ways_is_found_under_both(lecture: list[SoundWindow]) -> None:
    end = [window for window in lecture if window.end_s > 160]
    found = list(KeyphraseSpotter().spot(end, ["last lecture", "LAST  LECTURE", "last lecture"]))
    assert {each.phrase for each in found} == {"last lecture", "LAST  LECTURE"}
    assert len(found) == 2 * len({each.span for each in found})


def test_words_that_nobody_can_say_are_named() -> None:
    with pytest.raises(RequestError, match=r"'the zorblax of 150 qwrts'.*zorblax, 150, qwrts"):
        list(KeyphraseSpotter().spot([], ["kinetic energy", "the zorblax of 150 qwrts"]))


@pytest.mark.parametrize("phrase", ["a", "", "?!", "I"])
def test_what_is_too_short_is_refused(phrase: str) -> None:
    with pytest.raises(RequestError, match="too short"):
        list(KeyphraseSpotter().spot([], [phrase]))


def test_a_long_phrase_needs_less_likelihood_than_a_short_one() -> None:
    thresholds = [threshold(n) for n in (3, 6, 9, 12, 40, 400)]
    assert thresholds[0] == 1.0
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[-1] > 0.0


def test_silence_and_no_phrases_start_nothing() -> None:
    before = children()
    silence = [SoundWindow(0.0, np.zeros(30 * RATE_HZ, np.float32), RATE_HZ)]
    assert list(KeyphraseSpotter().spot(silence, ["kinetic energy"])) == []
    assert list(KeyphraseSpotter().spot(silence, [])) == []
    assert children() == before


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_process_that_dies_is_named_and_none_stays(lecture: list[SoundWindow]) -> None:
    before = children()
    found = KeyphraseSpotter(n_workers=1).spot(lecture, ["kinetic energy", "wrecker ball"])
    next(iter(found))
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelError, match="pocketsphinx stopped at"):
        list(found)
    assert children() == before
