"""What came closest to a question that has no answer, for a person to look at."""

from __future__ import annotations

from dataclasses import replace

from ..index.completion import Seed, complete
from ..index.memory import Memory
from ..tools.roles import ImageTextEmbedder
from .association import Association
from .evidence import Evidence, best_first
from .inquiry import Inquiry
from .question import Question
from .sensing import resembling

_NEAREST = 3
_HINT = 0.9


def nearest(
    memory: Memory, question: Question, mind: Association, pictures: ImageTextEmbedder | None
) -> list[Evidence]:
    """The best of what holds some of the words, looks like it, or came to mind; best first."""
    wider = replace(question, senses=question.senses - {"speech", "screen"}, phrases=())
    inquiry = Inquiry(memory, wider, mind)
    alike = [e for e in resembling(memory, question.text, pictures) if inquiry.is_wanted(e.span)]
    hints = mind.hints(memory, question.senses)
    return best_first(_once([*inquiry.evidence(), *alike, *_around(inquiry, alike), *hints]))[:_NEAREST]


def _once(found: list[Evidence]) -> list[Evidence]:
    """Evidence without what says the same of the same seconds."""
    return list({(e.span, e.sense, e.quote): e for e in reversed(best_first(found))}.values())


def _around(inquiry: Inquiry, alike: list[Evidence]) -> list[Evidence]:
    """What was said where the picture looks most like it, as a hint that is weaker than the picture's."""
    seeds = [Seed(e.span, e.sense, e.fit) for e in alike]
    return [
        Evidence(
            c.text.span, c.text.sense, c.text.body, round(_HINT * c.score, 4), c.text.trust, (c.text.id,)
        )
        for c in complete(inquiry.memory, seeds, "speech")
        if inquiry.is_wanted(c.text.span)
    ]
