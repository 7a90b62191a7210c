"""Questions with known answers and seconds, derived from lines whose words and seconds are known.

One in four asks for what another video says and this one does not, so that nothing answers it; of those that are
answered by yes or no, one in two is answered by no.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from vidagent.agent.words import content_words
from vidagent.index.stemming import stems, words_of
from vidagent.tools.clock import Span
from vidagent.tools.subtitles import read_transcript

Row = dict[str, object]
"""A question as a line of ``questions.jsonl`` holds it."""
Chance = np.random.Generator

SHARE_UNANSWERABLE = 0.25
_SHARE_MISREMEMBERED = 0.3
_PHRASE_WORDS = (3, 6)
_WORDS_MIN, _OPTIONS = 3, 4
_TRIES = 80
_NUMBERS = frozenset(
    "two three four five six seven eight nine ten twelve twenty thirty hundred thousand".split()
) | {str(number) for number in range(2, 1000)}
_SPEAKER = re.compile(r"^\s*[A-Z][\w .'/-]{0,30}:\s")


@dataclass(frozen=True)
class Line:
    """What is said or shown in a stretch of a video."""

    span: Span
    body: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words in small letters, in order."""
        return tuple(words_of(self.body))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The words that carry content, each once."""
        return tuple(content_words(self.body))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words."""
        return frozenset(stems(self.body))


class Script:
    """The lines of one video in order of time; those that are ``telling`` hold enough to ask for."""

    def __init__(self, lines: Sequence[Line], words_min: int = _WORDS_MIN) -> None:
        self.lines = [line for line in lines if line.words]
        self.telling = [line for line in self.lines if len(line.content) >= words_min]
        self.counts = Counter(word for line in self.lines for word in line.words)
        self.stems = frozenset(stem for line in self.lines for stem in line.stems)
        self._whole = " ".join(word for line in self.lines for word in line.words)

    def n_times(self, words: Sequence[str]) -> int:
        """How often these words come in a row."""
        return len(re.findall(rf"\b{re.escape(' '.join(words))}\b", self._whole))

    def is_only_in(self, line: Line, words: Sequence[str]) -> bool:
        """Whether no other line holds all these words, in whatever form."""
        wanted = set(stems(" ".join(words)))
        return not any(wanted <= other.stems for other in self.lines if other is not line)


def script_of(transcript: Path) -> Script:
    """The lines of a subtitle file without the names of who speaks."""
    cues = read_transcript(transcript).utterances
    return Script([Line(cue.span, _SPEAKER.sub("", cue.text)) for cue in cues])


@dataclass(frozen=True)
class Asking:
    """What questions are made of: the video's own lines, and foreign ones for what is not in it."""

    own: Script
    foreign: Script
    chance: Chance

    def source(self, is_absent: bool) -> Line:
        """A line to ask for, of this video or not."""
        return self.any((self.foreign if is_absent else self.own).telling)

    def any(self, lines: Sequence[Line]) -> Line:
        """One line of these."""
        return lines[int(self.chance.integers(len(lines)))]

    def phrase(self, is_absent: bool) -> tuple[Line, str] | None:
        """Words in a row that come once in the video, or never if ``is_absent``, with their line."""
        line, n = self.source(is_absent), int(self.chance.integers(*_PHRASE_WORDS, endpoint=True))
        first = int(self.chance.integers(max(1, len(line.words) - n + 1)))
        words = line.words[first : first + n]
        is_telling = any(word in line.content for word in words)
        return (line, " ".join(words)) if is_telling and self.own.n_times(words) == (not is_absent) else None

    def some_words(self, is_absent: bool) -> tuple[Line, list[str]] | None:
        """Some content words of a line, which no other line of the video holds together."""
        line, share = self.source(is_absent), self.chance.uniform(0.3, 1.0)
        words = [word for word in line.content if self.chance.random() < share]
        return (line, words) if words and self.own.is_only_in(line, words) else None

    def remembered(self, is_absent: bool) -> tuple[Line, str] | None:
        """Some words of a line as people remember them, at times with one that is of another video."""
        found = self.some_words(is_absent)
        if found is None:
            return None
        line, words = found
        wrong = self.source(is_absent=True).content[0] if self.chance.random() < _SHARE_MISREMEMBERED else ""
        return line, " ".join([*words, wrong]).strip()

    def word(self, is_absent: bool) -> tuple[str, list[Line]] | None:
        """A content word with the lines that hold it; one that does not occur in any form if ``is_absent``."""
        line = self.source(is_absent)
        word = line.content[int(self.chance.integers(len(line.content)))]
        if word.isdigit() or is_absent == bool(set(stems(word)) & self.own.stems):
            return None
        return word, [other for other in self.own.lines if word in other.words]


Maker = Callable[[Asking, bool], Row | None]


def made_questions(
    own: Script, foreign: Script, makers: Sequence[Maker], n: int, chance: Chance
) -> list[Row]:
    """About ``n`` questions on a video with its ``own`` lines, by each of the makers in turn.

    Fewer come out where the lines do not hold enough.
    """
    asking = Asking(own, foreign, chance)
    rows = []
    for number in range(n if own.telling and foreign.telling else 0):
        maker, is_absent = makers[number % len(makers)], bool(chance.random() < SHARE_UNANSWERABLE)
        made = (maker(asking, is_absent) for _ in range(_TRIES))
        if row := next((row for row in made if row), None):
            rows.append(row)
    return rows


def when_said(asking: Asking, is_absent: bool) -> Row | None:
    """A line that is quoted."""
    found = asking.phrase(is_absent)
    return found and _row("when", f'When do they say "{found[1]}"?', "", [] if is_absent else [found[0]])


def when_told(asking: Asking, is_absent: bool) -> Row | None:
    """A line of which some words are known."""
    found = asking.remembered(is_absent)
    return found and _row("when", f"When do they talk about {found[1]}?", "", [] if is_absent else [found[0]])


def what_told(asking: Asking, is_absent: bool) -> Row | None:
    """A line of which some words are known."""
    found = asking.remembered(is_absent)
    if found is None:
        return None
    gold, lines = ("not found", []) if is_absent else (found[0].body, [found[0]])
    return _row("what", f"What do they say about {found[1]}?", gold, lines)


def is_mentioned(asking: Asking, is_absent: bool) -> Row | None:
    """A word, said or not."""
    is_absent = bool(asking.chance.random() < 0.5)
    found = asking.word(is_absent)
    return found and _row(
        "yesno", f"Does anybody mention {found[0]}?", "no" if is_absent else "yes", found[1]
    )


def is_told(asking: Asking, is_absent: bool) -> Row | None:
    """A line of which some words are known, said or not."""
    is_absent = bool(asking.chance.random() < 0.5)
    found = asking.remembered(is_absent)
    gold, lines = ("no", []) if is_absent or not found else ("yes", [found[0]])
    return found and _row("yesno", f"Do they talk about {found[1]}?", gold, lines)


def times_said(asking: Asking, is_absent: bool) -> Row | None:
    """How often a word is said; of one that is never said no number is right."""
    found = asking.word(is_absent)
    if found is None or is_absent != (not found[1]):
        return None
    answer = "not found" if is_absent else str(asking.own.counts[found[0]])
    return _row("count", f"How many times is the word '{found[0]}' said?", answer, found[1])


def number_said(asking: Asking, is_absent: bool) -> Row | None:
    """A number that a line gives of a thing, of which some other words are known."""
    line = asking.source(is_absent)
    pairs = [(n, thing) for n, thing in pairwise(line.words) if n in _NUMBERS and thing in line.content]
    if not pairs:
        return None
    number, thing = pairs[0]
    others = [word for word in line.content if word not in (number, thing) and asking.chance.random() < 0.5]
    if thing in _NUMBERS or not others or not asking.own.is_only_in(line, [thing, *others]):
        return None
    gold, lines = ("not found", []) if is_absent else (number, [line])
    return _row("count", f"How many {thing} are there about {' '.join(others)}?", gold, lines)


def said_first(asking: Asking, is_absent: bool) -> Row | None:
    """Two lines that are quoted, of which one is not there if ``is_absent``."""
    found = [asking.phrase(False), asking.phrase(is_absent)]
    return _order('Which is said first: "{}" or "{}"?', asking, found, is_absent)


def told_first(asking: Asking, is_absent: bool) -> Row | None:
    """Two lines of which some words are known; one is not there if ``is_absent``."""
    found = [asking.remembered(False), asking.remembered(is_absent)]
    return _order("What do they talk about first: {} or {}?", asking, found, is_absent)


def _order(
    text: str, asking: Asking, found: Sequence[tuple[Line, str] | None], is_absent: bool
) -> Row | None:
    pair = [each for each in found if each]
    if len(pair) < 2 or abs(pair[0][0].span.start_s - pair[1][0].span.start_s) < 1.0:
        return None
    if asking.chance.random() < 0.5:
        pair.reverse()
    first = min(pair, key=lambda each: each[0].span)[1]
    lines = [] if is_absent else [line for line, _ in pair]
    return _row("order", text.format(pair[0][1], pair[1][1]), "not found" if is_absent else first, lines)


def choice_told(asking: Asking, is_absent: bool) -> Row | None:
    """Other words of the line, among words of other lines of the same video; none of these if ``is_absent``."""
    found = asking.some_words(False)
    if found is None:
        return None
    line, words = found
    others = [asking.any(asking.own.telling) for _ in range(_OPTIONS)]
    right = " ".join([word for word in line.content if word not in words][:3])
    options = [
        " ".join(each.content[:3]) for each in others if not set(each.content[:3]) <= set(line.content)
    ]
    if not right or len({right, *options}) <= _OPTIONS:
        return None
    place = int(asking.chance.integers(_OPTIONS))
    if not is_absent:
        options[place] = right
    answer = "not found" if is_absent else chr(ord("A") + place)
    row = _row("choice", f"What is said about {' '.join(words)}?", answer, [] if is_absent else [line])
    return row | {"options": options}


SAID: tuple[Maker, ...] = (
    when_said, when_told, what_told, is_mentioned, is_told, times_said, number_said, said_first, told_first,
    choice_told,
)  # fmt: skip
"""Questions about what is said."""


def when_shown(asking: Asking, is_absent: bool) -> Row | None:
    """A card by its words."""
    line = asking.source(is_absent)
    if is_absent and asking.own.n_times(line.words):
        return None
    return _row("when", f'When is "{line.body}" on screen?', "", [] if is_absent else [line])


def is_shown(asking: Asking, is_absent: bool) -> Row | None:
    """A word, shown or not."""
    is_absent = bool(asking.chance.random() < 0.5)
    found = asking.word(is_absent)
    text = f'Is the word "{found[0]}" shown on screen?' if found else ""
    return found and _row("yesno", text, "no" if is_absent else "yes", found[1])


def seconds_shown(asking: Asking, is_absent: bool) -> Row | None:
    """How long a card stays."""
    line = asking.source(is_absent)
    if is_absent and asking.own.n_times(line.words):
        return None
    answer = "not found" if is_absent else f"{line.span.duration_s:.1f} seconds"
    return _row("duration", f'How long is "{line.body}" on screen?', answer, [] if is_absent else [line])


def shown_first(asking: Asking, is_absent: bool) -> Row | None:
    """Two cards by their words."""
    found = [asking.phrase(False), asking.phrase(is_absent)]
    return _order('Which is shown first on screen: "{}" or "{}"?', asking, found, is_absent)


SHOWN: tuple[Maker, ...] = (when_shown, is_shown, seconds_shown, shown_first)
"""Questions about what is written on screen."""


def _row(kind: str, question: str, answer: str, lines: Sequence[Line]) -> Row:
    spans = [[line.span.start_s, line.span.end_s] for line in lines]
    gold = answer or ("shown below" if spans else "not found")
    return {"kind": kind, "question": question, "answer": gold, "evidence_s": spans}
