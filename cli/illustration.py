"""What stands below an answer on a terminal: a strip of the video, and the picture of the first moment."""

from __future__ import annotations

from collections.abc import Iterator

from ..agent.answer import Answer
from ..index.memory import Memory
from ..tools.clock import Span, merge_spans
from ..tools.errors import VidagentError
from .edge import is_narrow
from .pictures.terminal import Terminal
from .stills import Still, picture_of
from .strip import strip_lines


def illustration(answer: Answer, memory: Memory, terminal: Terminal) -> Iterator[str]:
    """What to write to a terminal, piece by piece: the strip, and a picture where the terminal takes any."""
    for line in answer_strip(answer, memory, terminal):
        yield f"{line}\n"
    if not answer.abstained and answer.moments and terminal.has_pictures:
        still = _picture(memory, answer.moments[0].span)
        if still is not None:
            yield terminal.drawn(still.pixels)


def answer_strip(answer: Answer, memory: Memory, terminal: Terminal) -> list[str]:
    """The video as a strip as wide as a terminal: its events, what an answer cites, what was not seen or heard."""
    cited = () if answer.abstained else tuple(moment.span for moment in answer.moments)
    lost = memory.lost("picture") if memory.video.width else memory.lost("sound")
    return strip_lines(
        memory.video.duration_s,
        [event.span for event in memory.events()],
        cited,
        merge_spans(lost),
        terminal.n_columns - 1,
        terminal.has_colour,
        not is_narrow(),
    )


def _picture(memory: Memory, span: Span) -> Still | None:
    """The picture in the middle of a stretch; None where there is none to be had."""
    try:
        return picture_of(memory, span.middle_s)[0]
    except VidagentError:
        # An answer stands without its picture.
        return None
