"""Which words of an English question carry content, and which only shape it."""

from __future__ import annotations

from ..index.stemming import words_of

# Words that shape a question but are not looked for in what was said or shown.
_FUNCTION_WORDS = frozenset(
    """a about after again all am an and any anybody anyone anything are as at be because been before being but by
    can cannot could d did do does doing don down during each every few first for from further had has
    have having he her here hers him his how i if in into is it its just last let ll long many me more most much
    must my no nor not now of off often on once only or other our out over own s same shall she should since so some
    somebody someone something somewhere such t than that the their them then there these they this those through
    to too until up upon us ve very was we were what when where whether which while who whom whose why will with
    would you your ever everything everybody everyone third fourth fifth isn aren wasn weren doesn didn hasn
    haven hadn couldn wouldn shouldn""".split()
)
# Words by which people talk about a video itself rather than about what is in it.
_VIDEO_WORDS = frozenset(
    """appear appears appeared video film movie clip footage recording moment moments time times second seconds
    minute minutes show shows shown showing screen onscreen picture image scene display displayed readable visible
    happen happens happened see seen word words text sentence phrase saying says say said spoken speak speaks
    mention mentions mentioned tell tells told talk talks talking narrator speaker voice hear heard hears explain
    explains called call named name names read reads occur occurs list start starts begin begins stay
    stays stand stands ask asks asked kind sort type according turn turns become becomes place takes take
    stretch longest sound sounds completely whole use uses used using make makes made get gets got according
    anyone""".split()
)
# What carries words on screen: a question may name it, but it seldom has its own name written on it.
_CARRIERS = frozenset(
    "sign board title logo caption captions label slide credits credit letter note calendar page poster card team"
    " subtitle banner notice document sheet".split()
)


# Verbs with so little meaning of their own that another often stands in their place.
_LIGHT_VERBS = frozenset("come comes came coming go goes went going put puts let stand standing".split())


def is_light(word: str) -> bool:
    """Whether a word is a verb that evidence may lack without harm."""
    return word in _LIGHT_VERBS


def is_carrier(word: str) -> bool:
    """Whether a word names what words on screen stand on, such as a sign or a slide."""
    return word in _CARRIERS


def content_words(text: str) -> list[str]:
    """The words of a question that evidence should hold, in order, each once."""
    words = [w for w in words_of(text) if w not in _FUNCTION_WORDS and w not in _VIDEO_WORDS]
    return list(dict.fromkeys(w for w in words if len(w) > 1 or w.isdigit()))
