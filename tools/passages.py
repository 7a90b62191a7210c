"""Sentences out of subtitle cues, which are cut for reading and not for sense."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .clock import Span
from .roles import Utterance

PAUSE_S = 2.0
"""A longer pause ends a sentence."""

PASSAGE_S = 20.0
"""A sentence that would grow longer is ended before the cue."""

# Nobody says more cues in that time; a hostile file may show any number at once.
_PARTS_MAX = 100
_ENDS = re.compile(r"[.!?…。！？؟।][\"'”’»)\]]*$")
_PUNCTUATION = re.compile(r"[.!?…。！？؟।,;:，、；：](?:\s|[\"'”’»)\]]|$)")
# "NAR: ", ">> ", "- ": who speaks, or that somebody else does.
_SPEAKER = re.compile(r"(?:>>|[-–—]) ?|(?![a-z])\w[\w .'#&/-]{0,40}: ")


@dataclass(frozen=True)
class Passage:
    """A sentence with the cues it is made of; ``trust`` is that of its least trusted part."""

    span: Span
    text: str
    trust: float
    parts: tuple[Utterance, ...]


def sentences(utterances: Iterable[Utterance]) -> list[Passage]:
    """Utterances in order of time joined into sentences.

    A sentence ends with its full stop, at a pause, at another speaker, or when it grows too long. Where
    no full stop comes and there is no other punctuation either, as in what a recogniser heard, each
    utterance is a passage of its own. A speaker who is named at every cue is named once a passage.
    """
    joiner = SentenceJoiner()
    joined = [joiner.feed(utterance) for utterance in utterances]
    return [passage for passages in [*joined, joiner.finish()] for passage in passages]


class SentenceJoiner:
    """Joins utterances as they come; ``pending`` are those that the next one may still go on from."""

    def __init__(self, pending: Iterable[Utterance] = ()) -> None:
        self.pending = list(pending)

    def feed(self, utterance: Utterance) -> list[Passage]:
        """Take the next utterance; the passages that nothing can be added to any more."""
        ended = [] if not self.pending or _goes_on(self.pending, utterance) else self.finish()
        self.pending.append(utterance)
        return ended

    def finish(self) -> list[Passage]:
        """The passages of what was pending."""
        run, self.pending = self.pending, []
        return [_passage(parts) for parts in _parts(run)] if run else []


def _goes_on(run: list[Utterance], following: Utterance) -> bool:
    if len(run) >= _PARTS_MAX:
        return False
    end_s = max(part.span.end_s for part in run)
    in_time = following.span.start_s - end_s <= PAUSE_S
    is_short = max(end_s, following.span.end_s) - run[0].span.start_s <= PASSAGE_S
    return in_time and is_short and not _ENDS.search(run[-1].text) and _same_speaker(run[0], following)


def _same_speaker(first: Utterance, following: Utterance) -> bool:
    speaker = _speaker(following)
    return not speaker or (speaker.endswith(": ") and speaker == _speaker(first))


def _speaker(utterance: Utterance) -> str:
    match = _SPEAKER.match(utterance.text)
    return match[0] if match else ""


def _parts(run: list[Utterance]) -> list[list[Utterance]]:
    is_written = any(_PUNCTUATION.search(_words(part)) for part in run)
    return [run] if is_written else [[part] for part in run]


def _words(utterance: Utterance) -> str:
    return utterance.text[len(_speaker(utterance)) :]


def _passage(parts: list[Utterance]) -> Passage:
    first, *others = parts
    end_s = max(part.span.end_s for part in parts)
    text = " ".join([first.text, *map(_words, others)])
    return Passage(Span(first.span.start_s, end_s), text, min(part.trust for part in parts), tuple(parts))
