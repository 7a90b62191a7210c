"""Questions that ask for a sound which is no speech: what sounds like it answers them."""

from __future__ import annotations

import re
from dataclasses import replace

from ..index.memory import Memory
from ..index.sound_meaning import SoundMeaning
from ..index.stemming import stems
from . import reading
from .evidence import Evidence
from .inquiry import Draft, Inquiry
from .question import Question
from .sensing import sounding, sounding_alike

# What a sound can say of; what lasts, how much of it there is and what it means cannot be heard.
_KINDS = frozenset({"when", "count", "duration", "order", "yesno"})
_ASKED = re.compile(r"\b(?:hear|hears|heard|sounds?|sounding|noises?|audible|listen\w*)\b", re.I)
_SILENCE = re.compile(r"\b(?:silen\w+|no sound|without (?:any |a )?sounds?|quiet|soundless)\b", re.I)
_SPEECH = re.compile(
    r"\b(?:says?|said|saying|mention\w*|speak\w*|spoke|spoken|tells?|told|talk\w*|explain\w*|announc\w*|narrat\w*"
    r"|words?|voices?)\b",
    re.I,
)  # fmt: skip
_NO_NAMES = frozenset(("audible", "listen", "listening"))
# After the upper classes of AudioSet (Gemmeke et al. 2017), without those that are seen as often as heard.
_SOUNDS = frozenset(
    stems(
        """alarm applause applaud bang bark beep bell boom buzz buzzer cheer chime chirp clap click cough cry crash
        creak drum engine explosion explode firework footstep gong growl guitar gunshot hiss honk horn howl hum
        knock laugh laughter meow melody moan music orchestra piano pop purr ring ringtone roar rumble scream
        shout siren sneeze snore sob song squeak splash thud thunder tick trumpet violin whistle yell"""
    )
)


def sound_asked(question: Question) -> str:
    """What a question wants to hear, in its own words; empty where it asks for no sound, or for speech."""
    text = question.text
    is_out = (
        question.options or question.phrases or question.kind not in _KINDS or "screen" in question.senses
    )
    if is_out or "picture" in question.senses or _SILENCE.search(text) or _SPEECH.search(text):
        return ""
    if not (_ASKED.search(text) or _SOUNDS & set(stems(" ".join(question.words)))):
        return ""
    return _described(question)


def heard(memory: Memory, question: Question, sounds: SoundMeaning, other: Draft, enough: float) -> Draft:
    """What the sound makes of a question that asks for one, or an ``other`` draft where that is better.

    The sound is better where it is sure ``enough`` and a question asks for nothing but a sound, else where it is
    surer.
    """
    if not sound_asked(question):
        return other
    draft = reading.read(Hearing(memory, question, sounds))
    if not draft.support:
        return other
    is_better = _is_for_ears(question) and draft.is_sure(enough)
    return draft if is_better or draft.confidence > other.confidence else other


def heard_alike(memory: Memory, question: Question, sounds: SoundMeaning | None) -> list[Evidence]:
    """Stretches that sound a little like what a question wants to hear, best first, as hints."""
    words = sound_asked(question)
    return sounding_alike(memory, words, sounds) if sounds and words else []


class Hearing(Inquiry):
    """An inquiry whose evidence is what sounds like the words that it looks for."""

    def __init__(self, memory: Memory, question: Question, sounds: SoundMeaning) -> None:
        super().__init__(memory, replace(question, senses=frozenset({"sound"})))
        self._sounds = sounds

    def _evidence(self, question: Question) -> list[Evidence]:
        words = _described(question)
        found = sounding(self.memory, words, self._sounds) if words else []
        return [e for e in found if self.is_wanted(e.span)]


def _described(question: Question) -> str:
    return " ".join(word for word in question.words if word not in _NO_NAMES)


def _is_for_ears(question: Question) -> bool:
    return bool(_ASKED.search(question.text)) or set(stems(" ".join(question.words))) <= _SOUNDS
