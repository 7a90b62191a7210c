"""What the rules have to know of a language to understand questions in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ...index.records import Sense
    from ..question import Kind
    from ..relation import Side

Bounds = Literal["between", "first", "last", "after", "before", "near", "minute"]
"""How a stretch of the video lies to the times that name it."""

NEVER = r"(?!)"
"""A pattern that fits nothing, for what a language has no words for."""


@dataclass(frozen=True, eq=False)
class Language:
    """The words and patterns of one language; patterns are searched for without regard to case.

    Another language is one more module with such a value, listed in ``choice.LANGUAGES``. What is left out
    is not understood: a language that is nothing but its code leaves a plain "what" by its words.

    Patterns of windows write ``<time>`` for a time, ``<clock>`` for one like 12:30, ``<stretch>`` for a time or
    a single unit and ``<number>`` for a number. Patterns with names in them, as in ``(?P<anchor>…)``, have the names
    that the fields tell.
    """

    code: str
    """As of ISO 639-1."""

    # Words.
    function_words: frozenset[str] = frozenset()
    """Words that shape a question and are not looked for."""
    video_words: frozenset[str] = frozenset()
    """Words by which people talk about a video itself."""
    carriers: frozenset[str] = frozenset()
    """What words on screen stand on."""
    light_verbs: frozenset[str] = frozenset()
    """Verbs that evidence may lack."""
    degrees: frozenset[str] = frozenset()
    """Words that may stand beside a colour without asking for more than the colour."""
    colours: Mapping[str, str] = field(default_factory=dict)
    """Names of colours with those that ``tools/appearance.py`` knows, where they are others."""

    # The kind of a question.
    politeness: str = NEVER
    """What stands before a question and says nothing of it: "can you tell me"."""
    kinds: tuple[tuple[Kind, str], ...] = ()
    """The first pattern that fits decides, so the particular ones stand before the general ones."""
    occurrences: str = NEVER
    """Moments are to be counted and not things: "how often"."""
    every: str = NEVER
    """All that fits is asked for: "every time"."""
    ordinals: Mapping[str, int] = field(default_factory=dict)
    """Words that pick one of several; 1 is the first, -1 the last."""
    ordinal_patterns: tuple[str, ...] = ()
    """Where such words pick a moment; ``<ordinal>`` is any of them."""

    # The parts of an order question.
    compared: str = NEVER
    """A whole question with the two groups that it compares: "is … before or after …"."""
    order_opening: str = NEVER
    """What stands before the list of things."""
    order_ending: str = NEVER
    """What stands behind it."""
    separators: str = r",\s*"
    """What stands between two of them."""

    # Senses.
    senses: tuple[tuple[Sense, str], ...] = ()
    """Words that limit where evidence is looked for."""
    texts: str = NEVER
    """Words for what is said or written, which leave open which of the two."""
    picture: str = NEVER
    """What has a colour when the whole picture has it."""
    modalities: tuple[tuple[Sense, str], ...] = ()
    """Words that tell with which sense a person would look for it."""
    looking: str = NEVER
    """Words for what is seen, which leave open whether it is read."""
    hearing: str = NEVER
    """Words for what is heard, which leave open whether it is speech."""
    written: str = NEVER
    """Something written "says" it, so nobody speaks."""

    # Negation and follow-ups.
    negation: str = NEVER
    idle_negations: str = NEVER
    """Negations that deny nothing: "whether or not"."""
    fillers: str = NEVER
    """What may be left out without a change of meaning: "in total", "in this video"."""
    only_beside: str = NEVER
    """What begins the words that only say where to look: "just before"."""
    asked: str = NEVER
    """A group with the word that names the kind of answer: "which pier"."""
    follow_up: str = NEVER
    """A question that only adds to the last one: "what about …"."""
    pointing: str = NEVER
    """Words that mean the last answer where a question names nothing else: "who said that"."""
    bare: str = NEVER
    """A question that is nothing but its question word: "and why?"."""
    itself: str = NEVER
    """The video itself: "this lecture"."""

    # Seconds.
    lead: str = NEVER
    """Words that only ask to be told, and hold no time."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Number words with their digits."""
    hours: tuple[str, str] = (NEVER, NEVER)
    """The unit as it stands behind digits, and behind a number word."""
    minutes: tuple[str, str] = (NEVER, NEVER)
    seconds: tuple[str, str] = (NEVER, NEVER)
    units: Mapping[str, str] = field(default_factory=dict)
    """How names of units begin, with h, m or s."""
    joins: str = ""
    """What stands between hours and minutes."""
    amounts: Mapping[str, float] = field(default_factory=dict)
    """Stretches without a number, in seconds: "half an hour"."""
    single: str = NEVER
    """A unit that stands for one of it: "the last minute"."""
    windows: tuple[tuple[Bounds, str], ...] = ()
    """The first pattern that fits decides."""
    shares: tuple[tuple[float, float, str], ...] = ()
    """Parts of the video, from and to: "in the second half"."""

    # Relations.
    openers: str = NEVER
    """Words before a question that go on from the last one: "and"."""
    closely: str = NEVER
    """Words for "right beside", with the space that follows them."""
    sides: tuple[tuple[Side, str], ...] = ()
    """Words in front of a moment, by the side of it that they mean."""
    clause: str = ""
    """What may stand between such a word and the moment."""
    leading: str = NEVER
    """A side without a word of its own in front of ``(?P<anchor>…), (?P<rest>…)``: "when he comes, who …"."""
    between: tuple[str, ...] = ()
    """Between ``anchor`` and ``until``, with the ``rest`` before or behind them."""
    last_answer: str = NEVER
    """A moment that is no more than the last answer: "after that"."""
    beside_last: tuple[tuple[Side, str], ...] = ()
    """Words that mean a side of the last answer by themselves: "next"."""
    idle_sides: str = NEVER
    """Words that sound like a side and say nothing about time: "look after"."""
