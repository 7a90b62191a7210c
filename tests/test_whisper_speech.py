"""A Whisper writes down speech and nothing else, at true times in order, the same in every run, and only if it is safe.

The models are tiny and deaf, so the words are junk; where they stand and what is made of them is not.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper
from tiny_speech import N_VOCAB_ENGLISH, save_whisper, tiny_whisper

from vidagent.tools.clock import Span
from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.device import Device
from vidagent.tools.models.speech_trust import (
    LOW_TRUST,
    TRUST_MAX,
    HeardWord,
    Piece,
    Signs,
    repeated_places,
    utterances,
)
from vidagent.tools.models.whisper_speech import (
    LANGUAGE_S,
    N_BEAMS,
    PACK_S,
    REST_S,
    WhisperRecognizer,
    is_too_short,
)
from vidagent.tools.roles import Samples, SoundWindow, SpeechRecognizer, Utterance, Voiced
from vidagent.tools.sound import read_sound
from vidagent.tools.voice import VoiceDetector

MEDIA = Path(__file__).parents[2] / "shared" / "media"
CPU = Device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
RATE_HZ = 16000
FLUENT, LOOPING = 1, 2
"""Seeds of a model that writes much, and of one that repeats a word, both sure of themselves."""


class Watched(WhisperRecognizer):
    """A recogniser that keeps what it was asked to write down."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.asked: list[tuple[SoundWindow, str]] = []

    def pieces(self, window: SoundWindow, language: str) -> Iterator[Piece]:
        """Write it down as ever."""
        self.asked.append((window, language))
        return super().pieces(window, language)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("whisper")
    files = {seed: folder / f"made-{seed}.pt" for seed in (FLUENT, LOOPING)}
    return {
        seed: (file, save_whisper(tiny_whisper(seed, spread=0.2, sureness=60.0), file))
        for seed, file in files.items()
    }


@pytest.fixture(scope="module")
def speech() -> Samples:
    if not (MEDIA / "audio" / "jfk.flac").is_file():
        pytest.skip("audio/jfk.flac is not here")
    return next(read_sound(MEDIA / "audio" / "jfk.flac", window_s=60.0)).samples


@pytest.fixture
def fluent(checkpoints: dict[int, tuple[Path, str]]) -> Watched:
    file, sha256 = checkpoints[FLUENT]
    return Watched(file, CPU, "en", sha256)


def windows(samples: Samples, start_s: float = 0.0, window_s: float = 5.0) -> Iterator[SoundWindow]:
    n_window = round(window_s * RATE_HZ)
    for first in range(0, len(samples), n_window):
        yield SoundWindow(start_s + first / RATE_HZ, samples[first : first + n_window], RATE_HZ)


def said(heard: list[Voiced]) -> list[Utterance]:
    return [utterance for voiced in heard for utterance in voiced.utterances]


def check_order(heard: list[Voiced]) -> None:
    assert all(one.span.end_s <= other.span.start_s for one, other in pairwise(heard))
    for voiced in heard:
        for utterance in voiced.utterances:
            assert voiced.span.start_s <= utterance.span.start_s
            assert utterance.span.start_s < utterance.span.end_s <= voiced.span.end_s
            assert type(utterance.span.start_s) is float
            assert utterance.text == utterance.text.strip() != ""
            assert 0.0 <= utterance.trust <= 1.0
    assert all(one.span.start_s <= other.span.start_s for one, other in pairwise(said(heard)))


def test_words_lie_in_order_inside_the_speech(fluent: Watched, speech: Samples) -> None:
    recogniser: SpeechRecognizer = fluent
    heard = list(recogniser.listen(windows(speech)))
    assert len(heard) >= 3
    assert len(said(heard)) >= 4
    check_order(heard)


def test_times_are_those_of_the_container(fluent: Watched, speech: Samples) -> None:
    early = list(fluent.listen(windows(speech)))
    late = list(fluent.listen(windows(speech, start_s=3601.5)))
    check_order(late)
    assert said(early)
    for one, other in zip(said(early), said(late), strict=True):
        assert (one.text, one.trust) == (other.text, other.trust)
        assert other.span.start_s == pytest.approx(one.span.start_s + 3601.5, abs=1e-6)
        assert other.span.end_s == pytest.approx(one.span.end_s + 3601.5, abs=1e-6)


def test_speech_is_written_down_together_with_its_pauses_silent(fluent: Watched, speech: Samples) -> None:
    apart = np.concatenate([speech, np.zeros(60 * RATE_HZ, np.float32), speech, speech, speech])
    heard = list(fluent.listen(windows(apart)))
    asked = [window for window, _ in fluent.asked]
    assert len(heard) > 2 * len(asked)
    assert all(window.end_s - window.start_s <= PACK_S for window in asked)
    assert any(one.end_s < 12 and other.start_s > 70 for one, other in pairwise(asked))
    check_order(heard)
    for voiced in heard:
        (window,) = [each for each in asked if each.start_s <= voiced.span.start_s < each.end_s]
        first, n = (round(x * RATE_HZ) for x in (voiced.span.start_s, voiced.span.duration_s))
        at = round((voiced.span.start_s - window.start_s) * RATE_HZ)
        np.testing.assert_array_equal(window.samples[at : at + n], apart[first : first + n])
    before, after = asked[0], heard[1].span.start_s - asked[0].start_s
    pause = before.samples[round((heard[0].span.end_s + 0.2) * RATE_HZ) : round((after - 0.3) * RATE_HZ)]
    assert not pause.any()


def test_each_sound_is_encoded_once_and_a_rest_too_short_for_a_word_not_at_all(
    fluent: Watched, speech: Samples
) -> None:
    encoded: list[torch.Tensor] = []
    hook = fluent._model.encoder.register_forward_hook(lambda _, mels, __: encoded.append(mels[0]))
    (window,) = windows(speech, window_s=60.0)
    pieces = list(fluent.pieces(window, "en"))
    hook.remove()
    # The library goes on where the last word ends.
    assert 0.0 < window.end_s - pieces[-1].words[-1].end_s < REST_S
    whole = fluent._model.transcribe(
        window.samples,
        language="en",
        temperature=0.0,
        beam_size=N_BEAMS,
        fp16=False,
        condition_on_previous_text=False,
        word_timestamps=True,
        no_speech_threshold=None,
    )
    kept = [each for each in whole["segments"] if window.end_s - each["seek"] / 100 >= REST_S]
    assert len(kept) < len(whole["segments"])
    assert len(encoded) == len({each["seek"] for each in kept})
    for piece, each in zip(pieces, (each for each in kept if each["words"]), strict=True):
        assert [word.text for word in piece.words] == [word["word"] for word in each["words"]]
        assert [word.start_s for word in piece.words] == [word["start"] for word in each["words"]]
        probabilities = [word["probability"] for word in each["words"]]
        assert [word.probability for word in piece.words] == pytest.approx(probabilities, rel=1e-4)


@pytest.mark.parametrize(("n_frames", "is_rest"), [(0, True), (29, True), (30, False), (3000, False)])
def test_a_rest_is_known_by_its_length(n_frames: int, is_rest: bool) -> None:
    mel = np.zeros((80, 3000), np.float32)
    mel[:, :n_frames] = -1.5
    assert is_too_short(mel) is is_too_short(torch.from_numpy(mel)) is is_rest


def test_loading_draws_no_weights_and_gives_those_of_the_file(
    checkpoints: dict[int, tuple[Path, str]],
) -> None:
    file, sha256 = checkpoints[FLUENT]
    chance = torch.get_rng_state()
    model = WhisperRecognizer(file, CPU, "en", sha256)._model
    assert torch.get_rng_state().equal(chance)
    loaded = whisper.load_model(str(file), "cpu")
    assert not torch.get_rng_state().equal(chance)
    tensors, expected = ([*each.parameters(), *each.buffers()] for each in (model, loaded))
    assert len(tensors) == len(expected) > 30
    for tensor, other in zip(tensors, expected, strict=True):
        assert tensor.to_dense().equal(other.to_dense()) and tensor.dtype == other.dtype


@pytest.mark.parametrize("language", ["en", "auto"])
def test_a_run_that_goes_on_hears_what_one_at_once_hears(
    checkpoints: dict[int, tuple[Path, str]], speech: Samples, language: str
) -> None:
    file, sha256 = checkpoints[FLUENT]
    sound = np.tile(speech, 4)
    whole = list(WhisperRecognizer(file, CPU, language, sha256).listen(windows(sound)))
    assert said(whole)
    finer = said(list(WhisperRecognizer(file, CPU, language, sha256).listen(windows(sound, window_s=1.28))))
    assert [(each.text, each.trust) for each in finer] == [(each.text, each.trust) for each in said(whole)]
    for n in (1, len(whole) - 2):
        goes_on = WhisperRecognizer(file, CPU, language, sha256)
        rest = list(goes_on.listen(windows(sound), after_s=whole[n].span.end_s))
        assert rest == whole[n + 1 :]


@pytest.mark.parametrize("language", ["en", "auto"])
def test_no_more_sound_is_held_than_is_written_down_at_once(
    checkpoints: dict[int, tuple[Path, str]], speech: Samples, language: str
) -> None:
    heard_s: list[float] = []

    def noted() -> Iterator[SoundWindow]:
        for window in windows(np.tile(speech, 20)):
            heard_s.append(window.end_s)
            yield window

    file, sha256 = checkpoints[LOOPING]
    for voiced in WhisperRecognizer(file, CPU, language, sha256).listen(noted()):
        assert heard_s[-1] - voiced.span.start_s < 3 * LANGUAGE_S
        if voiced.span.start_s > 80:
            return
    pytest.fail("the sound was not heard to its end")


def test_silence_and_hum_never_load_the_model(tmp_path: Path, speech: Samples) -> None:
    (tmp_path / "made.pt").write_bytes(b"no model at all")
    seconds = np.arange(30 * RATE_HZ) / RATE_HZ
    quiet = [np.zeros(len(seconds), np.float32), (0.3 * np.sin(2 * np.pi * 50 * seconds)).astype(np.float32)]
    for samples in quiet:
        for language in ("en", "auto"):
            assert list(WhisperRecognizer(tmp_path / "made.pt", CPU, language).listen(windows(samples))) == []
    with pytest.raises(RequestError):
        list(WhisperRecognizer(tmp_path / "made.pt", CPU, "en").listen(windows(speech)))


def test_a_given_language_is_used(checkpoints: dict[int, tuple[Path, str]], speech: Samples) -> None:
    file, sha256 = checkpoints[FLUENT]
    heard = {}
    for language in ("en", "de", "haw"):
        recogniser = Watched(file, CPU, language, sha256)
        heard[language] = said(list(recogniser.listen(windows(speech))))
        assert {used for _, used in recogniser.asked} == {language}
    assert heard["en"] != heard["de"] != heard["haw"]


def test_the_likeliest_language_of_the_first_speech_is_taken_for_all(
    checkpoints: dict[int, tuple[Path, str]], speech: Samples
) -> None:
    file, sha256 = checkpoints[FLUENT]
    samples = np.tile(speech, 4)
    recogniser = Watched(file, CPU, "auto", sha256)
    list(recogniser.listen(windows(samples)))
    used = {language for _, language in recogniser.asked}
    assert len(recogniser.asked) > 1
    assert len(used) == 1
    assert used < set(recogniser.languages())
    stretches = list(VoiceDetector().stretches(windows(samples)))
    first = np.concatenate([stretch.window.samples for stretch in stretches])[: round(LANGUAGE_S * RATE_HZ)]
    assert used == {recogniser.language_of(first)}


def test_a_language_that_the_model_does_not_know_is_refused(
    tmp_path: Path, fluent: Watched, speech: Samples
) -> None:
    english = tmp_path / "english.pt"
    sha256 = save_whisper(tiny_whisper(FLUENT, N_VOCAB_ENGLISH, 0.2, 60.0), english)
    assert WhisperRecognizer(english, CPU, sha256=sha256).languages() == ("en",)
    for language in ("auto", "en"):
        recogniser = Watched(english, CPU, language, sha256)
        check_order(list(recogniser.listen(windows(speech))))
        assert {used for _, used in recogniser.asked} == {"en"}
    with pytest.raises(RequestError, match=r"de: no language of .*english\.pt; it knows en"):
        list(WhisperRecognizer(english, CPU, "de", sha256).listen(windows(speech)))
    with pytest.raises(RequestError, match="klingon: no language"):
        list(Watched(fluent.place, CPU, "klingon", fluent._sha256).listen(windows(speech)))


def test_a_sure_model_that_goes_round_in_circles_is_not_trusted(
    checkpoints: dict[int, tuple[Path, str]], speech: Samples
) -> None:
    file, sha256 = checkpoints[LOOPING]
    heard = said(list(WhisperRecognizer(file, CPU, "en", sha256).listen(windows(speech))))
    circles = [each for each in heard if "Tell Tell Tell Tell" in each.text]
    others = [each for each in heard if "Tell Tell Tell" not in each.text]
    assert circles
    assert all(each.trust <= LOW_TRUST for each in circles)
    assert max(each.trust for each in others) > 0.5


GOOD = Signs(no_speech=0.1, logprob=-0.3, compression=1.5)
SPEECH = Span(10.0, 20.0)


def words(text: str, start_s: float = 10.0, probability: float = 1.0) -> tuple[HeardWord, ...]:
    """Words of 0.3 s, one after the other."""
    return tuple(
        HeardWord(f" {word}", start_s + n * 0.3, start_s + n * 0.3 + 0.3, probability)
        for n, word in enumerate(text.split())
    )


def one(*pieces: Piece) -> list[Utterance]:
    (found,) = utterances(pieces, [SPEECH])
    return found


def test_sure_words_are_trusted_and_unsure_ones_less() -> None:
    assert one(Piece(words("we choose to go"), GOOD))[0].trust == pytest.approx(TRUST_MAX)
    assert one(Piece(words("we choose to go", probability=0.5), GOOD))[0].trust == pytest.approx(
        TRUST_MAX / 2
    )


@pytest.mark.parametrize(
    "signs",
    [
        replace(GOOD, no_speech=0.61),
        replace(GOOD, logprob=-1.01),
        replace(GOOD, compression=2.41),
        replace(GOOD, logprob=float("nan")),
        replace(GOOD, no_speech=float("nan")),
    ],
)
def test_each_sign_of_invention_takes_the_trust_away(signs: Signs) -> None:
    trusted, doubted = one(Piece(words("we choose"), GOOD), Piece(words("to go", 11.0), signs))
    assert trusted.trust > LOW_TRUST == doubted.trust


def test_signs_at_their_limits_do_not() -> None:
    assert one(Piece(words("we choose"), Signs(0.6, -1.0, 2.4)))[0].trust > LOW_TRUST


def test_what_is_said_over_and_over_is_doubted_even_over_several_pieces() -> None:
    thanks = [Piece(words("Thank you.", 10.0 + n), GOOD) for n in range(3)]
    found = one(*thanks, Piece(words("good night", 14.0), GOOD))
    assert [each.trust <= LOW_TRUST for each in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("no no no", ""),
        ("oh no no no no yes", "1 2 3 4"),
        ("I see, I see", ""),
        ("so thank you. Thank you! thank YOU then", "1 2 3 4 5 6"),
        ("a b c a b c a b c", "0 1 2 3 4 5 6 7 8"),
        ("", ""),
    ],
)
def test_a_phrase_three_times_in_a_row_is_repetition(text: str, repeated: str) -> None:
    assert sorted(repeated_places(text.split())) == [int(place) for place in repeated.split()]


def test_times_that_run_backwards_or_out_are_put_in_order() -> None:
    wild = [(9.0, 9.5), (12.0, 12.4), (11.0, 11.2), (12.3, 12.3), (30.0, 40.0), (31.0, 29.0), (15.0, 16.0)]
    piece = Piece(tuple(HeardWord(f" w{n}", *times, 0.5) for n, times in enumerate(wild)), GOOD)
    found = one(piece)
    assert " ".join(each.text for each in found) == "w0 w1 w2 w3 w4 w5 w6"
    assert all(10.0 <= each.span.start_s < each.span.end_s <= 20.0 for each in found)
    assert all(a.span.start_s <= b.span.start_s for a, b in pairwise(found))


def test_words_go_to_the_stretch_they_are_said_in() -> None:
    stretches = [Span(10.0, 12.0), Span(13.0, 14.0), Span(16.0, 18.0)]
    found = utterances([Piece((*words("in the first", 10.5), *words("in the last", 15.9)), GOOD)], stretches)
    assert [[each.text for each in some] for some in found] == [["in the first"], [], ["in the last"]]
    assert found[2][0].span.start_s == 16.0


def test_a_pause_and_too_long_a_sentence_begin_anew() -> None:
    pause = one(Piece((*words("one two", 10.0), *words("three", 12.0)), GOOD))
    assert [each.text for each in pause] == ["one two", "three"]
    (endless,) = utterances([Piece(words("on " * 60, 0.0), GOOD)], [Span(0.0, 20.0)])
    assert all(each.span.duration_s <= 12.0 for each in endless)
    assert sum(len(each.text.split()) for each in endless) == 60


def test_a_file_named_like_a_published_model_has_to_be_that(tmp_path: Path, speech: Samples) -> None:
    sha256 = save_whisper(tiny_whisper(), tmp_path / "tiny.pt")
    for told in (None, sha256):
        with pytest.raises(ModelError, match=r"tiny\.pt: not the file"):
            list(WhisperRecognizer(tmp_path / "tiny.pt", CPU, "en", told).listen(windows(speech)))


def test_any_other_file_needs_its_hash(tmp_path: Path, speech: Samples) -> None:
    file = tmp_path / "made.pt"
    sha256 = save_whisper(tiny_whisper(FLUENT, spread=0.2, sureness=60.0), file)
    with pytest.raises(RequestError, match=r"made\.pt\.sha256 beside it"):
        list(WhisperRecognizer(file, CPU, "en").listen(windows(speech)))
    with pytest.raises(ModelError, match=r"made\.pt: not the file"):
        list(WhisperRecognizer(file, CPU, "en", "0" * 64).listen(windows(speech)))
    told = list(WhisperRecognizer(file, CPU, "en", sha256.upper()).listen(windows(speech)))
    (tmp_path / "made.pt.sha256").write_text(f"{sha256}  made.pt\n")
    assert told == list(WhisperRecognizer(file, CPU, "en").listen(windows(speech)))
    (tmp_path / "made.pt.sha256").write_text(f"{'1' * 64}  made.pt\n")
    with pytest.raises(ModelError, match=r"made\.pt: not the file"):
        list(WhisperRecognizer(file, CPU, "en").listen(windows(speech)))


class Trap:
    """What makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("form", ["zip", "legacy", "bare"])
def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, speech: Samples, form: str) -> None:
    model, trap, file = tiny_whisper(), tmp_path / "sprung", tmp_path / "made.pt"
    saved = {"dims": asdict(model.dims), "model_state_dict": model.state_dict(), "more": Trap(trap)}
    if form == "bare":
        file.write_bytes(pickle.dumps(saved))
        pickle.loads(file.read_bytes())
    else:
        torch.save(saved, file, _use_new_zipfile_serialization=form == "zip")
        torch.load(file, weights_only=False)
    assert trap.exists(), "the trap does not work"
    trap.rmdir()
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    with pytest.raises(ModelError, match=r"made\.pt: no checkpoint of whisper"):
        list(WhisperRecognizer(file, CPU, "en", sha256).listen(windows(speech)))
    assert not trap.exists()


def damaged(kind: str, file: Path) -> str:
    """A checkpoint that cannot be used; its hash is right."""
    model = tiny_whisper()
    saved = {"dims": asdict(model.dims), "model_state_dict": model.state_dict()}
    if kind == "short":
        torch.save(saved, file)
        file.write_bytes(file.read_bytes()[:-1000])
    elif kind == "empty":
        file.write_bytes(b"")
    else:
        wrong = {
            "no dimensions": {"model_state_dict": saved["model_state_dict"]},
            "a list": [1, 2],
            "other dimensions": saved | {"dims": saved["dims"] | {"n_text_state": 32}},
            "no weights": saved | {"model_state_dict": {}},
        }
        torch.save(wrong[kind], file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "kind", ["short", "empty", "no dimensions", "a list", "other dimensions", "no weights"]
)
def test_a_damaged_checkpoint_is_named(tmp_path: Path, speech: Samples, kind: str) -> None:
    sha256 = damaged(kind, tmp_path / "made.pt")
    with pytest.raises(ModelError, match=r"made\.pt: no checkpoint of whisper") as failure:
        list(WhisperRecognizer(tmp_path / "made.pt", CPU, "en", sha256).listen(windows(speech)))
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("language", ["en", "auto"])
def test_a_model_that_fails_while_it_writes_is_named(tmp_path: Path, speech: Samples, language: str) -> None:
    sha256 = save_whisper(tiny_whisper(n_vocab=300), tmp_path / "small-vocabulary.pt")
    recogniser = WhisperRecognizer(tmp_path / "small-vocabulary.pt", CPU, language, sha256)
    with pytest.raises(
        ModelError, match=r"small-vocabulary\.pt: writing down what is said at 0\.\d s failed"
    ):
        list(recogniser.listen(windows(speech)))


def test_what_is_not_there_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = WhisperRecognizer(tmp_path / "turbo.pt", CPU)
    assert recogniser.name == "whisper:turbo"
    with pytest.raises(CapabilityError, match="vidagent models pull whisper:turbo"):
        list(recogniser.listen([]))
    monkeypatch.setitem(sys.modules, "whisper", None)
    with pytest.raises(CapabilityError, match=r"pip install openai-whisper"):
        list(recogniser.listen([]))
