"""Past runs as plain lines for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..agent.runs.calls import CALLED
from ..agent.runs.comparison import Costs, Difference
from ..agent.runs.past import Run, Values, list_of, mapping_of, number_of, text_of
from ..tools.clock import format_time

# Nobody reads more of a line, and a trace may hold any.
_WIDE, _NARROW = 2000, 60
_ITEMS_MAX = 40
_QUESTION_WIDTH = 48
_ROLES = {
    "reader": "video LLM", "texts": "model of texts", "pictures": "model of pictures", "sounds": "model of sounds",
    "spotter": "spotter", "detector": "detector", "text-reader": "reader of text", "recognizer": "recogniser of speech",
    "file": "the video's file", "session": "session",
}  # fmt: skip

_METHODS = {
    "measured": "so much it may be shown", "budget": "so much it says it can be shown", "is_untrained": "never trained",
    "name": "name", "stream": "reply", "probabilities": "shares", "embed_query": "vector", "embed_text": "vector",
    "at_each": "read", "spot": "heard", "detect": "found", "read": "read",
    "find": "places of text", "recognize": "read", "listen": "heard", "carried": "events of the last questions",
    "last": "seconds of the last answer",
}  # fmt: skip


def table_lines(runs: Sequence[Run]) -> Iterator[str]:
    """One line a run: id, when, video, question, and the answer or what came instead."""
    for run in runs:
        video = mapping_of(run.answer.get("video"))
        name = text_of(video.get("title")) or text_of(run.question.get("video"))[:8] or "?"
        asked = _cut(text_of(run.question.get("text")) or "?", _QUESTION_WIDTH)
        yield f"{run.id}  {run.when}  {_cut(name, 24)}  {asked}  → {_cut(run.outcome, _NARROW)}"


def run_lines(run: Run) -> Iterator[str]:
    """The plan of a run, each of its steps, and what it cost."""
    yield f"run {run.id}  {run.when}"
    yield from _plan(run)
    for step in run.steps:
        tell = _TOLD.get(step.name, _anything)
        lines = list(tell(step.values))
        for place, line in enumerate(lines):
            yield f"{step.at_s:9.3f} s  {line}" if place == 0 else f"{'':13}{line}"
    if run.n_damaged:
        yield f"{run.n_damaged} line(s) of the trace are damaged and left out"
    yield from _cost_lines(Costs.of(run))


def difference_lines(found: Sequence[Difference]) -> Iterator[str]:
    """Two lines for each difference, after its name."""
    for each in found:
        yield f"{each.what}:"
        yield f"  - {_value(each.one)}"
        yield f"  + {_value(each.other)}"


def _plan(run: Run) -> Iterator[str]:
    question, asked = run.question, run.asked
    yield f"question: {_cut(text_of(question.get('text')))}"
    yield f"video {text_of(question.get('video'))[:8]}, asked as: {text_of(question.get('kind')) or '?'}"
    for option in list_of(asked.get("options"))[:_ITEMS_MAX]:
        yield f"  option: {_value(option)}"
    limits = {name: asked.get(name) for name in ("min_confidence", "within", "session")}
    for name, value in limits.items():
        if value is not None:
            yield f"{name}: {_value(value)}"
    for role, model in list(mapping_of(asked.get("models")).items())[:_ITEMS_MAX]:
        yield f"{_ROLES.get(role, role)}: {_value(model)}"


def _recall(values: Values) -> Iterator[str]:
    how = "the fast path was enough" if values.get("fast") is True else "looked closer into the memory"
    text = text_of(values.get("text"))
    found = f": {_cut(text)}" if text else ": no answer"
    yield f"recall: {how} (chance {number_of(values.get('chance')):.2f}){found}"
    yield from _moments(values.get("moments"))


def _spotted(values: Values) -> Iterator[str]:
    yield f"listened again: {len(list_of(values.get('moments')))} phrase(s) may have been said"
    yield from _moments(values.get("moments"))


def _act(values: Values) -> Iterator[str]:
    """What was ordered, vidagent's own sentence on it, and then what the video says."""
    words = ", ".join(_value(word) for word in list_of(values.get("words"))[:_ITEMS_MAX])
    spans = ", ".join(_span(span) for span in list_of(values.get("spans"))[:_ITEMS_MAX])
    ordered = " ".join(part for part in (text_of(values.get("act")) or "no order", words, spans) if part)
    yield f"did: {ordered}: {_cut(text_of(values.get('said')))}"
    for row in [*list_of(values.get("found")), *list_of(values.get("texts"))][:_ITEMS_MAX]:
        *ends, sense, quote = list_of(row) or [None, None]
        yield f"  {_span(ends)}  {_cut(text_of(sense))}  “{_cut(text_of(quote))}”"


def _investigated(values: Values) -> Iterator[str]:
    yield f"went on for {number_of(values.get('n_steps')):.0f} step(s), until: {text_of(values.get('ending'))}"


def _span(ends: object) -> str:
    return "–".join(_times(ends))


def _pick(values: Values) -> Iterator[str]:
    times = ", ".join(_times(values.get("times_s")))
    yield f"picked pictures by {text_of(values.get('strategy'))} (peak {number_of(values.get('peak')):.2f}): {times}"


def _prompt(values: Values) -> Iterator[str]:
    yield f"prompt to {_cut(text_of(values.get('model')) or 'the model')}:"
    if rules := text_of(values.get("system")):
        yield f"  rules: {_cut(rules)}"
    for part in list_of(values.get("parts")):
        yield from (f"  {line}" for line in _part(part))
    for name in ("reply", "chance"):
        if values.get(name) is not None:
            yield f"  {name}: {_value(values[name])}"


def _part(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield from (_cut(line) for line in part.splitlines())
        return
    row = mapping_of(part)
    size = f"{number_of(row.get('width')):.0f}×{number_of(row.get('height')):.0f}"
    yield f"[picture at {_time(row.get('time_s'))}, {size}]"


def _reply(values: Values) -> Iterator[str]:
    shares = mapping_of(values.get("shares"))
    told = ", ".join(f"{name} {number_of(share):.3f}" for name, share in shares.items())
    yield f"reply: {told or _cut(text_of(values.get('text')))}"


def _called(values: Values) -> Iterator[str]:
    """What a model was asked; nothing of what stands in the steps around it."""
    role, method = text_of(values.get("role")), text_of(values.get("method"))
    error = mapping_of(values.get("error"))
    about = f" of {_value(values['about'])}" if values.get("about") is not None else ""
    gave = _gave(method, values.get("gave"))
    failed = f", which failed: {_cut(text_of(error.get('text')))}" if error else ""
    what = f"{_ROLES.get(role, role)}: {_METHODS.get(method, method)}"
    yield f"{what}{about}{gave}{failed} ({number_of(values.get('took_s')):.3f} s)"


def _gave(method: str, gave: object) -> str:
    if method == "at_each":
        return f" {len(list_of(gave))} picture(s)"
    is_long = isinstance(gave, dict) and "base64" in gave
    return f" → {mapping_of(gave).get('shape')} numbers" if is_long else f" → {_value(gave)}"


def _answer(values: Values) -> Iterator[str]:
    option = text_of(values.get("option"))
    yield f"answer: {f'{option}) ' if option else ''}{_cut(text_of(values.get('answer')))}"
    yield f"  confidence {number_of(values.get('confidence')):.2f}, by {_cut(text_of(values.get('reader')))}"
    yield from _moments(values.get("moments"))
    yield from (f"  note: {_value(note)}" for note in list_of(values.get("notes"))[:_ITEMS_MAX])


def _error(values: Values) -> Iterator[str]:
    yield f"ended with {text_of(values.get('kind'))}: {_cut(text_of(values.get('text')))}"


def _silent(values: Values) -> Iterator[str]:
    """Nothing: it stands elsewhere, or is for a replay only."""
    return iter(())


_TOLD: dict[str, Callable[[Values], Iterator[str]]] = {
    "question": _silent, "clock": _silent, "recall": _recall, "spotted": _spotted, "pick": _pick, "prompt": _prompt,
    "windows": _prompt, "caption": _prompt, "verify": _prompt, "choose": _prompt, "act": _act,
    "investigated": _investigated, "reply": _reply, CALLED: _called, "answer": _answer, "error": _error,
}  # fmt: skip


def _anything(values: Values) -> Iterator[str]:
    yield "step: " + "; ".join(f"{name} {_value(value)}" for name, value in list(values.items())[:_ITEMS_MAX])


def _cost_lines(costs: Costs) -> Iterator[str]:
    yield f"costs: {costs.elapsed_s:.2f} s in all, {costs.n_pictures} picture(s) read"
    for role, (n, took_s) in costs.calls.items():
        yield f"  {_ROLES.get(role, role)}: {n} call(s) in {took_s:.3f} s"


def _moments(rows: object) -> Iterator[str]:
    for row in list_of(rows)[:_ITEMS_MAX]:
        moment = mapping_of(row)
        sense = text_of(moment.get("sense") or moment.get("source"))
        score = f"  score {number_of(moment['score']):.2f}" if "score" in moment else ""
        span = f"{_time(moment.get('start_s'))}–{_time(moment.get('end_s'))}"
        yield f"  {span}  {sense}  “{_cut(text_of(moment.get('quote')))}”{score}"


def _times(value: object) -> list[str]:
    return [_time(time_s) for time_s in list_of(value)[:_ITEMS_MAX]]


def _time(value: object) -> str:
    return format_time(number_of(value))


def _value(value: object) -> str:
    if isinstance(value, str):
        return _cut(value)
    from .edge import json_text

    return _cut(json_text(value))


def _cut(text: str, n_max: int = _WIDE) -> str:
    return text if len(text) <= n_max else f"{text[: n_max - 1]}…"
