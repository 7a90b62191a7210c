"""What came closest to a question that has no answer, for a person to look at."""

from __future__ import annotations

from dataclasses import replace

from ..index.completion import Seed, complete
from ..index.memory import Memory
from ..index.sound_meaning import SoundMeaning
from ..tools.roles import ImageTextEmbedder
from .association import Association
from .evidence import Evidence, best_first
from .hearing import heard_alike
from .inquiry import Inquiry
from .question import Question
from .recollection import Recollection
from .sensing import resembling

_NEAREST = 3
_HINT = 0.9


def nearest(hints: list[Evidence]) -> list[Evidence]:
    """The few best of some hints, each once; best first."""
    return best_first(_once(hints))[:_NEAREST]


def hints(
    memory: Memory,
    question: Question,
    mind: Association,
    pictures: ImageTextEmbedder | None,
    sounds: SoundMeaning | None = None,
    recollection: Recollection | None = None,
) -> list[Evidence]:
    """All that holds some of the words, looks or sounds like it, or came to mind."""
    wider = replace(question, senses=question.senses - {"speech", "screen"}, phrases=())
    inquiry = Inquiry(memory, wider, mind, recollection)
    alike = [e for e in resembling(memory, question.text, pictures) if inquiry.is_wanted(e.span)]
    heard = [e for e in heard_alike(memory, question, sounds) if inquiry.is_wanted(e.span)]
    meant = mind.hints(memory, question.senses)
    return [*inquiry.evidence(), *alike, *heard, *_around(inquiry, alike), *meant]


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
