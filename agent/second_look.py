"""A second look without a video LLM: places where the words may stand are read or heard once more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..index.memory import Memory
from ..index.records import LOW_TRUST, Text
from ..index.stemming import stems
from ..tools.clock import Span, merge_spans
from .acts.act import Act, Order
from .acts.hear import HEARD_S_MAX
from .evidence import Evidence, best_first
from .inquiry import NOT_FOUND, Draft
from .investigation import Investigation, Step, investigate
from .methods.guide import Price
from .methods.spending import Budget, Purse
from .orders import ANSWER, N_SPANS_MAX
from .question import Question
from .reading.moment import drafted, equally_good
from .recollection import phrase_likeness
from .trace import UNTRACED, Trace

BUDGET = Budget(looks=24, seconds=20.0)
_KINDS = ("when", "yesno")
_AROUND_S = 2.0
# So much of a film is read or heard as a whole, when a question names it.
_SHORT_S = 60.0
_HINT_FROM = 0.1
# Of what stands nowhere in the memory most of the words have to be there.
_FITS_FROM = 0.8


@dataclass(frozen=True)
class RuleChooser:
    """A chooser that gives its ``orders`` one after the other."""

    orders: tuple[Order, ...]

    def price(self, steps: Sequence[Step]) -> Price:
        """Nothing."""
        return Price()

    def next(self, steps: Sequence[Step]) -> Order:
        """The order of this place in the row; the end behind the last."""
        return self.orders[len(steps)] if len(steps) < len(self.orders) else Order(ANSWER)


def second_look(
    memory: Memory,
    question: Question,
    near: Sequence[Evidence],
    acts: Sequence[Act],
    trace: Trace = UNTRACED,
) -> tuple[list[Evidence], Draft]:
    """What is found where a question's words may stand, best first, and what that makes of an answer.

    Only for words that a question quotes or wants to read or hear, which the memory lacks, and near what it has.
    Raises what the models of the ``acts`` raise.
    """
    orders = orders_for(memory, question, near, {act.name for act in acts})
    if not orders:
        return [], NOT_FOUND
    done = investigate(RuleChooser(orders), acts, Purse(BUDGET), trace=trace)
    found = _fitting(question, done)
    return found, drafted(equally_good(found), question)


def orders_for(
    memory: Memory, question: Question, near: Sequence[Evidence], acts: Collection[str]
) -> tuple[Order, ...]:
    """What is worth doing for a question, given what came ``near`` it and which acts can be done."""
    if question.kind not in _KINDS or question.options or not (question.phrases or question.words):
        return ()
    spans = _places(memory, question, near)
    orders: list[Order] = []
    if "read" in acts and spans and _is_to_be_read(question):
        orders += [Order("read", (), (span,)) for span in spans]
    if "hear" in acts and spans and _is_to_be_heard(memory, question):
        orders.append(Order("hear", (), tuple(spans)))
    return tuple(orders)


def _is_to_be_read(question: Question) -> bool:
    return "screen" in question.senses | question.modalities


def _is_to_be_heard(memory: Memory, question: Question) -> bool:
    """Whether words may have been said that a transcript of low trust lacks."""
    is_for_eyes = bool(question.senses) and "speech" not in question.senses
    trusts = [row.trust for row in memory.coverage() if row.sense == "speech"]
    return not is_for_eyes and bool(trusts) and max(trusts) < LOW_TRUST


def _places(memory: Memory, question: Question, near: Sequence[Evidence]) -> list[Span]:
    """Where to look: the seconds that a question names, where they are few, else around what came near it."""
    whole = question.window or memory.video.span
    if 0 < whole.duration_s <= _SHORT_S:
        return [whole]
    hints = [e.span for e in best_first(list(near)) if e.confidence >= _HINT_FROM][:N_SPANS_MAX]
    around = merge_spans([span.widened(_AROUND_S).inside(whole) for span in hints])
    return [Span(s.start_s, min(s.end_s, s.start_s + HEARD_S_MAX)) for s in around if s.duration_s > 0]


def _fitting(question: Question, done: Investigation) -> list[Evidence]:
    """New words that hold what the question looks for, best first."""
    return best_first(
        [_evidence(text, fit) for text in done.texts if (fit := _fit(question, text)) >= _FITS_FROM]
    )


def _evidence(text: Text, fit: float) -> Evidence:
    return Evidence(text.span, text.sense, text.body, round(fit, 4), text.trust)


def _fit(question: Question, text: Text) -> float:
    """How much of what the question looks for a text holds, in [0, 1]."""
    if question.senses and text.sense not in question.senses:
        return 0.0
    if question.phrases:
        return min(phrase_likeness(phrase, text.body) for phrase in question.phrases)
    wanted, own = set(stems(" ".join(question.words))), set(stems(text.body))
    return len(wanted & own) / len(wanted) if wanted else 0.0
