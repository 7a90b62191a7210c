"""Given phrases found in speech by PocketSphinx, without writing down what is said.

Faster than writing all down, and right where a phrase is long: of short ones, most that is found was not said.
It knows American English only.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .errors import CapabilityError, RequestError
from .roles import SoundWindow, Spotted
from .speech import Crew, HeardWord, Worker, decoded_words
from .voice import VoiceDetector

if TYPE_CHECKING:
    from pocketsphinx import Decoder

N_PHONES_MIN = 3
"""Anything shorter is found in every other word."""

TRUST_MAX, TRUST_PER_PHONE = 0.4, 1 / 30
"""In the lecture these were chosen on, 2 of 7 hits of shorter phrases were right, and 14 of 15 from 6 phones on."""

_PER_PHONE, _FREE_PHONES, _EXPONENT_MAX = 4.0, 4, 90


@dataclass(frozen=True)
class KeyphraseSpotter:
    """PocketSphinx looking for phrases in speech, in at most ``n_workers`` processes.

    No speech, no process. A phrase may be written in any case and with any marks between its words. Words are
    looked up in the CMU dictionary, numbers have to be written in words, and a phrase is not found across a pause.

    Raises, while iterating, ``CapabilityError`` where PocketSphinx or the voice detector is not installed,
    ``RequestError`` for phrases that are too short or have words nobody can tell the sound of, and ``ModelError``
    where a process dies.
    """

    n_workers: int = 2
    detector: VoiceDetector = field(default_factory=VoiceDetector)
    name: str = "pocketsphinx"

    def spot(self, sound: Iterable[SoundWindow], phrases: Sequence[str]) -> Iterator[Spotted]:
        """Where the phrases may have been said, in order of time; the sound is at 16 kHz."""
        if find_spec("pocketsphinx") is None:
            raise CapabilityError("finding phrases needs: pip install pocketsphinx")
        sought = _sought(phrases)
        n_workers = max(1, min(self.n_workers, os.cpu_count() or 1))
        waiting: deque[Future[list[HeardWord]]] = deque()
        crew = _Spotters(n_workers, {words: threshold(n) for words, (_, n) in sought.items()})
        try:
            for stretch in self.detector.stretches(sound) if sought else ():
                waiting.append(crew.recognise(stretch.window))
                if len(waiting) > 2 * n_workers:
                    yield from _spotted(waiting.popleft(), sought)
            while waiting:
                yield from _spotted(waiting.popleft(), sought)
        finally:
            crew.dismiss()


_Sought = dict[str, tuple[list[str], int]]


def threshold(n_phones: int) -> float:
    """The least likelihood, against any other sounds, at which a phrase of so many phones counts as found.

    The longer a phrase, the less likely the model finds each way to say it, and the fewer other sounds are like
    it. Chosen on 32 phrases, about half of them said, in a lecture of three minutes.
    """
    exponent = _PER_PHONE * max(0, n_phones - _FREE_PHONES)
    return float(10.0 ** -min(exponent, _EXPONENT_MAX))


def _sought(phrases: Sequence[str]) -> _Sought:
    """By its words as they are said, each phrase as it was given, in all its ways, and the number of its phones."""
    sought: _Sought = {}
    for phrase in dict.fromkeys(phrases):
        words = re.findall(r"\w+(?:'\w+)*", phrase.lower().replace("’", "'").replace("_", " "))
        sought.setdefault(" ".join(words), ([], _n_phones(phrase, words)))[0].append(phrase)
    return sought


def _n_phones(phrase: str, words: Sequence[str]) -> int:
    known = _pronunciations()
    if unknown := [word for word in words if word not in known]:
        raise RequestError(f"{phrase!r}: nobody can tell how to say {', '.join(unknown)}; use English words")
    n_phones = sum(known[word] for word in words)
    if n_phones < N_PHONES_MIN:
        raise RequestError(f"{phrase!r}: too short to be told from other sounds; add the words around it")
    return n_phones


@cache
def _pronunciations() -> Mapping[str, int]:
    """How many phones the words of the dictionary have."""
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    return {word: phones.count(" ") + 1 for word, _, phones in (line.partition(" ") for line in lines)}


def _spotted(found: Future[list[HeardWord]], sought: _Sought) -> Iterator[Spotted]:
    for word in sorted(found.result(), key=lambda word: (word.span, word.text)):
        phrases, n_phones = sought[word.text.strip()]
        for phrase in phrases:
            yield Spotted(phrase, word.span, min(TRUST_MAX, TRUST_PER_PHONE * n_phones))


class _Spotters(Crew):
    """Worker processes that all look for the same phrases."""

    def __init__(self, n_workers: int, thresholds: Mapping[str, float]) -> None:
        super().__init__(n_workers)
        self._thresholds = thresholds

    def recognise(self, window: SoundWindow) -> Future[list[HeardWord]]:
        if len(self._workers) < self._n_workers:
            self._workers.append(_Spotter(self._thresholds))
            self._idle.put(self._workers[-1])
        return self._threads.submit(self._recognised, window)


class _Spotter(Worker):
    """A process as for writing down, told first what to look for."""

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
        pipe, told = subprocess.PIPE, json.dumps(thresholds).encode()
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )
        # One that ended already is named when its first stretch is asked for.
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.write(len(told).to_bytes(4, "little") + told)


def serve() -> None:
    """What a worker process does: answer stretches of sound on its input until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from pocketsphinx import Config, Decoder

    decoder = Decoder(Config(lm=None, loglevel="FATAL", cmn="batch"))
    _look_for(decoder, json.loads(_block() or b"{}"))
    while pcm := _block():
        sys.stdout.write(json.dumps(decoded_words(decoder, pcm)) + "\n")
        sys.stdout.flush()


def _block() -> bytes:
    """Bytes behind their length, none at the end of the input."""
    return sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), "little"))


def _look_for(decoder: Decoder, thresholds: Mapping[str, float]) -> None:
    # The library takes more than one phrase from a file only.
    with TemporaryDirectory() as folder:
        file = Path(folder, "phrases")
        file.write_text("".join(f"{words} /{least!r}/\n" for words, least in thresholds.items()))
        decoder.add_kws("phrases", str(file))
    decoder.activate_search("phrases")
