"""Speech becomes words at their seconds; what is no speech becomes none; no process is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from vidagent.tools.clock import Span
from vidagent.tools.errors import ModelError
from vidagent.tools.roles import SoundWindow, SpeechRecognizer, Utterance, Voiced
from vidagent.tools.sound import read_sound
from vidagent.tools.speech import FakeRecognizer, HeardWord, PocketSphinxRecognizer, _phrases

MEDIA = Path(__file__).parents[2] / "shared" / "media"
PROC = Path("/proc")
RATE_HZ = 16000
needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")


def sound(name: str) -> list[SoundWindow]:
    if not (MEDIA / name).exists():
        pytest.skip(f"{name} is not here")
    return list(read_sound(MEDIA / name))


def said(recogniser: SpeechRecognizer, windows: list[SoundWindow]) -> list[Utterance]:
    return [utterance for voiced in recogniser.listen(windows) for utterance in voiced.utterances]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_errors(heard: list[str], truth: list[str]) -> int:
    """Least number of words to put in, take out or change."""
    row = list(range(len(heard) + 1))
    for n, true_word in enumerate(truth, start=1):
        corner, row[0] = row[0], n
        for m, heard_word in enumerate(heard, start=1):
            change = corner + (true_word != heard_word)
            corner, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, change)
    return row[-1]


def children_of(pid: int) -> set[int]:
    found = set()
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(stat.parent.name))
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if (PROC / str(pid)).exists()}


def test_read_sentences_are_mostly_right() -> None:
    folder = "audio/pocketsphinx_librivox"
    truth: list[str] = []
    windows: list[SoundWindow] = []
    for number in ("0870", "0880", "0920"):
        name = f"{folder}/sense_and_sensibility_01_austen_64kb-{number}"
        for window in sound(f"{name}.wav"):
            # One recording after the other, a minute apart.
            windows.append(SoundWindow(60.0 * len(windows), window.samples, window.rate_hz))
        truth += words((MEDIA / f"{name}.txt").read_text())
    utterances = said(PocketSphinxRecognizer(), windows)
    heard = [word for utterance in utterances for word in words(utterance.text)]
    assert word_errors(heard, truth) / len(truth) < 0.4
    assert {utterance.span.start_s // 60 for utterance in utterances} == {0, 1, 2}
    for utterance in utterances:
        window = windows[int(utterance.span.start_s // 60)]
        assert window.start_s <= utterance.span.start_s < utterance.span.end_s <= window.end_s
        assert 0.15 <= utterance.trust <= 0.65


def test_a_narrator_is_heard_in_order_without_marks_of_the_recogniser() -> None:
    heard = list(PocketSphinxRecognizer().listen(sound("video/nasa_webb_13s.mp4")))
    utterances = [utterance for each in heard for utterance in each.utterances]
    text = " ".join(utterance.text for utterance in utterances)
    assert "space telescope" in text
    assert "goddard space flight center" in text
    assert not re.search(r"[<>\[\]()+]", text)
    assert all(one.span.end_s <= other.span.start_s for one, other in pairwise(utterances))
    assert all(each.span.widened(0.2).overlap_s(utterances[0].span) for each in heard[:1])


def test_the_number_of_workers_changes_nothing() -> None:
    windows = sound("audio/jfk.flac")
    alone = said(PocketSphinxRecognizer(n_workers=1), windows)
    together = said(PocketSphinxRecognizer(n_workers=2), windows)
    assert "my fellow americans" in alone[0].text
    assert alone == together


def test_silence_and_hum_say_nothing() -> None:
    seconds = np.arange(60 * RATE_HZ) / RATE_HZ
    hum = (0.3 * np.sin(2 * np.pi * 50 * seconds)).astype(np.float32)
    for samples in (np.zeros(len(seconds), np.float32), hum):
        assert list(PocketSphinxRecognizer().listen([SoundWindow(0.0, samples, RATE_HZ)])) == []


@needs_proc
def test_an_early_end_leaves_no_process(capfd: pytest.CaptureFixture[str]) -> None:
    before = children_of(os.getpid())
    heard = PocketSphinxRecognizer().listen(sound("audio/jfk.flac"))
    assert next(iter(heard)).utterances
    started = children_of(os.getpid()) - before
    assert started
    for pid in started:
        os.kill(pid, signal.SIGSTOP)
    heard.close()  # type: ignore[attr-defined]
    assert not alive(started)
    assert capfd.readouterr() == ("", "")


@needs_proc
def test_a_worker_that_dies_is_named() -> None:
    before = children_of(os.getpid())
    heard = PocketSphinxRecognizer(n_workers=1).listen(sound("audio/jfk.flac"))
    next(iter(heard))
    for pid in children_of(os.getpid()) - before:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelError, match="pocketsphinx stopped at"):
        list(heard)


@needs_proc
def test_workers_end_with_a_killed_parent_whose_script_has_no_main_guard(tmp_path: Path) -> None:
    sound("audio/jfk.flac")
    script = tmp_path / "unguarded.py"
    script.write_text(
        f"import sys, time; sys.path[:] = {sys.path!r}\n"
        "from pathlib import Path\n"
        "from vidagent.tools.sound import read_sound\n"
        "from vidagent.tools.speech import PocketSphinxRecognizer\n"
        f"heard = PocketSphinxRecognizer().listen(read_sound(Path({str(MEDIA / 'audio/jfk.flac')!r})))\n"
        "print(next(heard).span, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline()
        workers = children_of(parent.pid)
        parent.kill()
    assert workers
    until_s = time.monotonic() + 20
    while alive(workers) and time.monotonic() < until_s:
        time.sleep(0.1)
    assert not alive(workers)


def word(text: str, start_s: float, end_s: float) -> HeardWord:
    return HeardWord(text, Span(start_s, end_s), 0.5)


def test_an_utterance_ends_at_a_pause_and_before_it_grows_too_long() -> None:
    apart = [word("one", 0, 0.5), word("two", 0.9, 1.4), word("three", 2.0, 2.5)]
    assert [[each.text for each in phrase] for phrase in _phrases(apart)] == [["one", "two"], ["three"]]
    endless = [word("on", n / 2, n / 2 + 0.5) for n in range(60)]
    assert [len(phrase) for phrase in _phrases(endless)] == [24, 24, 12]


def test_the_fake_says_what_lies_within_the_sound() -> None:
    script = tuple(Utterance(Span(n, n + 0.5), f"word {n}", 1.0) for n in (7, 3, 40))
    windows = [SoundWindow(start_s, np.zeros(5 * RATE_HZ, np.float32), RATE_HZ) for start_s in (0, 5)]
    assert [utterance.text for utterance in said(FakeRecognizer(script), windows)] == ["word 3", "word 7"]
    assert next(FakeRecognizer(script).listen(windows)) == Voiced(script[1].span, (script[1],))
