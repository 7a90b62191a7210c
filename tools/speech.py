"""Speech into words with what every installation has: PocketSphinx, on the stretches where somebody speaks.

It knows American English only and errs often; its utterances carry a low trust. Recognition is slow
and holds Python's lock throughout, so it runs in worker processes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from .clock import Span
from .errors import CapabilityError, ModelError
from .roles import Samples, SoundWindow, Utterance, Voiced
from .voice import VoiceDetector, VoicedStretch

if TYPE_CHECKING:
    from pocketsphinx import Decoder

Word = TypeVar("Word")

PAUSE_S = 0.5
"""A longer pause between two words begins a new utterance."""

UTTERANCE_S = 12.0
"""An utterance that would grow longer is ended before the word."""

BASE_TRUST, TRUST_PER_POSTERIOR = 0.15, 0.5
"""On 635 words of five recordings, the share of right words grew from 0.2 to 0.7 with the posterior."""


@dataclass(frozen=True)
class HeardWord:
    """A recognised word; ``posterior`` in [0, 1] is the recogniser's own belief in it."""

    text: str
    span: Span
    posterior: float


@dataclass(frozen=True)
class PocketSphinxRecognizer:
    """PocketSphinx behind a voice detector, in at most ``n_workers`` processes.

    No speech, no process. Stretches wait in a short line of bounded length, and results come in
    order of time. The processes end with the iteration, however it ends.

    Raises, while iterating, ``CapabilityError`` where PocketSphinx or the voice detector is not
    installed and ``ModelError`` where a process dies.
    """

    n_workers: int = 2
    detector: VoiceDetector = field(default_factory=VoiceDetector)
    name: str = "pocketsphinx"

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """Every voiced stretch that begins at ``after_s`` or later, in order; the sound is at 16 kHz."""
        if find_spec("pocketsphinx") is None:
            raise CapabilityError("recognising speech needs: pip install pocketsphinx")
        n_workers = max(1, min(self.n_workers, os.cpu_count() or 1))
        waiting: deque[tuple[VoicedStretch, Future[list[HeardWord]]]] = deque()
        crew = Crew(n_workers)
        try:
            for stretch in self.detector.stretches(sound):
                if stretch.span.start_s < after_s:
                    continue
                waiting.append((stretch, crew.recognise(stretch.window)))
                if len(waiting) > 2 * n_workers:
                    yield _voiced(*waiting.popleft())
            while waiting:
                yield _voiced(*waiting.popleft())
        finally:
            crew.dismiss()


@dataclass(frozen=True)
class FakeRecognizer:
    """A recogniser that knows beforehand what is said: for tests and dry runs."""

    utterances: tuple[Utterance, ...] = ()
    name: str = "fake"

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """The given utterances that begin inside a window of the sound, each as a stretch of its own."""
        for window in sound:
            for utterance in sorted(self.utterances, key=lambda utterance: utterance.span):
                if max(window.start_s, after_s) <= utterance.span.start_s < window.end_s:
                    yield Voiced(utterance.span, (utterance,))


def _voiced(stretch: VoicedStretch, words: Future[list[HeardWord]]) -> Voiced:
    return Voiced(stretch.span, tuple(map(_utterance, _phrases(words.result()))))


def phrased(words: Iterable[Word], goes_on: Callable[[list[Word], Word], bool]) -> list[list[Word]]:
    """Words in phrases, in order; one that does not go on with the phrase before it begins another."""
    phrases: list[list[Word]] = []
    for word in words:
        if phrases and goes_on(phrases[-1], word):
            phrases[-1].append(word)
        else:
            phrases.append([word])
    return phrases


def _phrases(words: list[HeardWord]) -> list[list[HeardWord]]:
    return phrased(words, _goes_on)


def _goes_on(phrase: list[HeardWord], word: HeardWord) -> bool:
    pause_s = word.span.start_s - phrase[-1].span.end_s
    return pause_s <= PAUSE_S and word.span.end_s - phrase[0].span.start_s <= UTTERANCE_S


def _utterance(phrase: list[HeardWord]) -> Utterance:
    posterior = sum(word.posterior for word in phrase) / len(phrase)
    return Utterance(
        Span(phrase[0].span.start_s, phrase[-1].span.end_s),
        " ".join(word.text for word in phrase),
        BASE_TRUST + TRUST_PER_POSTERIOR * posterior,
    )


class Crew:
    """Worker processes, started one by one as work comes in, each driven by a thread."""

    def __init__(self, n_workers: int) -> None:
        self._threads = ThreadPoolExecutor(n_workers)
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._workers: list[Worker] = []
        self._n_workers = n_workers

    def recognise(self, window: SoundWindow) -> Future[list[HeardWord]]:
        """What is said in a window, once a worker is free."""
        if len(self._workers) < self._n_workers:
            self._workers.append(Worker())
            self._idle.put(self._workers[-1])
        return self._threads.submit(self._recognised, window)

    def _recognised(self, window: SoundWindow) -> list[HeardWord]:
        worker = self._idle.get()
        try:
            return worker.recognise(window)
        finally:
            self._idle.put(worker)

    def dismiss(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()


class Worker:
    """One process with one decoder: a length and 16-bit sound go in, a line of JSON comes out.

    It ends when its input does, hence also when this process is killed.
    """

    def __init__(self) -> None:
        # The child finds this module where we found it, and never runs the caller's main module.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )

    def recognise(self, window: SoundWindow) -> list[HeardWord]:
        """What is said in a window, on the container's clock."""
        reply = self._asked(_pcm16(window.samples))
        if not reply.endswith(b"\n"):
            raise ModelError(f"pocketsphinx stopped at {window.start_s:.1f} s (code {self._process.wait()})")
        return [_word(window.start_s, *each) for each in json.loads(reply)]

    def _asked(self, pcm: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(len(pcm).to_bytes(4, "little") + pcm)
            self._process.stdin.flush()
        except BrokenPipeError:
            return b""
        return self._process.stdout.readline()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Give the pipes back, once no thread uses them."""
        # What was still on its way to a killed process cannot be written any more.
        with suppress(BrokenPipeError), self._process:
            pass


def _word(offset_s: float, text: str, start_s: float, end_s: float, posterior: float) -> HeardWord:
    return HeardWord(text, Span(offset_s + start_s, offset_s + end_s), posterior)


def _pcm16(samples: Samples) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def serve() -> None:
    """What a worker process does: answer stretches of sound on its input until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from pocketsphinx import Config, Decoder

    decoder = Decoder(Config(loglevel="FATAL", cmn="batch"))
    while len(head := sys.stdin.buffer.read(4)) == 4:
        words = decoded_words(decoder, sys.stdin.buffer.read(int.from_bytes(head, "little")))
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()


def decoded_words(decoder: Decoder, pcm: bytes) -> list[tuple[str, float, float, float]]:
    """Words with start and end in seconds of the sound and posterior; silence and noises left out."""
    # Without this, a result depends on what the same process heard before.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    spoken = [segment for segment in decoder.seg() if segment.word[0] not in "<[+"]
    # Of the word "to(3)", the number is the way it was pronounced.
    return [(w.word.partition("(")[0], w.start_frame / 100, (w.end_frame + 1) / 100, w.prob) for w in spoken]
