"""faster-whisper writes down speech behind the same protocol, from a folder alone.

The model is a tiny deaf one, converted by CTranslate2 itself, so the words are junk; their places are not.
"""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_speech import save_converted

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.device import Device
from vidagent.tools.models.faster_whisper_speech import FasterWhisperRecognizer
from vidagent.tools.models.speech_trust import LOW_TRUST, Piece, Signs
from vidagent.tools.models.whisper_speech import LANGUAGE_S, N_BEAMS, REST_S
from vidagent.tools.roles import Samples, SoundWindow, SpeechRecognizer, Utterance, Voiced
from vidagent.tools.sound import read_sound
from vidagent.tools.voice import VoiceDetector

MEDIA = Path(__file__).parents[2] / "shared" / "media"
CPU = Device("cpu")
RATE_HZ = 16000


class Watched(FasterWhisperRecognizer):
    """A recogniser that keeps what it was asked to write down."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.languages_used: list[str] = []

    def pieces(self, window: SoundWindow, language: str) -> Iterator[Piece]:
        """Write it down as ever."""
        self.languages_used.append(language)
        return super().pieces(window, language)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_converted(tmp_path_factory.mktemp("converted") / "tiny")


@pytest.fixture(scope="module")
def speech() -> Samples:
    if not (MEDIA / "audio" / "jfk.flac").is_file():
        pytest.skip("audio/jfk.flac is not here")
    return next(read_sound(MEDIA / "audio" / "jfk.flac", window_s=60.0)).samples


def windows(samples: Samples, start_s: float = 0.0) -> Iterator[SoundWindow]:
    for first in range(0, len(samples), 5 * RATE_HZ):
        yield SoundWindow(start_s + first / RATE_HZ, samples[first : first + 5 * RATE_HZ], RATE_HZ)


def written_by(recogniser: FasterWhisperRecognizer, samples: Samples) -> list[Any]:
    """What the library's own transcription writes down, with the same settings."""
    segments, _ = recogniser._model.transcribe(
        samples,
        language="en",
        temperature=0.0,
        beam_size=N_BEAMS,
        condition_on_previous_text=False,
        word_timestamps=True,
        no_speech_threshold=None,
    )
    return list(segments)


def said(heard: list[Voiced]) -> list[Utterance]:
    return [utterance for voiced in heard for utterance in voiced.utterances]


def test_words_lie_in_order_inside_the_speech_at_times_of_the_container(
    folder: Path, speech: Samples
) -> None:
    recogniser: SpeechRecognizer = FasterWhisperRecognizer(folder, CPU, "en")
    early, late = (list(recogniser.listen(windows(speech, start_s))) for start_s in (0.0, 3601.5))
    assert len(late) >= 3
    assert len(said(late)) >= 2
    for voiced in late:
        for utterance in voiced.utterances:
            assert voiced.span.start_s <= utterance.span.start_s
            assert utterance.span.start_s < utterance.span.end_s <= voiced.span.end_s
            assert type(utterance.span.end_s) is float
    assert all(one.span.start_s <= other.span.start_s for one, other in pairwise(said(late)))
    for one, other in zip(said(early), said(late), strict=True):
        assert (one.text, one.trust) == (other.text, other.trust)
        assert other.span.start_s == pytest.approx(one.span.start_s + 3601.5, abs=1e-6)


def test_the_models_figures_are_taken_for_what_they_are(folder: Path, speech: Samples) -> None:
    (window,) = windows(speech[: 5 * RATE_HZ], 100.0)
    recogniser = FasterWhisperRecognizer(folder, CPU)
    pieces = list(recogniser.pieces(window, "en"))
    assert pieces
    for piece in pieces:
        assert all(100.0 <= word.start_s <= word.end_s <= 105.0 for word in piece.words)
        assert all(0.0 <= word.probability <= 1.0 for word in piece.words)
        assert 0.0 <= piece.signs.no_speech < 0.5
        assert piece.signs.logprob < -1.0
        assert piece.signs.compression > 0.0
    told = written_by(recogniser, window.samples)[: len(pieces)]
    signs = [Signs(each.no_speech_prob, each.avg_logprob, each.compression_ratio) for each in told]
    assert [piece.signs for piece in pieces] == signs


def test_junk_is_not_trusted(folder: Path, speech: Samples) -> None:
    heard = said(list(FasterWhisperRecognizer(folder, CPU, "en").listen(windows(speech))))
    assert heard
    assert all(0.0 <= each.trust <= LOW_TRUST for each in heard)


def test_a_rest_too_short_for_a_word_is_not_even_encoded(folder: Path, speech: Samples) -> None:
    recogniser, lengths = FasterWhisperRecognizer(folder, CPU), list[int]()
    encode = recogniser._model.encode

    def noted(mel: Samples) -> Any:
        lengths.append(int(mel.any(0).sum()))
        return encode(mel)

    recogniser._model.encode = noted
    window = SoundWindow(100.0, speech, RATE_HZ)
    heard = list(recogniser.pieces(window, "en"))
    n_heard = len(lengths)
    whole = written_by(recogniser, speech)
    all_lengths = lengths[n_heard:]
    assert lengths[:n_heard] == [n for n in all_lengths if n >= REST_S * 100] != all_lengths
    kept = [each for each in whole if len(speech) / RATE_HZ - each.seek / 100 >= REST_S]
    assert [[word.text for word in piece.words] for piece in heard] == [
        [word.word for word in each.words or ()] for each in kept
    ]


@pytest.mark.parametrize("language", ["en", "auto"])
def test_a_run_that_goes_on_hears_what_one_at_once_hears(
    folder: Path, speech: Samples, language: str
) -> None:
    sound = np.tile(speech, 3)
    whole = list(FasterWhisperRecognizer(folder, CPU, language).listen(windows(sound)))
    assert said(whole)
    assert whole == list(FasterWhisperRecognizer(folder, CPU, language).listen(windows(sound)))
    after_s = whole[2].span.end_s
    rest = list(FasterWhisperRecognizer(folder, CPU, language).listen(windows(sound), after_s))
    assert rest == whole[3:]


def test_silence_never_loads_the_model(folder: Path, tmp_path: Path, speech: Samples) -> None:
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    (damaged / "model.bin").write_bytes(b"no model")
    silence = np.zeros(30 * RATE_HZ, np.float32)
    for language in ("en", "auto"):
        assert list(FasterWhisperRecognizer(damaged, CPU, language).listen(windows(silence))) == []
    with pytest.raises(ModelError, match="damaged: the model cannot be loaded"):
        list(FasterWhisperRecognizer(damaged, CPU).listen(windows(speech)))


def test_a_given_language_is_used_and_auto_takes_the_likeliest(folder: Path, speech: Samples) -> None:
    given = Watched(folder, CPU, "de")
    list(given.listen(windows(speech)))
    assert set(given.languages_used) == {"de"}
    auto = Watched(folder, CPU, "auto")
    list(auto.listen(windows(np.tile(speech, 4))))
    stretches = VoiceDetector().stretches(windows(np.tile(speech, 4)))
    first = np.concatenate([stretch.window.samples for stretch in stretches])[: round(LANGUAGE_S * RATE_HZ)]
    assert len(auto.languages_used) > 1
    assert set(auto.languages_used) == {auto.language_of(first)}


def test_a_language_that_the_model_does_not_know_is_refused(folder: Path, speech: Samples) -> None:
    with pytest.raises(RequestError, match=r"klingon: no language of .*; it knows af, .*en"):
        list(FasterWhisperRecognizer(folder, CPU, "klingon").listen(windows(speech)))


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named_and_not_looked_for_elsewhere(
    folder: Path, tmp_path: Path, speech: Samples, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("it asked the network")

    part = shutil.copytree(folder, tmp_path / "part")
    (part / name).unlink()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(CapabilityError, match=f"part: no model of faster-whisper .no {name}"):
        list(FasterWhisperRecognizer(part, CPU).listen(windows(speech)))


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_damaged_file_is_the_models_fault(folder: Path, tmp_path: Path, speech: Samples, name: str) -> None:
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    (damaged / name).write_bytes((damaged / name).read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged: the model cannot be loaded: ") as failure:
        list(FasterWhisperRecognizer(damaged, CPU).listen(windows(speech)))
    assert "\n" not in str(failure.value)


def test_what_is_not_there_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = FasterWhisperRecognizer(tmp_path / "Systran--faster-whisper-small")
    assert recogniser.name == "faster-whisper:Systran/faster-whisper-small"
    with pytest.raises(CapabilityError, match=r"no model of faster-whisper \(no model\.bin"):
        list(recogniser.listen([]))
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(CapabilityError, match=r"pip install 'vidagent\[faster-whisper\]'"):
        list(recogniser.listen([]))
