"""Understanding a question by a language model; what it gets wrong is understood by the rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar, cast, get_args

from ..index.records import Sense
from ..index.stemming import words_of
from ..tools.clock import Span, format_time, parse_time
from ..tools.errors import RequestError
from ..tools.roles import Prompt, VideoModel
from .methods.replied_objects import objects_in
from .question import Kind, Question, understand
from .relation import Relation, Side
from .trace import UNTRACED, Trace

_N_TOKENS_MAX = 400
_ORDINAL_MAX = 20
_SCHEMA = """{
 "kind": "when" | "what" | "count" | "duration" | "order" | "yesno" | "summary",
 "words": [words that carry the content],
 "phrases": [what has to be found word by word, as names on a sign and quotations],
 "options": [the answers that it offers, if it offers any],
 "items": [the things whose order it asks for],
 "senses": ["speech", "screen", "picture", "sound": those by which one would find the answer],
 "window": null | {"named": the words that name seconds, "start": "h:mm:ss", "end": "h:mm:ss"},
 "ordinal": null | 1 for the first of several moments, 2 for the second, -1 for the last,
 "relation": null | {"side": "before" | "after" | "during" | "between", "anchor": the other moment or "" for the \
last answer, "until": the second moment of "between", "rest": what is asked beside it, "close": true | false},
 "negated": does it ask for what is not so,
 "every": does it ask for all that fits,
 "counts_moments": does it ask how often,
 "follow_up": does it need the last answer to be understood
}"""
_RULES = (
    "You take apart a question that somebody asks about a video. You do not answer it. You reply with one object of"
    " JSON in this form and nothing else; all words in it are copied from the question, in its own language:\n"
    f"{_SCHEMA}"
)

Checked = TypeVar("Checked")


class _UnfitError(ValueError):
    """A value of a reply that the question does not bear out."""


def understood(
    text: str,
    duration_s: float,
    options: tuple[str, ...] = (),
    model: VideoModel | None = None,
    trace: Trace = UNTRACED,
) -> Question:
    """The question behind a text about a video of ``duration_s`` seconds, as a model understands it.

    Each field that the model leaves out, or that the text and the duration do not bear out, is that of
    ``understand``; so is the whole where there is no model, or the question is too long for it, or its reply holds no
    JSON. Nothing of the video is shown to the model. Raises ``RequestError`` as ``understand`` does, and
    ``ModelError`` where the model fails.
    """
    rules = understand(text, duration_s, options)
    if model is None:
        return rules
    try:
        reply = "".join(model.stream(prompt_of(text, duration_s, options), _N_TOKENS_MAX))
    except RequestError as error:
        trace.note("understanding", model=model.name, error=str(error))
        return rules
    trace.note("understanding", model=model.name, reply=reply)
    values = _values_in(reply)
    return _Check(rules, duration_s, values).question() if values else rules


def prompt_of(text: str, duration_s: float, options: tuple[str, ...]) -> Prompt:
    """What a model is asked: the question and its options as strings of JSON, and the length of the video."""
    lines = [f"The video is {format_time(duration_s, 0)} long.", f"Question: {_as_string(text)}"]
    lines += [f"Option: {_as_string(option)}" for option in options]
    return Prompt(("\n".join(lines),), _RULES)


def _as_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _values_in(reply: str) -> Mapping[str, object]:
    """The first object of JSON in a reply that says anything of a question; empty where there is none."""
    known = {"kind", "words", "senses", "relation", "window"}
    found = (value for value in objects_in(reply) if known & set(value))
    return next(found, {})


class _Check:
    """A model's values for a question, each checked against what the question says."""

    def __init__(self, rules: Question, duration_s: float, values: Mapping[str, object]) -> None:
        self._rules, self._duration_s, self._values = rules, duration_s, values
        self._own = _spaced(rules.text)

    def question(self) -> Question:
        """The question with the values that are borne out."""
        rules = self._rules
        kind = self._taken("kind", self._kind, rules.kind)
        modalities = self._taken("senses", self._senses, rules.modalities)
        return replace(
            rules,
            kind=kind,
            options=rules.options or self._taken("options", self._parts, ()),
            phrases=self._taken("phrases", self._phrases, rules.phrases),
            words=self._taken("words", self._words, rules.words),
            items=self._taken("items", self._parts, rules.items) if kind == "order" else (),
            senses=_limiting(modalities, rules.senses),
            modalities=modalities,
            window=self._taken("window", self._window, rules.window),
            ordinal=self._taken("ordinal", self._ordinal, rules.ordinal),
            relation=None if kind == "order" else self._taken("relation", self._relation, rules.relation),
            is_negated=self._taken("negated", _boolean, rules.is_negated),
            is_every=self._taken("every", _boolean, rules.is_every),
            counts_moments=self._taken("counts_moments", _boolean, rules.counts_moments),
            is_follow_up=self._taken("follow_up", _boolean, rules.is_follow_up),
        )

    def _taken(self, name: str, check: Callable[[object], Checked], usual: Checked) -> Checked:
        """The value of a name where it passes its check, else the usual one."""
        if name not in self._values:
            return usual
        try:
            return check(self._values[name])
        except _UnfitError:
            return usual

    def _kind(self, value: object) -> Kind:
        if value == "order" and len(self._taken("items", self._parts, self._rules.items)) < 2:
            raise _UnfitError(value)
        return cast(Kind, _one_of(value, get_args(Kind)))

    def _senses(self, value: object) -> frozenset[Sense]:
        return frozenset(cast(Sense, _one_of(sense, get_args(Sense))) for sense in _listed(value))

    def _words(self, value: object) -> tuple[str, ...]:
        """Words of the question that need not be there are no words that have to."""
        own = words_of(self._rules.text)
        told = {word for part in _listed(value) for word in words_of(_text(part))}
        words = tuple(word for word in dict.fromkeys(own) if word in told and word not in self._rules.asides)
        if not words or not told <= set(own):
            raise _UnfitError(value)
        return words

    def _phrases(self, value: object) -> tuple[str, ...]:
        phrases = tuple(self._copied(part) for part in _listed(value))
        return phrases or self._rules.phrases

    def _parts(self, value: object) -> tuple[str, ...]:
        """Two or more parts of the question."""
        parts = tuple(dict.fromkeys(self._copied(part) for part in _listed(value)))
        if len(parts) < 2:
            raise _UnfitError(value)
        return parts

    def _copied(self, value: object) -> str:
        """Words that stand in the question as they are."""
        text = " ".join(_text(value).split()).strip(" ?.!,")
        if not words_of(text) or _spaced(text) not in self._own:
            raise _UnfitError(value)
        return text

    def _window(self, value: object) -> Span | None:
        if value is None:
            # Seconds that the rules have read stand in the question.
            return self._rules.window
        fields = _object(value)
        self._copied(fields.get("named"))
        start_s, end_s = self._time_s(fields.get("start")), self._time_s(fields.get("end"))
        if not 0.0 <= start_s < end_s <= self._duration_s:
            raise _UnfitError(value)
        return Span(start_s, end_s)

    def _time_s(self, value: object) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_time(_text(value))
        except RequestError as error:
            raise _UnfitError(value) from error

    def _ordinal(self, value: object) -> int | None:
        if value is None:
            return None
        if not isinstance(value, float) or not (value == -1 or 1 <= value <= _ORDINAL_MAX) or value % 1:
            raise _UnfitError(value)
        return int(value)

    def _relation(self, value: object) -> Relation | None:
        if value is None:
            return None
        fields = _object(value)
        side = _one_of(fields.get("side"), ("between", *get_args(Side)))
        anchor = self._copied(fields["anchor"]) if fields.get("anchor") else ""
        rest, is_close = self._copied(fields.get("rest")), fields.get("close") is True
        if side == "between":
            until = self._copied(fields.get("until"))
            if not anchor:
                raise _UnfitError(value)
            return Relation("after", anchor, rest, is_close, until)
        return Relation(cast(Side, side), anchor, rest, is_close)


def _limiting(modalities: frozenset[Sense], usual: frozenset[Sense]) -> frozenset[Sense]:
    """The senses to look in: a colour of the picture and silence are known by the rules alone."""
    if usual & {"picture", "sound"} or not modalities:
        return usual
    return modalities if modalities <= {"speech", "screen"} else frozenset()


def _spaced(text: str) -> str:
    """The words of a text with a space on both sides of each."""
    return f" {' '.join(words_of(text))} "


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _UnfitError(value)
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnfitError(value)
    return value


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _UnfitError(value)
    return value


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _UnfitError(value)
    return value


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise _UnfitError(value)
    return str(value)
