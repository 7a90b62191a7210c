"""Understanding a question by rules: its kind, what to look for, with which sense, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from ..index.records import Sense
from ..index.stemming import fold_numbers
from ..tools.appearance import colours_in
from ..tools.clock import Span, parse_time
from ..tools.errors import RequestError
from .relation import Relation, Side, relation_in
from .words import content_words, is_carrier, is_light

Kind = Literal["when", "what", "count", "duration", "order", "yesno", "summary"]

_OPTION = re.compile(r"(?:^|[\s(])\(?([A-H])[).:]\s+(.+?)(?=\s+\(?[A-H][).:]\s+|$)", re.DOTALL)
_QUOTED = re.compile(r"[\"“”]([^\"“”]{2,})[\"“”]|(?:(?<=\s)|^)['‘]([^'’]{2,}(?:['’]\w[^'’]*)*)['’](?=\W|$)")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9&.'-]+(?:\s+[A-Z0-9][A-Z0-9&.'-]*)*\b")

# The first pattern that fits decides, so the particular ones stand before the general ones.
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("summary", r"^(?:please )?(?:summari[sz]e|give me a summary|describe (?:the|this) (?:whole )?(?:video|film|movie))|\bsummary\b|what (?:is|was) (?:the|this) (?:video|film|movie|clip|lecture|talk|recording|meeting) about|what happens in (?:the|this) (?:video|film|movie|clip)"),
    ("duration", r"\bhow long\b(?! ago)|\bhow many (?:seconds|minutes|hours)\b|\bwhat (?:is|was) the (?:length|duration)\b"),
    ("count", r"\bhow (?:many|often)\b|^count\b"),
    ("order", r"\b(?:before or after|after or before)\b|\b(?:comes?|came|happens?|happened|appears?|appeared|is (?:said|shown|mentioned|heard|seen)|was (?:said|shown|mentioned)|occurs?) (?:first|earlier|last|later)\b|\bin (?:which|what) order\b|^\W*which\b(?=.*\b(?:first|earlier|last|later)\b)(?=.*[:,].* or )"),
    ("when", r"^\W*(?:(?:and|so|then|exactly|about|please|tell me|show me|say|find)\b,? )*when\b|\b(?:at|in) (?:what|which) (?:time|point|second|minute|moment)\b|\bwhat time\b|\bfind (?:the )?(?:moment|scene|part|place)\b|\bwhere in the (?:video|film|movie|lecture)\b"),
    ("yesno", r"^(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)(?:n['’]t)?\b"),
)  # fmt: skip
_SENSES: tuple[tuple[Sense, str], ...] = (
    ("screen", r"\b(?:on(?: the)? screen|on-screen|onscreen|sign|title|written|writes?|caption|readable|reads?|board|credits?|slide|label|letters?|logo|text|printed|painted|team list|note|spelled)\b"),
    ("speech", r"\b(?:says?|said|saying|mention(?:s|ed|ing)?|narrat\w+|speakers?|speaks?|spoke|spoken|tells?|told|talks?|talked|asks?|asked|hear|explains?|explained|announces?|counts? down|voice)\b"),
    ("sound", r"\b(?:silen(?:t|ce)|no sound|without (?:any |a )?sounds?|quiet|noise|soundless)\b"),
)  # fmt: skip
_PICTURE = re.compile(r"\b(?:screen|picture|image|frame|video|scene|everything|stretch|it)\b", re.I)
# Words that may stand beside a colour without asking for more than the colour.
_DEGREES = frozenset(
    "whole entire entirely completely fully totally suddenly colour color go goes went remain remains".split()
)
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty)"
_HOURS = rf"(?:{_NUMBER} ?h(?:(?:ou)?rs?)?|{_WORD} hours?)(?![a-z])"
_MINUTES = rf"(?:{_NUMBER}(?:m| ?min(?:ute)?s?)|{_WORD} minutes?)(?![a-z])"
_SECONDS = rf"(?:{_NUMBER} ?s(?:ec(?:ond)?s?)?|{_WORD} seconds?)(?![a-z])"
_AND = r"(?:,? and |,? |)"
_UNITS = rf"(?:{_HOURS}(?:{_AND}{_MINUTES})?(?:{_AND}{_SECONDS})?|{_MINUTES}(?:{_AND}{_SECONDS})?|{_SECONDS})(?!\d)"
_CLOCK = r"(?:\d{1,4}:)?\d{1,4}:\d{2}(?:\.\d{1,9})?(?!:?\d)"
_TIME = rf"({_CLOCK}|{_UNITS})"
_AMOUNT = re.compile(rf"({_NUMBER}|{_WORD}) ?([hms])", re.A)
_STRETCH = rf"(?:{_TIME}|(second|minute|hour)\b)"
_NEAR_S = 5.0
# Words that only ask to be told, and are no content.
_LEAD = re.compile(
    r"^\W*(?:(?:please|exactly|tell me|show me)\b,?\s*|find (?:the )?(?:moment|scene|part|place)\b)+", re.I
)
# What these ask for lies between moments, or is no moment.
_MEASURES = ("order", "duration", "summary")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}


@dataclass(frozen=True)
class Question:
    """A question as understood. ``senses`` empty means any; ``window`` limits where to look.

    ``phrases`` are to be found as they stand, ``words`` carry the rest of the content and
    ``asides`` may be missing from what answers it; ``items`` are
    what an order question compares, ``colours`` what the picture should show. ``ordinal`` picks one of
    several moments: 1 is the first, -1 the last. ``relation`` names seconds by another moment, and
    ``beside`` is that moment with its side once it is known.
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

    def within(self, span: Span) -> Question:
        """The same question, looking only inside a span, and there where it names seconds itself."""
        if self.window is None:
            return replace(self, window=span)
        start_s, end_s = max(span.start_s, self.window.start_s), min(span.end_s, self.window.end_s)
        return replace(self, window=Span(start_s, end_s) if start_s < end_s else Span(start_s, start_s))


def understand(text: str, duration_s: float, options: tuple[str, ...] = ()) -> Question:
    """The question behind a text about a video of ``duration_s`` seconds.

    Options may be given or stand in the text as ``A) … B) …``. Raises ``RequestError`` for a text
    without a word, and for a single option.
    """
    stem_text, written = split_options(text)
    options = options or written
    if not re.search(r"\w", stem_text):
        raise RequestError("the question is empty; ask for example: when does the title appear?")
    if len(options) == 1:
        raise RequestError("one option is no choice; give --option at least twice")
    kind = _kind(stem_text)
    phrases = _phrases(_before_anchor(stem_text) if kind == "what" else stem_text)
    window, timeless = _window(_LEAD.sub("", stem_text), duration_s)
    senses = _senses(timeless)
    words = content_words(_before_anchor(timeless) if kind == "what" else timeless)
    asides = _asides(timeless, words)
    return Question(
        text=text.strip(),
        kind=kind,
        options=options,
        phrases=phrases,
        words=tuple(word for word in words if word not in asides),
        asides=asides,
        senses=senses,
        colours=tuple(colours_in(stem_text)) if "picture" in senses else (),
        items=_items(stem_text) if kind == "order" else (),
        ordinal=_ordinal(stem_text),
        window=window,
        relation=None if options or kind in _MEASURES else relation_in(timeless),
    )


def split_options(text: str) -> tuple[str, tuple[str, ...]]:
    """The question without its options, and the options that stand in it as ``A) … B) …``."""
    found = list(_OPTION.finditer(text))
    letters = [match.group(1) for match in found]
    if len(found) < 2 or letters != [chr(65 + i) for i in range(len(found))]:
        return text, ()
    return text[: found[0].start()].strip(), tuple(match.group(2).strip(" ,;") for match in found)


def _kind(text: str) -> Kind:
    lowered = re.sub(_QUOTED, " ", text.strip()).lower()
    kinds = [kind for kind, pattern in _KINDS if re.search(pattern, lowered)]
    if kinds[:2] == ["order", "when"] and not _items(text):
        return "when"  # "when does it appear first" compares nothing
    return kinds[0] if kinds else "what"


def _phrases(text: str) -> tuple[str, ...]:
    quoted = [a or b for a, b in _QUOTED.findall(text)]
    if quoted:
        return tuple(phrase.strip() for phrase in quoted)
    if text.isupper():
        return ()
    capitals = [c for c in _CAPITALS.findall(text) if len(c) > 3 and c != text.strip(" ?.!")]
    return tuple(capitals)


def _senses(text: str) -> frozenset[Sense]:
    bare = re.sub(_QUOTED, " X ", text)
    found: set[Sense] = {sense for sense, pattern in _SENSES if re.search(pattern, bare, re.I)}
    if _is_about_colour(bare):
        return frozenset({"picture"})
    if re.search(r"\b(?:word|sentence|phrase|text)\b", bare, re.I) and not found:
        found |= {"speech", "screen"}
    return frozenset(found)


def _before_anchor(text: str) -> str:
    """The question without the scene that only says where to look: "… just before the logo"."""
    return re.split(r"\b(?:just|right|shortly|immediately|directly) (?:before|after)\b", text, flags=re.I)[0]


def _asides(text: str, words: list[str]) -> tuple[str, ...]:
    """Words that name the kind of answer ("which pier", "how tall") or what carries the words asked for."""
    asked = re.findall(r"\b(?:which|what|how)\s+(\w+)", text.lower())
    return tuple(word for word in words if word in asked or is_carrier(word) or is_light(word))


def _is_about_colour(text: str) -> bool:
    """Whether the picture's colour is all that is asked for: "the screen turns red", not "a red car"."""
    others = [w for w in content_words(text) if w not in _DEGREES and not colours_in(w)]
    if re.search(r"\b(?:not|never|no longer)\b|n['’]t\b", text, re.I):
        return False
    return bool(colours_in(text) and _PICTURE.search(text) and not others)


def _items(text: str) -> tuple[str, ...]:
    """What an order question compares: the parts around "or" or "and" after its opening words."""
    beside = re.match(r"^\w+ (.*?) (?:before or after|after or before) (.*?)\W*$", text)
    if beside:
        return beside.groups()
    _, _, tail = text.rpartition(":")
    if tail == text:
        tail = re.sub(
            r"^.*?\b(?:first|earlier|last|later|order (?:do|does|did|are|were))\b,?", "", text, flags=re.I
        )
    parts = re.split(r",\s*(?:or|and)\s+|\s+or\s+|,\s*|\s+and\s+(?=the |a |an |')", tail.strip(" ?."))
    return tuple(part.strip() for part in parts if content_words(part) or _phrases(part))


def _ordinal(text: str) -> int | None:
    """Which one of several moments is meant, where the question says so."""
    found = re.search(
        r"\b(?:the|for the) (first|second|third|fourth|fifth|last) (?:time\b|\w+ stretch\b)", text, re.I
    )
    found = found or re.search(
        r"\b(first|last) (?:appear|mention|say|show|hear|see|turn)|\bappears? (first|last)\b", text, re.I
    )
    return _ORDINALS[next(word for word in found.groups() if word).lower()] if found else None


def _window(text: str, duration_s: float) -> tuple[Span | None, str]:
    """The stretch of the video that the question names, and the question without those words."""
    rules = (
        (rf"\bbetween {_TIME} and {_TIME}", lambda a, b: (a, b)),
        (rf"\bfrom {_TIME} (?:to|until) {_TIME}", lambda a, b: (a, b)),
        (rf"\b(?:in|within|during) the (?:first|opening) {_STRETCH}", lambda a: (0.0, a)),
        (rf"\b(?:in|within|during) the (?:last|final) {_STRETCH}", lambda a: (duration_s - a, duration_s)),
        (rf"\bafter {_TIME}", lambda a: (a, duration_s)),
        (rf"\b(?:before|until) {_TIME}", lambda a: (0.0, a)),
        (rf"\b(?:at|around|about|near)(?: about| around)? {_TIME}", lambda a: (a - _NEAR_S, a + _NEAR_S)),
    )
    for pattern, bounds in rules:
        # Digits and letters of other scripts are no times.
        found = re.search(pattern, text, re.I | re.A)
        times_s = _times_s(found.groups()) if found else []
        if found and times_s:
            start_s, end_s = bounds(*times_s)
            start_s, end_s = max(0.0, start_s), min(duration_s, end_s)
            rest = text[: found.start()] + " " + text[found.end() :]
            return (Span(start_s, end_s) if start_s < end_s else Span(duration_s, duration_s)), rest
    return None, text


def _times_s(words: tuple[str | None, ...]) -> list[float]:
    """The seconds that are named, none where one of the words only looks like a time, as 9:99 does."""
    try:
        return [_seconds(word.lower()) for word in words if word]
    except RequestError:
        return []


def _seconds(text: str) -> float:
    if ":" in text:
        return parse_time(text)
    amounts = [fold_numbers([number])[0] + unit for number, unit in _AMOUNT.findall(text)]
    return parse_time("".join(amounts) or f"1{text[0]}")
