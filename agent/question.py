"""Understanding a question by rules: its kind, what to look for, with which sense, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from ..index.records import Sense
from ..index.stemming import words_of
from ..tools.appearance import colours_in
from ..tools.clock import Span
from ..tools.errors import RequestError
from .languages.choice import language_of
from .languages.english import ENGLISH
from .languages.language import Language
from .relation import Relation, Side, relation_in
from .window import window_in
from .words import content_words, is_carrier, is_light, masked, phrases_in, without_quotes

Kind = Literal["when", "what", "count", "duration", "order", "yesno", "summary"]

_OPTION = re.compile(r"(?:^|[\s(])\(?([A-H])[).:]\s+(.+?)(?=\s+\(?[A-H][).:]\s+|$)", re.DOTALL)
# What goes on for longer is a text, whose words are looked for but which no patterns are made for.
_READ_MAX = 1000


@dataclass(frozen=True)
class Question:
    """A question as understood. ``senses`` empty means any; ``window`` limits where to look.

    ``phrases`` are to be found as they stand, ``words`` carry the rest of the content and
    ``asides`` may be missing from what answers it; ``items`` are
    what an order question compares, ``colours`` what the picture should show. ``ordinal`` picks one of
    several moments: 1 is the first, -1 the last. ``relation`` names seconds by another moment, and
    ``beside`` is that moment with its side once it is known.

    ``modalities`` are the senses that the words tell of; where ``senses`` limits evidence, these only hint.
    A question that ``is_negated`` asks for what is not so: "who does not speak". Silence is something of its
    own, and no negation. With ``is_every`` all that fits is wanted and not the best of it. Where it
    ``counts_moments`` it asks how often, not how many. One that ``is_follow_up`` cannot be understood without
    the last answer. ``language`` is a code as of ISO 639-1, or "und" where no rules knew the language.
    """

    text: str
    kind: Kind
    options: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    senses: frozenset[Sense] = frozenset()
    colours: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    ordinal: int | None = None
    window: Span | None = field(default=None)
    relation: Relation | None = None
    beside: tuple[Side, Span] | None = None
    modalities: frozenset[Sense] = frozenset()
    is_negated: bool = False
    is_every: bool = False
    counts_moments: bool = False
    is_follow_up: bool = False
    language: str = ENGLISH.code

    def within(self, span: Span) -> Question:
        """The same question, looking only inside a span, and there where it names seconds itself."""
        if self.window is None:
            return replace(self, window=span)
        start_s, end_s = max(span.start_s, self.window.start_s), min(span.end_s, self.window.end_s)
        return replace(self, window=Span(start_s, end_s) if start_s < end_s else Span(start_s, start_s))


def understand(
    text: str, duration_s: float, options: tuple[str, ...] = (), language: Language | None = None
) -> Question:
    """The question behind a text about a video of ``duration_s`` seconds.

    Options may be given or stand in the text as ``A) … B) …``. The language is found out where it is not given.
    Raises ``RequestError`` for a text without a word, and for a single option.
    """
    stem_text, written = split_options(text)
    options = options or written
    if not re.search(r"\w", stem_text):
        raise RequestError("the question is empty; ask for example: when does the title appear?")
    if len(options) == 1:
        raise RequestError("one option is no choice; give --option at least twice")
    return _Reading(stem_text, duration_s, language or language_of(stem_text)).question(text.strip(), options)


def split_options(text: str) -> tuple[str, tuple[str, ...]]:
    """The question without its options, and the options that stand in it as ``A) … B) …``."""
    found = list(_OPTION.finditer(text))
    letters = [match.group(1) for match in found]
    if len(found) < 2 or letters != [chr(65 + i) for i in range(len(found))]:
        return text, ()
    return text[: found[0].start()].strip(), tuple(match.group(2).strip(" ,;") for match in found)


class _Reading:
    """One question as the rules of one language read it."""

    def __init__(self, text: str, duration_s: float, language: Language) -> None:
        self._language = language
        end = len(text) if len(text) <= _READ_MAX else max(text.rfind(" ", 0, _READ_MAX), 1)
        self._text, self._more = _without_politeness(text[:end], language), text[end:]
        asked = re.sub(language.lead, "", self._text, flags=re.I)
        self._lead = self._text.removesuffix(asked)
        self._window, self._timeless = window_in(asked, duration_s, language)
        self._relation = self._related()
        self._kind = self._kind_read()

    def question(self, text: str, options: tuple[str, ...]) -> Question:
        """All that was understood, for a question with its own text and options."""
        language = self._language
        question = Question(
            text=text,
            kind=self._kind,
            options=options,
            phrases=phrases_in(self._before_anchor(self._text) if self._kind == "what" else self._text),
            items=_items(self._text, language) if self._kind == "order" else (),
            ordinal=_ordinal(self._text, language),
            window=self._window,
            relation=None if self._kind == "order" else self._relation,
            is_negated=self._is_negated(),
            is_every=self._says(language.every),
            counts_moments=self._says(language.occurrences),
            language=language.code,
        )
        question = self._with_cues(question)
        return replace(question, is_follow_up=self._is_follow_up(question))

    def _with_cues(self, question: Question) -> Question:
        """The question with what to look for, and by which sense."""
        language, sought = self._language, self._sought(question.relation)
        words = content_words(sought + self._more, language)
        asides = _asides(sought, words, language)
        senses = _senses(self._timeless, language)
        return replace(
            question,
            words=tuple(word for word in words if word not in asides),
            asides=asides,
            senses=senses,
            colours=tuple(_colours(self._text, language)) if "picture" in senses else (),
            modalities=_modalities(self._timeless, senses, language),
        )

    def _related(self) -> Relation | None:
        relation = relation_in(self._timeless, self._language)
        # "there" and "then" beside a named second mean that second.
        return None if relation and self._window and not relation.anchor else relation

    def _kind_read(self) -> Kind:
        kind = _kind(self._lead + self._timeless, self._language)
        if kind == "what" and self._relation:
            return _kind(self._relation.rest, self._language)
        return kind

    def _sought(self, relation: Relation | None) -> str:
        """The part of the question in which the words are that carry its content."""
        text = relation.rest if relation and not relation.anchor else self._timeless
        text = re.sub(self._language.fillers, " ", text, flags=re.I)
        return self._before_anchor(text) if self._kind == "what" else text

    def _before_anchor(self, text: str) -> str:
        """The question without the scene that only says where to look: "… just before the logo"."""
        return re.split(self._language.only_beside, text, flags=re.I)[0]

    def _says(self, pattern: str) -> bool:
        return bool(re.search(pattern, without_quotes(self._text), re.I))

    def _is_negated(self) -> bool:
        return bool(re.search(self._language.negation, _denying(self._text, self._language), re.I))

    def _is_follow_up(self, question: Question) -> bool:
        if self._says(self._language.follow_up) or (question.relation and not question.relation.anchor):
            return True
        names_something = question.words or question.phrases or question.colours or question.window
        if names_something or question.relation or question.options or "sound" in question.senses:
            return False
        if question.kind == "summary" or self._says(self._language.itself):
            return False
        return self._says(self._language.pointing) or self._says(self._language.bare)


def _without_politeness(text: str, language: Language) -> str:
    found = re.match(language.politeness, text, re.I)
    if found is None or not words_of(found.group()) or not words_of(text[found.end() :]):
        return text
    return text[found.end() :]


def _kind(text: str, language: Language) -> Kind:
    lowered = without_quotes(text.strip(" ,")).lower()
    kinds = [kind for kind, pattern in language.kinds if re.search(pattern, lowered)]
    if kinds[:2] == ["order", "when"] and not _items(text, language):
        return "when"  # "when does it appear first" compares nothing
    return kinds[0] if kinds else "what"


def _senses(text: str, language: Language) -> frozenset[Sense]:
    bare = without_quotes(text, " X ")
    found: set[Sense] = {sense for sense, pattern in language.senses if re.search(pattern, bare, re.I)}
    if _is_about_colour(bare, language):
        return frozenset({"picture"})
    if re.search(language.texts, bare, re.I) and not found:
        found |= {"speech", "screen"}
    return frozenset(found)


def _modalities(text: str, senses: frozenset[Sense], language: Language) -> frozenset[Sense]:
    """The senses with which a person would look for it, as far as the words tell."""
    bare = without_quotes(text, " X ")
    if "picture" in senses:
        return senses
    found: set[Sense] = {sense for sense, pattern in language.modalities if re.search(pattern, bare, re.I)}
    if re.search(language.written, bare, re.I):
        found.add("screen")
        found.discard("speech")
    if re.search(language.looking, bare, re.I) and "screen" not in found:
        found |= {"picture"}
    if re.search(language.hearing, bare, re.I) and not found & {"speech", "sound"}:
        found |= {"speech", "sound"}
    if re.search(language.texts, bare, re.I) and not found:
        found |= {"speech", "screen"}
    return frozenset(found)


def _asides(text: str, words: list[str], language: Language) -> tuple[str, ...]:
    """Words that name the kind of answer ("which pier", "how tall") or what carries the words asked for."""
    asked = re.findall(language.asked, text.lower())
    return tuple(
        word for word in words if word in asked or is_carrier(word, language) or is_light(word, language)
    )


def _colours(text: str, language: Language) -> list[str]:
    return colours_in(" ".join(language.colours.get(word, word) for word in words_of(text)))


def _is_about_colour(text: str, language: Language) -> bool:
    """Whether the picture's colour is all that is asked for: "the screen turns red", not "a red car"."""
    words = content_words(text, language)
    others = [w for w in words if w not in language.degrees and not _colours(w, language)]
    if re.search(language.negation, _denying(text, language), re.I):
        return False
    return bool(_colours(text, language) and re.search(language.picture, text, re.I) and not others)


def _denying(text: str, language: Language) -> str:
    """The text without what it quotes, and without negations that deny nothing."""
    return masked(language.idle_negations, without_quotes(text))


def _items(text: str, language: Language) -> tuple[str, ...]:
    """What an order question compares: the parts around "or" or "and" after its opening words."""
    compared = re.match(language.compared, text, re.I)
    if compared:
        return tuple(compared.groups())
    _, _, tail = text.rpartition(":")
    if tail == text:
        tail = re.sub(language.order_opening, "", text, flags=re.I)
    tail = re.sub(language.order_ending, "", tail.strip(" ?."), flags=re.I)
    parts = re.split(language.separators, tail)
    return tuple(part.strip() for part in parts if content_words(part, language) or phrases_in(part))


def _ordinal(text: str, language: Language) -> int | None:
    """Which one of several moments is meant, where the question says so."""
    one = f"({'|'.join(language.ordinals)})"
    patterns = (pattern.replace("<ordinal>", one) for pattern in language.ordinal_patterns)
    found = next((match for pattern in patterns if (match := re.search(pattern, text, re.I))), None)
    return language.ordinals[found.group(1).lower()] if found else None
